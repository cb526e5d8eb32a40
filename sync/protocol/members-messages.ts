/**
 * What till and HQ say to each other of members: questions on `ask`, answers as signed commands on `down`, addressed to one
 * till and dated. So neither another tenant's members nor last year's reach a till.
 */
import { isCount, isInstant, isMatch, isText, type Json, sha256Hex } from './fields.ts';
import { type MemberFacts, readMemberFacts } from './members-facts.ts';
import { isScope } from './members-file.ts';
import { isCardHash } from './members-keys.ts';
import { maxBlockBytes } from './pointer.ts';
import { accept, type Result, refuse } from './result.ts';

/** A file of members that HQ has for this till. */
export interface MemberFileOffer {
  readonly version: number;
  /** Hex, of the file as published. */
  readonly sha256: string;
  readonly size: number;
  /** Bytes of a block. */
  readonly block: number;
  /** Hash of the rows that a till has after it (members-file.ts), and how many they are. */
  readonly content: string;
  readonly count: number;
  /** Content that it changes; null: the file is whole. */
  readonly base: string | null;
}

export type MembersAsk =
  /** Which files are there? `content`: of what this till has. */
  | { readonly kind: 'members'; readonly version: number; readonly content: string | null }
  /** Whose is the card with this hash? */
  | { readonly kind: 'member'; readonly card: string };

export type MembersCommand =
  | {
      readonly kind: 'members';
      /** `all`, or `store/0042`. */
      readonly scope: string;
      /** The data lease: a till that hears nothing of HQ until then drops its members. RFC 3339. */
      readonly until: string;
      /** The whole file, and the changes that lead to the same version, in order. */
      readonly files: readonly MemberFileOffer[];
    }
  /** Answer for an unknown card; null: HQ does not know it either. */
  | { readonly kind: 'member'; readonly card: string; readonly member: MemberFacts | null }
  /** Delete all that is known of this member; `erasure` numbers the request, for its acknowledgement. */
  | { readonly kind: 'erase'; readonly erasure: number; readonly member: string };

/** Larger ones are not published. */
export const maxMemberFileBytes = 4 * 1024 ** 3;
/** The whole file and the changes of so many versions: what fits one message. */
export const mostFileOffers = 24;

export function readMembersAsk({ kind, version, content, card }: Json): Result<MembersAsk> {
  if (kind === 'member') return isCardHash(card) ? accept({ kind, card }) : refuse('card is no hash of a card');
  if (!isCount(version) || (content !== null && !isMatch(content, sha256Hex)))
    return refuse('version or content is none');
  return accept({ kind: 'members', version, content });
}

export function readMembersCommand(command: Json): Result<MembersCommand> {
  const { kind, scope, until, files, card, member, erasure } = command;
  if (kind === 'erase') {
    if (!isCount(erasure) || !isText(member, 200) || member === '') return refuse('erasure or member is none');
    return accept({ kind, erasure, member });
  }
  if (kind === 'member') {
    if (!isCardHash(card)) return refuse('card is no hash of a card');
    if (member === null) return accept({ kind, card, member });
    const facts = readMemberFacts(member);
    if (!facts.ok) return facts;
    return facts.value.cards.includes(card)
      ? accept({ kind, card, member: facts.value })
      : refuse('the member does not have the card that was asked for');
  }
  if (!isScope(scope) || !isInstant(until)) return refuse('scope or until is none');
  if (!Array.isArray(files) || files.length > mostFileOffers)
    return refuse(`files is no list of at most ${mostFileOffers}`);
  const read: MemberFileOffer[] = [];
  for (const file of files) {
    const offer = readOffer(file);
    if (!offer.ok) return offer;
    read.push(offer.value);
  }
  return accept({ kind: 'members', scope, until, files: read });
}

function readOffer(value: unknown): Result<MemberFileOffer> {
  const { version, sha256, size, block, content, count, base } = (value ?? {}) as Json;
  if (!isCount(version) || version === 0) return refuse('version is no number from 1');
  if (!isMatch(sha256, sha256Hex) || !isMatch(content, sha256Hex)) return refuse('sha256 or content is no SHA-256');
  if (base !== null && !isMatch(base, sha256Hex)) return refuse('base is no SHA-256');
  if (!isCount(size) || size === 0 || size > maxMemberFileBytes)
    return refuse(`size is not 1 to ${maxMemberFileBytes}`);
  if (!isCount(block) || block < 1024 || block > maxBlockBytes) return refuse(`block is not 1024 to ${maxBlockBytes}`);
  if (!isCount(count)) return refuse('count is no number');
  return accept({ version, sha256, size, block, content, count, base });
}
