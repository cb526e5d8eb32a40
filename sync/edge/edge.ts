/**
 * A till's end of the line to HQ and to its store: one connection, and on it the uplink, the downlink, the other tills and
 * the till's own state.
 *
 *   outbox ──► uplink ──► up        ack, down ──► uplink          s/…/pointer, ring/…, blocks ──► downlink ──► bundles
 *   peers ◄──► s/…/peer             state (retained, Will)        hq/state ──► uplink, downlink
 */
import type {
  AskMember,
  BundlePort,
  IdentityPort,
  LeasePort,
  LineStatus,
  MembersPort,
  OutboxPort,
  PeerPort,
} from '../../agent/ports.ts';
import { type Clock, instant } from '../../clock.ts';
import { TillsideError } from '../../errors.ts';
import {
  type Backoff,
  type BrokerAddress,
  createLink,
  type OpenLink,
  type SyncLog,
  unguessable,
} from '../link/link.ts';
import { decodeBlock } from '../protocol/blocks.ts';
import { type Command, decodeDown, openCommand } from '../protocol/command.ts';
import type { KeySet } from '../protocol/keyring.ts';
import {
  type AskMessage,
  decodeAck,
  decodeHqState,
  decodeState,
  encodeMessage,
  type HqStateMessage,
  type StateMessage,
} from '../protocol/messages.ts';
import { decodePointer } from '../protocol/pointer.ts';
import { isTopicId, parseTopic, storeTopic, tillSubscriptions, tillTopic } from '../protocol/topics.ts';
import type { BlockStore } from './block-store.ts';
import { createDownlink, type Refusal } from './downlink.ts';
import { createLeaseAsking } from './leases.ts';
import { createMembersLine } from './members-line.ts';
import { createPeers, type HeardStore } from './peers.ts';
import { createPointerAsking } from './pointer-asking.ts';
import { createRenewal } from './renewal.ts';
import { createStateTelling } from './state-telling.ts';
import { openTrust, type Trust } from './trust.ts';
import { createUplink } from './uplink.ts';

/** What the agent knows of itself; the edge adds bundle, outbox and line. */
export type TillState = Pick<StateMessage, 'agent' | 'printer' | 'scanner' | 'totals' | 'members'>;

export interface EdgeOptions {
  readonly outbox: OutboxPort;
  readonly bundles: BundlePort;
  /** Units of global caps; left out: the till asks for none. */
  readonly leases?: LeasePort;
  /** Absent: the till has its members from elsewhere. */
  readonly members?: MembersPort | undefined;
  /** Public root keys (PEM, Ed25519): whom they certify is obeyed. Or what is kept of them on disk. */
  readonly trust: string | readonly string[] | Trust;
  /** Where blocks of bundles are kept over a restart; absent: in memory only. */
  readonly blocks?: BlockStore;
  /** Asked anew for each connection: a certificate may be renewed meanwhile. */
  readonly broker: BrokerAddress;
  /** Where the till has a certificate of HQ's; it is renewed. */
  readonly identity?: IdentityPort | undefined;
  readonly ring?: string;
  readonly clock: Clock;
  /** Uniform in [0, 1): jitter only. */
  readonly random: () => number;
  readonly log: SyncLog;
  readonly stateOf: () => TillState;
  readonly backoff?: Backoff;
  /** Instead of MQTT: for tests that play the network. */
  readonly openLink?: OpenLink;
  /** While sales go on HQ is told the till's own totals at most this often; ms, default one minute. */
  readonly totalsEveryMs?: number;
  readonly timeZone?: string;
  /** Where it is kept how far the other tills were heard; without it a restart asks them for their last facts. */
  readonly heard?: HeardStore;
}

export interface Edge {
  start(): void;
  /** Tells HQ that the till goes, then closes. */
  stop(): Promise<void>;
  readonly peers: PeerPort;
  /** Null where members come from elsewhere. */
  readonly askMember: AskMember | null;
  line(): LineStatus;
  /** How far this till's clock is ahead of HQ's, as HQ last said (at each connection, and every quarter of an hour); null: it has not. */
  aheadMs(): number | null;
  onLine(listener: (status: LineStatus) => void): () => void;
  /** Something of `stateOf` changed (device, totals): HQ is told soon. */
  touch(): void;
  /** The last bundle that was refused, until a newer one is activated. */
  refused(): Refusal | null;
  /** Called when a bundle was activated or refused. */
  onBundle(listener: () => void): () => void;
}

const isTrust = (trust: EdgeOptions['trust']): trust is Trust => typeof trust === 'object' && 'alarm' in trust;

/** @throws TillsideError `config-invalid` where a key or an id cannot be used */
export function createEdge(options: EdgeOptions): Edge {
  const { outbox, bundles, clock, random, log } = options;
  const { address } = outbox;
  const ring = options.ring ?? 'all';
  const trust = isTrust(options.trust) ? options.trust : openTrust({ roots: options.trust, file: null, clock, log });
  for (const id of [address.tenant, address.store, address.till, ring])
    if (!isTopicId(id))
      throw new TillsideError('config-invalid', `"${id}" can be no id: allowed are a-z, 0-9 and -, at most 64.`);

  const bundleListeners = new Set<() => void>();
  const topics = {
    up: tillTopic(address, 'up'),
    ask: tillTopic(address, 'ask'),
    state: tillTopic(address, 'state'),
    peer: storeTopic(address, 'peer'),
  };
  let session = 0;
  let hq = { boot: -1, session: -1 };
  let hqOnline = false;
  let aheadMs: number | null = null;
  let forget: () => void = () => {};

  const link = (options.openLink ?? createLink)({
    broker: options.broker,
    clientId: unguessable(`tillside-${address.tenant}-${address.store}-${address.till}`),
    subscriptions: tillSubscriptions(address, ring),
    will: own => ({ topic: topics.state, payload: encodeMessage(state(false, own)) }),
    clock,
    random,
    log,
    backoff: options.backoff,
    timeZone: options.timeZone,
    onUp(own) {
      session = own;
      telling.up();
      pointers.ask();
      downlink.up();
      uplink.up();
      peers.up();
      leases?.up();
      members?.up();
      renewal?.up();
    },
    onDown() {
      members?.down();
      renewal?.down();
      uplink.down();
      downlink.down();
      peers.down();
      leases?.down();
      telling.down();
      pointers.down();
    },
    onMessage: receive,
  });

  const telling = createStateTelling({
    clock,
    isUp: () => link.up,
    tell: () => void link.publish(topics.state, encodeMessage(state(true)), true),
    totalsEveryMs: options.totalsEveryMs ?? 60_000,
  });
  const { touch } = telling;
  const pointers = createPointerAsking(clock, random, () => ask({ kind: 'pointers', ring }));
  const uplink = createUplink({
    outbox,
    clock,
    random,
    log,
    send: payload => void link.publish(topics.up, payload),
    onDrained: telling.drained,
  });
  const downlink = createDownlink({
    bundles,
    trust,
    blocks: options.blocks ?? null,
    askPointers() {
      if (link.up) pointers.askOnce();
    },
    store: address.store,
    ring,
    clock,
    random,
    log,
    ask,
    onChange() {
      touch();
      for (const listener of [...bundleListeners]) listener();
    },
  });
  const peers = createPeers({
    outbox,
    clock,
    random,
    log,
    isUp: () => link.up,
    send: payload => link.publish(topics.peer, payload),
    heard: options.heard,
  });

  const leases =
    options.leases === undefined ? null : createLeaseAsking({ port: options.leases, clock, random, log, ask });
  const members =
    options.members === undefined
      ? null
      : createMembersLine({ members: options.members, clock, random, ask, isHeard: () => link.up && hqOnline });
  const renewal =
    options.identity === undefined
      ? null
      : createRenewal({ identity: options.identity, till: address.till, clock, random, log, ask });

  function receive(topic: string, payload: Uint8Array, retained: boolean) {
    const parsed = parseTopic(topic);
    if (!parsed.ok) return;
    const { value: to } = parsed;
    // A confused broker may bring what is another's: an acknowledgement names no till.
    if (to.tenant !== address.tenant || ('store' in to && to.store !== address.store)) return;
    if (to.kind === 'till' && to.till !== address.till) return;
    const unreadable = (reason: string) => log.warn({ topic, reason }, 'unreadable message');
    if (to.kind === 'till' && to.channel === 'ack') {
      const ack = decodeAck(payload);
      return ack.ok ? uplink.acknowledged(ack.value) : unreadable(ack.reason);
    }
    if (to.kind === 'till' && to.channel === 'down') return command(payload, unreadable);
    if (to.kind === 'till' && to.channel === 'state') {
      const seen = decodeState(payload);
      // A late Will of an older connection says that this till is gone: it is not.
      if (seen.ok && !seen.value.online && link.up) touch();
      return;
    }
    if (to.kind === 'ring' || (to.kind === 'store' && to.channel === 'pointer')) {
      // An empty retained message takes a pointer back; what is active stays.
      if (payload.byteLength === 0) return;
      const pointer = decodePointer(payload);
      return pointer.ok ? downlink.pointer(pointer.value) : unreadable(pointer.reason);
    }
    if (to.kind === 'store' && to.channel === 'blocks') {
      const block = decodeBlock(payload);
      if (!block.ok) return unreadable(block.reason);
      if (members?.block(block.value) !== true) downlink.block(block.value);
      return;
    }
    if (to.kind === 'store' && to.channel === 'peer') return peers.receive(payload);
    if (to.kind === 'hq') {
      const said = decodeHqState(payload);
      return said.ok ? hqSaid(said.value, retained) : unreadable(said.reason);
    }
  }

  function takeKeys(keys: KeySet | undefined) {
    if (keys === undefined) return;
    if (!trust.take(keys).ok) touch();
  }

  function hqSaid({ online, boot, session: of, keys }: HqStateMessage, retained: boolean) {
    takeKeys(keys);
    // A late Will of an HQ that has long been started or connected anew.
    if (boot < hq.boot || (boot === hq.boot && of < hq.session)) return;
    const isNew = boot > hq.boot || of > hq.session;
    hq = { boot, session: of };
    hqOnline = online;
    uplink.hq(online);
    leases?.hq(online);
    if (!online || !isNew || retained || !link.up) return;
    // HQ came on line just now: what was sent since this till did, nobody has heard.
    uplink.restart();
    pointers.ask();
    // Not every broker keeps what it kept for subscriptions with wildcards.
    touch();
    members?.restart();
  }

  function command(payload: Uint8Array, unreadable: (reason: string) => void) {
    const message = decodeDown(payload);
    if (!message.ok) return unreadable(message.reason);
    if (message.value.kind === 'pointers') {
      takeKeys(message.value.keys);
      if (message.value.at !== undefined) aheadMs = clock.now() - Date.parse(message.value.at);
      for (const pointer of message.value.pointers) downlink.pointer(pointer, true);
      return downlink.settle();
    }
    if (message.value.kind === 'certificate') return renewal?.certificate(message.value.pem);
    const opened = openCommand(message.value, trust.keys(), address, clock.now());
    if (!opened.ok) {
      trust.alarm('command', opened.reason);
      return touch();
    }
    const { value: order } = opened;
    if (countsOnce(order) && !trust.obeyOnce(message.value.signature)) return;
    if (order.kind === 'resend') uplink.resend(order.epoch, order.from);
    else if (order.kind === 'lease' || order.kind === 'lease.return') leases?.command(order);
    else members?.command(order);
  }

  function ask(message: AskMessage) {
    void link.publish(topics.ask, encodeMessage(message));
  }

  function state(online: boolean, ofSession = session): StateMessage {
    const { epoch, boot } = outbox;
    const short = { online, boot, session: ofSession, epoch, at: instant(clock.now(), options.timeZone ?? 'UTC') };
    if (!online) return short;
    const bundle = bundles.current();
    const { revocations, untrusted, last } = trust.view();
    return {
      ...short,
      ...options.stateOf(),
      ring,
      bundle: bundle && {
        id: bundle.id,
        version: bundle.version,
        ...(bundle.ended === undefined || bundle.ended === null ? {} : { ended: bundle.ended }),
      },
      told: downlink.told(),
      trust: { revocations, untrusted, last },
      bundleRefused: downlink.refused(),
      outbox: { ...outbox.depth(), acknowledged: outbox.acknowledged() },
    };
  }

  return {
    start() {
      forget();
      forget = outbox.onAppend(() => {
        uplink.pump();
        peers.tell();
      });
      link.start();
    },
    async stop() {
      forget();
      forget = () => {};
      await link.stop({ topic: topics.state, payload: encodeMessage(state(false)) });
      uplink.down();
      downlink.stop();
      peers.down();
      leases?.down();
      members?.stop();
      renewal?.down();
      telling.down();
      pointers.down();
    },
    peers: peers.port,
    askMember: members?.askMember ?? null,
    line: link.status,
    aheadMs: () => aheadMs,
    onLine: link.onStatus,
    touch,
    refused: downlink.refused,
    onBundle(listener) {
      bundleListeners.add(listener);
      return () => bundleListeners.delete(listener);
    },
  };
}

/**
 * Obeyed a second time these would send all day long, give back units that were granted since, or forget them; whoever recorded
 * one could make the till do so. What else HQ commands changes nothing when it comes again.
 */
const countsOnce = (order: Command): boolean =>
  order.kind === 'resend' ||
  order.kind === 'lease.return' ||
  (order.kind === 'lease' && order.refused.some(({ reason }) => reason === 'forgotten'));
