/** Every till: is it there, how far behind and why, what its devices and its bundle are. */
import { useState } from 'preact/hooks';
import type { TillsAnswer, TillsSummary } from '../../sync/hq/tills-wire.ts';
import type { TillView } from '../../sync/hq/wire.ts';
import { Mark, said } from './mark.tsx';
import { address } from './route.ts';
import { SalesTable } from './sales-page.tsx';
import { Table } from './table.tsx';
import { useAnswer, useLook, useView } from './view.ts';

type Shown = {
  readonly store: string | null;
  readonly till: string | null;
  /** A reason's code, or `any`. */
  readonly why: string | null;
};

export function TillsPage(shown: Shown) {
  const { store, till, why } = shown;
  const { state, texts } = useView();
  const words = texts.ofTills;
  const heading = why === null ? texts.tills : why === 'any' ? words.ailing : said(words.why, why);
  return (
    <>
      <h1>{till !== null ? `${texts.till} ${store} / ${till}` : store === null ? heading : `${heading}: ${store}`}</h1>
      {till === null && <TillsByReason />}
      {state.moreTills ? <AskedTills {...shown} /> : <TillsTable tills={state.tills.filter(isShown(shown))} />}
      {till !== null && (
        <section>
          <h2>{texts.sales}</h2>
          <SalesTable sales={state.sales.filter(sale => sale.store === store && sale.till === till)} />
        </section>
      )}
    </>
  );
}

const isShown =
  ({ store, till, why }: Shown) =>
  (known: TillView): boolean =>
    (store === null || known.store === store) &&
    (till === null || known.till === till) &&
    (why === null || known.why.some(({ code }) => why === 'any' || code === why));

const lookEveryMs = 10_000;
const mostShown = 200;

/** Of a chain too large to be followed whole: those that are looked at, asked for again and again. */
function AskedTills(shown: Shown) {
  const { texts, formats } = useView();
  const { again } = useLook(lookEveryMs);
  const wanted = Object.entries(shown).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  const query = new URLSearchParams([...wanted, ['limit', String(mostShown)]]);
  const asked = useAnswer<TillsAnswer>(`/v1/tills?${query}`, again);
  if (asked.state === 'loading') return <p class="quiet">{texts.loading}</p>;
  if (asked.state === 'refused') return <p class="band">{asked.message}</p>;
  const { tills, next } = asked.value;
  return (
    <>
      {next !== null && <p class="quiet">{texts.ofTills.first(formats.count(tills.length))}</p>}
      <TillsTable tills={tills} />
    </>
  );
}

/** Which are behind, by how much, why: sums over all tills, each leading to its list; and the way to one store. */
export function TillsByReason() {
  const { texts, formats } = useView();
  const words = texts.ofTills;
  const { again } = useLook(lookEveryMs);
  const asked = useAnswer<TillsSummary>('/v1/tills/summary', again);
  const [store, setStore] = useState('');
  if (asked.state !== 'there') return null;
  const { known, well, waiting, missing, why } = asked.value;
  const { oldest } = waiting;
  return (
    <section>
      <p>
        {words.well(formats.count(well), formats.count(known))}{' '}
        {waiting.facts > 0 && <Mark isWell={false}>{texts.waiting(formats.count(waiting.facts))}</Mark>}{' '}
        {oldest !== null && words.oldest(texts.since(formats.since(oldest.since)), `${oldest.store} / ${oldest.till}`)}{' '}
        {missing.facts > 0 && <Mark isWell={false}>{texts.missing(formats.count(missing.facts))}</Mark>}
      </p>
      {why.length > 0 && (
        <Table name={words.byReason} empty="" columns={[words.reason]} numbers={[texts.tills, words.stores]}>
          {why.map(({ code, tills, stores }) => (
            <tr key={code}>
              <th scope="row">
                <a href={`${address('tills')}?why=${code}`}>{said(words.why, code)}</a>
              </th>
              <td class="number">{formats.count(tills)}</td>
              <td class="number">{formats.count(stores)}</td>
            </tr>
          ))}
        </Table>
      )}
      <form
        class="fields"
        onSubmit={event => {
          event.preventDefault();
          location.hash = store === '' ? address('tills') : address('tills', store);
        }}
      >
        <label>
          {words.store}
          <input type="text" value={store} onInput={event => setStore(event.currentTarget.value.trim())} />
        </label>
        <button type="submit" class="button">
          {words.show}
        </button>
        <a href={`${address('tills')}?why=any`}>{words.ailing}</a> <a href={address('tills')}>{words.all}</a>
      </form>
    </section>
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
