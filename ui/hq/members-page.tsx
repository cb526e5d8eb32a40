/** Members without a name: which version each store's tills have, and who has deleted whom HQ erased (docs/members.md). */
import type { TillMembersAnswer } from '../../sync/hq/tills-wire.ts';
import type { Erasure, MemberScope, MembersAnswer } from '../../sync/hq/wire.ts';
import { Mark } from './mark.tsx';
import { address } from './route.ts';
import { Table } from './table.tsx';
import { useAnswer, useLook, useView } from './view.ts';

const lookEveryMs = 10_000;

export function MembersPage() {
  const { texts, formats } = useView();
  const words = texts.ofMembers;
  const { again } = useLook(lookEveryMs);
  const asked = useAnswer<MembersAnswer>('/v1/members', again);
  const askedTills = useAnswer<TillMembersAnswer>('/v1/tills/members', again);
  const stores = askedTills.state === 'there' ? askedTills.value.stores : [];
  return (
    <>
      <h1>{texts.members}</h1>
      {asked.state === 'loading' && <p class="quiet">{texts.loading}</p>}
      {asked.state === 'refused' && <p class="band">{asked.message}</p>}
      {asked.state === 'there' && (
        <>
          <p class="lead">{words.lead(formats.count(asked.value.members))}</p>
          <section>
            <h2>{words.versions}</h2>
            <Versions scopes={asked.value.scopes} stores={stores} />
          </section>
          <section>
            <h2>{words.erasures}</h2>
            <Erasures erasures={asked.value.erasures} />
          </section>
        </>
      )}
    </>
  );
}

function Versions({ scopes, stores }: { scopes: readonly MemberScope[]; stores: StoreRows }) {
  const { texts, formats } = useView();
  const words = texts.ofMembers;
  return (
    <Table
      name={words.versions}
      empty={words.noVersions}
      columns={[words.store, texts.version, texts.publishedAt]}
      numbers={[words.members, words.size, words.current, words.older, words.without]}
    >
      {scopes.map(({ scope, version, publishedAt, count, size }) => {
        const { current, older, without } = standing(stores, scope, version);
        return (
          <tr key={scope}>
            <th scope="row">{scope === 'all' ? words.all : scope.slice('store/'.length)}</th>
            <td>{version}</td>
            <td>{formats.dateTime(publishedAt)}</td>
            <td class="number">{formats.count(count)}</td>
            <td class="number">{formats.count(Math.ceil(size / 1024))} KB</td>
            <td class="number">{current === 0 ? '0' : <Mark isWell>{formats.count(current)}</Mark>}</td>
            <td class="number">{formats.count(older)}</td>
            <td class="number">{without === 0 ? '0' : <Mark isWell={false}>{formats.count(without)}</Mark>}</td>
          </tr>
        );
      })}
    </Table>
  );
}

/** How many of the tills that are to have this version do, by their own word. */
function standing(stores: StoreRows, scope: string, version: number) {
  const sums = { current: 0, older: 0, without: 0 };
  for (const one of stores)
    if (scope === 'all' || scope === `store/${one.store}`)
      sums[one.version === null ? 'without' : one.version < version ? 'older' : 'current'] += one.tills;
  return sums;
}

type StoreRows = TillMembersAnswer['stores'];

function Erasures({ erasures }: { erasures: readonly Erasure[] }) {
  const { texts, formats } = useView();
  const words = texts.ofMembers;
  return (
    <Table
      name={words.erasures}
      empty={words.noErasures}
      columns={[words.erasure, words.asked, texts.state]}
      numbers={[words.acknowledged]}
    >
      {erasures.map(({ erasure, at, acknowledged, waiting, waitingCount }) => (
        <tr key={erasure}>
          <th scope="row">{erasure}</th>
          <td>{formats.dateTime(at)}</td>
          <td>
            {waitingCount === 0 ? <Mark isWell>{words.done}</Mark> : `${words.waiting} `}
            {waiting.map(({ store, till }, i) => (
              <span key={`${store} ${till}`}>
                {i > 0 && ', '}
                <a href={address('tills', store, till)}>
                  {store} / {till}
                </a>
              </span>
            ))}
            {waitingCount > waiting.length && ` ${words.andMore(formats.count(waitingCount - waiting.length))}`}
          </td>
          <td class="number">{formats.count(acknowledged)}</td>
        </tr>
      ))}
    </Table>
  );
}
