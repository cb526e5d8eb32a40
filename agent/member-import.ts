/** Members from a file, for shops and demos that get no snapshot from HQ: read at start, again when the file has changed. */
import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import { messageOf, TillsideError } from '../errors.ts';
import { readMemberFacts } from '../sync/protocol/members-facts.ts';
import { factsOf, type Members, type NewMember, type Store } from './store/index.ts';

/**
 * @param file JSON: a list of member records (docs/configuration.md)
 * @throws TillsideError `config-invalid` naming the first entry that is none
 */
export function importMembers(file: string, members: Members, store: Store, clock: Clock): void {
  const stamp = stampOf(file);
  if (store.settings.get('members.file') === stamp && members.count() > 0) return;
  members.importMembers(readMembers(file), clock.now());
  store.transaction(() => store.settings.set('members.file', stamp));
}

function stampOf(file: string): string {
  const { mtimeMs, size } = statSync(file);
  return `${file} ${mtimeMs} ${size}`;
}

function readMembers(file: string): readonly NewMember[] {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new TillsideError('config-invalid', `members: ${file} can't be read: ${messageOf(error)}`, { cause: error });
  }
  const records = Array.isArray(document) ? (document as unknown[]) : null;
  const bad = records?.findIndex(record => !isMember(record)) ?? 0;
  if (records === null || bad >= 0)
    throw new TillsideError(
      'config-invalid',
      `members: ${file} must be a list of {memberId, firstName, points, cards, …}; entry ${bad} is none.`,
    );
  return records as NewMember[];
}

function isMember(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { cards } = value as Record<string, unknown>;
  if (!Array.isArray(cards) || !cards.every(card => typeof card === 'string')) return false;
  return readMemberFacts(factsOf(value as NewMember, 0)).ok;
}
