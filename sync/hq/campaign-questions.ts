/** What the console asks about campaigns: issued, printed by evidence, redeemed, held out. */
import type { Ledger } from './ledger.ts';
import { LIVE_REDEMPTION } from './live-redemption.ts';
import { order, type Query } from './query.ts';

export function campaignQuestions(query: Query): Pick<Ledger, 'campaigns'> {
  return {
    async campaigns(from, to) {
      const issued = await query<CampaignTableRow>(CAMPAIGNS, [from, to]);
      const held = await query<{ offer: string; variant: string | null; suppressed: number }>(SUPPRESSED, [from, to]);
      const rows = new Map<string, Awaited<ReturnType<Ledger['campaigns']>>[number]>();
      const none = { confirmed: 0, fenced: 0, sent: 0, unknown: 0, failed: 0, queued: 0 };
      for (const row of issued)
        rows.set(`${row.offer} ${row.variant ?? ''}`, {
          offer: row.offer,
          variant: row.variant,
          issued: Number(row.issued),
          printed: {
            confirmed: Number(row.confirmed),
            fenced: Number(row.fenced),
            sent: Number(row.sent),
            unknown: Number(row.unknown),
            failed: Number(row.failed),
            queued: Number(row.queued),
          },
          redeemed: Number(row.redeemed),
          voided: Number(row.voided),
          suppressed: 0,
        });
      for (const { offer, variant, suppressed } of held) {
        const key = `${offer} ${variant ?? ''}`;
        const known = rows.get(key) ?? {
          offer,
          variant,
          issued: 0,
          printed: none,
          redeemed: 0,
          voided: 0,
          suppressed: 0,
        };
        rows.set(key, { ...known, suppressed: Number(suppressed) });
      }
      return [...rows.values()].sort((a, b) => order(a.offer, b.offer) || order(a.variant ?? '', b.variant ?? ''));
    },
  };
}

type CampaignTableRow = Readonly<
  Record<'issued' | 'confirmed' | 'fenced' | 'sent' | 'unknown' | 'failed' | 'queued' | 'redeemed' | 'voided', number>
> & { readonly offer: string; readonly variant: string | null };

const printed = (evidence: string) => `sum(CASE WHEN c.print = '${evidence}' THEN 1 ELSE 0 END) AS ${evidence}`;

const CAMPAIGNS = `
SELECT c.offer, c.variant, count(*) AS issued,
  ${['confirmed', 'fenced', 'sent', 'unknown', 'failed', 'queued'].map(printed).join(', ')},
  sum(CASE WHEN l.serial IS NULL THEN 0 ELSE 1 END) AS redeemed,
  sum(CASE WHEN c.voided_at IS NULL THEN 0 ELSE 1 END) AS voided
FROM coupon c LEFT JOIN (${LIVE_REDEMPTION}) l ON l.serial = c.serial
WHERE c.day >= ? AND c.day <= ? AND c.offer IS NOT NULL GROUP BY c.offer, c.variant`;

const SUPPRESSED =
  'SELECT offer, variant, count(*) AS suppressed FROM suppressed WHERE day >= ? AND day <= ? GROUP BY offer, variant';
