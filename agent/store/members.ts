/**
 * The members that shop here: a file of its own that can be thrown away and built anew from HQ's snapshot, so that the ledger
 * never suffers from it. Ids are keyed hashes; the first name is the only thing that a person would recognise.
 */
import { rmSync } from 'node:fs';
import type { AttributeValue, Member } from '../offers/types.ts';
import { type Database, firstDamage, migrate, openDatabase } from './database.ts';

export type MemberRecord = {
  readonly memberId: string;
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
  readonly cards: readonly string[];
};

export interface Members {
  byCard(card: string): MemberRecord | null;
  byId(memberId: string): MemberRecord | null;
  /** Replaces all members by these, in one transaction. `asOf`: when HQ took the points balances, ms since 1970. */
  importMembers(members: Iterable<MemberRecord>, asOf: number): number;
  /** Adds or replaces one, as when HQ answers for an unknown card. */
  put(member: MemberRecord, asOf: number): void;
  remove(memberId: string): boolean;
  count(): number;
  /** When the balance of this member was taken; 0 if it is not here. */
  asOf(memberId: string): number;
  close(): void;
}

const migrations = [
  `
  CREATE TABLE member (
    rowid INTEGER PRIMARY KEY,
    member_id TEXT NOT NULL UNIQUE,
    as_of INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE TABLE card (
    code TEXT PRIMARY KEY,
    member INTEGER NOT NULL REFERENCES member (rowid) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX card_member ON card (member);
  `,
];

const BY_CARD = 'SELECT m.record FROM card c JOIN member m ON m.rowid = c.member WHERE c.code = ?';
const BY_ID = 'SELECT record FROM member WHERE member_id = ?';
const AS_OF = 'SELECT as_of FROM member WHERE member_id = ?';
const REMOVE = 'DELETE FROM member WHERE member_id = ?';
const ADD = 'INSERT INTO member (member_id, as_of, record) VALUES (?, ?, ?)';
const ADD_CARD =
  'INSERT INTO card (code, member) VALUES (?, ?) ON CONFLICT (code) DO UPDATE SET member = excluded.member';
const COUNT = 'SELECT count(*) FROM member';

/** Opens the members' file; one that is damaged or of a newer version is made anew, empty. */
export function openMembers(path: string): Members {
  const database = openOrRebuild(path);
  const byCard = database.prepare<[string], string>(BY_CARD).pluck();
  const byId = database.prepare<[string], string>(BY_ID).pluck();
  const asOf = database.prepare<[string], number>(AS_OF).pluck();
  const remove = database.prepare<[string]>(REMOVE);
  const add = database.prepare<[string, number, string]>(ADD);
  const addCard = database.prepare<[string, number | bigint]>(ADD_CARD);
  const count = database.prepare<[], number>(COUNT).pluck();

  const put = (member: MemberRecord, takenAt: number) => {
    remove.run(member.memberId);
    const { lastInsertRowid } = add.run(member.memberId, takenAt, JSON.stringify(member));
    for (const card of member.cards) addCard.run(card, lastInsertRowid);
  };
  const read = (json: string | undefined) => (json === undefined ? null : (JSON.parse(json) as MemberRecord));

  return {
    byCard: card => read(byCard.get(card)),
    byId: memberId => read(byId.get(memberId)),
    importMembers: (members, takenAt) =>
      database
        .transaction(() => {
          database.exec('DELETE FROM card; DELETE FROM member;');
          let imported = 0;
          for (const member of members) {
            put(member, takenAt);
            imported++;
          }
          return imported;
        })
        .immediate(),
    put: (member, takenAt) => database.transaction(put).immediate(member, takenAt),
    remove: memberId => remove.run(memberId).changes > 0,
    count: () => count.get() ?? 0,
    asOf: memberId => asOf.get(memberId) ?? 0,
    close: () => void database.close(),
  };
}

/** The member as the evaluator wants it, with the till's own points on top. */
export function asEvaluated(record: MemberRecord, since: { points: number; tier: string | null }): Member {
  const { memberId, firstName: _, cards: __, ...rest } = record;
  const tier = since.tier ?? record.tier;
  return { ...rest, id: memberId, points: record.points + since.points, ...(tier === undefined ? {} : { tier }) };
}

function openOrRebuild(path: string): Database {
  try {
    const database = openDatabase(path);
    try {
      if (firstDamage(database) === null) {
        migrate(database, migrations);
        // What is lost here is fetched again; a commit need not wait for the disk.
        database.pragma('synchronous = NORMAL');
        return database;
      }
    } catch (error) {
      database.close();
      throw error;
    }
    database.close();
  } catch {
    // Rebuilt below: HQ has every row of it.
  }
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
  const database = openDatabase(path);
  migrate(database, migrations);
  database.pragma('synchronous = NORMAL');
  return database;
}
