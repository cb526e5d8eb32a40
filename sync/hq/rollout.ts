/**
 * Rolls a bundle out, ring by ring of stores, and stops by itself. Where it stands is in the database, so that a restart goes
 * on and several HQs do each step once; what tills say of themselves decides.
 *
 *   start ─► ring 1 (one store) ─gate─► 1 % ─gate─► 10 % ─gate─► 50 % ─gate─► all stores ─gate─► ring pointer "all", done
 *                    └─ too many tills refused it or went back ─► stopped: nobody else is pointed to it
 */
import { type Cancel, type Clock, instant } from '../../clock.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { storeRing } from '../protocol/pointer.ts';
import { isTopicId } from '../protocol/topics.ts';
import type { BundlePointer } from '../protocol/types.ts';
import type { Ledger } from './ledger.ts';
import type { Publisher } from './publisher.ts';
import { firstOf, judge, ringOf, type SeenTill, tally, usualSoakMs, usualStages, versionOfMost } from './rings.ts';
import type { RolloutRecord } from './rollout-rows.ts';
import { alarmsOf, rolloutMetrics, rolloutView } from './rollout-view.ts';
import type { PublishAnswer, RolloutsAnswer, RolloutView } from './wire.ts';

export interface RolloutsOptions {
  readonly tenant: string;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: SyncLog;
  readonly publisher: Publisher;
  /** Something moved: the console is told. */
  readonly onChange: () => void;
  /** Runs before each look: what several HQs share is shared then. */
  readonly beforeLook?: () => Promise<void>;
}

export interface RolloutWish {
  /** The store that goes first; absent: the one that always does. */
  readonly first?: string | undefined;
  /** How long a ring is watched before the next one opens, ms. */
  readonly soakMs?: number | undefined;
}

export interface Rollouts {
  /** Looks at once and then now and again. */
  start(): void;
  stop(): Promise<void>;
  /** @throws TillsideError as `Publisher.prepare`; `conflict` where one of this id runs; `not-found` without any store */
  begin(bytes: Uint8Array, wish?: RolloutWish): Promise<RolloutView>;
  /** @throws TillsideError `not-found`, `conflict` where it is not in a state for this */
  halt(number: number): Promise<RolloutView>;
  resume(number: number): Promise<RolloutView>;
  /**
   * Publishes the content of an earlier version under a new, higher one, to every ring at once.
   * @param to its version; absent: the one before
   * @throws TillsideError `not-found`, and as `Publisher.prepare`
   */
  rollBack(id?: string, to?: number): Promise<PublishAnswer>;
  /** This version is published to all by other means: what is on its way below it is of no use any more. */
  supersede(id: string, version: number): Promise<void>;
  /** Pointers of rollouts for a store. */
  pointersFor(store: string): Promise<readonly BundlePointer[]>;
  /** All of them, retained, for a broker that may have forgotten them. */
  announce(): Promise<void>;
  /** A till said something of itself. */
  heard(): void;
  view(): Promise<RolloutsAnswer>;
  /** Opens every ring whose turn has come. */
  step(): Promise<void>;
  /** Prometheus text. */
  metrics(): Promise<string>;
}

const lookEveryMs = 30_000;
const heardMs = 1000;

export function createRollouts(options: RolloutsOptions): Rollouts {
  const { tenant, ledger, clock, log, publisher } = options;
  /** Store pointers by rollout and store; those of a rollout differ in their ring alone. */
  const signed = new Map<string, BundlePointer>();
  let cancel: Cancel = () => {};
  let isSoon = false;
  let stopped = false;
  /** Whether a rollout ran when this process last looked; others may start one. */
  let isRunning = false;
  let lastStepMs = 0;
  let stepping: Promise<void> = Promise.resolve();
  const looking = new Set<Promise<void>>();

  const now = () => instant(clock.now(), 'UTC');
  const planOf = ({ firstStore, stages }: RolloutRecord) => ({ tenant, firstStore, stages });
  const storesOf = (tills: readonly SeenTill[]) => [...new Set(tills.map(till => till.store))];

  function look(ms: number) {
    cancel();
    cancel = clock.after(ms, () => {
      isSoon = false;
      const one = (options.beforeLook?.() ?? Promise.resolve())
        .then(() => (stopped ? undefined : step()))
        .catch(error => log.error({ error: messageOf(error) }, 'a rollout could not be looked after'))
        .finally(() => {
          looking.delete(one);
          if (!stopped) look(lookEveryMs);
        });
      looking.add(one);
    });
  }

  /** One after the other in this process; between processes the database decides. */
  function step(): Promise<void> {
    stepping = stepping
      .catch(() => {})
      .then(async () => {
        const begun = clock.monotonic();
        const running = (await ledger.rollouts()).filter(({ state }) => state === 'running');
        isRunning = running.length > 0;
        for (const rollout of running) await stepOf(rollout);
        lastStepMs = clock.monotonic() - begun;
      });
    return stepping;
  }

  async function stepOf(given: RolloutRecord) {
    let rollout = given;
    const tills = await ledger.seenTills();
    for (;;) {
      const { id, version, stage, stages, stageMs, soakMs } = rollout;
      const rings = tally(planOf(rollout), tills, id, version, clock.now());
      const verdict = judge(rings, stage, clock.now() - stageMs, soakMs);
      if (verdict.kind === 'wait') return;
      if (verdict.kind === 'stop') return void (await end(rollout, 'stopped', verdict.why, tills));
      if (stage === stages.length - 1) return finishUp(rollout, tills);
      const after = {
        stage: stage + 1,
        state: 'running',
        reason: null,
        stageMs: clock.now(),
        changedAt: now(),
      } as const;
      if (!(await ledger.moveRollout(rollout, after))) return;
      rollout = { ...rollout, ...after };
      log.info({ id, version, ring: after.stage + 1 }, 'a rollout opens its next ring');
      await point(rollout, tills, store => ringOf(planOf(rollout), store) === rollout.stage);
      options.onChange();
    }
  }

  /** Every ring passed: the ring pointer takes over from those of the stores. */
  async function finishUp(rollout: RolloutRecord, tills: readonly SeenTill[]) {
    const stored = await ledger.bundle(rollout.sha256);
    if (stored === null) return;
    await publisher.publish(stored.bytes, 'all');
    await end(rollout, 'done', null, tills);
  }

  async function end(
    rollout: RolloutRecord,
    state: 'stopped' | 'done' | 'superseded',
    reason: string | null,
    tills: readonly SeenTill[],
  ): Promise<boolean> {
    const { stage, stageMs, id, version } = rollout;
    if (!(await ledger.moveRollout(rollout, { stage, state, reason, stageMs, changedAt: now() }))) return false;
    if (state === 'stopped') log.error({ id, version, ring: stage + 1, reason }, 'a rollout stopped');
    else log.info({ id, version, state }, 'a rollout ended');
    for (const store of storesOf(tills))
      if (ringOf(planOf(rollout), store) <= stage) publisher.point(storeRing(store), null);
    options.onChange();
    return true;
  }

  async function point(rollout: RolloutRecord, tills: readonly SeenTill[], goes: (store: string) => boolean) {
    for (const store of storesOf(tills))
      if (goes(store)) publisher.point(storeRing(store), await pointerOf(rollout, store));
  }

  async function pointerOf(rollout: RolloutRecord, store: string): Promise<BundlePointer | null> {
    const ring = storeRing(store);
    const name = `${rollout.number} ${ring}`;
    const known = signed.get(name);
    if (known !== undefined) return known;
    const model = [...signed].find(([other]) => other.startsWith(`${rollout.number} `))?.[1];
    let pointer: BundlePointer;
    if (model !== undefined) pointer = publisher.readdress(model, ring);
    else {
      const stored = await ledger.bundle(rollout.sha256);
      if (stored === null) return null;
      // Of rollouts before nothing is asked any more, or it is signed again.
      signed.clear();
      pointer = await publisher.sign(stored, ring);
    }
    signed.set(name, pointer);
    return pointer;
  }

  async function find(number: number): Promise<RolloutRecord> {
    const found = (await ledger.rollouts()).find(one => one.number === number);
    if (found === undefined) throw new TillsideError('not-found', `HQ has no rollout ${number}.`);
    return found;
  }

  const changed = () =>
    new TillsideError('conflict', 'The rollout moved on meanwhile; look at its status and try again.');

  const viewOf = (rollout: RolloutRecord, tills: readonly SeenTill[]) =>
    rolloutView(tenant, rollout, tills, clock.now());

  async function supersede(id: string, version: number) {
    const reason = `version ${version} came after it`;
    for (;;) {
      const lower = (await ledger.rollouts()).filter(
        one => one.id === id && one.version < version && (one.state === 'running' || one.state === 'stopped'),
      );
      if (lower.length === 0) return;
      const tills = await ledger.seenTills();
      // One that opens its next ring at this moment is met again.
      for (const rollout of lower) await end(rollout, 'superseded', reason, tills);
    }
  }

  return {
    start: () => look(0),
    async stop() {
      stopped = true;
      cancel();
      await Promise.all(looking);
      await stepping.catch(() => {});
    },
    step,
    supersede,
    heard() {
      if (!isRunning || isSoon || stopped) return;
      isSoon = true;
      // Looking at twenty thousand tills takes a while: never more than a twentieth of the time.
      look(Math.max(heardMs, lastStepMs * 20));
    },

    async begin(bytes, { first, soakMs = usualSoakMs } = {}) {
      const { bundle: _, ...stored } = await publisher.prepare(bytes);
      const { id, version, sha256 } = stored;
      const tills = await ledger.seenTills();
      const firstStore = first ?? firstOf(tenant, storesOf(tills));
      if (firstStore === null)
        throw new TillsideError('not-found', 'No till has reported yet, so no store can go first; publish it instead.');
      if (!isTopicId(firstStore))
        throw new TillsideError('request-invalid', `"${firstStore}" is no store: use a-z, 0-9 and -.`);
      if (first !== undefined && !storesOf(tills).includes(first))
        throw new TillsideError('not-found', `No till of store ${first} has reported yet; name another first store.`);
      if (!Number.isSafeInteger(soakMs) || soakMs < 0)
        throw new TillsideError('request-invalid', 'The time to watch a ring must be 0 or more minutes.');
      const running = (await ledger.rollouts()).find(one => one.id === id && one.state === 'running');
      if (running !== undefined) throw busy(running);
      await ledger.storeBundle(stored);
      const at = now();
      const record = {
        ...{ id, version, sha256, firstStore, stages: usualStages, soakMs, stage: 0 },
        ...({ state: 'running', reason: null, startedAt: at, stageMs: clock.now(), changedAt: at } as const),
      };
      const number = await ledger.startRollout(record);
      if (number === null) throw busy({ id, version });
      const rollout = { ...record, number };
      isRunning = true;
      log.info({ id, version, number, firstStore }, 'a rollout begins');
      // Of a stopped one before, nothing is left to be resumed.
      await supersede(id, version);
      await point(rollout, tills, store => store === firstStore);
      options.onChange();
      look(heardMs);
      return viewOf(rollout, tills);
    },

    async halt(number) {
      const rollout = await find(number);
      if (rollout.state !== 'running')
        throw new TillsideError('conflict', `Rollout ${number} does not run: it is ${rollout.state}.`);
      const tills = await ledger.seenTills();
      if (!(await end(rollout, 'stopped', 'stopped by hand', tills))) throw changed();
      return viewOf(await find(number), tills);
    },

    async resume(number) {
      const rollout = await find(number);
      if (rollout.state !== 'stopped')
        throw new TillsideError('conflict', `Rollout ${number} was not stopped: it is ${rollout.state}.`);
      const { stage, id } = rollout;
      const running = (await ledger.rollouts()).find(one => one.id === id && one.state === 'running');
      if (running !== undefined) throw busy(running);
      const after = { stage, state: 'running', reason: null, stageMs: clock.now(), changedAt: now() } as const;
      if (!(await ledger.moveRollout(rollout, after))) throw changed();
      isRunning = true;
      const tills = await ledger.seenTills();
      await point({ ...rollout, ...after }, tills, store => ringOf(planOf(rollout), store) <= stage);
      options.onChange();
      look(heardMs);
      return viewOf({ ...rollout, ...after }, tills);
    },

    async rollBack(wanted, to) {
      const published = await ledger.pointers();
      const latest = (await ledger.rollouts())[0];
      const all = published.filter(({ pointer }) => pointer.ring === 'all' && (wanted ?? pointer.id) === pointer.id);
      const id = wanted ?? all[0]?.pointer.id ?? latest?.id;
      if (id === undefined) throw new TillsideError('not-found', 'Nothing was published yet.');
      // After a backup was put back tills may have one that HQ has forgotten.
      const highest = Math.max(await ledger.highestVersion(id), versionOfMost(await ledger.seenTills(), id));
      const versions = [...new Set(all.map(({ pointer }) => pointer.version))];
      // What is only on its way is left for what all have; else what all have for what they had before.
      const version = to ?? versions.find(one => one < highest);
      const before = version === undefined ? null : await ledger.bundleOfVersion(id, version);
      if (before === null)
        throw new TillsideError(
          'not-found',
          `HQ has no ${to === undefined ? 'earlier version' : `version ${to}`} of bundle ${id}.`,
        );
      const bytes = asVersion(before.bytes, highest + 1);
      const rings = new Set([
        'all',
        ...published.filter(one => one.current && one.pointer.id === id).map(one => one.pointer.ring),
      ]);
      // Before the tills are told: what is on its way must not overtake it.
      await supersede(id, highest + 1);
      let answer: PublishAnswer | null = null;
      for (const ring of rings) {
        const { answer: one } = await publisher.publish(bytes, ring);
        answer ??= one;
      }
      if (answer === null) throw new TillsideError('internal', 'No ring was published to.');
      log.warn({ id, version: highest + 1, content: before.version }, 'rolled back');
      options.onChange();
      return answer;
    },

    async pointersFor(store) {
      const pointers: BundlePointer[] = [];
      for (const rollout of await ledger.rollouts()) {
        if (rollout.state !== 'running' || ringOf(planOf(rollout), store) > rollout.stage) continue;
        const pointer = await pointerOf(rollout, store);
        if (pointer !== null) pointers.push(pointer);
      }
      return pointers;
    },

    async announce() {
      const running = (await ledger.rollouts()).filter(({ state }) => state === 'running');
      if (running.length === 0) return;
      const tills = await ledger.seenTills();
      for (const rollout of running)
        await point(rollout, tills, store => ringOf(planOf(rollout), store) <= rollout.stage);
    },

    async view() {
      const tills = await ledger.seenTills();
      const rollouts = (await ledger.rollouts()).slice(0, 10).map(rollout => viewOf(rollout, tills));
      return { rollouts, alarms: alarmsOf(tills) };
    },

    async metrics() {
      return rolloutMetrics(tenant, await ledger.rollouts(), await ledger.seenTills(), clock.now());
    },
  };
}

const busy = ({ id, version }: Pick<RolloutRecord, 'id' | 'version'>) =>
  new TillsideError(
    'conflict',
    `A rollout of bundle ${id} runs already (version ${version}); stop it first, or wait until it is done.`,
  );

/** The same content under another version. */
function asVersion(bytes: Uint8Array, version: number): Uint8Array {
  const document = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
  return Buffer.from(`${JSON.stringify({ ...document, version }, null, 2)}\n`);
}
