/** What is asked of published bundles. */
import type { BundlePointer } from '../protocol/types.ts';
import type { Ledger, PublishedPointer } from './ledger.ts';
import { firstOf, type Query } from './query.ts';

export function bundleQuestions(query: Query): Pick<Ledger, 'pointers' | 'highestVersion'> {
  const one = firstOf(query);
  return {
    async pointers() {
      const rows = await query<PointerRow>(POINTERS);
      const seen = new Set<string>();
      return rows.map((row): PublishedPointer => {
        const pointer = JSON.parse(row.json) as BundlePointer;
        const current = !seen.has(pointer.ring);
        seen.add(pointer.ring);
        return { pointer, publishedAt: row.published_at, offers: Number(row.offers), current };
      });
    },

    async highestVersion(id) {
      const row = await one<{ version: number | null }>('SELECT max(version) AS version FROM bundle WHERE id = ?', [
        id,
      ]);
      return Number(row?.version ?? 0);
    },
  };
}

type PointerRow = { readonly json: string; readonly published_at: string; readonly offers: number };

const POINTERS = `
SELECT p.json, p.published_at, b.offers FROM pointer p JOIN bundle b ON b.sha256 = p.sha256 ORDER BY p.number DESC LIMIT 200`;
