/** What stands in members.sqlite as the till reads it: one version of HQ's, whole, also while another thread moves the next one into its place. */
import type { MemberFacts } from '../../sync/protocol/members-facts.ts';
import { keyOfCard, keyOfMember } from '../../sync/protocol/members-keys.ts';
import { cardsOfRow, packMember, rowHasCard, unpackMember } from '../../sync/protocol/members-row.ts';
import { memberSql, openMembersFile } from './members-file.ts';

/** Which of HQ's versions is here. */
export type MembersVersion = {
  readonly scope: string;
  readonly version: number;
  readonly content: string;
  readonly count: number;
  /** Words that its rows may refer to. */
  readonly words: number;
};

export interface MemberRows {
  get(key: number): MemberFacts | null;
  /** Keys of those who may have the card, likeliest first. */
  membersOf(hash: string): Iterable<number>;
  version(): MembersVersion | null;
  /** What a job on the file left. */
  phase(): string | null;
  count(): number;
  isEmpty(): boolean;
  put(member: MemberFacts): void;
  /** These instead of all, in one transaction. */
  importAll(members: Iterable<MemberFacts>): number;
  /** Words, version and phase were changed by a job. */
  reread(): void;
  close(): void;
}

const CARD = 'SELECT member FROM card WHERE card = ?';
const CARD_CHANGE = 'SELECT member FROM card_change WHERE card = ?';
const COUNT = 'SELECT count(*) FROM member';
const META = 'SELECT name, value FROM meta';
const ANY = 'SELECT EXISTS (SELECT 1 FROM member) OR EXISTS (SELECT 1 FROM change)';

/** @param isVerified as in `openMembersFile` */
export function openMemberRows(path: string, isVerified = false): MemberRows {
  const database = openMembersFile(path, isVerified);
  const row = database.prepare<[number], Buffer>(memberSql.row).pluck();
  const change = database.prepare<[number], Buffer | null>(memberSql.stagedRow).pluck();
  const card = database.prepare<[number], number>(CARD).pluck();
  const cardChange = database.prepare<[number], number>(CARD_CHANGE).pluck();
  const add = database.prepare<[number, Uint8Array]>(memberSql.put);
  const addCard = database.prepare<[number, number]>(memberSql.putCard);
  const removeCard = database.prepare<[number, number]>(memberSql.removeCard);
  const count = database.prepare<[], number>(COUNT).pluck();
  const any = database.prepare<[], number>(ANY).pluck();
  const meta = database.prepare<[], { name: string; value: string }>(META);
  const allWords = database.prepare<[], string>(memberSql.words).pluck();
  let words: readonly string[] = [];
  let version: MembersVersion | null = null;
  let phase: string | null = null;

  function reread() {
    const known = new Map(meta.all().map(one => [one.name, one.value]));
    words = allWords.all();
    const here = known.get('version');
    version = here === undefined ? null : (JSON.parse(here) as MembersVersion);
    phase = known.get('phase') ?? null;
  }
  reread();

  function put(member: MemberFacts) {
    const key = keyOfMember(member.id);
    const before = row.get(key);
    for (const hash of before === undefined ? [] : cardsOfRow(before)) removeCard.run(keyOfCard(hash), key);
    add.run(key, packMember(member, withoutWords));
    for (const hash of member.cards) {
      const former = card.get(keyOfCard(hash));
      addCard.run(keyOfCard(hash), key);
      if (former !== undefined && former !== key) withoutCard(former, hash);
    }
  }

  function withoutCard(key: number, hash: string) {
    const known = row.get(key);
    if (known === undefined || !rowHasCard(known, hash)) return;
    const member = unpackMember(key, known, words);
    if (member !== null)
      add.run(key, packMember({ ...member, cards: member.cards.filter(one => one !== hash) }, withoutWords));
  }

  return {
    get(key) {
      // The change first: a row that is being moved leaves it in the transaction that puts it into the other table.
      const changed = phase === 'folding' ? change.get(key) : undefined;
      const here = changed === undefined ? row.get(key) : changed;
      return here === undefined || here === null ? null : unpackMember(key, here, words);
    },
    *membersOf(hash) {
      const key = keyOfCard(hash);
      const changed = phase === 'folding' ? cardChange.get(key) : undefined;
      if (changed !== undefined) yield changed;
      const here = card.get(key);
      if (here !== undefined) yield here;
    },
    version: () => version,
    phase: () => phase,
    count: () => count.get() ?? 0,
    isEmpty: () => any.get() === 0,
    put: member => database.transaction(() => put(member)).immediate(),
    importAll: members =>
      database
        .transaction(() => {
          for (const table of ['member', 'card', 'change', 'card_change', 'word', 'meta'])
            database.exec(`DELETE FROM ${table}`);
          reread();
          let imported = 0;
          for (const member of members) {
            put(member);
            imported++;
          }
          return imported;
        })
        .immediate(),
    reread,
    close: () => void database.close(),
  };
}

const withoutWords = () => undefined;
