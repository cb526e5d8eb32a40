/** One trouble at every byte of a coupon's job, then at every moment until it is out, then at every millimetre of paper. */
import type { PersonalityName } from '../../../drivers/virtual/printer-personalities.ts';
import { layTo, type MakeDriver, type Siege } from './besieged-till.ts';
import type { Trouble } from './troubles.ts';

export interface Sweep {
  readonly personality: PersonalityName;
  readonly trouble: Trouble;
  readonly seed: number;
  /** Visits every so manieth byte and moment; 1: all. */
  readonly stride: number;
  /** First byte visited. */
  readonly from?: number;
  readonly driver?: MakeDriver;
  /** Ends at the first broken promise. */
  readonly untilBroken?: boolean;
}

export interface Findings {
  /** Places at which the trouble happened. */
  places: number;
  readonly broken: string[];
  /** How often each evidence was recorded for the coupon that met the trouble. */
  readonly evidence: Map<string, number>;
}

/** A coupon that meets no trouble is sold between every so many that do. */
const nextEvery = 4;
const momentMs = 10;
const lastMomentMs = 2500;
/** Nobody is there at once; longer than any answer is waited for. */
const untilCuredMs = 7000;

export function noFindings(): Findings {
  return { places: 0, broken: [], evidence: new Map() };
}

export async function sweepEveryByte(sweep: Sweep): Promise<Findings> {
  const { personality, trouble, seed, stride, driver } = sweep;
  const findings = noFindings();
  const siege = await layTo({
    personality,
    seed,
    keepsLink: trouble.keepsLink === true,
    ...(driver === undefined ? {} : { driver }),
  });
  const visit = async (place: string, arm: () => void, afterwards: () => Promise<void>) => {
    if (sweep.untilBroken && findings.broken.length > 0) return;
    arm();
    const coupon = await siege.sell();
    await afterwards();
    await siege.clock.advance(untilCuredMs);
    siege.printer.heal();
    await trouble.cure(siege);
    await settled(siege, coupon, `${personality}, ${trouble.name} at ${place}`, findings);
    if (findings.places++ % nextEvery === 0) {
      const next = await siege.sell();
      await settled(siege, next, `${personality}, the next coupon after ${trouble.name} at ${place}`, findings);
    }
    const evidence = siege.evidence(coupon);
    findings.evidence.set(evidence, (findings.evidence.get(evidence) ?? 0) + 1);
  };
  try {
    const bytes = await jobBytes(siege);
    for (let byte = sweep.from ?? 0; byte <= bytes; byte += stride)
      await visit(
        `byte ${byte}`,
        () => siege.printer.after(byte, () => trouble.begin(siege)),
        async () => {},
      );
    for (let ms = 0; ms < lastMomentMs; ms += momentMs * stride)
      await visit(
        `${ms} ms`,
        () => {},
        async () => {
          await siege.clock.advance(ms);
          trouble.begin(siege);
        },
      );
  } finally {
    await siege.end();
  }
  return findings;
}

/** Paper that ends at any millimetre, and comes back after a while. */
export async function sweepPaper({ personality, seed, stride, driver }: Omit<Sweep, 'trouble'>): Promise<Findings> {
  const findings = noFindings();
  const siege = await layTo({ personality, seed, ...(driver === undefined ? {} : { driver }) });
  try {
    for (let millimetres = 1; millimetres < 120; millimetres += stride) {
      siege.hurt({ paper: { millimetres } });
      const coupon = await siege.sell();
      await siege.clock.advance(untilCuredMs);
      siege.hurt({ paper: true });
      await settled(siege, coupon, `${personality}, paper ends after ${millimetres} mm`, findings);
      findings.places++;
      const evidence = siege.evidence(coupon);
      findings.evidence.set(evidence, (findings.evidence.get(evidence) ?? 0) + 1);
    }
  } finally {
    await siege.end();
  }
  return findings;
}

async function settled(siege: Siege, coupon: string, what: string, findings: Findings): Promise<void> {
  if (!(await siege.drain(300))) findings.broken.push(`${what}: the queue never empties`);
  for (const text of siege.broken([coupon])) findings.broken.push(`${what}: ${text}`);
}

/** What the printer receives for one coupon, questions before it included. */
async function jobBytes(siege: Siege): Promise<number> {
  const before = siege.printer.received();
  await siege.sell();
  await siege.clock.advance(30);
  const bytes = siege.printer.received() - before;
  await siege.drain(60);
  return bytes;
}
