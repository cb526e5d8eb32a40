/** One sale: what was sold, what was taken off, what was printed with which evidence, what HQ has of it. */
import { useEffect, useState } from 'preact/hooks';
import type { CouponRow, SaleDetail } from '../../sync/hq/wire.ts';
import { Mark, said } from './mark.tsx';
import { saleAddress } from './sales-page.tsx';
import { Table } from './table.tsx';
import { useAnswer, useView } from './view.ts';

export function SalePage({ till, saleId, store }: { till: string; saleId: string; store: string | null }) {
  const { state, texts, formats } = useView();
  const query = store === null ? '' : `?store=${encodeURIComponent(store)}`;
  // The row is told anew when the sale changes. That a coupon came out is a fact of its own: until all did, every commit counts.
  const row = state.sales.find(sale => sale.till === till && sale.saleId === saleId);
  const [isPrinting, setPrinting] = useState(true);
  const again = isPrinting ? state.status?.events.committed : row;
  const path = `/v1/sales/${encodeURIComponent(till)}/${encodeURIComponent(saleId)}${query}`;
  const asked = useAnswer<SaleDetail>(path, again);
  useEffect(() => {
    if (asked.state === 'there') setPrinting(asked.value.coupons.some(coupon => coupon.print === 'queued'));
  }, [asked]);
  if (asked.state === 'loading') return <p class="quiet">{texts.loading}</p>;
  if (asked.state === 'refused') return <p class="band">{asked.message}</p>;
  const { sale, body, bundle, coupons, redeemed, events } = asked.value;
  const sold = readBody(body);
  return (
    <>
      <h1>
        {texts.sale} {sale.saleId}
      </h1>
      <p class="lead">
        {texts.till} {sale.store} / {sale.till} · {formats.dateTime(sale.completedAt)} ·{' '}
        {sale.member ? texts.member : texts.guest}
        {bundle !== null && ` · ${texts.bundle} ${bundle.id} ${bundle.version}`}
        {sale.state === 'voided' && <Mark isWell={false}>{texts.voided}</Mark>}
      </p>
      <dl class="figures">
        <Figure name={texts.initial} value={formats.amount(sale.initial)} />
        <Figure name={texts.discounts} value={sale.discount === 0 ? '–' : `−${formats.amount(sale.discount)}`} />
        <Figure name={texts.net} value={`${formats.currency} ${formats.amount(sale.net)}`} />
        <Figure name={texts.points} value={`+${formats.count(sale.points)}`} />
      </dl>
      <section>
        <h2>{texts.sold}</h2>
        <Table
          name={texts.sold}
          empty={texts.none}
          columns={[texts.article, texts.category]}
          numbers={[texts.quantity, texts.amount]}
        >
          {sold.lines.map(line => (
            <tr key={line.lineId}>
              <th scope="row">{line.name}</th>
              <td class="quiet">{line.category}</td>
              <td class="number">{formats.quantity(line.quantity, line.unit)}</td>
              <td class="number">{formats.amount(line.amount)}</td>
            </tr>
          ))}
        </Table>
      </section>
      <section>
        <h2>{texts.discounts}</h2>
        <Table name={texts.discounts} empty={texts.none} columns={[texts.offer, texts.serial]} numbers={[texts.amount]}>
          {sold.applied.map((offer, i) => (
            <tr key={`${offer.offer} ${i}`}>
              <th scope="row">{offer.offer}</th>
              <td>{offer.serial ?? '–'}</td>
              <td class="number">−{formats.amount(offer.amount)}</td>
            </tr>
          ))}
        </Table>
      </section>
      <section>
        <h2>{texts.printedHere}</h2>
        <Coupons coupons={coupons} name={texts.printedHere} />
      </section>
      <section>
        <h2>{texts.redeemedHere}</h2>
        <Coupons coupons={redeemed} name={texts.redeemedHere} />
      </section>
      <section>
        <h2>{texts.facts}</h2>
        <Table name={texts.facts} empty={texts.none} columns={[texts.fact, texts.time]} numbers={['#']}>
          {events.map(event => (
            <tr key={`${event.epoch} ${event.seq}`}>
              <th scope="row">
                <details>
                  <summary>{event.type}</summary>
                  <pre>{JSON.stringify(event.body, null, 2)}</pre>
                </details>
              </th>
              <td>{formats.time(event.at)}</td>
              <td class="number">
                {event.epoch}.{event.seq}
              </td>
            </tr>
          ))}
        </Table>
      </section>
    </>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Coupons({ coupons, name }: { coupons: readonly CouponRow[]; name: string }) {
  const { texts, formats } = useView();
  return (
    <Table
      name={name}
      empty={texts.none}
      columns={[texts.offer, texts.serial, texts.evidence, texts.validity, texts.redeemed]}
    >
      {coupons.map(coupon => (
        <tr key={coupon.serial} class={coupon.state === 'voided' ? 'is-voided' : ''}>
          <th scope="row">
            {coupon.title ?? coupon.offer}
            {coupon.variant !== null && <span class="quiet"> {coupon.variant}</span>}
          </th>
          <td>
            <code>{coupon.serial}</code>
          </td>
          <td>
            <span title={coupon.print}>
              <Mark isWell={coupon.print === 'queued' ? null : coupon.print !== 'failed' && coupon.print !== 'unknown'}>
                {said(texts.printedAs, coupon.print)}
              </Mark>
            </span>
          </td>
          <td>
            {coupon.validFrom === null || coupon.validTo === null
              ? '–'
              : `${formats.dayMonth(coupon.validFrom)} – ${formats.dayMonth(coupon.validTo)}`}
          </td>
          <td>
            {coupon.redeemedSaleId === null || coupon.redeemedTill === null ? (
              '–'
            ) : (
              <a href={saleAddress({ store: coupon.store, till: coupon.redeemedTill, saleId: coupon.redeemedSaleId })}>
                {coupon.redeemedAt === null ? coupon.redeemedSaleId : formats.dateTime(coupon.redeemedAt)}
              </a>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

type Sold = {
  readonly lines: readonly {
    lineId: string;
    name: string;
    category: string;
    quantity: string;
    unit: string;
    amount: number;
  }[];
  readonly applied: readonly { offer: string; serial: string | null; amount: number }[];
};

/** The till's own words; fields that an older or newer till does not send are left out. */
function readBody(body: unknown): Sold {
  const sale = record(body);
  return {
    lines: list(sale.lines).map((line, i) => ({
      lineId: text(line.lineId) ?? String(i),
      name: text(line.name) ?? text(line.gtin) ?? '–',
      category: text(line.category) ?? '',
      quantity: text(line.quantity) ?? '1',
      unit: text(line.unit) ?? 'ea',
      amount: typeof line.amount === 'number' ? line.amount : 0,
    })),
    applied: list(sale.applied).map(offer => ({
      offer: text(offer.offer) ?? '–',
      serial: text(offer.serial),
      amount: typeof offer.amount === 'number' ? offer.amount : 0,
    })),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
