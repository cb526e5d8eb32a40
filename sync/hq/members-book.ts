/** HQ's members: who they are as tills know them, which cards they have, where they shop, whom HQ has erased. */
import type { MemberFacts } from '../protocol/members-facts.ts';
import { mostWords } from '../protocol/members-file.ts';
import { idOfKey, keyOfCard, keyOfMember } from '../protocol/members-keys.ts';
import { isPackable, packMember, unpackMember } from '../protocol/members-row.ts';
import type { TillName } from './ledger.ts';
import type { ImportedMember } from './members-import.ts';
import { forKeys, type MemberSql, type Write } from './members-sql.ts';

export interface MembersBook {
  /** Reads the dictionary: before anything else, and where another HQ may have added to it. */
  open(): Promise<void>;
  /** The dictionary as it is now; it only grows at its end. */
  words(): readonly string[];
  /** The number of the next import. */
  nextImport(): Promise<number>;
  /** Takes a set of lines in, all or nothing; answers why some were not taken, by their place in the list. */
  save(members: readonly ImportedMember[], imported: number): Promise<ReadonlyMap<number, string>>;
  /** Takes out whom the import did not name; answers how many. */
  removeOthers(imported: number): Promise<number>;
  byCard(card: string): Promise<MemberFacts | null>;
  has(key: number): Promise<boolean>;
  count(): Promise<number>;
  /** Takes over from the sales who shopped where. */
  followSales(): Promise<void>;
  /** Rows of those who shop in the store since that day (null: of all), in order of key, after `after`. */
  rows(store: string | null, sinceDay: string, after: number, limit: number): Promise<readonly MemberRow[]>;
  /** Stores in which members shop. */
  stores(): Promise<readonly string[]>;
  dirty(): Promise<ReadonlySet<string>>;
  clean(scope: string): Promise<void>;
  /** Deletes the member and notes for every till that it has to do so too; answers the erasure's number. */
  erase(key: number, at: string): Promise<number>;
}

export type MemberRow = { readonly key: number; readonly row: Uint8Array };

type Known = { readonly key: number; readonly spare: number; readonly home: string | null; readonly row: Uint8Array };

/** Values of attributes may be as many as there are members: beyond this number they are written out. */
const mostValueWords = mostWords / 2;
/** Sales are looked at again from so many before the last one seen: several workers commit side by side. */
const overlap = 20_000;
const dayMs = 86_400_000;
const everywhere = 'all';

export function createMembersBook(sql: MemberSql): MembersBook {
  const words: string[] = [];
  const numbers = new Map<string, number>();

  /** New words of these members get their numbers; answers what has to be written. */
  function learn(members: readonly MemberFacts[]): Write[] {
    const from = words.length;
    const add = (word: string, most = mostWords) => {
      if (word === '' || numbers.has(word) || words.length >= most) return;
      numbers.set(word, words.length);
      words.push(word);
    };
    for (const { tier, language, segments, consents, activated, attributes, coupons, bought } of members) {
      for (const word of [tier, language, ...(segments ?? []), ...(consents ?? []), ...(activated ?? [])])
        if (word !== undefined) add(word);
      for (const coupon of coupons ?? [])
        for (const word of [coupon.offer, coupon.class]) if (word !== undefined) add(word);
      for (const { category, brand } of bought ?? [])
        for (const word of [category, brand]) if (word !== undefined) add(word, mostValueWords);
      for (const [name, value] of Object.entries(attributes ?? {})) {
        add(name);
        for (const one of Array.isArray(value) ? value : [value])
          if (typeof one === 'string' && one.length <= 40) add(one, mostValueWords);
      }
    }
    const rows = words.slice(from).map((word, at) => [from + at, word]);
    return rows.length === 0 ? [] : [{ insert: 'member_word (number, word)', conflict: '', rows }];
  }

  /** Forgets words that could not be written. */
  function unlearn(from: number) {
    for (const word of words.splice(from)) numbers.delete(word);
  }

  const pack = (facts: MemberFacts) => packMember(facts, word => numbers.get(word));
  const unpack = ({ key, row }: MemberRow) => unpackMember(key, row, words);

  const dirtyOf = async (keys: readonly number[], homes: readonly (string | null)[]): Promise<Write[]> => {
    if (keys.length === 0) return [];
    const shops = await sql.among<{ store: string }>(STORES_OF, keys);
    const scopes = new Set([everywhere, ...shops.map(({ store }) => `store/${store}`)]);
    for (const home of homes) if (home !== null) scopes.add(`store/${home}`);
    return [
      { insert: 'member_dirty (scope)', conflict: 'ON CONFLICT DO NOTHING', rows: [...scopes].map(scope => [scope]) },
    ];
  };

  async function removeAll(keys: readonly number[]): Promise<void> {
    for (let at = 0; at < keys.length; at += 1000) {
      const some = keys.slice(at, at + 1000);
      await sql.write([
        ...(await dirtyOf(some, [])),
        { remove: 'member', where: 'key', keys: some },
        { remove: 'member_card', where: 'member', keys: some },
        { remove: 'member_visit', where: 'member', keys: some },
      ]);
    }
  }

  return {
    async open() {
      for (const { number, word } of await sql.all<{ number: number; word: string }>(WORDS, [words.length])) {
        if (Number(number) !== words.length) throw new Error('the members’ dictionary has a hole');
        numbers.set(word, words.length);
        words.push(word);
      }
    },
    words: () => words,
    async nextImport() {
      const [row] = await sql.all<{ last: number | null }>('SELECT max(imported) AS last FROM member');
      return Number(row?.last ?? 0) + 1;
    },

    async save(members, imported) {
      const refused = new Map<number, string>();
      // A member named twice is as the last line says.
      const last = new Map<number, number>();
      for (const [at, { key }] of members.entries()) last.set(key, at);
      const keys = [...last.keys()];
      const known = new Map((await sql.among<Known>(KNOWN, keys)).map(row => [Number(row.key), row]));
      const erased = new Map<number, number>();
      for (const { key, at } of await sql.among<{ key: number; at: string }>(ERASED, keys))
        erased.set(Number(key), Math.max(erased.get(Number(key)) ?? 0, Date.parse(at)));
      const visited = new Map<number, string>();
      for (const { member, day } of await sql.among<{ member: number; day: string }>(VISITED, keys))
        if (day > (visited.get(Number(member)) ?? '')) visited.set(Number(member), day);

      const gone: number[] = [];
      const coming = new Map<number, { facts: MemberFacts; spare: number; home: string | null }>();
      for (const [key, at] of last) {
        const one = members[at];
        const before = known.get(key);
        if (one === undefined) continue;
        if (before !== undefined && Number(before.spare) !== one.spare)
          refused.set(at, 'has the same key as another member; tell the two apart by another id');
        else if (one.facts === null) {
          if (before !== undefined) gone.push(key);
        } else if ((erased.get(key) ?? 0) >= one.facts.asOf)
          refused.set(at, 'was erased; only what was known of the member later than that is taken');
        else if (!isPackable(one.facts)) refused.set(at, 'has more facts than a row holds');
        else coming.set(key, { facts: settled(one.facts, before, visited.get(key)), spare: one.spare, home: one.home });
      }

      // A card belongs to one member: whoever was named with it last.
      const owners = new Map<string, number>();
      for (const [key, { facts }] of coming) for (const card of facts.cards) owners.set(card, key);
      for (const [key, one] of coming)
        if (one.facts.cards.some(card => owners.get(card) !== key))
          one.facts = { ...one.facts, cards: one.facts.cards.filter(card => owners.get(card) === key) };
      const cardKeys = [...owners.keys()].map(keyOfCard);
      const robbed = (await sql.among<{ card: number; member: number }>(OWNERS, cardKeys))
        .map(row => Number(row.member))
        .filter(key => !coming.has(key) && !gone.includes(key));
      for (const row of await sql.among<Known>(KNOWN, [...new Set(robbed)])) {
        const facts = unpack({ key: Number(row.key), row: row.row });
        if (facts === null) continue;
        const cards = facts.cards.filter(card => !owners.has(card));
        if (cards.length < facts.cards.length)
          coming.set(Number(row.key), { facts: { ...facts, cards }, spare: Number(row.spare), home: row.home });
        known.set(Number(row.key), row);
      }

      const from = words.length;
      const learned = learn([...coming.values()].map(({ facts }) => facts));
      const rows = [...coming].map(([key, { facts, spare, home }]) => ({ key, facts, spare, home, row: pack(facts) }));
      const changed = rows.filter(({ key, row, home }) => {
        const before = known.get(key);
        return before === undefined || before.home !== home || !row.equals(before.row);
      });
      const same = rows.filter(one => !changed.includes(one)).map(({ key }) => key);
      const changedKeys = changed.map(({ key }) => key);
      try {
        await removeAll(gone);
        await sql.write([
          ...learned,
          ...(await dirtyOf(
            changedKeys,
            changed.map(({ home }) => home),
          )),
          {
            insert: 'member (key, spare, home, as_of, imported, row)',
            conflict:
              'ON CONFLICT (key) DO UPDATE SET home = excluded.home, as_of = excluded.as_of, imported = excluded.imported, row = excluded.row',
            rows: changed.map(({ key, spare, home, facts, row }) => [key, spare, home, facts.asOf, imported, row]),
          },
          ...forKeys(SEEN, [imported], same),
          { remove: 'member_card', where: 'member', keys: changedKeys },
          {
            insert: 'member_card (card, member)',
            conflict: 'ON CONFLICT (card) DO UPDATE SET member = excluded.member',
            rows: [...new Map(changed.flatMap(({ key, facts }) => facts.cards.map(card => [keyOfCard(card), key])))],
          },
          {
            insert: 'member_visit (store, member, day)',
            conflict: 'ON CONFLICT (store, member) DO UPDATE SET day = excluded.day',
            rows: changed.flatMap(({ key, home }) => (home === null ? [] : [[home, key, homeDay]])),
          },
          // Whoever moved is a visitor at the former home until that is too long ago.
          ...changed.flatMap(({ key, home, facts }): Write[] => {
            const before = known.get(key)?.home ?? null;
            if (before === null || before === home) return [];
            return [{ run: MOVED, parameters: [dayOf(facts.asOf), before, key] }];
          }),
        ]);
      } catch (error) {
        // Perhaps another HQ has given these numbers to other words.
        unlearn(from);
        throw error;
      }
      return refused;
    },

    async removeOthers(imported) {
      let removed = 0;
      for (;;) {
        const some = await sql.all<{ key: number }>(OTHERS, [imported]);
        if (some.length === 0) return removed;
        await removeAll(some.map(({ key }) => Number(key)));
        removed += some.length;
      }
    },

    async byCard(card) {
      const [row] = await sql.all<MemberRow>(BY_CARD, [keyOfCard(card)]);
      const facts = row === undefined ? null : unpack({ key: Number(row.key), row: row.row });
      return facts?.cards.includes(card) === true ? facts : null;
    },
    async has(key) {
      return (await sql.all('SELECT key FROM member WHERE key = ?', [key])).length > 0;
    },
    async count() {
      return Number((await sql.all<{ count: number }>('SELECT count(*) AS count FROM member'))[0]?.count ?? 0);
    },

    async followSales() {
      const [seen] = await sql.all<{ value: string }>(SETTING, ['members.arrival']);
      const from = Number(seen?.value ?? 0);
      const [highest] = await sql.all<{ arrival: number | null }>('SELECT max(arrival) AS arrival FROM sale');
      const upTo = Number(highest?.arrival ?? 0);
      if (upTo <= from) return;
      const visits = await sql.all<{ store: string; member: string; day: string }>(VISITS, [from - overlap, upTo]);
      for (let at = 0; at < visits.length; at += 1000) {
        const some = visits.slice(at, at + 1000).map(one => ({ ...one, key: keyOfMember(one.member) }));
        const here = new Set(
          (await sql.among<{ key: number }>(HERE, [...new Set(some.map(({ key }) => key))])).map(({ key }) =>
            Number(key),
          ),
        );
        const rows = some.filter(({ key }) => here.has(key));
        const before = new Map(
          (await sql.among<Visit>(VISIT, [...here])).map(({ store, member, day }) => [`${store} ${member}`, day]),
        );
        const newer = rows.filter(({ store, key, day }) => day > (before.get(`${store} ${key}`) ?? ''));
        const arrived = newer.filter(({ store, key }) => !before.has(`${store} ${key}`));
        await sql.write([
          {
            insert: 'member_visit (store, member, day)',
            conflict: 'ON CONFLICT (store, member) DO UPDATE SET day = excluded.day',
            rows: newer.map(({ store, key, day }) => [store, key, day]),
          },
          {
            insert: 'member_dirty (scope)',
            conflict: 'ON CONFLICT DO NOTHING',
            rows: [...new Set(arrived.map(({ store }) => `store/${store}`))].map(scope => [scope]),
          },
        ]);
      }
      await sql.write([{ run: SET, parameters: ['members.arrival', String(upTo)] }]);
    },

    rows: (store, sinceDay, after, limit) =>
      store === null ? sql.all(ALL_ROWS, [after, limit]) : sql.all(STORE_ROWS, [store, after, sinceDay, limit]),
    async stores() {
      return (await sql.all<{ store: string }>('SELECT DISTINCT store FROM member_visit ORDER BY store')).map(
        ({ store }) => store,
      );
    },
    async dirty() {
      return new Set((await sql.all<{ scope: string }>('SELECT scope FROM member_dirty')).map(({ scope }) => scope));
    },
    clean: scope => sql.write([{ run: 'DELETE FROM member_dirty WHERE scope = ?', parameters: [scope] }]),

    async erase(key, at) {
      const [row] = await sql.all<{ last: number | null }>('SELECT max(number) AS last FROM member_erasure');
      const number = Number(row?.last ?? 0) + 1;
      const tills = await sql.all<TillName>('SELECT store, till FROM till UNION SELECT store, till FROM stream');
      await sql.write([
        ...(await dirtyOf([key], [])),
        { remove: 'member', where: 'key', keys: [key] },
        { remove: 'member_card', where: 'member', keys: [key] },
        { remove: 'member_visit', where: 'member', keys: [key] },
        {
          run: 'INSERT INTO member_erasure (number, key, member, at) VALUES (?, ?, ?, ?)',
          parameters: [number, key, idOfKey(key), at],
        },
        {
          insert: 'member_erasure_till (number, store, till)',
          conflict: 'ON CONFLICT DO NOTHING',
          rows: tills.map(({ store, till }) => [number, store, till]),
        },
      ]);
      return number;
    },
  };

  /**
   * The facts as they are kept. Where only the day of the balance is new, and the member was nowhere since the former one, the
   * former day stays: a nightly import of all would else be a change of all.
   */
  function settled(facts: MemberFacts, before: Known | undefined, visited: string | undefined): MemberFacts {
    const old = before === undefined ? null : unpack({ key: Number(before.key), row: before.row });
    if (old === null || old.points !== facts.points || facts.asOf < old.asOf) return facts;
    if (visited !== undefined && visited !== homeDay && visited >= dayOf(old.asOf - dayMs)) return facts;
    return { ...facts, asOf: old.asOf };
  }
}

type Visit = { readonly store: string; readonly member: number; readonly day: string };

/** The home store is for ever. */
const homeDay = '9999-12-31';
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const WORDS = 'SELECT number, word FROM member_word WHERE number >= ? ORDER BY number';
const KNOWN = 'SELECT key, spare, home, row FROM member WHERE key IN';
const ERASED = 'SELECT key, at FROM member_erasure WHERE key IN';
const VISITED = `SELECT member, day FROM member_visit WHERE day <> '9999-12-31' AND member IN`;
const VISIT = 'SELECT store, member, day FROM member_visit WHERE member IN';
const STORES_OF = 'SELECT DISTINCT store FROM member_visit WHERE member IN';
const OWNERS = 'SELECT card, member FROM member_card WHERE card IN';
const HERE = 'SELECT key FROM member WHERE key IN';
const SEEN = 'UPDATE member SET imported = ? WHERE key IN';
const MOVED = 'UPDATE member_visit SET day = ? WHERE store = ? AND member = ?';
const OTHERS = 'SELECT key FROM member WHERE imported < ? LIMIT 1000';
const BY_CARD = 'SELECT m.key, m.row FROM member_card c JOIN member m ON m.key = c.member WHERE c.card = ?';
const SETTING = 'SELECT value FROM setting WHERE name = ?';
const SET = 'INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
const VISITS = `SELECT store, member, max(day) AS day FROM sale
  WHERE arrival > ? AND arrival <= ? AND member IS NOT NULL AND day IS NOT NULL GROUP BY store, member`;
const ALL_ROWS = 'SELECT key, row FROM member WHERE key > ? ORDER BY key LIMIT ?';
const STORE_ROWS = `SELECT v.member AS key, m.row FROM member_visit v JOIN member m ON m.key = v.member
  WHERE v.store = ? AND v.member > ? AND v.day >= ? ORDER BY v.member LIMIT ?`;
