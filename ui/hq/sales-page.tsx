/** Sales as they arrive at HQ, newest first. */
import type { SaleRow } from '../../sync/hq/wire.ts';
import { address } from './route.ts';
import { Table } from './table.tsx';
import { useView } from './view.ts';

export function SalesPage() {
  const { session, state, texts } = useView();
  return (
    <>
      <h1>{texts.sales}</h1>
      <SalesTable sales={state.sales} />
      {state.moreSales !== null && (
        <button type="button" class="button" onClick={() => void session.readMoreSales()}>
          {texts.more}
        </button>
      )}
    </>
  );
}

export function SalesTable({ sales }: { sales: readonly SaleRow[] }) {
  const { texts, formats } = useView();
  return (
    <Table
      name={texts.sales}
      empty={texts.noSales}
      columns={[texts.time, texts.till, texts.customer, texts.coupons]}
      numbers={[texts.articles, texts.discounts, texts.total]}
    >
      {sales.map(sale => (
        <tr key={`${sale.store} ${sale.till} ${sale.saleId}`} class={sale.state === 'voided' ? 'is-voided' : 'arrives'}>
          <th scope="row">
            <a href={saleAddress(sale)}>{formats.dateTime(sale.completedAt)}</a>
          </th>
          <td>
            {sale.store} / {sale.till}
          </td>
          <td>{sale.member ? texts.member : texts.guest}</td>
          <td>
            {[
              sale.issued > 0 ? texts.printed(formats.count(sale.issued)) : '',
              sale.redeemed > 0 ? texts.redeemedCount(formats.count(sale.redeemed)) : '',
              sale.state === 'voided' ? texts.voided : '',
            ]
              .filter(Boolean)
              .join(' · ') || '–'}
          </td>
          <td class="number">{formats.count(sale.lines)}</td>
          <td class="number">{sale.discount === 0 ? '–' : `−${formats.amount(sale.discount)}`}</td>
          <td class="number">
            <b>{formats.amount(sale.net)}</b>
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function saleAddress(sale: { store: string; till: string; saleId: string }): string {
  return `${address('sales', sale.till, sale.saleId)}?store=${encodeURIComponent(sale.store)}`;
}
