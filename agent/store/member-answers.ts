/**
 * HQ's answers for cards that this store did not know: a small file beside members.sqlite. It is written while a customer
 * waits, so it must not be the file on which another thread works.
 */
import type { MemberFacts } from '../../sync/protocol/members-facts.ts';
import { keyOfCard, keyOfMember } from '../../sync/protocol/members-keys.ts';
import { packMember, unpackMember } from '../../sync/protocol/members-row.ts';
import { type Database, firstDamage, openDatabase } from './database.ts';
import { removeMembersFile } from './members-file.ts';

export interface MemberAnswers {
  /** Key of the member whom HQ named for the card. */
  memberOf(hash: string): number | null;
  get(key: number): MemberFacts | null;
  put(facts: MemberFacts, nowMs: number): void;
  remove(key: number): void;
  isEmpty(): boolean;
  /** Those of whom `isKnown` says no. */
  count(isKnown: (key: number) => boolean): number;
  close(): void;
}

const fileVersion = 1;
const keptMs = 2 * 86_400_000;

const TABLES = `
  -- Rows are packed as in sync/protocol/members-row.ts, without a dictionary.
  CREATE TABLE answer (key INTEGER PRIMARY KEY, row BLOB NOT NULL, at_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE card_answer (card INTEGER PRIMARY KEY, member INTEGER NOT NULL) STRICT;
`;
const ANSWER = 'SELECT row FROM answer WHERE key = ?';
const KEYS = 'SELECT key FROM answer';
const CARD = 'SELECT member FROM card_answer WHERE card = ?';
const ADD = `INSERT INTO answer (key, row, at_ms) VALUES (?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET row = excluded.row, at_ms = excluded.at_ms`;
const ADD_CARD =
  'INSERT INTO card_answer (card, member) VALUES (?, ?) ON CONFLICT (card) DO UPDATE SET member = excluded.member';
const REMOVE = 'DELETE FROM answer WHERE key = ?';
const REMOVE_CARDS = 'DELETE FROM card_answer WHERE member = ?';
const OLD_CARDS = 'DELETE FROM card_answer WHERE member IN (SELECT key FROM answer WHERE at_ms < ?)';
const OLD = 'DELETE FROM answer WHERE at_ms < ?';

/** A file that is damaged or of another version is made anew, empty: HQ answers again. So it does what a power cut takes away. */
export function openMemberAnswers(path: string): MemberAnswers {
  const database = openFile(path);
  const answer = database.prepare<[number], Buffer>(ANSWER).pluck();
  const card = database.prepare<[number], number>(CARD).pluck();
  const keys = database.prepare<[], number>(KEYS).pluck();
  const add = database.prepare<[number, Uint8Array, number]>(ADD);
  const addCard = database.prepare<[number, number]>(ADD_CARD);
  const removals = [REMOVE_CARDS, REMOVE].map(sql => database.prepare<[number]>(sql));
  const old = [OLD_CARDS, OLD].map(sql => database.prepare<[number]>(sql));
  /** Most tills have none for weeks: a scan then need not look. */
  let any = keys.get() !== undefined;

  return {
    memberOf: hash => (any ? (card.get(keyOfCard(hash)) ?? null) : null),
    get(key) {
      const row = any ? answer.get(key) : undefined;
      return row === undefined ? null : unpackMember(key, row, []);
    },
    put(facts, nowMs) {
      const key = keyOfMember(facts.id);
      database
        .transaction(() => {
          for (const statement of old) statement.run(nowMs - keptMs);
          add.run(key, packMember(facts, withoutWords), nowMs);
          for (const hash of facts.cards) addCard.run(keyOfCard(hash), key);
        })
        .immediate();
      any = true;
    },
    remove(key) {
      if (answer.get(key) === undefined) return;
      // An erasure that was acknowledged must not come back with a power cut.
      database.pragma('synchronous = FULL');
      database.transaction(() => removals.map(removal => removal.run(key))).immediate();
      // secure_delete clears the page; the log still holds it as it was.
      database.pragma('wal_checkpoint(TRUNCATE)');
      database.pragma('synchronous = OFF');
    },
    isEmpty: () => !any,
    count: isKnown => keys.all().filter(key => !isKnown(key)).length,
    close: () => void database.close(),
  };
}

const withoutWords = () => undefined;

function openFile(path: string): Database {
  let database: Database | null = null;
  try {
    database = openDatabase(path, 'OFF');
    if (version(database) !== fileVersion || firstDamage(database) !== null) throw new Error('another file');
  } catch {
    database?.close();
    removeMembersFile(path);
    database = openDatabase(path, 'OFF');
    database.exec(TABLES);
    database.pragma(`user_version = ${fileVersion}`);
  }
  return database;
}

const version = (database: Database): number => Number(database.pragma('user_version', { simple: true }));
