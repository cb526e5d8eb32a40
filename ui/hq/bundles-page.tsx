/** Published bundles with who has what, and publishing a new one: checked whole, faults shown with their places. */
import { useState } from 'preact/hooks';
import type { BundleRow, PublishAnswer } from '../../sync/hq/wire.ts';
import { BundleForm, Outcome, type Said, tried } from './bundle-form.tsx';
import { Mark } from './mark.tsx';
import { Table } from './table.tsx';
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

function Publish() {
  const { session, texts } = useView();
  const [said, setSaid] = useState<Said | null>(null);

  const publish = async (body: Blob) => {
    setSaid(null);
    const outcome = await tried(texts.lost, async () => {
      const response = await session.api.raw('POST', '/v1/bundles', { body });
      const { id, version } = (await response.json()) as PublishAnswer;
      return texts.published(`${id} ${version}`);
    });
    setSaid(outcome);
    if (outcome?.isGood === true) await session.readLists();
  };

  return (
    <>
      <BundleForm begin={texts.publishNow} beginning={texts.publishing} send={publish} onChoose={() => setSaid(null)}>
        <h2>{texts.publish}</h2>
        <p>{texts.publishTodo}</p>
      </BundleForm>
      <Outcome said={said} bad={texts.notPublished} />
    </>
  );
}
