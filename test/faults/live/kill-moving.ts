/**
 * Members change and are erased, and bundles roll out from store to store, while two stores sell: the tills are killed in the
 * middle of a change of members and of taking a bundle up, HQ in the middle of an import, an erasure and a step of a rollout.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import type { MemberView, StatusView } from '../../../agent/api/wire.ts';
import type { MembersAnswer, RolloutsAnswer } from '../../../sync/hq/wire.ts';
import { anna, beat } from '../../sale/core-till.ts';
import { seeded } from '../seeded.ts';
import { openFloor, sellOnce } from './cashier.ts';
import { bundleNo, get, untilQuiet } from './kill-everything.ts';
import type { Killable } from './killable.ts';
import { brokenInStore } from './live-checks.ts';
import { eventually, type LiveStore, type LiveTill, openLiveStore } from './live-store.ts';

export type MovingOptions = {
  readonly rounds: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly tell?: (what: string) => void;
};

export type MovingFindings = {
  readonly broken: readonly string[];
  readonly answered: number;
  readonly kills: number;
  /** Kills of a till that had begun to write a change of members. */
  readonly withinChange: number;
};

const count = 3000;
/** Sales of each till in a round. */
const salesEach = 4;
const changedShare = 10;
const cardOf = (n: number) => `2502${String(n).padStart(9, '0')}`;
const nameOf = (n: number) => `Olga${n}q`;

export async function killMoving({ rounds, seed, signal, tell = () => {} }: MovingOptions): Promise<MovingFindings> {
  const random = seeded(seed);
  const broken: string[] = [];
  const found = { kills: 0, withinChange: 0 };
  const live = await openLiveStore({ tills: 2, database: 'sqlite', apart: true, onDeath: why => broken.push(why) });
  const floor = openFloor(live.couponKey);
  const abort = () => void live.close();
  signal?.addEventListener('abort', abort);
  const hq = victim(live, 'HQ');
  const points = Array.from({ length: count }, (_, n) => n);
  const erased: number[] = [];

  const soon = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, random() * ms));
  const kill = async (one: Killable) => {
    found.kills += 1;
    await one.kill();
    await one.start();
  };
  /** Asks HQ until it answers, whatever happens to it meanwhile; what was refused has been done before, by a call whose answer was lost. */
  const tellHq = async (path: string, body: string, refusals: readonly number[] = []) => {
    await eventually(async () => {
      const headers = { authorization: `Bearer ${live.hqToken}` };
      const response = await fetch(live.hqUrl + path, { method: 'POST', headers, body });
      const text = await response.text();
      if (response.ok || refusals.includes(response.status)) return true;
      throw new Error(`${path}: ${response.status} ${text}`);
    });
  };
  const importLines = (members: readonly number[]) =>
    tellHq('/v1/members', members.map(n => `${JSON.stringify(lineOf(n, points[n] ?? 0))}\n`).join(''));
  const publish = () => tellHq('/v1/members/publish', '');
  const atHq = <T>(path: string) => get<T>(live.hqUrl + path, live.hqToken);
  /** Runs while HQ is killed somewhere within it. */
  const killing = async (run: Promise<void>, within: number) => {
    await soon(within);
    await kill(hq);
    await run;
  };

  try {
    await live.start();
    await live.publish(bundleNo(1));
    await tellHq('/v1/members', [anna, beat].map(one => `${JSON.stringify(lineOf(-1, 0, one))}\n`).join(''));
    await importLines(points.map((_, n) => n));
    await publish();
    for (const till of live.tills) await eventually(async () => (await pointsAt(till, 0)) === 0);
    tell(`${count} members are at the tills`);
    const cashier = async (till: LiveTill, round: number, draw: () => number) => {
      for (let nth = 1; nth <= salesEach; nth++) await sellOnce(till, floor, draw, `S-${till.id}-${round}-${nth}`);
    };

    for (let round = 1; round <= rounds; round++) {
      const version = round + 1;
      const selling = Promise.all(live.tills.map((till, nth) => cashier(till, round, seeded(seed + 10 * round + nth))));
      selling.catch(() => {});
      // A change of a tenth, killed within it: at HQ and at the till whose turn it is. No till is killed three times with one bundle.
      const changed = points.flatMap((_, n) =>
        n % changedShare === round % changedShare && !erased.includes(n) ? [n] : [],
      );
      for (const n of changed) points[n] = 10_000 * round + n;
      await killing(importLines(changed).then(publish), 400);
      const [one, other] = round % 2 === 0 ? live.tills : live.tills.toReversed();
      if (one === undefined || other === undefined) throw new Error('two tills');
      const probe = changed[0] ?? 0;
      if (await isWithinChange(one, async () => (await pointsAt(one, probe)) === points[probe]))
        found.withinChange += 1;
      await kill(one.process);
      broken.push(...(await mixture(one, changed, points)));

      const gone = changed[1] ?? 0;
      erased.push(gone);
      const erase = eraseOnce(live, gone);
      await killing(erase, 100);

      const file = JSON.stringify(bundleNo(version));
      const rollOut = tellHq(`/v1/rollouts?soak=0&first=${one.store}`, file, [409]);
      if (round % 2 === 0) await killing(rollOut, 100);
      else await rollOut;
      await soon(300);
      await kill(other.process);
      await eventually(async () => (await bundleOf(one)) === version);
      // The first store has it: the second one's turn comes a second after HQ heard of it.
      await soon(1500);
      await kill(hq);
      await eventually(async () => {
        const { rollouts } = await atHq<RolloutsAnswer>('/v1/rollouts');
        const own = rollouts.find(rollout => rollout.version === version);
        if (own?.state === 'stopped') broken.push(`rollout of version ${version} stopped: ${own.reason}`);
        return own?.state === 'done' || own?.state === 'stopped';
      });
      for (const till of live.tills) {
        await eventually(async () => (await bundleOf(till)) === version);
        await eventually(
          async () => (await pointsAt(till, probe)) === points[probe] && (await pointsAt(till, gone)) === null,
        );
      }
      await selling;
      await eventually(() => isForgotten(live));
      tell(`round ${round}: members and bundle ${version} are at both tills`);
    }
    const last = bundleNo(rounds + 2);
    await live.publish(last);
    broken.push(...(await untilQuiet(live, last)));
    for await (const text of brokenInStore(live, floor, last)) broken.push(text);
    await eventually(async () =>
      (await atHq<MembersAnswer>('/v1/members')).erasures.every(one => one.waitingCount === 0),
    );
    broken.push(...(await membersAtRest(live, points, erased)));
    return { broken, answered: floor.answered.length, ...found };
  } finally {
    signal?.removeEventListener('abort', abort);
    floor.closed = true;
    await live.close();
  }
}

function victim(live: LiveStore, name: string): Killable {
  const one = live.victims.find(known => known.name === name);
  if (one === undefined) throw new Error(`no ${name}`);
  return one;
}

const lineOf = (n: number, points: number, own?: typeof anna) => ({
  id: own?.memberId ?? `crm-${n}`,
  cards: own?.cards ?? [cardOf(n)],
  firstName: own?.firstName ?? nameOf(n),
  points,
  asOf: new Date(Date.now() - 1000).toISOString(),
});

const status = (till: LiveTill) => get<StatusView>(`${till.url}/v1/status`, till.token() ?? '');
const bundleOf = async (till: LiveTill) => (await status(till)).bundle?.version ?? null;

/** Asks again only if HQ had not taken it: what it was killed within it has to finish by itself. */
async function eraseOnce(live: LiveStore, n: number): Promise<void> {
  const before = await erasuresOf(live);
  await eventually(async () => {
    if ((await erasuresOf(live)) > before) return true;
    const headers = { authorization: `Bearer ${live.hqToken}` };
    const body = JSON.stringify({ member: `crm-${n}` });
    const response = await fetch(`${live.hqUrl}/v1/members/erase`, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`erase: ${response.status} ${await response.text()}`);
    return true;
  });
}

const erasuresOf = async (live: LiveStore) =>
  Number((await live.rows('SELECT count(*) AS erasures FROM member_erasure'))[0]?.erasures);

/** No file that HQ hands out is of before the last erasure. */
async function isForgotten(live: LiveStore): Promise<boolean> {
  const [row] = await live.rows(
    'SELECT (SELECT max(at) FROM member_erasure) AS erased, (SELECT min(published_at) FROM member_file) AS published',
  );
  return String(row?.published) >= String(row?.erased);
}

/** Null: the till has no such member. */
async function pointsAt(till: LiveTill, n: number): Promise<number | null> {
  const headers = { authorization: `Bearer ${till.token()}` };
  const response = await fetch(`${till.url}/v1/members/${cardOf(n)}`, { headers });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`till ${till.id}: ${response.status}`);
  return ((await response.json()) as MemberView).points;
}

/** Waits until the till writes a change, or has it: false. */
async function isWithinChange(till: LiveTill, isThrough: () => Promise<boolean>): Promise<boolean> {
  let within = false;
  await eventually(async () => {
    for (let look = 0; look < 50 && !within; look++) {
      within = phaseOf(till) !== null;
      await new Promise(resolve => setImmediate(resolve));
    }
    return within || (await isThrough());
  });
  return within;
}

function phaseOf({ members }: LiveTill): string | null {
  try {
    const file = new SqliteDatabase(members, { readonly: true });
    try {
      return file.prepare<[], string>("SELECT value FROM meta WHERE name = 'phase'").pluck().get() ?? null;
    } finally {
      file.close();
    }
  } catch {
    // Being made or swapped.
    return null;
  }
}

/** Of a change all counts or nothing: asked one after the other, no member is of before it once one was of after it. */
async function mixture(
  till: LiveTill,
  changed: readonly number[],
  points: readonly number[],
): Promise<readonly string[]> {
  let isNew = false;
  const broken: string[] = [];
  for (const n of changed.filter((_, nth) => nth % 25 === 0)) {
    let now: number | null = null;
    await eventually(async () => {
      now = await pointsAt(till, n);
      return true;
    });
    if (isNew && now !== points[n])
      broken.push(`till ${till.id}: member ${n} has ${now}, others are of the version after`);
    isNew ||= now === points[n];
  }
  return broken;
}

/** Everybody as imported last, who was erased nowhere, each erasure told once by each till and to HQ. */
async function membersAtRest(live: LiveStore, points: readonly number[], erased: readonly number[]) {
  const broken: string[] = [];
  for (const till of live.tills) {
    for (let n = 0; n < points.length; n += 37) {
      const now = await pointsAt(till, n);
      const right = erased.includes(n) ? null : points[n];
      if (now !== right) broken.push(`till ${till.id}: member ${n} has ${now}, not ${right}`);
    }
    for (const n of erased) {
      if ((await pointsAt(till, n)) !== null) broken.push(`till ${till.id}: member ${n} was erased and is here`);
      for (const file of filesWith(dirname(till.members), nameOf(n)))
        broken.push(`till ${till.id}: member ${n} was erased and stands in ${file}`);
    }
    const own = `store = '${till.store}' AND till = '${till.id}'`;
    const facts = await live.rows(`SELECT json FROM event WHERE type = 'member.erased' AND ${own}`);
    const told = facts.map(({ json }) =>
      String((JSON.parse(String(json)) as { body: { erasure: number } }).body.erasure),
    );
    const known = (await live.rows('SELECT number FROM member_erasure')).map(({ number }) => String(number));
    if (told.toSorted().join() !== known.toSorted().join())
      broken.push(`till ${till.id} told the erasures ${told.join(', ')}; HQ has ${known.join(', ')}`);
  }
  const rows = await live.rows('SELECT count(DISTINCT key) AS members, count(*) AS erasures FROM member_erasure');
  if (Number(rows[0]?.members) !== erased.length || Number(rows[0]?.erasures) !== erased.length)
    broken.push(`HQ has ${rows[0]?.erasures} erasures of ${rows[0]?.members} members, asked were ${erased.length}`);
  return broken;
}

/** Files below in which the text stands. */
function filesWith(folder: string, text: string): readonly string[] {
  return globSync(join(folder, '**', '*'), { withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => {
      try {
        return readFileSync(path).includes(text);
      } catch {
        // Gone meanwhile.
        return false;
      }
    });
}
