/** HQ's files of members as they lie fetched at a till, right ones and others. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Target } from '../../agent/store/index.ts';
import type { MemberFacts } from '../../sync/protocol/members-facts.ts';
import { ContentHash, writeMemberFile } from '../../sync/protocol/members-file.ts';
import { hashOfCard, idOfKey } from '../../sync/protocol/members-keys.ts';
import { packMember } from '../../sync/protocol/members-row.ts';

export const cardOf = (n: number) => `2501${n}`;
export const factsOf = (n: number, points: number): MemberFacts => ({
  ...{ id: idOfKey(n * 1000), cards: [hashOfCard(cardOf(n))], points, asOf: 0, firstName: `Anna${n}` },
});

/** HQ's file of these members, as it lies fetched at a till; as a change, if there is a version before. */
export function fetched(path: string, members: readonly MemberFacts[], version: number, before: Target | null) {
  const parts: Uint8Array[] = [];
  const words: readonly string[] = [];
  const base = before?.content ?? null;
  const header = { tenant: 'demo', scope: 'all', version, base, wordsFrom: 0, words };
  const writer = writeMemberFile(header, bytes => void parts.push(Uint8Array.from(bytes)));
  const content = new ContentHash(words);
  for (const [at, member] of members.entries()) {
    const row = packMember(member, () => undefined);
    writer.add((at + 1) * 1000, row);
    content.add((at + 1) * 1000, row);
  }
  writer.end();
  const meant = { tenant: 'demo', scope: 'all', version, base, content: content.digest(), count: members.length };
  return fetchedAs(path, Buffer.concat(parts), meant);
}

/** These very bytes, offered by HQ as what is `meant`. */
export function fetchedAs(path: string, bytes: Uint8Array, meant: Omit<Target, 'size' | 'block' | 'sha256'>) {
  writeFileSync(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const target: Target = { ...meant, size: bytes.byteLength, block: 131_072, sha256 };
  return { incoming: path, target };
}
