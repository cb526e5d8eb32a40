/**
 * `node bench/members/run.ts [--json]`: how long a card's scan waits for the member's attributes. Three million members in
 * packed rows, and the till's own store (agent/store/members.ts), which keeps JSON, with fewer: its import would take minutes.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { openMembers } from '../../agent/store/members.ts';
import { quantile } from '../offers/timing.ts';
import { chanceOf } from '../offers/world/chance.ts';
import { packedMember, readMember } from './packed.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
const packedCount = 3_000_000;
const storeCount = 60_000;
const lookups = 20_000;

interface Found {
  readonly what: string;
  readonly members: number;
  readonly importSeconds: number;
  readonly bytesEach: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
}

const folder = mkdtempSync(join(tmpdir(), 'tillside-members-'));
try {
  const found = [packedRows(join(folder, 'packed.sqlite')), ownStore(join(folder, 'members.sqlite'))];
  if (values.json) for (const row of found) console.log(JSON.stringify(row));
  else
    for (const { what, members, importSeconds, bytesEach, p50, p99 } of found)
      console.log(
        `${what}: ${members.toLocaleString('en')} members, ${bytesEach.toFixed(0)} bytes each, written in ${importSeconds.toFixed(1)} s; ` +
          `one by its card: p50 ${p50.toFixed(1)} µs, p99 ${p99.toFixed(1)} µs (${lookups.toLocaleString('en')} different ones)`,
      );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Cards are numbers of 13 digits; those of one programme lie close together. */
function cardOf(number: number): number {
  return 2_501_000_000_000 + number * 10;
}

/** The whole table as an INTEGER PRIMARY KEY and a BLOB: one walk down one tree, no index beside it. */
function packedRows(path: string): Found {
  const database = new Database(path);
  database.pragma('journal_mode = OFF');
  database.pragma('synchronous = OFF');
  database.exec('CREATE TABLE member (card INTEGER PRIMARY KEY, attributes BLOB NOT NULL) STRICT');
  const insert = database.prepare('INSERT INTO member (card, attributes) VALUES (?, ?)');
  const { below } = chanceOf(3);
  const start = performance.now();
  database.transaction(() => {
    for (let number = 0; number < packedCount; number++) insert.run(cardOf(number), packedMember(number, below));
  })();
  const importSeconds = (performance.now() - start) / 1000;
  const select = database.prepare<[number], Buffer>('SELECT attributes FROM member WHERE card = ?').pluck();
  const times = timesOf(packedCount, number => {
    const row = select.get(cardOf(number));
    if (row === undefined) throw new Error('every card is there');
    return readMember(`m${number}`, row);
  });
  database.close();
  return {
    what: 'packed rows',
    members: packedCount,
    importSeconds,
    bytesEach: statSync(path).size / packedCount,
    ...times,
  };
}

/** The till's own store, with members of the same kind. */
function ownStore(path: string): Found {
  const members = openMembers(path);
  const { below } = chanceOf(3);
  function* records() {
    for (let number = 0; number < storeCount; number++) {
      const { id, ...member } = readMember(`m${number}`, packedMember(number, below));
      yield { ...member, points: member.points ?? 0, memberId: id, firstName: 'Anna', cards: [String(cardOf(number))] };
    }
  }
  const start = performance.now();
  members.importMembers(records(), 0);
  const importSeconds = (performance.now() - start) / 1000;
  const times = timesOf(storeCount, number => {
    if (members.byCard(String(cardOf(number))) === null) throw new Error('every card is there');
  });
  members.close();
  return {
    what: "the till's store",
    members: storeCount,
    importSeconds,
    bytesEach: statSync(path).size / storeCount,
    ...times,
  };
}

/** Each lookup once, of members spread over the whole file, after as many others to warm up. */
function timesOf(count: number, look: (number: number) => void) {
  const { below } = chanceOf(4);
  for (let index = 0; index < lookups; index++) look(below(count));
  const times = Array.from({ length: lookups }, () => {
    const number = below(count);
    const start = performance.now();
    look(number);
    return (performance.now() - start) * 1000;
  });
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}
