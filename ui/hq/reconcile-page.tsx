/** HQ's totals beside each till's own, a day a row, to the cent. */
import type { ReconcileAnswer } from '../../sync/hq/wire.ts';
import { Days, useDays } from './days.tsx';
import { Mark } from './mark.tsx';
import { Table } from './table.tsx';
import { useAnswer, useView } from './view.ts';

export function ReconcilePage() {
  const { state, texts, formats } = useView();
  const days = useDays(7);
  const asked = useAnswer<ReconcileAnswer>(
    `/v1/reconcile?from=${days.from}&to=${days.to}`,
    state.status?.events.committed,
  );
  return (
    <>
      <h1>{texts.reconcile}</h1>
      <p>{texts.reconcileTodo}</p>
      <Days days={days} />
      {asked.state === 'loading' && <p class="quiet">{texts.loading}</p>}
      {asked.state === 'refused' && <p class="band">{asked.message}</p>}
      {asked.state === 'there' && (
        <>
          <p class={verdictClass(asked.value)}>{asked.value.agrees ? texts.allAgree : texts.notAllAgree}</p>
          <Table
            name={texts.reconcile}
            empty={texts.none}
            columns={[texts.day, texts.till, texts.state]}
            numbers={[texts.atHq, texts.own]}
          >
            {asked.value.rows.map(row => (
              <tr key={`${row.day} ${row.store} ${row.till}`}>
                <th scope="row">{row.day}</th>
                <td>
                  {row.store} / {row.till}
                </td>
                <td>
                  <Mark isWell={row.verdict !== 'differs'}>{texts.verdict[row.verdict]}</Mark>
                </td>
                <td class="number">
                  {texts.salesCount(formats.count(row.hq.sales))} · {formats.amount(row.hq.net)}
                </td>
                <td class="number">
                  {row.own === null
                    ? '–'
                    : `${texts.salesCount(formats.count(row.own.sales))} · ${formats.amount(row.own.net)}`}
                </td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </>
  );
}

/** A day that is still going on is no fault. */
function verdictClass({ agrees, rows }: ReconcileAnswer): string {
  if (agrees) return 'good';
  return rows.some(row => row.verdict === 'differs') ? 'bad' : 'waits';
}
