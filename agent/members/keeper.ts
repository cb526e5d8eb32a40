/**
 * Keeps members.sqlite at HQ's version: fetches whole files and changes, has them built in slices between sales, drops all when
 * the data lease is over, deletes whom HQ erases. Whatever goes wrong, the version that is here stays, or everybody is a guest.
 *
 *   offered ─► plan ─► incoming ─► check ─┬─ whole: build next ─► swap
 *                                         └─ change: stage ─► settle ─► fold
 */
import { open as openFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Cancel, Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import { type MemberFile, openMemberFile } from '../../sync/protocol/members-file.ts';
import type { MemberFileOffer, MembersCommand } from '../../sync/protocol/members-messages.ts';
import { storeRing } from '../../sync/protocol/pointer.ts';
import type { MembersPort } from '../ports.ts';
import {
  build,
  fold,
  isDamage,
  isSound,
  type Job,
  type Members,
  noteErased,
  type Outcome,
  openMembersFile,
  phaseOf,
  removeMembersFile,
  type Settings,
  type Store,
  settle,
  stage,
  type Target,
  unstage,
} from '../store/index.ts';
import { type Incoming, incomingIn } from './incoming.ts';
import { inSlices } from './slices.ts';

export interface MembersKeeperOptions {
  readonly members: Members;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: KeeperLog;
}

/** What pino and the log of tests have in common. */
export type KeeperLog = { [Level in 'info' | 'warn' | 'error']: (fields: object, message: string) => void };

export interface MembersKeeper extends MembersPort {
  /** Goes on with what a former run began; checks the rows of a large file. */
  start(): void;
  stop(): Promise<void>;
  /** Until when the data may be kept without hearing from HQ; null: none was ever given. */
  leasedUntil(): number | null;
  /** Resolves when nothing is being worked on. */
  idle(): Promise<void>;
}

type Offer = Extract<MembersCommand, { kind: 'members' }>;

const leaseCheckMs = 3_600_000;
/** A file that came whole three times and was wrong is given up until HQ is asked again. */
const mostTries = 3;
/** Erasures that HQ may send again because it had not yet seen their acknowledgement. */
const erasuresKept = 200;

export function createMembersKeeper(options: MembersKeeperOptions): MembersKeeper {
  const { members, store, clock, log } = options;
  const { tenant } = store.address;
  const folder = join(dirname(members.path), 'members');
  const nextPath = `${members.path}.next`;
  const incomingFolder = incomingIn(folder);
  const listeners = new Set<() => void>();
  const note = notes(store);
  let last: Offer | null = null;
  let incoming: Incoming | null = null;
  let working: Promise<void> | null = null;
  let running = false;
  /** Raised by whatever makes the work under way pointless. */
  let turn = 0;
  let tries = 0;
  /** Changes are not to be trusted until a whole file has come. */
  let wholeOnly = false;
  /** Work that threw is not begun again by itself. */
  let hasFailed = false;
  /** The file that is worked on is the next one. */
  let building = false;
  const givenUp = new Set<string>();
  let cancelLease: Cancel = () => {};

  const tell = () => {
    for (const listener of [...listeners]) listener();
  };

  /** A file to fetch, if any: the change that fits what is here, else the whole. */
  function plan(): void {
    if (last === null || !running || working !== null) return;
    const { scope, files } = last;
    const here = members.version();
    const same = here !== null && here.scope === scope;
    const floor = same ? here.version : note.highest(scope) - 1;
    const newer = files.filter(file => file.version > floor && !givenUp.has(file.sha256));
    const change = same && !wholeOnly ? newer.find(({ base }) => base === here.content) : undefined;
    const file = change ?? newer.findLast(({ base }) => base === null);
    if (file === undefined) {
      drop();
      return;
    }
    if (incoming?.target.sha256 === file.sha256) {
      work();
      return;
    }
    drop();
    tries = 0;
    begin(scope, file);
  }

  function begin(scope: string, file: MemberFileOffer) {
    try {
      incoming = incomingFolder.begin({ ...file, scope, tenant });
      log.info({ scope, version: file.version, size: file.size, whole: file.base === null }, 'fetching members');
      tell();
    } catch (error) {
      log.error({ error: messageOf(error) }, 'members can’t be fetched; those that are here stay');
    }
  }

  /** What a change has left to do; a file that can't be read is begun anew. */
  function phase(): string | null {
    try {
      return phaseOf(members.file);
    } catch (error) {
      log.error({ error: messageOf(error) }, 'the members’ file can’t be read; it is fetched anew');
      if (isDamage(error)) members.clear();
      return null;
    }
  }

  function drop() {
    incoming?.close();
    if (incoming !== null) incomingFolder.clear();
    incoming = null;
  }

  /** Works on what is complete, or on what a change has left to do. */
  function work(): void {
    if (working !== null || !running) return;
    if (incoming?.complete !== true && phase() !== 'folding') return;
    const mine = ++turn;
    building = false;
    working = run(mine)
      .catch(error => {
        // Work that was called off may miss what was taken from under it; that says nothing about the next.
        if (mine !== turn && !isDamage(error)) return;
        log.error({ error: messageOf(error) }, 'members could not be brought up to date; those that are here stay');
        if (incoming !== null) givenUp.add(incoming.target.sha256);
        drop();
        removeMembersFile(nextPath);
        if (isDamage(error) && !building) members.clear();
        hasFailed = true;
      })
      .finally(goOn);
  }

  async function run(mine: number): Promise<void> {
    const wanted = () => running && mine === turn;
    const slices = <T>(job: Job<T>) => inSlices(job, clock, wanted);
    if (phase() === 'folding') {
      await slices(fold(members.file));
      members.reread();
    }
    const from = incoming;
    if (from === null || !from.complete || !wanted()) return;
    const sound = await slices(from.check());
    if (sound === null) return;
    if (!sound) return again(from, 'its SHA-256 is another');
    const file = openMemberFile((offset, length) => from.read(offset, length));
    if (!file.ok) return again(from, `it ${file.reason}`);
    const outcome = from.target.base === null ? await whole(from, file.value) : await change(from, file.value);
    if (outcome === null || !wanted()) return;
    if (!outcome.ok) {
      // A change that leads elsewhere: the whole file is the truth. A whole file that is wrong is not asked for again.
      if (from.target.base !== null) wholeOnly = true;
      givenUp.add(from.target.sha256);
      log.warn({ version: from.target.version, reason: outcome.reason }, 'members refused');
      return drop();
    }
    note.reached(from.target);
    log.info(
      { scope: from.target.scope, version: from.target.version, members: from.target.count },
      'members are up to date',
    );
    if (from.target.base === null) wholeOnly = false;
    drop();

    async function whole(of: Incoming, source: MemberFile): Promise<Outcome | null> {
      if (note.building() !== of.target.sha256) removeMembersFile(nextPath);
      note.build(of.target.sha256);
      building = true;
      const next = openMembersFile(nextPath);
      let outcome: Outcome | null;
      try {
        outcome = await slices(build(next, source, of.target));
      } finally {
        next.close();
      }
      if (outcome === null) return null;
      if (outcome.ok) {
        await onDisk(nextPath);
        if (!wanted()) return null;
        members.swap(nextPath);
      } else removeMembersFile(nextPath);
      building = false;
      note.build(null);
      return outcome;
    }

    async function change(of: Incoming, source: MemberFile): Promise<Outcome | null> {
      const outcome = await slices(stage(members.file, source, of.target));
      if (outcome === null) return null;
      if (!outcome.ok) {
        await slices(unstage(members.file));
        return outcome;
      }
      settle(members.file, source, of.target);
      members.reread();
      await slices(fold(members.file));
      members.reread();
      return outcome;
    }
  }

  function again(from: Incoming, reason: string) {
    tries += 1;
    log.warn({ version: from.target.version, times: tries, reason }, 'members arrived with other content');
    if (tries < mostTries) return from.restart();
    givenUp.add(from.target.sha256);
    drop();
  }

  function checkLease() {
    cancelLease();
    const until = note.until();
    if (until !== null && clock.now() > until && !members.empty()) {
      log.warn(
        { until: new Date(until).toISOString() },
        'HQ was not heard for too long: members are dropped, everybody is a guest',
      );
      turn++;
      drop();
      members.clear();
      tell();
    }
    if (running) cancelLease = clock.after(leaseCheckMs, checkLease);
  }

  /** A file too large to be checked when it was opened is read through once, in slices. */
  async function checkRows(): Promise<void> {
    const mine = turn;
    const file = members.file;
    try {
      if ((await inSlices(isSound(file), clock, () => running && mine === turn && file.open)) !== false) return;
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    log.warn({}, 'the members’ file is damaged; it is fetched anew');
    members.clear();
    tell();
  }

  return {
    have() {
      const here = members.version();
      return { version: here?.version ?? 0, content: here?.content ?? null };
    },
    offered(offer) {
      if (offer.scope !== 'all' && offer.scope !== storeRing(store.address.store)) {
        log.warn({ scope: offer.scope }, 'members of another store were offered; refused');
        return;
      }
      note.lease(Date.parse(offer.until));
      const newest = (of: Offer | null) => Math.max(0, ...(of?.files.map(({ version }) => version) ?? []));
      if (newest(offer) !== newest(last)) givenUp.clear();
      last = offer;
      hasFailed = false;
      plan();
    },
    wanted(most) {
      if (incoming === null || incoming.complete || working !== null) return null;
      return { sha256: incoming.target.sha256, indexes: incoming.missing(most) };
    },
    block(sha256, index, bytes) {
      if (incoming?.target.sha256 !== sha256 || working !== null) return false;
      try {
        if (!incoming.write(index, bytes)) return false;
      } catch (error) {
        log.error({ error: messageOf(error) }, 'members can’t be written; those that are here stay');
        drop();
        return false;
      }
      if (incoming.complete) work();
      return true;
    },
    erase(member, erasure) {
      const known = note.erasures();
      if (known.includes(erasure)) return;
      // What is half built holds the member too; HQ's next version does not.
      turn++;
      drop();
      last = null;
      removeMembersFile(nextPath);
      noteErased(members.file);
      members.remove(member);
      store.transaction(() => {
        store.ledger.erase(member);
        note.erased([...known, erasure].slice(-erasuresKept));
        store.outbox.append('member.erased', { erasure, member });
      });
      store.scrub();
      log.info({ erasure }, 'a member was erased');
      tell();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start() {
      running = true;
      checkLease();
      incoming = incomingFolder.resume();
      if (incoming === null) removeMembersFile(nextPath);
      const begun = phase() !== null;
      work();
      if (working === null && (begun || members.version() !== null))
        working = checkRows()
          .catch(error => log.error({ error: messageOf(error) }, 'the members’ file could not be checked'))
          .finally(goOn);
    },
    async stop() {
      running = false;
      turn++;
      cancelLease();
      await working;
      incoming?.close();
    },
    leasedUntil: note.until,
    async idle() {
      while (working !== null) await working;
      await members.freed();
    },
  };

  function goOn() {
    working = null;
    tell();
    if (!running || hasFailed) return;
    work();
    plan();
  }
}

/** What has to outlive the members' file: no older version is ever taken, and no lease is made longer by deleting it. */
function notes({ settings, transaction }: Pick<Store, 'transaction'> & { readonly settings: Settings }) {
  const set = (name: string, value: string | number) => transaction(() => settings.set(name, value));
  return {
    highest: (scope: string) => settings.number(`members.highest.${scope}`) ?? 0,
    reached: ({ scope, version }: Target) => set(`members.highest.${scope}`, version),
    until: () => settings.number('members.until'),
    lease(until: number) {
      // Each answer of HQ makes it longer; a disk write an hour is enough to remember that.
      if (until >= (settings.number('members.until') ?? 0) + leaseCheckMs) set('members.until', until);
    },
    building: () => settings.get('members.building'),
    build(sha256: string | null) {
      if (sha256 === null) transaction(() => settings.remove('members.building'));
      else if (settings.get('members.building') !== sha256) set('members.building', sha256);
    },
    erasures: () => JSON.parse(settings.get('members.erased') ?? '[]') as readonly number[],
    erased: (numbers: readonly number[]) => settings.set('members.erased', JSON.stringify(numbers)),
  };
}

/** Has the system write the file out, on another thread. */
async function onDisk(path: string): Promise<void> {
  const file = await openFile(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
