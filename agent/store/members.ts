/**
 * The members that shop here: a file of its own that can be thrown away and built anew from HQ's, so that the ledger never
 * suffers from it. Ids are keyed hashes; the first name is the only thing that a person would recognise.
 */

import { renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { messageOf } from '../../errors.ts';
import type { MemberFacts, PastCoupon, PastPurchase } from '../../sync/protocol/members-facts.ts';
import { hashOfCard, keyOfCard, keyOfMember } from '../../sync/protocol/members-keys.ts';
import { cardsOfRow, packMember, rowHasCard, unpackMember } from '../../sync/protocol/members-row.ts';
import type { AttributeValue, Member } from '../offers/types.ts';
import type { Database } from './database.ts';
import { newMembersFile, openMembersFile } from './members-file.ts';

export type MemberRecord = {
  readonly memberId: string;
  /** Empty where the cashier does not need it. */
  readonly firstName: string;
  readonly household?: string;
  readonly tier?: string;
  readonly points: number;
  readonly language?: string;
  /** Local dates. */
  readonly joined?: string;
  readonly birthday?: string;
  readonly segments?: readonly string[];
  readonly consents?: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly activated?: readonly string[];
  /** What HQ knows of the past. */
  readonly coupons?: readonly PastCoupon[];
  readonly bought?: readonly PastPurchase[];
};

/** A member with the numbers of its cards, as a file or a test gives it. */
export type NewMember = MemberRecord & { readonly cards: readonly string[] };

/** Which of HQ's versions is here. */
export type MembersVersion = {
  readonly scope: string;
  readonly version: number;
  readonly content: string;
  readonly count: number;
  /** Words that its rows may refer to. */
  readonly words: number;
};

export interface Members {
  byCard(card: string): MemberRecord | null;
  /** The same object as before while nothing newer is known of this member and no other was asked for. */
  byId(memberId: string): MemberRecord | null;
  /** Replaces all members by these, in one transaction. `asOf`: when the points balances were taken, ms since 1970. */
  importMembers(members: Iterable<NewMember>, asOf: number): number;
  /** Adds or replaces one, as when HQ answers for an unknown card. */
  put(member: NewMember, asOf: number): void;
  /** HQ's answer for a card; kept beside the snapshot. */
  putAnswer(facts: MemberFacts, nowMs: number): MemberRecord;
  /** Deletes all of a member, its bytes included. */
  remove(memberId: string): boolean;
  /** Deletes everything: the data lease is over. */
  clear(): void;
  count(): number;
  empty(): boolean;
  /** When the balance of this member was taken; 0 if it is not here. */
  asOf(memberId: string): number;
  version(): MembersVersion | null;
  /** The open file, for the jobs that bring it to the next version. It is another one after `clear` and `swap`. */
  readonly file: Database;
  readonly path: string;
  /** Words, version and phase were changed by a job. */
  reread(): void;
  /** Takes the file at `next`, closed and complete, into the place of this one. */
  swap(next: string): void;
  /** Resolves when the files of former versions are gone. */
  freed(): Promise<void>;
  close(): void;
}

const ANSWERS_KEPT_MS = 2 * 86_400_000;

const ROW = 'SELECT row FROM member WHERE key = ?';
const CHANGE = 'SELECT row FROM change WHERE key = ?';
const ANSWER = 'SELECT row FROM answer WHERE key = ?';
const CARD = 'SELECT member FROM card WHERE card = ?';
const CARD_CHANGE = 'SELECT member FROM card_change WHERE card = ?';
const CARD_ANSWER = 'SELECT member FROM card_answer WHERE card = ?';
const ADD = 'INSERT INTO member (key, row) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET row = excluded.row';
const ADD_CARD =
  'INSERT INTO card (card, member) VALUES (?, ?) ON CONFLICT (card) DO UPDATE SET member = excluded.member';
const ADD_ANSWER = `INSERT INTO answer (key, row, at_ms) VALUES (?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET row = excluded.row, at_ms = excluded.at_ms`;
const ADD_CARD_ANSWER =
  'INSERT INTO card_answer (card, member) VALUES (?, ?) ON CONFLICT (card) DO UPDATE SET member = excluded.member';
const REMOVE = ['member', 'change', 'answer'].map(table => `DELETE FROM ${table} WHERE key = ?`);
const REMOVE_CARD = ['card', 'card_change', 'card_answer'].map(
  table => `DELETE FROM ${table} WHERE card = ? AND member = ?`,
);
const OLD_ANSWERS = [
  'DELETE FROM card_answer WHERE member IN (SELECT key FROM answer WHERE at_ms < ?)',
  'DELETE FROM answer WHERE at_ms < ?',
];
const COUNT = `SELECT (SELECT count(*) FROM member) + (SELECT count(*) FROM answer a WHERE NOT EXISTS
  (SELECT 1 FROM member m WHERE m.key = a.key))`;
const META = 'SELECT name, value FROM meta';
const ANY = 'SELECT EXISTS (SELECT 1 FROM member) OR EXISTS (SELECT 1 FROM change) OR EXISTS (SELECT 1 FROM answer)';
const WORDS = 'SELECT word FROM word ORDER BY number';

/** @param onFault told when the file turned out to be damaged: everybody is a guest until it has been built anew */
export function openMembers(path: string, onFault: (error: unknown) => void = () => {}): Members {
  const old = `${path}.old`;
  // The process may have ended before the former version was gone; it may hold members who were erased since.
  rmSync(old, { force: true });
  let open = openOne(path);
  let freeing = Promise.resolve();

  const guarded = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      onFault(new Error(`the members' file can't be read: ${messageOf(error)}`));
      // A damaged page: what HQ has is built into a new file; until then everybody is a guest.
      if (isDamage(error)) clear();
      return otherwise;
    }
  };

  const clear = () => {
    open.close();
    newMembersFile(path).close();
    open = openOne(path);
  };

  return {
    path,
    get file() {
      return open.database;
    },
    byCard: card => guarded(() => open.byCard(hashOfCard(card)), null),
    byId: memberId => guarded(() => open.byId(keyOfMember(memberId))?.record ?? null, null),
    asOf: memberId => guarded(() => open.byId(keyOfMember(memberId))?.asOf ?? 0, 0),
    importMembers: (members, asOf) =>
      open.database
        .transaction(() => {
          open.empty();
          let imported = 0;
          for (const member of members) {
            open.put(factsOf(member, asOf));
            imported++;
          }
          return imported;
        })
        .immediate(),
    put: (member, asOf) => open.database.transaction(() => open.put(factsOf(member, asOf))).immediate(),
    putAnswer(facts, nowMs) {
      open.database.transaction(() => open.putAnswer(facts, nowMs)).immediate();
      return recordOf(facts);
    },
    remove: memberId => open.remove(keyOfMember(memberId)),
    clear,
    count: () => open.count(),
    empty: () => open.isEmpty(),
    version: () => open.version(),
    reread: () => open.reread(),
    swap(next) {
      open.copyAnswers(next);
      open.close();
      renameSync(path, old);
      renameSync(next, path);
      open = openOne(path);
      // Freeing hundreds of megabytes takes the file system a while: not on this thread.
      freeing = rm(old, { force: true }).catch(onFault);
    },
    freed: () => freeing,
    close: () => open.close(),
  };
}

/** The member as the evaluator wants it, with the till's own points on top. */
export function asEvaluated(record: MemberRecord, since: { points: number; tier: string | null }): Member {
  const { memberId, firstName: _, coupons: __, bought: ___, ...rest } = record;
  const tier = since.tier ?? record.tier;
  return { ...rest, id: memberId, points: record.points + since.points, ...(tier === undefined ? {} : { tier }) };
}

const withoutWords = () => undefined;

/** SQLite found that the file is none, or not whole. */
export const isDamage = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^SQLITE_(CORRUPT|NOTADB)/.test(String(error.code));

function openOne(path: string) {
  const database = openMembersFile(path);
  const row = database.prepare<[number], Buffer>(ROW).pluck();
  const change = database.prepare<[number], Buffer | null>(CHANGE).pluck();
  const answer = database.prepare<[number], Buffer>(ANSWER).pluck();
  const card = database.prepare<[number], number>(CARD).pluck();
  const cardChange = database.prepare<[number], number>(CARD_CHANGE).pluck();
  const cardAnswer = database.prepare<[number], number>(CARD_ANSWER).pluck();
  const add = database.prepare<[number, Uint8Array]>(ADD);
  const addCard = database.prepare<[number, number]>(ADD_CARD);
  const addAnswer = database.prepare<[number, Uint8Array, number]>(ADD_ANSWER);
  const addCardAnswer = database.prepare<[number, number]>(ADD_CARD_ANSWER);
  const removals = REMOVE.map(sql => database.prepare<[number]>(sql));
  const cardRemovals = REMOVE_CARD.map(sql => database.prepare<[number, number]>(sql));
  const oldAnswers = OLD_ANSWERS.map(sql => database.prepare<[number]>(sql));
  const count = database.prepare<[], number>(COUNT).pluck();
  const any = database.prepare<[], number>(ANY).pluck();
  let words: readonly string[] = [];
  let version: MembersVersion | null = null;
  /** The next version counts already, while its rows are still being moved into place. */
  let folding = false;
  let answers = 0;
  /** The one who stands at the till is asked for again and again. */
  let last: { readonly key: number; readonly record: MemberRecord; readonly asOf: number } | null = null;

  const reread = () => {
    last = null;
    const meta = new Map(
      database
        .prepare<[], { name: string; value: string }>(META)
        .all()
        .map(one => [one.name, one.value]),
    );
    words = database.prepare<[], string>(WORDS).pluck().all();
    const known = meta.get('version');
    version = known === undefined ? null : (JSON.parse(known) as MembersVersion);
    folding = meta.get('phase') === 'folding';
    answers = Number(database.prepare<[], number>('SELECT count(*) FROM answer').pluck().get());
  };
  reread();

  /** The row that counts: HQ's answer for the card where it is the newer one. */
  const facts = (key: number): MemberFacts | null => {
    const changed = folding ? change.get(key) : undefined;
    const here = changed === undefined ? row.get(key) : changed;
    const known = here === undefined || here === null ? null : unpackMember(key, here, words);
    const answered = answers === 0 ? undefined : answer.get(key);
    const told = answered === undefined ? null : unpackMember(key, answered, []);
    return told !== null && (known === null || told.asOf > known.asOf) ? told : known;
  };
  const rows = (key: number): Uint8Array[] =>
    [row.get(key), change.get(key), answer.get(key)].filter(one => one instanceof Uint8Array);
  const dropCards = (key: number) => {
    for (const one of rows(key))
      for (const hash of cardsOfRow(one)) for (const removal of cardRemovals) removal.run(keyOfCard(hash), key);
  };

  return {
    database,
    byId(key: number) {
      if (last?.key === key) return last;
      const found = facts(key);
      last = found === null ? null : { key, record: recordOf(found), asOf: found.asOf };
      return last;
    },
    reread,
    version: () => version,
    count: () => count.get() ?? 0,
    isEmpty: () => any.get() === 0,
    byCard(hash: string): MemberRecord | null {
      const key = keyOfCard(hash);
      for (const [isOn, find] of [
        [answers > 0, cardAnswer],
        [folding, cardChange],
        [true, card],
      ] as const) {
        const member = isOn ? find.get(key) : undefined;
        const found = member === undefined ? null : facts(member);
        // The card may have left this member since; then no row lists it any more.
        if (found?.cards.includes(hash) === true) return recordOf(found);
      }
      return null;
    },
    put(member: MemberFacts) {
      const key = keyOfMember(member.id);
      last = null;
      dropCards(key);
      add.run(key, packMember(member, withoutWords));
      for (const hash of member.cards) {
        const former = card.get(keyOfCard(hash));
        addCard.run(keyOfCard(hash), key);
        if (former !== undefined && former !== key) withoutCard(former, hash);
      }
    },
    putAnswer(member: MemberFacts, nowMs: number) {
      last = null;
      for (const statement of oldAnswers) statement.run(nowMs - ANSWERS_KEPT_MS);
      const key = keyOfMember(member.id);
      addAnswer.run(key, packMember(member, withoutWords), nowMs);
      for (const hash of member.cards) addCardAnswer.run(keyOfCard(hash), key);
      answers = 1;
    },
    remove(key: number): boolean {
      last = null;
      // An erasure that was acknowledged must not come back with a power cut.
      database.pragma('synchronous = FULL');
      const found = database
        .transaction(() => {
          dropCards(key);
          return removals.map(removal => removal.run(key).changes).some(changes => changes > 0);
        })
        .immediate();
      // secure_delete clears the page; the log still holds it as it was.
      database.pragma('wal_checkpoint(TRUNCATE)');
      database.pragma('synchronous = OFF');
      return found;
    },
    empty() {
      for (const table of ['member', 'card', 'change', 'card_change', 'answer', 'card_answer', 'word', 'meta'])
        database.exec(`DELETE FROM ${table}`);
      reread();
    },
    /** HQ's fresh answers go on into the next file: a sale may be open with such a member. */
    copyAnswers(next: string) {
      database.prepare('ATTACH ? AS next').run(next);
      try {
        database.exec(
          'INSERT INTO next.answer SELECT * FROM answer; INSERT INTO next.card_answer SELECT * FROM card_answer;',
        );
      } finally {
        database.exec('DETACH next');
      }
    },
    close: () => void database.close(),
  };

  function withoutCard(key: number, hash: string) {
    const known = row.get(key);
    if (known === undefined || !rowHasCard(known, hash)) return;
    const member = unpackMember(key, known, words);
    if (member !== null)
      add.run(key, packMember({ ...member, cards: member.cards.filter(one => one !== hash) }, withoutWords));
  }
}

/** As rows hold it. */
export function factsOf({ memberId, cards, firstName, ...rest }: NewMember, asOf: number): MemberFacts {
  // What JSON leaves undefined is not there.
  const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as typeof rest;
  return { ...known, firstName, id: memberId, asOf, cards: cards.map(hashOfCard) } as MemberFacts;
}

function recordOf(facts: MemberFacts): MemberRecord;
function recordOf(facts: MemberFacts | null): MemberRecord | null;
function recordOf(facts: MemberFacts | null): MemberRecord | null {
  if (facts === null) return null;
  const { id, asOf: _, cards: __, firstName, ...rest } = facts;
  return { memberId: id, firstName: firstName ?? '', ...rest };
}
