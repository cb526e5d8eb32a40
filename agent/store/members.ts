/**
 * The members that shop here: a file of its own that can be thrown away and built anew from HQ's, so that the ledger never
 * suffers from it. Ids are keyed hashes; the first name is the only thing that a person would recognise.
 */

import { renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { MemberFacts, PastCoupon, PastPurchase } from '../../sync/protocol/members-facts.ts';
import { hashOfCard, keyOfMember } from '../../sync/protocol/members-keys.ts';
import type { AttributeValue, Member } from '../offers/types.ts';
import { openMemberAnswers } from './member-answers.ts';
import { removeMembersFile } from './members-file.ts';
import { type MembersVersion, openMemberRows } from './members-rows.ts';

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
  /** Nobody finds the member any more, until it is put here anew or `show` says that its rows are gone (`erase` in members-jobs.ts). */
  hide(memberId: string): void;
  show(memberId: string): void;
  /** Deletes everything: the data lease is over. While the file is lent nobody is found, and it goes when it is given back. */
  clear(): void;
  count(): number;
  empty(): boolean;
  /** When the balance of this member was taken; 0 if it is not here. */
  asOf(memberId: string): number;
  version(): MembersVersion | null;
  readonly path: string;
  /** What a job on the file left: `staging`, `folding`, or null. */
  phase(): string | null;
  /** Another thread works on the file and writes it alone, until the returned function is called. */
  lend(): () => void;
  /** Words, version and phase were changed by a job. */
  reread(): void;
  /** Takes the file at `next`, closed, complete and verified, into the place of this one. */
  swap(next: string): void;
  /** Resolves when the files of former versions are gone. */
  freed(): Promise<void>;
  close(): void;
}

/** @param onFault told when the file turned out to be damaged: everybody is a guest until it has been built anew */
export function openMembers(path: string, onFault: (error: unknown) => void = () => {}): Members {
  const old = `${path}.old`;
  const answersPath = join(dirname(path), 'member-answers.sqlite');
  // The process may have ended before the former version was gone; it may hold members who were erased since.
  rmSync(old, { force: true });
  let open = openMemberRows(path);
  let answers = openMemberAnswers(answersPath);
  let freeing = Promise.resolve();
  let isLent = false;
  /** To be deleted as soon as nobody works on it; nobody is found in it until then. */
  let isDoomed = false;
  const hidden = new Set<number>();
  /** The one who stands at the till is asked for again and again. */
  let last: { readonly key: number; readonly record: MemberRecord; readonly asOf: number } | null = null;

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
    last = null;
    answers.close();
    removeMembersFile(answersPath);
    answers = openMemberAnswers(answersPath);
    isDoomed = isLent;
    if (isDoomed) return;
    open.close();
    putAside();
    open = openMemberRows(path);
  };

  /** The file goes out of its place. Freeing hundreds of megabytes takes the file system a while: not on this thread. */
  function putAside() {
    renameSync(path, old);
    removeMembersFile(path);
    freeing = rm(old, { force: true }).catch(onFault);
  }

  /** The row that counts: HQ's answer for the card where it is the newer one. */
  const factsOfKey = (key: number): MemberFacts | null => {
    if (hidden.has(key)) return null;
    const known = isDoomed ? null : open.get(key);
    const told = answers.get(key);
    return told !== null && (known === null || told.asOf > known.asOf) ? told : known;
  };

  const byId = (key: number) => {
    if (last?.key === key) return last;
    const found = factsOfKey(key);
    last = found === null ? null : { key, record: recordOf(found), asOf: found.asOf };
    return last;
  };

  const byCard = (hash: string): MemberRecord | null => {
    for (const member of [answers.memberOf(hash), ...(isDoomed ? [] : open.membersOf(hash))]) {
      const found = member === null ? null : factsOfKey(member);
      // The card may have left this member since; then no row lists it any more.
      if (found?.cards.includes(hash) === true) return recordOf(found);
    }
    return null;
  };

  return {
    path,
    phase: () => (isDoomed ? null : open.phase()),
    byCard: card => guarded(() => byCard(hashOfCard(card)), null),
    byId: memberId => guarded(() => byId(keyOfMember(memberId))?.record ?? null, null),
    asOf: memberId => guarded(() => byId(keyOfMember(memberId))?.asOf ?? 0, 0),
    importMembers(members, asOf) {
      last = null;
      return open.importAll(
        (function* () {
          for (const member of members) yield factsOf(member, asOf);
        })(),
      );
    },
    put(member, asOf) {
      last = null;
      hidden.delete(keyOfMember(member.memberId));
      open.put(factsOf(member, asOf));
    },
    putAnswer(facts, nowMs) {
      last = null;
      answers.put(facts, nowMs);
      return recordOf(facts);
    },
    hide(memberId) {
      const key = keyOfMember(memberId);
      last = null;
      hidden.add(key);
      answers.remove(key);
    },
    show(memberId) {
      last = null;
      hidden.delete(keyOfMember(memberId));
    },
    lend() {
      isLent = true;
      return () => {
        isLent = false;
        if (isDoomed) clear();
      };
    },
    clear,
    count: () => open.count() + answers.count(key => open.get(key) !== null),
    empty: () => (isDoomed || open.isEmpty()) && answers.isEmpty(),
    version: () => (isDoomed ? null : open.version()),
    reread() {
      last = null;
      open.reread();
    },
    swap(next) {
      last = null;
      open.close();
      putAside();
      renameSync(next, path);
      open = openMemberRows(path, true);
    },
    freed: () => freeing,
    close() {
      open.close();
      answers.close();
    },
  };
}

/** The member as the evaluator wants it, with the till's own points on top. */
export function asEvaluated(record: MemberRecord, since: { points: number; tier: string | null }): Member {
  const { memberId, firstName: _, coupons: __, bought: ___, ...rest } = record;
  const tier = since.tier ?? record.tier;
  return { ...rest, id: memberId, points: record.points + since.points, ...(tier === undefined ? {} : { tier }) };
}

/** SQLite found that the file is none, or not whole. */
export const isDamage = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(SQLITE_(CORRUPT|NOTADB)|store-damaged)/.test(String(error.code));

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
