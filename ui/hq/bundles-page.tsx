/** Published bundles with who has what, and publishing a new one: checked whole, faults shown with their places. */
import { useState } from 'preact/hooks';
import type { BundleRow, PublishAnswer } from '../../sync/hq/wire.ts';
import { type Fault, NoAnswer, Refusal } from '../shared/http.ts';
import { Table } from './table.tsx';
import { Mark } from './tills-page.tsx';
import { useView } from './view.ts';

export function BundlesPage() {
  const { state, texts, formats } = useView();
  return (
    <>
      <h1>{texts.bundles}</h1>
      <Publish />
      <section>
        <Table
          name={texts.bundles}
          empty={texts.noBundle}
          columns={[texts.version, texts.whoHasIt, texts.ring, texts.publishedAt, texts.validUntil]}
          numbers={[texts.offers]}
        >
          {state.bundles.map(bundle => (
            <tr key={`${bundle.id} ${bundle.version}`}>
              <th scope="row">
                {bundle.id} {bundle.version} {bundle.current && <Mark isWell={true}>{texts.current}</Mark>}
              </th>
              <td>
                <Strip bundle={bundle} />
              </td>
              <td>{bundle.ring}</td>
              <td>{formats.dateTime(bundle.publishedAt)}</td>
              <td>{formats.dateTime(bundle.notAfter)}</td>
              <td class="number">{formats.count(bundle.offers)}</td>
            </tr>
          ))}
        </Table>
      </section>
    </>
  );
}

/** One piece a till; form and letter say its state, not colour alone. */
function Strip({ bundle }: { bundle: BundleRow }) {
  const { texts } = useView();
  return (
    <ul class="strip">
      {bundle.tills.map(till => (
        <li key={`${till.store} ${till.till}`} class={`piece is-${till.state}`}>
          {till.store} / {till.till}: {texts.tillState[till.state]}
          {till.state !== 'active' && till.version !== null && ` (${till.version})`}
        </li>
      ))}
    </ul>
  );
}

type Outcome =
  | { readonly kind: 'published'; readonly answer: PublishAnswer }
  | { readonly kind: 'refused'; readonly message: string; readonly faults: readonly Fault[] };

function Publish() {
  const { session, texts } = useView();
  const [file, setFile] = useState<File | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);

  const publish = async () => {
    if (file === null || isBusy) return;
    setBusy(true);
    setOutcome(null);
    try {
      const body = new Blob([await file.arrayBuffer()], { type: 'application/json' });
      const response = await session.api.raw('POST', '/v1/bundles', { body });
      setOutcome({ kind: 'published', answer: (await response.json()) as PublishAnswer });
      await session.readLists();
    } catch (error) {
      if (error instanceof Refusal) setOutcome({ kind: 'refused', message: error.message, faults: error.faults });
      else if (error instanceof NoAnswer) setOutcome({ kind: 'refused', message: texts.lost, faults: [] });
      else throw error;
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      class="publish"
      onSubmit={event => {
        event.preventDefault();
        void publish();
      }}
    >
      <h2>{texts.publish}</h2>
      <p>{texts.publishTodo}</p>
      <div class="fields">
        <label>
          {texts.chooseFile}
          <input
            type="file"
            accept=".json,application/json"
            onChange={event => {
              setFile(event.currentTarget.files?.[0] ?? null);
              setOutcome(null);
            }}
          />
        </label>
        <button type="submit" class="button is-primary" disabled={file === null || isBusy}>
          {isBusy ? texts.publishing : texts.publishNow}
        </button>
      </div>
      <div aria-live="polite">
        {outcome?.kind === 'published' && (
          <p class="good">{texts.published(`${outcome.answer.id} ${outcome.answer.version}`)}</p>
        )}
        {outcome?.kind === 'refused' && (
          <>
            <p class="bad">
              <b>{texts.notPublished}</b> {outcome.message}
            </p>
            <Table name={texts.fault} empty="" columns={[texts.place, texts.fault]}>
              {outcome.faults.map((fault, i) => (
                <tr key={`${fault.pointer} ${i}`}>
                  <th scope="row">
                    <code>{fault.pointer || '/'}</code>
                  </th>
                  <td>{fault.message}</td>
                </tr>
              ))}
            </Table>
          </>
        )}
      </div>
    </form>
  );
}
