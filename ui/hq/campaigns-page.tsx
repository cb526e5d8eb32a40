/** What the offers did: printed by evidence, redeemed, held out. */
import type { CampaignsAnswer, LeasesAnswer } from '../../sync/hq/wire.ts';
import { Days, useDays } from './days.tsx';
import { Table } from './table.tsx';
import { useAnswer, useView } from './view.ts';

const evidences = ['confirmed', 'fenced', 'sent', 'unknown', 'failed', 'queued'] as const;

export function CampaignsPage() {
  const { state, texts, formats } = useView();
  const days = useDays(28);
  const asked = useAnswer<CampaignsAnswer>(
    `/v1/campaigns?from=${days.from}&to=${days.to}`,
    state.status?.events.committed,
  );
  return (
    <>
      <h1>{texts.campaigns}</h1>
      <Days days={days} />
      {asked.state === 'loading' && <p class="quiet">{texts.loading}</p>}
      {asked.state === 'refused' && <p class="band">{asked.message}</p>}
      {asked.state === 'there' && (
        <Table
          name={texts.campaigns}
          empty={texts.none}
          columns={[texts.offer, texts.campaign, texts.byEvidence]}
          numbers={[texts.issued, texts.redeemed, texts.voided, texts.heldOut]}
        >
          {asked.value.campaigns.map(row => (
            <tr key={`${row.offer} ${row.variant ?? ''}`}>
              <th scope="row">
                {row.name ?? row.offer}
                {row.variant !== null && <span class="quiet"> {row.variant}</span>}
              </th>
              <td>{row.campaign ?? '–'}</td>
              <td>
                {evidences
                  .filter(evidence => row.printed[evidence] > 0)
                  .map(evidence => `${formats.count(row.printed[evidence])} ${texts.printedAs[evidence]}`)
                  .join(' · ') || '–'}
              </td>
              <td class="number">{formats.count(row.issued)}</td>
              <td class="number">{formats.count(row.redeemed)}</td>
              <td class="number">{formats.count(row.voided)}</td>
              <td class="number">{formats.count(row.suppressed)}</td>
            </tr>
          ))}
        </Table>
      )}
      <Limits />
    </>
  );
}

/** Offers of which there are only so many in all stores together. */
function Limits() {
  const { state, texts, formats } = useView();
  const asked = useAnswer<LeasesAnswer>('/v1/leases', state.status?.events.committed);
  if (asked.state !== 'there' || asked.value.offers.length === 0) return null;
  return (
    <section>
      <h2>{texts.limits}</h2>
      <p class="quiet">{texts.limitsTodo}</p>
      <Table
        name={texts.limits}
        empty={texts.none}
        columns={[texts.offer, texts.limitPer]}
        numbers={[texts.limit, texts.granted, texts.used, texts.returned, texts.left, texts.overdue, texts.tills]}
      >
        {asked.value.offers.map(row => (
          <tr key={row.offer}>
            <th scope="row">{row.name ?? row.offer}</th>
            <td>{row.window ?? '–'}</td>
            <td class="number">{row.limit === null ? '–' : formats.count(row.limit)}</td>
            <td class="number">{formats.count(row.granted)}</td>
            <td class="number">{formats.count(row.used)}</td>
            <td class="number">{formats.count(row.returned)}</td>
            <td class="number">{row.left === null ? '–' : formats.count(row.left)}</td>
            <td class="number">{formats.count(row.overdue)}</td>
            <td class="number">{formats.count(row.tills)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
