/**
 * HQ's end for members: takes imports, publishes versions, answers tills, sees erasures through.
 *
 *   import ─► book ─► files ─► offers ──► down        ask {member} ─► book ─► answer ──► down
 *   erase ──► book, files ──► erase ──► down          member.erased (a fact) ─► who has acknowledged
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cancel, type Clock, instant } from '../../clock.ts';
import { type Fault, messageOf, TillsideError } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { encodeBlock } from '../protocol/blocks.ts';
import type { Command } from '../protocol/command.ts';
import { spelledKey } from '../protocol/members-keys.ts';
import type { MembersAsk } from '../protocol/members-messages.ts';
import { storeTopic } from '../protocol/topics.ts';
import type { Ledger, TillName } from './ledger.ts';
import { createMembersBook } from './members-book.ts';
import { createErasures } from './members-erasures.ts';
import { createMemberFiles } from './members-files.ts';
import { type ImportedMember, nameOf, readImport } from './members-import.ts';
import type { MembersAnswer } from './wire.ts';

export interface MembersConfig {
  /** `visitors`: each store gets who shops there; `all`: every store gets everybody. */
  readonly share: 'visitors' | 'all';
  /** Days after which a visitor is none any more. */
  readonly visitedWithinDays: number;
  /** Days for which a till may keep the data without hearing from HQ. */
  readonly leaseDays: number;
  /** Do tills get first names? */
  readonly names: boolean;
  /** Minutes between versions, where anything has changed. */
  readonly everyMinutes: number;
}

export const membersDefaults: MembersConfig = {
  share: 'visitors',
  visitedWithinDays: 180,
  leaseDays: 30,
  names: true,
  everyMinutes: 60,
};

export interface MembersDeskOptions {
  readonly tenant: string;
  readonly dataDir: string;
  readonly config: MembersConfig;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: SyncLog;
  readonly command: (till: TillName, command: Command) => void;
  /** False: another HQ's store. */
  readonly isMine?: (store: string) => boolean;
  /** Resolves when the broker has taken it. */
  readonly publish: (topic: string, payload: Uint8Array) => Promise<boolean>;
}

export type ImportAnswer = { readonly taken: number; readonly refused: number; readonly faults: readonly Fault[] };

export interface MembersDesk {
  /** Once the ledger is open. */
  open(): Promise<void>;
  stop(): Promise<void>;
  nextImport(): Promise<number>;
  /** Lines of JSON, one member each; a bad one is refused and named, the others are taken. */
  import(lines: string, imported: number): Promise<ImportAnswer>;
  /** The import is whole: who was not in it is taken out. */
  replace(imported: number): Promise<number>;
  /** Makes the next versions and tells the tills; answers how many scopes have one. */
  publish(): Promise<number>;
  /** By the id of the customer system, or by the one that tills know. @throws TillsideError `not-found` */
  erase(member: string): Promise<number>;
  view(): Promise<MembersAnswer>;
  answer(till: TillName, ask: MembersAsk): Promise<void>;
  /** False: it is no file of members. */
  sendBlocks(till: TillName, sha256: string, indexes: readonly number[]): Promise<boolean>;
}

/** Lines that are named; the rest is counted. */
const mostFaults = 100;
const batch = 1000;
/** Blocks on their way to the broker at once. */
const blocksAtOnce = 8;
/** A block is not sent to a store again within this time: one answer serves all its tills. */
const sharedMs = 250;
/** Unknown cards that a till may ask for: at once, and then each second. A till that was broken into can't try out cards. */
const asksAtOnce = 30;
const asksASecond = 0.5;
const askedMs = 60_000;
const dayMs = 86_400_000;

const nameOfTill = ({ store, till }: TillName): string => `${store}/${till}`;

export function createMembersDesk(options: MembersDeskOptions): MembersDesk {
  const { tenant, config, ledger, clock, log } = options;
  const { isMine = () => true } = options;
  const sql = ledger.members;
  const secret = openSecret(options.dataDir);
  const book = createMembersBook(sql);
  const erasures = createErasures(sql);
  const files = createMemberFiles({
    tenant,
    folder: join(options.dataDir, 'members'),
    sql,
    book,
    clock,
    log,
    visitedWithinDays: config.visitedWithinDays,
  });
  /** The day on which a scope was last compared with who shops there. */
  const lookedAt = new Map<string, string>();
  const budgets = new Map<string, { left: number; at: number }>();
  const queued = new Map<string, () => Promise<void>>();
  const justSent = new Map<string, number>();
  /** Tills that have just asked what there is: that they are on line may not be written yet, and they won't ask again soon. */
  const asked = new Map<string, { readonly till: TillName; readonly at: number }>();
  let sending = 0;
  /** Imports, versions and erasures come one after the other. */
  let last: Promise<unknown> = Promise.resolve();
  let cancelRound: Cancel = () => {};
  let open = false;

  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const next = last.then(run, run);
    last = next.catch(() => {});
    return next;
  }

  const at = (ms: number) => instant(ms, 'UTC');
  const scopeOf = (store: string) => (config.share === 'all' ? 'all' : `store/${store}`);

  async function publishDirty(forget = false): Promise<number> {
    await book.open();
    await book.followSales();
    const dirty = await book.dirty();
    const known = new Map((await files.scopes()).map(row => [row.scope, row]));
    const stores = (await book.stores()).filter(isMine);
    const wanted = config.share === 'all' ? ['all'] : stores.map(store => `store/${store}`);
    // A store that nobody visits any more, and one whose visitors' time may have run out.
    const today = at(clock.now()).slice(0, 10);
    const scopes = new Set([
      ...wanted,
      ...[...known.keys()].filter(
        scope => wanted.includes(scope) || (dirty.has(scope) && isMine(scope.replace('store/', ''))),
      ),
    ]);
    const erasedAt = await erasures.lastAt();
    let made = 0;
    for (const scope of scopes) {
      // Also where HQ ended within an erasure: files of before it may hold whom it was to delete.
      const mustForget = forget || isOlder(known.get(scope), erasedAt);
      const isStale = !known.has(scope) || (lookedAt.get(scope) ?? '') < today;
      if (!dirty.has(scope) && !isStale) {
        if (mustForget) await files.forgetChanges(scope);
        continue;
      }
      const isNew = await files.publish(scope, mustForget);
      await book.clean(scope);
      lookedAt.set(scope, today);
      if (!isNew) continue;
      made += 1;
      for (const till of await onLine(scope)) await offer(till);
    }
    return made;
  }

  const isOlder = (scope: { readonly publishedAt: string } | undefined, erasedAt: string | null) =>
    scope !== undefined && erasedAt !== null && scope.publishedAt <= erasedAt;

  /** HQ ended between deleting a member and making the files without it. */
  async function wasCutOff(): Promise<boolean> {
    const erasedAt = await erasures.lastAt();
    return (await book.dirty()).size > 0 && (await files.scopes()).some(scope => isOlder(scope, erasedAt));
  }

  async function onLine(scope: string): Promise<readonly TillName[]> {
    const written = await sql.all<TillName>('SELECT store, till FROM till WHERE online = 1');
    for (const [name, { at: since }] of asked) if (clock.monotonic() - since > askedMs) asked.delete(name);
    const tills = new Map(
      [...written, ...[...asked.values()].map(({ till }) => till)].map(one => [nameOfTill(one), one]),
    );
    return [...tills.values()].filter(({ store }) => isMine(store) && (scope === 'all' || scope === `store/${store}`));
  }

  async function offer(till: TillName) {
    const scope = scopeOf(till.store);
    const until = at(clock.now() + config.leaseDays * dayMs);
    options.command(till, { kind: 'members', scope, until, files: await files.offers(scope) });
  }

  async function tellErasures(till: TillName) {
    for (const { erasure, member } of await erasures.openOf(till))
      options.command(till, { kind: 'erase', erasure, member });
  }

  /** True: this till has asked for more unknown cards than customers bring. */
  function asksTooMuch({ store, till }: TillName): boolean {
    const name = `${store}/${till}`;
    const now = clock.monotonic();
    const { left, at: since } = budgets.get(name) ?? { left: asksAtOnce, at: now };
    const budget = Math.min(asksAtOnce, left + ((now - since) / 1000) * asksASecond);
    budgets.set(name, { left: Math.max(0, budget - 1), at: now });
    return budget < 1;
  }

  function pump() {
    for (const [name, send] of queued) {
      if (sending >= blocksAtOnce) return;
      queued.delete(name);
      sending += 1;
      void send()
        .catch(error => log.error({ error: messageOf(error) }, 'a block of members could not be sent'))
        .finally(() => {
          sending -= 1;
          pump();
        });
    }
  }

  function round() {
    cancelRound();
    cancelRound = clock.after(config.everyMinutes * 60_000, () => {
      inTurn(async () => {
        if (!open) return;
        await erasures.collect();
        await publishDirty();
      }).then(round, error => {
        log.error({ error: messageOf(error) }, 'members could not be published');
        round();
      });
    });
  }

  return {
    async open() {
      await book.open();
      open = true;
      round();
      if (await wasCutOff())
        void inTurn(() => publishDirty()).catch(error =>
          log.error({ error: messageOf(error) }, 'members could not be published after an erasure'),
        );
    },
    async stop() {
      open = false;
      cancelRound();
      queued.clear();
      await last;
    },
    nextImport: () => inTurn(() => book.nextImport()),

    import: (lines, imported) =>
      inTurn(async () => {
        const faults: Fault[] = [];
        let refused = 0;
        let taken = 0;
        const refuse = (line: number, message: string) => {
          refused += 1;
          if (faults.length < mostFaults) faults.push({ pointer: `/${line}`, message });
        };
        let set: { line: number; member: ImportedMember }[] = [];
        const save = async () => {
          const bad = await book.save(
            set.map(({ member }) => member),
            imported,
          );
          for (const [index, reason] of bad) refuse(set[index]?.line ?? 0, reason);
          taken += set.length - bad.size;
          set = [];
        };
        for (const [index, text] of lines.split('\n').entries()) {
          if (text.trim() === '') continue;
          const read = readLine(text, secret, config.names, clock.now());
          if (read.ok) set.push({ line: index + 1, member: read.value });
          else refuse(index + 1, read.reason);
          if (set.length === batch) await save();
        }
        if (set.length > 0) await save();
        return { taken, refused, faults };
      }),

    replace: imported => inTurn(() => book.removeOthers(imported)),
    publish: () => inTurn(() => publishDirty()),

    erase: member =>
      inTurn(async () => {
        const hashed = spelledKey(member);
        const key = hashed !== null && (await book.has(hashed)) ? hashed : nameOf(secret, member).key;
        if (!(await book.has(key)) && !(await erasures.knows(key)))
          throw new TillsideError('not-found', 'HQ has no such member. Give the id that was imported.');
        const erasure = await book.erase(key, at(clock.now()));
        // First the files without the member, and after the command what they are: nobody fetches the member again.
        await publishDirty(true);
        for (const till of await onLine('all')) {
          await tellErasures(till);
          await offer(till);
        }
        log.info({ erasure }, 'a member was erased');
        return erasure;
      }),

    async view() {
      await erasures.collect();
      return { members: await book.count(), scopes: await files.scopes(), erasures: await erasures.view() };
    },

    async answer(till, ask) {
      if (ask.kind === 'members') {
        asked.set(nameOfTill(till), { till, at: clock.monotonic() });
        await erasures.collect();
        await tellErasures(till);
        return offer(till);
      }
      if (asksTooMuch(till)) return log.warn({ ...till }, 'a till asks for more unknown cards than customers bring');
      options.command(till, { kind: 'member', card: ask.card, member: await book.byCard(ask.card) });
    },

    async sendBlocks({ store }, sha256, indexes) {
      // Only what is meant for this store: whoever knows another's hash gets nothing.
      const scopes = [scopeOf(store)];
      if ((await files.block(sha256, scopes, 0)) === null) return false;
      const now = clock.monotonic();
      for (const [name, sent] of justSent) if (now - sent >= sharedMs) justSent.delete(name);
      const topic = storeTopic({ tenant, store }, 'blocks');
      for (const index of indexes) {
        const name = `${store} ${sha256} ${index}`;
        if (queued.has(name) || justSent.has(name)) continue;
        queued.set(name, async () => {
          const bytes = await files.block(sha256, scopes, index);
          if (bytes === null) return;
          justSent.set(name, clock.monotonic());
          await options.publish(topic, encodeBlock({ sha256, index, bytes }));
        });
      }
      pump();
      return true;
    },
  };
}

function readLine(text: string, secret: Uint8Array, names: boolean, now: number) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'is no JSON' } as const;
  }
  return readImport(value, { secret, names, now });
}

/** What ids are hashed with. Whoever loses it has other ids for all members, and a new start for their coupons and points. */
function openSecret(dataDir: string): Uint8Array {
  const file = join(dataDir, 'members.key');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (statSync(file, { throwIfNoEntry: false }) === undefined)
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flush: true });
  const text = readFileSync(file, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new TillsideError('config-invalid', `${file} must hold 64 hex digits; put back the file that HQ had.`);
  return Buffer.from(text, 'hex');
}
