/**
 * Topics of the sync contract, section 2: `tillside/1/{tenant}/…`. Every identity is one whole level of `[a-z0-9-]`, so
 * that a broker's ACL patterns hold and no id can smuggle in a wildcard or a level of its own.
 */
import { topicId } from './fields.ts';
import { accept, type Result, refuse } from './result.ts';
import type { TillAddress } from './types.ts';

/** Directions a till's own topics have: up, state, ask are written by the till, ack and down by HQ. */
export type TillChannel = 'up' | 'ack' | 'state' | 'down' | 'ask';
export type StoreChannel = 'pointer' | 'blocks' | 'peer';

export type Topic =
  | {
      readonly kind: 'till';
      readonly tenant: string;
      readonly store: string;
      readonly till: string;
      readonly channel: TillChannel;
    }
  | { readonly kind: 'store'; readonly tenant: string; readonly store: string; readonly channel: StoreChannel }
  | { readonly kind: 'ring'; readonly tenant: string; readonly ring: string }
  | { readonly kind: 'hq'; readonly tenant: string };

const tillChannels: readonly string[] = ['up', 'ack', 'state', 'down', 'ask'] satisfies TillChannel[];
const storeChannels: readonly string[] = ['pointer', 'blocks', 'peer'] satisfies StoreChannel[];
const isTillChannel = (text: string): text is TillChannel => tillChannels.includes(text);
const isStoreChannel = (text: string): text is StoreChannel => storeChannels.includes(text);

/** Is this text usable as a tenant, store, till or ring? */
export const isTopicId = (text: string): boolean => topicId.test(text);

/** The topic as a string. Throws RangeError for an id that is not `[a-z0-9-]`: ids are checked where they are configured. */
export function topicOf(topic: Topic): string {
  const root = `tillside/1/${level(topic.tenant)}`;
  switch (topic.kind) {
    case 'till':
      return `${root}/t/${level(topic.store)}/${level(topic.till)}/${topic.channel}`;
    case 'store':
      return `${root}/s/${level(topic.store)}/${topic.channel}`;
    case 'ring':
      return `${root}/ring/${level(topic.ring)}/pointer`;
    case 'hq':
      return `${root}/hq/state`;
  }
}

export const tillTopic = ({ tenant, store, till }: TillAddress, channel: TillChannel): string =>
  topicOf({ kind: 'till', tenant, store, till, channel });

export const storeTopic = ({ tenant, store }: Pick<TillAddress, 'tenant' | 'store'>, channel: StoreChannel): string =>
  topicOf({ kind: 'store', tenant, store, channel });

export function parseTopic(text: string): Result<Topic> {
  const [product, version, tenant, kind, ...rest] = text.split('/');
  if (product !== 'tillside' || version !== '1' || tenant === undefined || !isTopicId(tenant))
    return refuse('is no topic of tillside/1');
  const [first = '', second = '', third = ''] = rest;
  if (kind === 't' && rest.length === 3 && isTopicId(first) && isTopicId(second) && isTillChannel(third))
    return accept({ kind: 'till', tenant, store: first, till: second, channel: third });
  if (kind === 's' && rest.length === 2 && isTopicId(first) && isStoreChannel(second))
    return accept({ kind: 'store', tenant, store: first, channel: second });
  if (kind === 'ring' && rest.length === 2 && isTopicId(first) && second === 'pointer')
    return accept({ kind: 'ring', tenant, ring: first });
  if (kind === 'hq' && rest.length === 1 && first === 'state') return accept({ kind: 'hq', tenant });
  return refuse('is no topic of tillside/1');
}

/** What HQ listens to: everything that tills write to it. */
export function hqSubscriptions(tenant: string): readonly string[] {
  const root = `tillside/1/${level(tenant)}`;
  return [`${root}/t/+/+/up`, `${root}/t/+/+/state`, `${root}/t/+/+/ask`, `${root}/hq/state`];
}

/** What a till listens to. Its own state too: so it sees a late Will of an older session and corrects it. */
export function tillSubscriptions(address: TillAddress, ring: string): readonly string[] {
  return [
    tillTopic(address, 'ack'),
    tillTopic(address, 'down'),
    tillTopic(address, 'state'),
    storeTopic(address, 'pointer'),
    storeTopic(address, 'blocks'),
    storeTopic(address, 'peer'),
    topicOf({ kind: 'ring', tenant: address.tenant, ring }),
    topicOf({ kind: 'hq', tenant: address.tenant }),
  ];
}

/** Least rights of a till at the broker. */
export function tillMayPublish(address: TillAddress, topic: string): boolean {
  const parsed = parseTopic(topic);
  if (!parsed.ok || parsed.value.tenant !== address.tenant) return false;
  const to = parsed.value;
  if (to.kind === 'till')
    return to.store === address.store && to.till === address.till && ['up', 'state', 'ask'].includes(to.channel);
  return to.kind === 'store' && to.store === address.store && to.channel === 'peer';
}

/** A till reads what is meant for it, its store and any ring; filters with wildcards are refused. */
export function tillMaySubscribe(address: TillAddress, filter: string): boolean {
  const parsed = parseTopic(filter);
  if (!parsed.ok || parsed.value.tenant !== address.tenant) return false;
  const from = parsed.value;
  if (from.kind === 'till')
    return (
      from.store === address.store && from.till === address.till && ['ack', 'down', 'state'].includes(from.channel)
    );
  return from.kind === 'store' ? from.store === address.store : true;
}

/** HQ writes to tills, never in a till's name. */
export function hqMayPublish(tenant: string, topic: string): boolean {
  const parsed = parseTopic(topic);
  if (!parsed.ok || parsed.value.tenant !== tenant) return false;
  const to = parsed.value;
  if (to.kind === 'till') return to.channel === 'ack' || to.channel === 'down';
  return to.kind === 'store' ? to.channel !== 'peer' : true;
}

export const hqMaySubscribe = (tenant: string, filter: string): boolean => hqSubscriptions(tenant).includes(filter);

function level(id: string): string {
  if (!isTopicId(id))
    throw new RangeError(`"${id}" can be no level of a topic; allowed are a-z, 0-9 and -, at most 64`);
  return id;
}
