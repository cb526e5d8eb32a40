/** Bundles on their way through the rings of stores, what stopped them, and whom HQ's signature leads back to. */
import { useEffect, useState } from 'preact/hooks';
import type { KeysAnswer, PublishAnswer, RingView, RolloutsAnswer, RolloutView } from '../../sync/hq/wire.ts';
import { BundleForm, Outcome, type Said, tried } from './bundle-form.tsx';
import { Mark } from './mark.tsx';
import { address } from './route.ts';
import { Table } from './table.tsx';
import { useAnswer, useLook, useView } from './view.ts';

const lookEveryMs = 10_000;
const sureMs = 5_000;

export function RolloutsPage() {
  const { texts } = useView();
  const words = texts.ofRollouts;
  const { again, look } = useLook(lookEveryMs);
  const rollouts = useAnswer<RolloutsAnswer>('/v1/rollouts', again);
  const keys = useAnswer<KeysAnswer>('/v1/keys', again);
  const [said, setSaid] = useState<Said | null>(null);

  /** Does something and says how it went. */
  const act = async (run: () => Promise<string | null>) => {
    setSaid(null);
    setSaid(await tried(texts.lost, run));
    look();
  };

  return (
    <>
      <h1>{texts.rollouts}</h1>
      <Begin act={act} />
      <Outcome said={said} bad={words.refusedToBegin} />
      {rollouts.state === 'refused' && <p class="band">{rollouts.message}</p>}
      {rollouts.state === 'there' && (
        <>
          {rollouts.value.rollouts.length === 0 && <p class="quiet">{words.none}</p>}
          {rollouts.value.rollouts.map((rollout, index) => (
            <Rollout key={rollout.number} rollout={rollout} isNewest={index === 0} act={act} />
          ))}
          <section>
            <h2>{words.alarms}</h2>
            <Troubles name={words.alarms} empty={words.noAlarms} rows={rollouts.value.alarms} />
          </section>
        </>
      )}
      {keys.state === 'there' && <Keys keys={keys.value} />}
    </>
  );
}

type Act = (run: () => Promise<string | null>) => Promise<void>;

function Begin({ act }: { act: Act }) {
  const { session, texts } = useView();
  const words = texts.ofRollouts;
  const [first, setFirst] = useState('');
  const begin = (body: Blob) =>
    act(async () => {
      const query = first === '' ? '' : `?first=${encodeURIComponent(first)}`;
      const response = await session.api.raw('POST', `/v1/rollouts${query}`, { body });
      const { id, version } = (await response.json()) as RolloutView;
      return words.begun(`${id} ${version}`);
    });
  const more = (
    <label>
      {words.first}
      <input type="text" value={first} onInput={event => setFirst(event.currentTarget.value.trim())} />
    </label>
  );
  return (
    <BundleForm begin={words.begin} beginning={words.beginning} send={begin} more={more}>
      <p>{words.todo}</p>
    </BundleForm>
  );
}

function Rollout({ rollout, isNewest, act }: { rollout: RolloutView; isNewest: boolean; act: Act }) {
  const { session, texts, formats } = useView();
  const words = texts.ofRollouts;
  const { number, id, version, state, reason, startedAt, firstStore, rings, refused } = rollout;
  const post = (action: 'stop' | 'resume') =>
    act(async () => {
      await session.api.send('POST', `/v1/rollouts/${number}/${action}`);
      return null;
    });
  const back = () =>
    act(async () => {
      const answer = await session.api.send<PublishAnswer>('POST', `/v1/rollback?id=${encodeURIComponent(id)}`);
      return words.rolledBack(`${answer.id} ${answer.version}`);
    });
  const nameOf = ({ permyriad }: RingView) =>
    permyriad === 0
      ? words.store(firstStore)
      : permyriad === 10_000
        ? words.all
        : words.share(`${formats.count(permyriad / 100)} %`);
  return (
    <section aria-label={`${id} ${version}`}>
      <h2>
        {id} {version} <Mark isWell={state !== 'stopped'}>{words.state[state]}</Mark>{' '}
        <span class="quiet">{formats.dateTime(startedAt)}</span>
      </h2>
      {reason !== null && <p class={state === 'stopped' ? 'bad' : 'quiet'}>{reason}</p>}
      <Table
        name={`${id} ${version}`}
        empty=""
        columns={[words.ring, '']}
        numbers={[words.stores, words.tills, words.told, words.activated, words.failed, words.behind, words.away]}
      >
        {rings.map(ring => (
          <tr key={ring.permyriad}>
            <th scope="row">{nameOf(ring)}</th>
            <td>{words.ringState[ring.state]}</td>
            {[ring.stores, ring.tills, ring.told, ring.activated, ring.failed, ring.behind, ring.away].map(
              (count, i) => (
                <td key={i} class="number">
                  {formats.count(count)}
                </td>
              ),
            )}
          </tr>
        ))}
      </Table>
      {refused.length > 0 && <Troubles name={words.why} empty="" rows={refused} />}
      {isNewest && (
        <div class="fields">
          {state === 'running' && <Sure label={words.stop} act={() => post('stop')} />}
          {state === 'stopped' && <Sure label={words.resume} act={() => post('resume')} />}
          <Sure label={words.rollBack} act={back} />
        </div>
      )}
    </section>
  );
}

/** What changes every till is pressed twice. */
function Sure({ label, act }: { label: string; act: () => Promise<void> }) {
  const { texts } = useView();
  const [isArmed, setArmed] = useState(false);
  useEffect(() => {
    if (!isArmed) return;
    const timer = setTimeout(() => setArmed(false), sureMs);
    return () => clearTimeout(timer);
  }, [isArmed]);
  return (
    <button
      type="button"
      class="button"
      onClick={() => {
        setArmed(!isArmed);
        if (isArmed) void act();
      }}
    >
      {isArmed ? `${label}: ${texts.ofRollouts.sure}` : label}
    </button>
  );
}

function Troubles({ name, empty, rows }: { name: string; empty: string; rows: RolloutView['refused'] }) {
  const { texts } = useView();
  return (
    <Table name={name} empty={empty} columns={[texts.till, name]}>
      {rows.map(({ store, till, code, message }) => (
        <tr key={`${store} ${till} ${code}`}>
          <th scope="row">
            <a href={address('tills', store, till)}>
              {store} / {till}
            </a>
          </th>
          <td>
            {message} <code>{code}</code>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Keys({ keys: { keyId, until, problem, rootFile, revoked } }: { keys: KeysAnswer }) {
  const { texts, formats } = useView();
  const words = texts.ofRollouts;
  return (
    <section>
      <h2>{words.keys}</h2>
      <p>{until === null ? words.ownRoot(keyId) : words.signs(keyId, formats.dateTime(until))}</p>
      {revoked.length > 0 && <p>{words.revoked(formats.count(revoked.length))}</p>}
      {problem !== null && <p class="bad">{problem}</p>}
      {rootFile !== null && <p class="quiet">{words.rootBeside(rootFile)}</p>}
    </section>
  );
}
