/**
 * `npm run test:faults -- WHAT --runs N --seed S`: the faults that CI plays in small numbers, in any number. The seed is printed; the
 * same seed plays the same run again (kills fall by the machine's own time). Exit 1 where a promise is broken, 2 for wrong usage.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { anySeed } from '../support/test-seed.ts';

const help = `usage: npm run test:faults -- WHAT [--runs N] [--seed S]

  printer           printer and till, broken at every byte (more options: printer --help); also without a WHAT
  kills-sqlite      kill -9 of tills, mosquitto and HQ on SQLite; N kills
  kills-postgres    the same with HQ on PostgreSQL, which is killed too
  kills-moving      tills and HQ killed within changes of members, erasures and rollouts; N rounds of five or six kills
  enrol             tills and HQ killed within enrolments, renewals and revocations; N kills
  power             power cuts on what a till really wrote; N cuts
  network           N times through a network that cuts, delays, repeats, reorders and swallows
  model             N stores under a fake clock, 200 commands each; --record FILE plays one again that broke a promise
`;

const [what = 'printer', ...rest] = process.argv.slice(2);
if (what.startsWith('-') || what === 'printer') {
  if (what === 'printer') process.argv.splice(2, 1);
  await import('./printer-run.ts');
} else process.exit(await play(what, rest));

async function play(name: string, args: readonly string[]): Promise<number> {
  const { runs, seed, record } = numbers(args);
  if (runs === null || seed === null) return wrong();
  console.log(`seed ${seed}`);
  if (name === 'kills-sqlite' || name === 'kills-postgres') {
    const { killEverything } = await import('./live/kill-everything.ts');
    const database = name === 'kills-sqlite' ? 'sqlite' : 'postgres';
    const found = await killEverything({ kills: runs, seed, database, tell: text => console.log(text) });
    return tell(found.broken, `${found.answered} sales; ${[...found.killed].map(one => one.join(' ')).join(', ')}`);
  }
  if (name === 'kills-moving') {
    const { killMoving } = await import('./live/kill-moving.ts');
    const { broken, answered, kills, withinChange } = await killMoving({
      rounds: runs,
      seed,
      tell: text => console.log(text),
    });
    return tell(broken, `${kills} kills, ${withinChange} within a change of members; ${answered} sales`);
  }
  if (name === 'enrol') {
    const { enrolUnderKills } = await import('./enrol/enrol-under-kills.ts');
    const { broken, kills, tills } = await enrolUnderKills({ kills: runs, seed, tell: text => console.log(text) });
    return tell(broken, `${kills} kills, ${tills} tills`);
  }
  if (name === 'power') {
    const { cutPower, recordTill } = await import('./power/power-cuts.ts');
    const { broken, promised } = cutPower(recordTill(seed, 'full'), runs, seed);
    return tell(broken, `${runs} cuts, ${promised} promises looked up`);
  }
  if (name === 'network') {
    const { sellThroughBadNetwork } = await import('./network/bad-network.ts');
    const broken: string[] = [];
    for (let run = 0; run < runs; run++) broken.push(...(await sellThroughBadNetwork(seed + run, 60)).broken);
    return tell(broken, `${runs} runs`);
  }
  if (name === 'model' && record !== null) {
    const { playRecord } = await import('./model/record.ts');
    return tell(await playRecord(record), record);
  }
  if (name === 'model') {
    const { playMany, tellBroken } = await import('./model/run-model.ts');
    const { broken, runs: played, sales, payments } = await playMany(runs, seed);
    const what = `${played} stores, ${sales} sales, ${payments} coupons paid`;
    return tell(broken === null ? [] : tellBroken(broken), what);
  }
  return wrong();
}

function numbers(args: readonly string[]) {
  const whole = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : null);
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        runs: { type: 'string', default: '100' },
        seed: { type: 'string', default: String(anySeed()) },
        record: { type: 'string' },
      },
    });
    return { runs: whole(values.runs), seed: whole(values.seed), record: values.record ?? null };
  } catch {
    return { runs: null, seed: null, record: null };
  }
}

function tell(broken: readonly string[], what: string): number {
  console.log(what);
  for (const text of broken) console.log(`BROKEN  ${text}`);
  console.log(broken.length === 0 ? 'Every promise was kept.' : 'Promises were broken.');
  return broken.length === 0 ? 0 : 1;
}

function wrong(): number {
  console.error(help);
  return 2;
}
