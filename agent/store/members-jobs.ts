/**
 * The long work on members.sqlite, in steps: each is one turn of a generator and a small transaction. It runs on a thread of
 * its own (agent/members/worker.ts); a job that was called off, or ended by kill -9, goes on where it stopped.
 *
 *   whole file ─► build into a new file ─► cards ─► verify ─► (swap)
 *   change     ─► stage beside the rows  ─► verify ─► settle: counts from here on ─► fold into the rows
 */
import { ContentHash, type MemberFile } from '../../sync/protocol/members-file.ts';
import { keyOfCard } from '../../sync/protocol/members-keys.ts';
import type { MemberFileOffer } from '../../sync/protocol/members-messages.ts';
import { cardsOfRow } from '../../sync/protocol/members-row.ts';
import type { Database } from './database.ts';
import { memberSql } from './members-file.ts';
import type { MembersVersion } from './members-rows.ts';

/** A step at a time; what it returns is the result. */
export type Job<T> = Generator<void, T, void>;

/** Why a job gave up: what was fetched is not what HQ meant, and is fetched again. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export type Target = MemberFileOffer & { readonly scope: string; readonly tenant: string };

/** Words that the version's rows may refer to. */
const wordsOf = ({ header }: MemberFile): number => header.wordsFrom + header.words.length;

const done: Outcome = { ok: true };
const failed = (reason: string): Outcome => ({ ok: false, reason });

/** Rows of a step. */
const batch = 250;
/** Cards are sorted by their first bits, in as many heaps. */
const heapBits = 12;

const GET_META = 'SELECT value FROM meta WHERE name = ?';
const SET_META = 'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
const REMOVE_META = 'DELETE FROM meta WHERE name = ?';
const ADD_WORD =
  'INSERT INTO word (number, word) VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET word = excluded.word';
const REMOVE = 'DELETE FROM member WHERE key = ?';
const STAGE = 'INSERT INTO change (key, row) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET row = excluded.row';
const STAGE_CARD =
  'INSERT INTO card_change (card, member) VALUES (?, ?) ON CONFLICT (card) DO UPDATE SET member = excluded.member';
const UNSTAGE = 'DELETE FROM change WHERE key = ?';
const UNSTAGE_CARD = 'DELETE FROM card_change WHERE card = ? AND member = ?';
const ROWS = 'SELECT key, row FROM member WHERE key > ? ORDER BY key LIMIT ?';
const CHANGES = 'SELECT key, row FROM change WHERE key > ? AND key <= ? ORDER BY key';
const SOME_CHANGES = 'SELECT key, row FROM change WHERE key > ? ORDER BY key LIMIT ?';
const FIRST_CHANGES = 'SELECT key, row FROM change ORDER BY key LIMIT ?';
const SOME_CARDS = 'DELETE FROM card_change WHERE card IN (SELECT card FROM card_change LIMIT ?)';
const SOME_OF_CARD = 'DELETE FROM card WHERE card IN (SELECT card FROM card LIMIT ?)';
const SOME_STAGED = 'DELETE FROM change WHERE key IN (SELECT key FROM change LIMIT ?)';

type Row = { readonly key: number; readonly row: Buffer };
type Change = { readonly key: number; readonly row: Buffer | null };

const getMeta = (file: Database, name: string): string | null =>
  file.prepare<[string], string>(GET_META).pluck().get(name) ?? null;
const setMeta = (file: Database, name: string, value: string) => void file.prepare(SET_META).run(name, value);

const phaseOf = (file: Database): string | null => getMeta(file, 'phase');

/**
 * Fills `next`, a new file, from a whole one of HQ's. Broken off and called again with the same file it goes on.
 * Nothing waits for the disk here: whoever swaps it in sees to that.
 */
export function* build(next: Database, source: MemberFile, target: Target): Job<Outcome> {
  const wrong = isFor(source, target, null);
  if (wrong !== null) return failed(wrong);
  if (source.header.wordsFrom !== 0) return failed('the file begins in the middle of the dictionary');
  const put = next.prepare<[number, Uint8Array | null]>(memberSql.put);
  if (getMeta(next, 'offset') === null) yield* addWords(next, 0, source.header.words);
  const copied = yield* copyRecords(next, source, (key, row) => void put.run(key, row));
  if (!copied.ok) return copied;
  yield* buildCards(next);
  const content = yield* contentOf(next, false, wordsOf(source));
  if (content.hash !== target.content || content.count !== target.count)
    return failed('the rows are not those that HQ published');
  next.transaction(() => {
    setMeta(next, 'version', JSON.stringify(versionOf(target, wordsOf(source))));
    for (const name of ['offset', 'last']) next.prepare(REMOVE_META).run(name);
  })();
  return done;
}

/**
 * Puts a change beside the rows of the version that it is made for, where nobody sees it yet, and verifies what would come
 * of it. Broken off and called again with the same file it goes on.
 */
export function* stage(file: Database, source: MemberFile, target: Target): Job<Outcome> {
  const here = currentVersion(file);
  const wrong = isFor(source, target, here?.content ?? null);
  if (wrong !== null) return failed(wrong);
  if (getMeta(file, 'staging') !== target.sha256) {
    yield* unstage(file);
    file.transaction(() => {
      setMeta(file, 'phase', 'staging');
      setMeta(file, 'staging', target.sha256);
    })();
  }
  const { wordsFrom, words } = source.header;
  const known = file.prepare<[], string>(memberSql.words).pluck().all();
  if (
    wordsFrom > known.length ||
    words.slice(0, known.length - wordsFrom).some((word, at) => known[wordsFrom + at] !== word)
  )
    return failed('the dictionary is another one');
  // Words only ever come on: the version that counts now does not know these.
  yield* addWords(file, wordsFrom, words);
  const put = file.prepare<[number, Uint8Array | null]>(STAGE);
  const putCard = file.prepare<[number, number]>(STAGE_CARD);
  const copied = yield* copyRecords(file, source, (key, row) => {
    put.run(key, row);
    for (const card of row === null ? [] : cardsOfRow(row)) putCard.run(keyOfCard(card), key);
  });
  if (!copied.ok) return copied;
  const content = yield* contentOf(file, true, wordsOf(source));
  if (content.hash !== target.content || content.count !== target.count)
    return failed('the change does not lead to the rows that HQ published');
  return done;
}

/** From here on the staged version counts, whole, in one transaction. */
export function settle(file: Database, source: MemberFile, target: Target): void {
  file.transaction(() => {
    setMeta(file, 'version', JSON.stringify(versionOf(target, wordsOf(source))));
    setMeta(file, 'phase', 'folding');
    for (const name of ['staging', 'offset', 'last', 'erased']) file.prepare(REMOVE_META).run(name);
  })();
}

/** Moves what counts already into the rows; at each moment every member reads as before. */
export function* fold(file: Database): Job<void> {
  const first = file.prepare<[number], Change>(FIRST_CHANGES);
  const before = file.prepare<[number], Buffer>(memberSql.row).pluck();
  const put = file.prepare<[number, Uint8Array]>(memberSql.put);
  const remove = file.prepare<[number]>(REMOVE);
  const putCard = file.prepare<[number, number]>(memberSql.putCard);
  const removeCard = file.prepare<[number, number]>(memberSql.removeCard);
  const unstageOne = file.prepare<[number]>(UNSTAGE);
  for (;;) {
    const some = first.all(batch);
    if (some.length === 0) break;
    file.transaction(() => {
      for (const { key, row } of some) {
        const old = before.get(key);
        const kept = new Set(row === null ? [] : cardsOfRow(row));
        const had = new Set(old === undefined ? [] : cardsOfRow(old));
        for (const card of had) if (!kept.has(card)) removeCard.run(keyOfCard(card), key);
        for (const card of kept) if (!had.has(card)) putCard.run(keyOfCard(card), key);
        if (row === null) remove.run(key);
        else put.run(key, row);
        unstageOne.run(key);
      }
    })();
    yield;
  }
  yield* emptied(file, SOME_CARDS);
  file.prepare(REMOVE_META).run('phase');
}

/** Takes a change that is not to be back out. */
export function* unstage(file: Database): Job<void> {
  if (phaseOf(file) === 'folding') return;
  yield* emptied(file, SOME_STAGED);
  yield* emptied(file, SOME_CARDS);
  file.transaction(() => {
    for (const name of ['phase', 'staging', 'offset', 'last']) file.prepare(REMOVE_META).run(name);
  })();
}

/** Are the rows those of the version? False: the file is damaged in a way that SQLite itself can't see. */
export function* isSound(file: Database): Job<boolean> {
  const version = currentVersion(file);
  if (version === null || getMeta(file, 'erased') !== null) return true;
  const content = yield* contentOf(file, phaseOf(file) === 'folding', version.words);
  return content.hash === version.content;
}

/**
 * Deletes all of a member, its bytes included, and waits for the disk: an erasure that was acknowledged must not come back with
 * a power cut. @throws where the log could not be emptied; then it has to be called again
 */
export function erase(file: Database, key: number): void {
  file.pragma('synchronous = FULL');
  file
    .transaction(() => {
      const rows = [memberSql.row, memberSql.stagedRow].map(sql =>
        file.prepare<[number], Buffer | null>(sql).pluck().get(key),
      );
      for (const row of rows)
        for (const hash of row === undefined || row === null ? [] : cardsOfRow(row))
          for (const sql of [memberSql.removeCard, UNSTAGE_CARD]) file.prepare(sql).run(keyOfCard(hash), key);
      for (const sql of [REMOVE, UNSTAGE]) file.prepare(sql).run(key);
      // The rows are not quite the version's until HQ's next one comes.
      setMeta(file, 'erased', '1');
    })
    .immediate();
  // secure_delete clears the page; the log still holds it as it was.
  const [emptied] = file.pragma('wal_checkpoint(TRUNCATE)') as { readonly busy: number }[];
  if (emptied?.busy !== 0) throw new Error('the log of the members’ file could not be emptied');
}

function isFor({ header }: MemberFile, target: Target, base: string | null): string | null {
  const { tenant, scope, version } = header;
  if (tenant !== target.tenant || scope !== target.scope) return `the file is for ${scope} of ${tenant}`;
  if (version !== target.version) return `the file is version ${version}`;
  if (header.base !== target.base) return 'the file changes another version than was said';
  return target.base === base || target.base === null ? null : 'the change is for a version that is not here';
}

const versionOf = ({ scope, version, content, count }: Target, words: number): MembersVersion => ({
  scope,
  version,
  content,
  count,
  words,
});

function currentVersion(file: Database): MembersVersion | null {
  const known = getMeta(file, 'version');
  return known === null ? null : (JSON.parse(known) as MembersVersion);
}

/** Puts the file's records, from where a run before stopped. */
function* copyRecords(
  database: Database,
  source: MemberFile,
  put: (key: number, row: Uint8Array | null) => void,
): Job<Outcome> {
  const isWhole = source.header.base === null;
  let offset = Number(getMeta(database, 'offset') ?? source.first);
  let last = Number(getMeta(database, 'last') ?? -1);
  for (;;) {
    const segment = source.segment(offset);
    if (!segment.ok) return failed(`the file ${segment.reason}`);
    const { records, next } = segment.value;
    if (records.length === 0) return done;
    yield;
    for (let from = 0; from < records.length; ) {
      const part = records.slice(from, from + batch);
      from += part.length;
      for (const { key, row } of part) {
        // Nobody is taken out of a whole file.
        if (key <= last || (isWhole && row === null)) return failed('the file has members out of order');
        last = key;
      }
      database.transaction(() => {
        for (const { key, row } of part) put(key, row);
        if (from < records.length) return;
        setMeta(database, 'offset', String(next));
        setMeta(database, 'last', String(last));
      })();
      yield;
    }
    offset = next;
  }
}

function* addWords(file: Database, from: number, words: readonly string[]): Job<void> {
  const add = file.prepare<[number, string]>(ADD_WORD);
  for (let at = 0; at < words.length; ) {
    const some = words.slice(at, at + batch);
    file.transaction(() => {
      for (const [index, word] of some.entries()) add.run(from + at + index, word);
    })();
    at += some.length;
    yield;
  }
}

/** Hash and number of the rows; with the staged change on top where `changed`. */
function* contentOf(file: Database, changed: boolean, words: number): Job<{ hash: string; count: number }> {
  const content = new ContentHash(file.prepare<[], string>(memberSql.words).pluck().all().slice(0, words));
  yield;
  const rows = file.prepare<[number, number], Row>(ROWS);
  const changes = file.prepare<[number, number], Change>(CHANGES);
  const tail = file.prepare<[number, number], Change>(SOME_CHANGES);
  let count = 0;
  const add = (key: number, row: Buffer) => {
    content.add(key, row);
    count++;
  };
  let last = -1;
  for (;;) {
    const some = rows.all(last, batch);
    const end = some.at(-1)?.key;
    if (end === undefined) break;
    if (!changed) for (const { key, row } of some) add(key, row);
    else for (const { key, row } of merged(some, changes.all(last, end))) add(key, row);
    last = end;
    yield;
  }
  while (changed) {
    const some = tail.all(last, batch);
    const end = some.at(-1)?.key;
    if (end === undefined) break;
    for (const { key, row } of merged([], some)) add(key, row);
    last = end;
    yield;
  }
  return { hash: content.digest(), count };
}

/** Rows in order, those changed in the place of those before. */
function* merged(rows: readonly Row[], changes: readonly Change[]): Generator<Row> {
  let at = 0;
  for (const one of rows) {
    for (let change = changes[at]; change !== undefined && change.key < one.key; change = changes[++at])
      if (change.row !== null) yield { key: change.key, row: change.row };
    const change = changes[at];
    if (change?.key !== one.key) yield one;
    else {
      at++;
      if (change.row !== null) yield { key: change.key, row: change.row };
    }
  }
  for (const { key, row } of changes.slice(at)) if (row !== null) yield { key, row };
}

/**
 * Cards in their own order: written so, each page of the table is written once. Sorted in heaps by their first bits, as
 * sorting millions at once would be one long step.
 */
function* buildCards(next: Database): Job<void> {
  yield* emptied(next, SOME_OF_CARD);
  const rows = next.prepare<[number, number], Row>(ROWS);
  const heaps = Array.from({ length: 2 ** heapBits }, () => ({ cards: new Float64Array(16), end: 0 }));
  let last = -1;
  for (;;) {
    const some = rows.all(last, batch);
    if (some.length === 0) break;
    for (const { key, row } of some) {
      last = key;
      for (const hash of cardsOfRow(row)) {
        const card = keyOfCard(hash);
        const heap = heaps[Math.floor(card / 2 ** (53 - heapBits))];
        if (heap === undefined) continue;
        if (heap.end === heap.cards.length) {
          const larger = new Float64Array(heap.cards.length * 2);
          larger.set(heap.cards);
          heap.cards = larger;
        }
        heap.cards[heap.end++] = card;
        heap.cards[heap.end++] = key;
      }
    }
    yield;
  }
  const put = next.prepare<[number, number]>(memberSql.putCard);
  for (const heap of heaps) {
    const pairs: [number, number][] = [];
    for (let at = 0; at < heap.end; at += 2) pairs.push([heap.cards[at] ?? 0, heap.cards[at + 1] ?? 0]);
    heap.cards = new Float64Array(0);
    pairs.sort((a, b) => a[0] - b[0]);
    for (let at = 0; at < pairs.length; ) {
      const some = pairs.slice(at, at + batch);
      next.transaction(() => {
        for (const [card, key] of some) put.run(card, key);
      })();
      at += some.length;
      yield;
    }
  }
}

function* emptied(file: Database, sql: string): Job<void> {
  const some = file.prepare<[number]>(sql);
  while (some.run(batch).changes > 0) yield;
}
