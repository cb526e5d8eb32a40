/**
 * `npm run test:faults -- printer --runs N --seed S`: printer and till broken at every byte, then N shifts of random trouble, then real kills. What CI does in a
 * minute with some bytes, done whole. The seed is printed; the same seed plays the same run again. Exit 1 where a promise is broken.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { type PersonalityName, printerPersonalities } from '../../drivers/virtual/printer-personalities.ts';
import { anySeed } from '../support/test-seed.ts';
import { type Findings, noFindings, sweepEveryByte, sweepPaper } from './printer/every-byte.ts';
import { runShift } from './printer/long-run.ts';
import { createNaivePrinter } from './printer/naive-printer.ts';
import { killForReal } from './printer/real-kills.ts';
import { troubles } from './printer/troubles.ts';

const help = `usage: npm run test:faults -- [printer] [--runs N] [--seed S] [--every K] [--kills N] [--personality NAME] [--trouble TEXT] [--naive]

  --runs N            shifts of random trouble (100)
  --seed S            of everything that is drawn (random, printed)
  --every K           visits every Kth byte and moment (1: all; 0: none)
  --kills N           real processes killed (20)
  --personality NAME  one printer: ${Object.keys(printerPersonalities).join(', ')}
  --trouble TEXT      the troubles whose name holds TEXT
  --naive             with the naive driver, which must be found out
`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(anySeed()) },
    every: { type: 'string', default: '1' },
    kills: { type: 'string', default: '20' },
    personality: { type: 'string' },
    trouble: { type: 'string', default: '' },
    naive: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const seed = number('seed');
const every = number('every');
const names = Object.keys(printerPersonalities) as PersonalityName[];
const chosen = values.personality === undefined ? names : names.filter(name => name === values.personality);
if (chosen.length === 0) wrong('personality');
const driver = values.naive ? { driver: createNaivePrinter } : {};
const shown = 10;
let brokenInAll = 0;

console.log(`seed ${seed}`);
for (const personality of every > 0 ? chosen : []) {
  for (const trouble of troubles.filter(({ name }) => name.includes(values.trouble)))
    tell(
      `${personality}, ${trouble.name}`,
      await sweepEveryByte({ personality, trouble, seed, stride: every, ...driver }),
    );
  if (values.trouble === '')
    tell(
      `${personality}, paper ends at a millimetre`,
      await sweepPaper({ personality, seed, stride: every, ...driver }),
    );
}

const shifts = noFindings();
for (let run = 0; run < number('runs'); run++) {
  const only = values.personality === undefined ? {} : { personality: chosen[0] ?? 'TM-T88VI' };
  const found = await runShift(seed + run, { ...only, ...driver });
  shifts.places += found.places;
  shifts.broken.push(...found.broken);
  for (const [evidence, times] of found.evidence)
    shifts.evidence.set(evidence, (shifts.evidence.get(evidence) ?? 0) + times);
}
tell(`${values.runs} shifts of random trouble`, shifts);

if (!values.naive && number('kills') > 0) {
  const killed = await killForReal(number('kills'), seed, chosen[0] ?? 'TM-T88VI');
  tell(`${values.kills} tills killed, ${killed.sold} coupons, ${killed.slips} slips`, {
    ...noFindings(),
    places: number('kills'),
    broken: [...killed.broken],
  });
}

console.log(brokenInAll === 0 ? 'Every promise was kept.' : `${brokenInAll} promises were broken; seed ${seed}`);
process.exit(brokenInAll === 0 ? 0 : 1);

function tell(what: string, { places, broken, evidence }: Findings): void {
  const levels = [...evidence].map(([level, times]) => `${level} ${times}`).join(', ');
  console.log(`${broken.length === 0 ? 'kept  ' : 'BROKEN'}  ${what}: ${places} places  ${levels}`);
  for (const text of broken.slice(0, shown)) console.log(`        ${text}`);
  if (broken.length > shown) console.log(`        and ${broken.length - shown} more`);
  brokenInAll += broken.length;
}

function number(name: 'runs' | 'seed' | 'every' | 'kills'): number {
  const value = Number(values[name]);
  return Number.isSafeInteger(value) && value >= 0 ? value : wrong(name);
}

function wrong(name: string): never {
  console.error(`--${name} is not right.\n${help}`);
  process.exit(2);
}
