/**
 * HQ: takes the tills' facts, publishes bundles, answers the console. Composition only; each part says what it does.
 *
 *   broker ──up──► ingest ──► ledger ──► ack        state ──► ledger ──► fleet ──► api, stream ──► console
 *          ──ask─► publisher ──► pointers, blocks   api: POST /v1/bundles ──► publisher
 */
import { join } from 'node:path';
import { parseBundle } from '../../agent/offers/validate/bundle.ts';
import { type Clock, instant, pause } from '../../clock.ts';
import { isTillsideError, messageOf, TillsideError } from '../../errors.ts';
import {
  type Backoff,
  type BrokerAddress,
  createLink,
  type OpenLink,
  type SyncLog,
  unguessable,
} from '../link/link.ts';
import { type Command, signCommand } from '../protocol/command.ts';
import { decodeAsk, encodeMessage } from '../protocol/messages.ts';
import { hqSubscriptions, isTopicId, parseTopic, tillTopic } from '../protocol/topics.ts';
import { createApi, type HqApi } from './api.ts';
import { createDesk, type EnrolmentConfig } from './enrol/desk.ts';
import { openToken } from './files.ts';
import { type BundleFacts, createFleet, type StatusBase } from './fleet.ts';
import { createIngest } from './ingest.ts';
import { createKeyDesk } from './key-desk.ts';
import { openHqKeys, type SigningFiles } from './keys.ts';
import { openLeaseJournal } from './lease-journal.ts';
import { createLeaseDesk } from './leases.ts';
import type { Ledger, TillName, TillRecord } from './ledger.ts';
import { openLedger } from './ledger-choice.ts';
import { alone, isStoreOf, type Machines } from './machines.ts';
import { createMembersDesk, type MembersConfig, type MembersDesk, membersDefaults } from './members-desk.ts';
import { createMetrics } from './metrics.ts';
import { createPresence } from './presence.ts';
import { createPublisher } from './publisher.ts';
import { createRollCall } from './roll-call.ts';
import { createRollouts } from './rollout.ts';
import { HqStream } from './stream.ts';
import { createTelling } from './telling.ts';
import { createTillClocks } from './till-clocks.ts';
import type { PublishAnswer } from './wire.ts';

export interface HqConfig {
  readonly tenant: string;
  readonly dataDir: string;
  readonly api: { readonly port: number; readonly host?: string };
  readonly broker: BrokerAddress;
  /** `sqlite:PATH` or `postgres://…`; absent: `dataDir/hq.sqlite`. */
  readonly database?: string | undefined;
  /** Paths; absent: root and signing key in `dataDir`, made at first start. */
  readonly signing?: SigningFiles | undefined;
  /** Absent: tills are not enrolled here, and all that the broker lets in are heard. */
  readonly enrolment?: EnrolmentConfig | undefined;
  /** Folder of the built console (ui/dist/hq); absent: the API alone. */
  readonly consoleDir?: string | undefined;
  readonly version?: string | undefined;
  readonly members?: Partial<MembersConfig> | undefined;
  /** How long a till may use units of a global cap that it was granted, days; default 7. */
  readonly leaseDays?: number | undefined;
  /** Several HQs share the stores; absent: this one has all. */
  readonly machines?: Machines | undefined;
}

export interface HqOptions {
  readonly config: HqConfig;
  readonly clock: Clock;
  readonly log: SyncLog;
  /** Uniform in [0, 1): jitter only. */
  readonly random?: () => number;
  readonly backoff?: Backoff;
  /** Instead of MQTT: for tests that play the network. */
  readonly openLink?: OpenLink;
  /** Instead of HTTP: for tests that start HQ a thousand times. */
  readonly openApi?: typeof createApi;
  /** Instead of the configured database. */
  readonly ledger?: Ledger;
}

export interface Hq {
  /** Opens database, API and line. The line may come up later; facts are taken as soon as it does. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** http://127.0.0.1:PORT, once started. */
  readonly url: string;
  /** Bearer token of the API; in dataDir/tokens/hq too. */
  readonly token: string;
  /** Public root key (PEM), what tills trust. */
  readonly publicKey: string;
  /** @throws TillsideError `bundle-invalid`, `conflict` */
  publishBundle(bytes: Uint8Array, ring?: string): Promise<PublishAnswer>;
  readonly connected: boolean;
  readonly ledger: Ledger;
  readonly members: MembersDesk;
}

/** Commands are good for this long: a till's clock may be off by hours, last year's command may not work. */
const commandMs = 24 * 3_600_000;
const firstWaitMs = 500;
const longestWaitMs = 15_000;

/** @throws TillsideError `config-invalid` */
export function createHq(options: HqOptions): Hq {
  const { config, clock, log, random = Math.random } = options;
  const { tenant, machines = alone } = config;
  if (!isTopicId(tenant))
    throw new TillsideError(
      'config-invalid',
      `The tenant "${tenant}" can be no id: allowed are a-z, 0-9 and -, at most 64.`,
    );
  const ledger = options.ledger ?? openLedger({ database: config.database, dataDir: config.dataDir, log });
  const keys = openHqKeys(config.dataDir, config.signing, clock.now(), log);
  const { key } = keys;
  const token = openToken(config.dataDir, log);
  const stream = new HqStream(clock);
  const metrics = createMetrics();
  const startedAt = instant(clock.now(), 'UTC');
  let stopped = false;
  /** Why the database can't be opened yet. */
  let waiting: string | null = null;
  /** What is told when the line comes up, and answers to tills; waited for at the end. */
  const background = new Set<Promise<void>>();
  let api: HqApi | null = null;

  const send = (topic: string, payload: Uint8Array, retain: boolean) => void link.publish(topic, payload, retain);

  const presence = createPresence({
    ...{ tenant, machines, clock, log, send },
    keySet: () => keys.ring.keySet(),
    isUp: () => link.up,
  });
  const keyProblem = () => keys.problem(clock.now());
  const publisher = createPublisher({ tenant, ledger, clock, key, keyProblem, send });
  const keyDesk = createKeyDesk({
    keys,
    ledger,
    clock,
    log,
    onChange: presence.tell,
  });
  const rollouts = createRollouts({
    tenant,
    ledger,
    clock,
    log,
    publisher,
    beforeLook: keyDesk.share,
    onChange: () => telling.summary(),
  });
  const leases = createLeaseDesk({
    ...{ ledger, clock, log, days: config.leaseDays ?? 7, command: sendCommand, machine: machines.number },
    journal: openLeaseJournal(join(config.dataDir, 'leases.journal'), clock),
  });
  const members = createMembersDesk({
    tenant,
    dataDir: config.dataDir,
    config: { ...membersDefaults, ...config.members },
    ledger,
    clock,
    log,
    command: sendCommand,
    isMine: store => isStoreOf(machines, store),
    publish: (topic, payload) => link.publish(topic, payload),
  });
  const fleet = createFleet(ledger, clock, bundleFacts);
  const telling = createTelling({ stream, fleet, ledger, clock, log, status: statusBase });
  const ingest = createIngest({
    ledger,
    clock,
    log,
    acknowledge: ({ store, till, epoch, contiguous, missing }) =>
      send(tillTopic({ tenant, store, till }, 'ack'), encodeMessage({ epoch, contiguous, missing }), false),
    onCommitted(committed) {
      metrics.committed(committed);
      telling.committed(committed);
    },
    onRefused: metrics.refused,
  });
  const desk = createDesk({
    ...{ tenant, clock, log, machines, registry: ledger.registry, trust: keys.rootPem, broker: config.broker },
    ...{ dataDir: config.dataDir, config: config.enrolment ?? null },
    onRefused: metrics.refusedFrom,
    onEnrolment: metrics.enrolment,
    onRevoked: name =>
      inBackground(async () => {
        for (const till of await rollCall.leave(name)) telling.till(till);
      }),
  });

  const tillClocks = createTillClocks(clock);
  const rollCall = createRollCall({
    ledger,
    clock,
    log,
    isMine: till => isStoreOf(machines, till.store),
    onState,
    onTold: tillClocks.told,
    onUnreadable: till => desk.note(till, 'state', 'unreadable'),
    onSilent(tills) {
      if (tills.length > 0) log.warn({ tills: tills.length }, 'tills that had been on line are silent');
      telling.summary();
    },
  });

  const link = (options.openLink ?? createLink)({
    broker: desk.address,
    // Two connections of one name would throw each other out for ever.
    clientId: unguessable(machines.count === 1 ? `tillside-hq-${tenant}` : `tillside-hq-${tenant}-${machines.number}`),
    subscriptions: hqSubscriptions(tenant),
    will: presence.will,
    clock,
    random,
    log,
    backoff: options.backoff,
    onUp(own) {
      presence.up(own);
      rollCall.up();
      inBackground(keyDesk.share);
      inBackground(publisher.announce);
      inBackground(rollouts.announce);
      telling.summary();
    },
    onDown() {
      rollCall.down();
      telling.summary();
    },
    onMessage: receive,
  });

  async function receive(topic: string, payload: Uint8Array, retained: boolean): Promise<void> {
    const parsed = parseTopic(topic);
    if (!parsed.ok) return;
    const { value: from } = parsed;
    if (from.kind === 'hq') return presence.heard(payload);
    if (from.kind !== 'till') return;
    if (!isStoreOf(machines, from.store)) return;
    const till = { store: from.store, till: from.till };
    const refused = desk.refuses(till, from.channel);
    if (refused !== null) {
      if (from.channel === 'up') await ingest.refuse(till, payload, `the till is not heard: ${refused}`);
      return;
    }
    if (from.channel === 'up') return ingest.receive(till, payload);
    if (from.channel === 'state') return rollCall.receive(till, payload, retained);
    if (from.channel === 'ask') return toTheEnd(answer(till, payload));
  }

  async function onState({ state, ...till }: TillRecord) {
    rollouts.heard();
    const { epoch, outbox } = state;
    if (state.online && outbox !== undefined) {
      const standing = await ledger.standing(till, epoch);
      const have = standing?.contiguous ?? 0;
      // HQ once confirmed more than it has: its database was restored. The till kept it and sends it again.
      if (have < outbox.acknowledged) askAgain(till, epoch, have + 1);
    }
    telling.till(till);
  }

  function askAgain(till: TillName, epoch: number, from: number) {
    log.warn({ ...till, epoch, from }, 'HQ lacks events that it once had; asking for them again');
    sendCommand(till, { kind: 'resend', epoch, from });
  }

  function sendCommand({ store, till }: TillName, command: Command) {
    const until = instant(clock.now() + commandMs, 'UTC');
    const since = instant(clock.now() - commandMs, 'UTC');
    const address = { tenant, store, till };
    send(tillTopic(address, 'down'), encodeMessage(signCommand(key, address, command, since, until)), false);
  }

  async function answer(till: TillName, payload: Uint8Array) {
    const ask = decodeAsk(payload);
    if (!ask.ok) {
      desk.note(till, 'ask', 'unreadable');
      return log.warn({ ...till, reason: ask.reason }, 'unreadable question');
    }
    if (ask.value.kind === 'renew') {
      const renewed = await desk.renew(till, ask.value);
      if (renewed !== null) send(tillTopic({ tenant, ...till }, 'down'), encodeMessage(renewed), false);
      return;
    }
    if (ask.value.kind === 'blocks') {
      const { sha256, indexes } = ask.value;
      if (!(await members.sendBlocks(till, sha256, indexes))) await publisher.sendBlocks(till.store, sha256, indexes);
      return;
    }
    if (ask.value.kind === 'lease') return leases.answer(till, ask.value);
    if (ask.value.kind !== 'pointers') return members.answer(till, ask.value);
    const published = await publisher.pointersFor(till.store, ask.value.ring);
    const pointers = [...published, ...(await rollouts.pointersFor(till.store))];
    send(
      tillTopic({ tenant, ...till }, 'down'),
      encodeMessage({ kind: 'pointers', pointers, keys: keys.ring.keySet(), at: instant(clock.now(), 'UTC') }),
      false,
    );
  }

  function statusBase(): StatusBase {
    const problem = ingest.problem();
    const database = { kind: ledger.kind, ok: problem === null, problem };
    const base = { tenant, version: config.version ?? '0', startedAt, broker: link.status(), database };
    return { ...base, clock: tillClocks.ahead() };
  }

  function inBackground(run: () => Promise<void>) {
    void toTheEnd(run().catch(error => log.error({ error: messageOf(error) }, 'telling the tills failed')));
  }

  /** HQ ends no sooner, and its database with it. */
  function toTheEnd(work: Promise<void>): Promise<void> {
    const step = work.catch(() => {}).finally(() => background.delete(step));
    background.add(step);
    return work;
  }

  async function publishBundle(bytes: Uint8Array, ring?: string) {
    const published = await publisher.publish(bytes, ring);
    leases.forget();
    const { id, version, sha256 } = published.answer;
    if (published.answer.ring === 'all') await rollouts.supersede(id, version);
    log.info({ id, version, sha256, ring: published.answer.ring, isNew: published.isNew }, 'bundle published');
    telling.summary();
    return published;
  }

  const facts = new Map<string, BundleFacts>();

  async function bundleFacts(sha256: string): Promise<BundleFacts | null> {
    const known = facts.get(sha256);
    if (known !== undefined) return known;
    const file = await ledger.bundle(sha256);
    const parsed = file === null ? null : parseBundle(file.bytes);
    if (parsed === null || !parsed.ok) return null;
    const { timezone, currency, offers } = parsed.bundle;
    const read: BundleFacts = {
      timezone,
      currency,
      offers: new Map(offers.map(({ id, name, campaign }) => [id, { name: name ?? null, campaign: campaign ?? null }])),
    };
    facts.clear();
    facts.set(sha256, read);
    return read;
  }

  /** A database that starts after HQ, as at a machine's start, is waited for; the API says meanwhile that HQ is not ready. */
  async function opened(): Promise<number> {
    for (let wait = firstWaitMs; ; wait = Math.min(2 * wait, longestWaitMs))
      try {
        // Over a restore of the database too, else the tills take what HQ says for the late word of an older one.
        const count = await ledger.open(Math.floor(clock.now() / 1000));
        waiting = null;
        return count;
      } catch (error) {
        if (!isTillsideError(error, 'database-unavailable') || stopped) throw error;
        waiting = messageOf(error);
        log.warn({ error: waiting, again: wait }, 'HQ waits for its database');
        await pause(clock, wait);
      }
  }

  return {
    async start() {
      api = await (options.openApi ?? createApi)({
        port: config.api.port,
        host: config.api.host ?? '127.0.0.1',
        token,
        consoleDir: config.consoleDir ?? null,
        log,
        ledger,
        fleet,
        stream,
        metrics,
        desk,
        overview: () => fleet.overview(statusBase()),
        bundleFacts,
        publish: publishBundle,
        rollout: { rollouts, keys: keyDesk.view, takeKeys: keyDesk.take },
        members,
        leases,
        problem: () => waiting ?? (link.up ? ingest.problem() : 'no line to the broker'),
      });
      presence.started(await opened());
      await desk.start();
      await members.open();
      await leases.open();
      link.start();
      rollouts.start();
    },
    async stop() {
      stopped = true;
      await rollouts.stop();
      stream.close();
      await telling.stop();
      await api?.close();
      await desk.stop();
      await rollCall.stop();
      await link.stop(presence.farewell());
      await ingest.idle();
      await Promise.all(background);
      await members.stop();
      await leases.stop();
      await ledger.close();
    },
    get url() {
      return `http://127.0.0.1:${api?.port ?? config.api.port}`;
    },
    token,
    publicKey: keys.rootPem,
    async publishBundle(bytes, ring) {
      return (await publishBundle(bytes, ring)).answer;
    },
    get connected() {
      return link.up;
    },
    ledger,
    members,
  };
}
