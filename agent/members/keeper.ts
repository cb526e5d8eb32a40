/**
 * Keeps members.sqlite at HQ's version: fetches whole files and changes, has another thread work them in, drops all when the
 * data lease is over, deletes whom HQ erases. Whatever goes wrong, the version that is here stays, or everybody is a guest.
 *
 *   offered ─► plan ─► incoming ─► check ─┬─ whole: build next ─► swap
 *                                         └─ change: stage ─► settle ─► fold
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cancel, Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import { keyOfMember } from '../../sync/protocol/members-keys.ts';
import type { MemberFileOffer, MembersCommand } from '../../sync/protocol/members-messages.ts';
import { storeRing } from '../../sync/protocol/pointer.ts';
import type { MembersPort } from '../ports.ts';
import { isDamage, type Members, removeMembersFile, type Settings, type Store, type Target } from '../store/index.ts';
import { type Incoming, incomingIn } from './incoming.ts';
import { type StartWork, startThread, type Work } from './thread.ts';
import type { Done, Order } from './work.ts';

export interface MembersKeeperOptions {
  readonly members: Members;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: KeeperLog;
  /** Another than a thread for each order. */
  readonly startWork?: StartWork;
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
  const { members, store, clock, log, startWork = startThread } = options;
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
  /** What is carried out now. */
  let current: Work | null = null;
  /** Raised by whatever makes the work under way pointless. */
  let turn = 0;
  let tries = 0;
  /** Changes are not to be trusted until a whole file has come. */
  let wholeOnly = false;
  /** Work that threw is not begun again by itself. */
  let hasFailed = false;
  /** What is worked on is the next file, not the one that is read. */
  let isBuilding = false;
  /** What has to be deleted, before anything else and never called off; the first is at work. */
  const deletions: { readonly erasure: number | null; readonly run: () => Promise<void> }[] = [];
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

  function drop() {
    incoming?.close();
    if (incoming !== null) incomingFolder.clear();
    incoming = null;
  }

  /** Erases who is to be erased, then works on what is complete, or on what a change has left to do. */
  function work(): void {
    if (working !== null || !running) return;
    const [first] = deletions;
    if (first !== undefined) {
      working = first
        .run()
        .catch(error => {
          // Nobody finds the member in this run; HQ says it again until it hears that it is done.
          log.error({ erasure: first.erasure, error: messageOf(error) }, 'members could not be deleted');
          if (isDamage(error)) members.clear();
        })
        .finally(() => {
          deletions.shift();
          goOn();
        });
      return;
    }
    if (hasFailed || (incoming?.complete !== true && members.phase() !== 'folding')) return;
    const mine = turn;
    isBuilding = false;
    working = run(mine)
      .catch(error => {
        // Work that was called off may miss what was taken from under it; that says nothing about the next.
        if (mine !== turn && !isDamage(error)) return;
        log.error({ error: messageOf(error) }, 'members could not be brought up to date; those that are here stay');
        if (incoming !== null) givenUp.add(incoming.target.sha256);
        drop();
        if (isDamage(error) && !isBuilding) members.clear();
        hasFailed = true;
      })
      .finally(goOn);
  }

  /** Null: called off. The members' file is the other thread's until then. */
  async function carryOut(order: Order): Promise<Done | null> {
    const giveBack = members.lend();
    try {
      current = startWork(order);
      return await current.done;
    } finally {
      current = null;
      giveBack();
    }
  }

  function callOff() {
    turn++;
    if (deletions.length === 0) current?.callOff();
  }

  async function run(mine: number): Promise<void> {
    const wanted = () => running && mine === turn;
    const file = members.path;
    if (members.phase() === 'folding') {
      await carryOut({ kind: 'fold', file });
      members.reread();
    }
    const from = incoming;
    if (from === null || !from.complete || !wanted()) return;
    const { target, path } = from;
    const isWhole = target.base === null;
    const afresh = note.building() !== target.sha256;
    if (isWhole) note.build(target.sha256);
    isBuilding = isWhole;
    const result = await carryOut(
      isWhole
        ? { kind: 'whole', incoming: path, target, next: nextPath, afresh }
        : { kind: 'change', incoming: path, target, file },
    );
    if (!isWhole) members.reread();
    if (result === null || !wanted()) return;
    if (!result.ok && result.wrong === 'bytes') return again(from, result.reason);
    if (isWhole) note.build(null);
    if (!result.ok) {
      // A change that leads elsewhere: the whole file is the truth. A whole file that is wrong is not asked for again.
      wholeOnly ||= !isWhole;
      givenUp.add(target.sha256);
      log.warn({ version: target.version, reason: result.reason }, 'members refused');
      return drop();
    }
    if (isWhole) {
      members.swap(nextPath);
      wholeOnly = false;
    }
    note.reached(target);
    log.info({ scope: target.scope, version: target.version, members: target.count }, 'members are up to date');
    drop();
  }

  async function discard(): Promise<void> {
    await carryOut({ kind: 'discard', aside: incomingFolder.aside, next: nextPath });
  }

  async function erase(member: string, erasure: number): Promise<void> {
    await discard();
    await carryOut({ kind: 'erase', file: members.path, key: keyOfMember(member) });
    members.reread();
    store.transaction(() => {
      store.ledger.erase(member);
      note.erased([...note.erasures(), erasure].slice(-erasuresKept));
      store.outbox.append('member.erased', { erasure, member });
    });
    store.scrub();
    members.show(member);
    log.info({ erasure }, 'a member was erased');
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
    const isAnythingHere = () => !members.empty() || incoming !== null || existsSync(nextPath);
    if (until !== null && clock.now() > until && isAnythingHere()) {
      log.warn(
        { until: new Date(until).toISOString() },
        'HQ was not heard for too long: members are dropped, everybody is a guest',
      );
      callOff();
      drop();
      members.clear();
      deletions.push({ erasure: null, run: discard });
      work();
      tell();
    }
    if (running) cancelLease = clock.after(leaseCheckMs, checkLease);
  }

  /** A file too large to be checked when it was opened is read through once. */
  async function checkRows(): Promise<void> {
    try {
      if ((await carryOut({ kind: 'check', file: members.path }))?.ok !== false) return;
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
      if (note.erasures().includes(erasure) || deletions.some(one => one.erasure === erasure)) return;
      // What was fetched holds the member too; HQ's next version does not.
      callOff();
      drop();
      last = null;
      members.hide(member);
      deletions.push({ erasure, run: () => erase(member, erasure) });
      work();
      tell();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start() {
      running = true;
      incoming = incomingFolder.resume();
      if (incoming === null) removeMembersFile(nextPath);
      checkLease();
      work();
      if (working === null && members.version() !== null)
        working = checkRows()
          .catch(error => log.error({ error: messageOf(error) }, 'the members’ file could not be checked'))
          .finally(goOn);
    },
    async stop() {
      running = false;
      callOff();
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
    work();
    if (!hasFailed) plan();
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
