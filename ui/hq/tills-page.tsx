/** Every till: is it there, how far behind and why, what its devices and its bundle are. */
import type { TillView } from '../../sync/hq/wire.ts';
import { Mark, said } from './mark.tsx';
import { address } from './route.ts';
import { SalesTable } from './sales-page.tsx';
import { Table } from './table.tsx';
import { useView } from './view.ts';

export function TillsPage({ store, till }: { store: string | null; till: string | null }) {
  const { state, texts } = useView();
  const shown = state.tills.filter(
    known => (store === null || known.store === store) && (till === null || known.till === till),
  );
  return (
    <>
      <h1>{till === null ? texts.tills : `${texts.till} ${store} / ${till}`}</h1>
      <TillsTable tills={shown} />
      {till !== null && (
        <section>
          <h2>{texts.sales}</h2>
          <SalesTable sales={state.sales.filter(sale => sale.store === store && sale.till === till)} />
        </section>
      )}
    </>
  );
}

export function TillsTable({ tills }: { tills: readonly TillView[] }) {
  const { texts, formats } = useView();
  return (
    <Table
      name={texts.tills}
      empty={texts.noTills}
      columns={[texts.till, texts.state, texts.behind, texts.bundle, texts.printer, texts.scanner]}
      numbers={[texts.today]}
    >
      {tills.map(till => (
        <tr key={`${till.store} ${till.till}`}>
          <th scope="row">
            <a href={address('tills', till.store, till.till)}>
              {till.store} / {till.till}
            </a>
          </th>
          <td>
            <Mark isWell={till.online}>{till.online ? texts.online : texts.offline}</Mark>{' '}
            {till.since !== null && <span class="quiet">{texts.since(formats.since(till.since))}</span>}
          </td>
          <td>
            <Behind till={till} />
          </td>
          <td>
            {till.bundle === null ? '–' : `${till.bundle.id} ${till.bundle.version}`}
            {till.bundleRefused !== null && (
              <Mark isWell={false}>
                {texts.refused(`${till.bundleRefused.id} ${till.bundleRefused.version}`, till.bundleRefused.message)}
              </Mark>
            )}
          </td>
          <td>
            <Printer printer={till.printer} />
          </td>
          <td>
            <span title={till.scanner?.problem ?? undefined}>
              <Mark isWell={till.scanner?.problem == null}>
                {till.scanner === null ? '–' : till.scanner.problem === null ? texts.well : texts.scannerIll}
              </Mark>
            </span>
          </td>
          <td class="number">
            {texts.salesCount(formats.count(till.today.sales))} · {formats.amount(till.today.net)}
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** In words; the till's own code is there for support, where the pointer rests. */
function Printer({ printer }: { printer: TillView['printer'] }) {
  const { texts } = useView();
  if (printer === null) return <Mark isWell>–</Mark>;
  const { problem, evidence } = printer;
  return (
    <span title={[problem, evidence].filter(code => code !== null).join(', ')}>
      <Mark isWell={problem === null}>{problem === null ? texts.well : said(texts.printerIs, problem)}</Mark>{' '}
      {evidence !== null && <span class="quiet">{said(texts.evidenceIs, evidence)}</span>}
    </span>
  );
}

function Behind({ till }: { till: TillView }) {
  const { texts, formats } = useView();
  const { waiting, oldestAt } = till.outbox;
  const more = till.why.filter(({ code }) => Object.hasOwn(texts.ails, code));
  if (waiting === 0 && till.missing === 0 && till.chain === 'whole' && more.length === 0)
    return <span class="quiet">{texts.notBehind}</span>;
  return (
    <>
      {waiting > 0 && (
        <Mark isWell={false}>
          {oldestAt === null
            ? texts.waiting(formats.count(waiting))
            : texts.waitingSince(formats.count(waiting), formats.since(oldestAt))}
        </Mark>
      )}{' '}
      {till.missing > 0 && <Mark isWell={false}>{texts.missing(formats.count(till.missing))}</Mark>}{' '}
      {till.chain === 'broken' && <Mark isWell={false}>{texts.chainBroken}</Mark>}{' '}
      {more.map(({ code, detail }) => (
        <Mark key={code} isWell={false}>
          {said(texts.ails, code)}
          {detail !== null && ` (${detail})`}
        </Mark>
      ))}
    </>
  );
}
