/** Bundles on their way through the rings of stores, what stopped them, and whom HQ's signature leads back to. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { KeysAnswer, PublishAnswer, RingView, RolloutsAnswer, RolloutView } from '../../sync/hq/wire.ts';
import { type Fault, NoAnswer, Refusal } from '../shared/http.ts';
import { rolloutTexts } from './rollout-texts.ts';
import { address } from './route.ts';
import { Table } from './table.tsx';
import { Mark } from './tills-page.tsx';
import { useView } from './view.ts';

const lookEveryMs = 10_000;
const sureMs = 5_000;

export function RolloutsPage() {
  const { session, state, texts } = useView();
  const words = rolloutTexts[session.language];
  const [known, setKnown] = useState<RolloutsAnswer | null>(null);
  const [keys, setKeys] = useState<KeysAnswer | null>(null);
  const [said, setSaid] = useState<Said | null>(null);
  const look = useCallback(async () => {
    try {
      setKnown(await session.api.get<RolloutsAnswer>('/v1/rollouts'));
      setKeys(await session.api.get<KeysAnswer>('/v1/keys'));
    } catch (error) {
      // The band above says that HQ does not answer; what was known stays.
      if (!(error instanceof NoAnswer || error instanceof Refusal)) throw error;
    }
  }, [session]);
  // The status comes anew with whatever tills say.
  const { status } = state;
  useEffect(() => {
    if (status !== null) void look();
    const timer = setInterval(() => void look(), lookEveryMs);
    return () => clearInterval(timer);
  }, [look, status]);

  /** Does something and says how it went. */
  const act = async (run: () => Promise<string | null>) => {
    setSaid(null);
    try {
      const good = await run();
      if (good !== null) setSaid({ isGood: true, text: good, faults: [] });
    } catch (error) {
      if (error instanceof Refusal) setSaid({ isGood: false, text: error.message, faults: error.faults });
      else if (error instanceof NoAnswer) setSaid({ isGood: false, text: texts.lost, faults: [] });
      else throw error;
    }
    await look();
  };

  return (
    <>
      <h1>{texts.rollouts}</h1>
      <Begin act={act} />
      <div aria-live="polite">{said !== null && <Outcome said={said} />}</div>
      {known !== null && known.rollouts.length === 0 && <p class="quiet">{words.none}</p>}
      {known?.rollouts.map((rollout, index) => (
        <Rollout key={rollout.number} rollout={rollout} isNewest={index === 0} act={act} />
      ))}
      {known !== null && (
        <section>
          <h2>{words.alarms}</h2>
          <Troubles name={words.alarms} empty={words.noAlarms} rows={known.alarms} />
        </section>
      )}
      {keys !== null && <Keys keys={keys} />}
    </>
  );
}

type Said = { readonly isGood: boolean; readonly text: string; readonly faults: readonly Fault[] };
type Act = (run: () => Promise<string | null>) => Promise<void>;

function Outcome({ said: { isGood, text, faults } }: { said: Said }) {
  const { session, texts } = useView();
  const words = rolloutTexts[session.language];
  if (isGood) return <p class="good">{text}</p>;
  return (
    <>
      <p class="bad">
        <b>{words.refusedToBegin}</b> {text}
      </p>
      {faults.length > 0 && (
        <Table name={texts.fault} empty="" columns={[texts.place, texts.fault]}>
          {faults.map((fault, i) => (
            <tr key={`${fault.pointer} ${i}`}>
              <th scope="row">
                <code>{fault.pointer || '/'}</code>
              </th>
              <td>{fault.message}</td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}

function Begin({ act }: { act: Act }) {
  const { session, texts } = useView();
  const words = rolloutTexts[session.language];
  const [file, setFile] = useState<File | null>(null);
  const [first, setFirst] = useState('');
  const [isBusy, setBusy] = useState(false);

  const begin = async () => {
    if (file === null || isBusy) return;
    setBusy(true);
    await act(async () => {
      const body = new Blob([await file.arrayBuffer()], { type: 'application/json' });
      const query = first === '' ? '' : `?first=${encodeURIComponent(first)}`;
      const response = await session.api.raw('POST', `/v1/rollouts${query}`, { body });
      const { id, version } = (await response.json()) as RolloutView;
      return words.begun(`${id} ${version}`);
    });
    setBusy(false);
  };

  return (
    <form
      class="publish"
      onSubmit={event => {
        event.preventDefault();
        void begin();
      }}
    >
      <p>{words.todo}</p>
      <div class="fields">
        <label>
          {texts.chooseFile}
          <input
            type="file"
            accept=".json,application/json"
            onChange={event => setFile(event.currentTarget.files?.[0] ?? null)}
          />
        </label>
        <label>
          {words.first}
          <input type="text" value={first} onInput={event => setFirst(event.currentTarget.value.trim())} />
        </label>
        <button type="submit" class="button is-primary" disabled={file === null || isBusy}>
          {isBusy ? words.beginning : words.begin}
        </button>
      </div>
    </form>
  );
}

function Rollout({ rollout, isNewest, act }: { rollout: RolloutView; isNewest: boolean; act: Act }) {
  const { session, formats } = useView();
  const words = rolloutTexts[session.language];
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
  const { session } = useView();
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
      {isArmed ? `${label}: ${rolloutTexts[session.language].sure}` : label}
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
  const { session, formats } = useView();
  const words = rolloutTexts[session.language];
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
