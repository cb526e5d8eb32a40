/**
 * A shift full of trouble: many sales on one till, with troubles at random bytes and moments, several at once, the till killed among them, sales voided and
 * slips reprinted. Drawn from one seed, so that a run can be played again.
 */
import type { PrinterChange } from '../../../drivers/virtual/printer.ts';
import { type PersonalityName, printerPersonalities } from '../../../drivers/virtual/printer-personalities.ts';
import { seeded } from '../seeded.ts';
import { layTo, type MakeDriver, type Siege } from './besieged-till.ts';
import { type Findings, noFindings } from './every-byte.ts';

const personalities = Object.keys(printerPersonalities) as PersonalityName[];
const buffers = [45, 4096, 65_536] as const;
const links = [false, true, 'holds'] as const;
/** What people and the weather do to a printer. */
export const changes: readonly PrinterChange[] = [
  { cable: false },
  { cable: true },
  { cover: 'open' },
  { cover: 'closed' },
  { paper: false },
  { paper: true },
  { paper: { millimetres: 15 } },
  { paper: { millimetres: 40 } },
  { power: false },
  { power: true },
  { line: 'dead' },
  { line: 'alive' },
  { cutter: 'jammed' },
  { cutter: 'free' },
  { nearEnd: true },
];
const waits = [0, 1, 20, 100, 700, 3000, 12_000] as const;
const mostSales = 25;
const mostJobBytes = 900;

export async function runShift(
  seed: number,
  options: { readonly personality?: PersonalityName; readonly driver?: MakeDriver } = {},
): Promise<Findings> {
  const random = seeded(seed);
  const below = (n: number) => Math.floor(random() * n);
  const one = <T>(of: readonly T[]): T => {
    const chosen = of[below(of.length)];
    if (chosen === undefined) throw new Error('nothing to choose from');
    return chosen;
  };
  const drawn = one(personalities);
  const name = options.personality ?? drawn;
  const personality = { ...printerPersonalities[name], buffer: one(buffers) };
  const keepsLink = one(links);
  const what = `seed ${seed}, ${name}, buffer ${personality.buffer}, link ${keepsLink === false ? 'dies' : keepsLink === true ? 'stays' : 'holds'}`;
  const findings = noFindings();
  const { driver } = options;
  const siege = await layTo({ personality, keepsLink, seed, ...(driver === undefined ? {} : { driver }) });
  const coupons: string[] = [];
  let lineDied = false;
  try {
    const sales = 3 + below(mostSales - 2);
    for (let sale = 0; sale < sales; sale++) {
      for (let troubles = below(4); troubles > 0; troubles--) {
        const change = one(changes);
        lineDied ||= change.line === 'dead';
        const kills = random() < 0.12;
        const strike = () => (kills ? siege.kill() : siege.hurt(change));
        if (random() < 0.5) siege.printer.after(1 + below(mostJobBytes), strike);
        else strike();
        findings.places++;
        await siege.clock.advance(one(waits));
      }
      const coupon = await siege.sell();
      coupons.push(coupon);
      await siege.clock.advance(one(waits));
      if (random() < 0.06) siege.voidSaleOf(coupon);
      if (random() < 0.06) siege.reprintIfOut(one(coupons));
    }
    await seenTo(siege, lineDied);
    // A buffer of 45 bytes may be full of questions and have no room for "go on": then people switch the printer off and on.
    if (!(await siege.drain(600)) && personality.buffer < 100) {
      siege.hurt({ power: false });
      await siege.clock.advance(3000);
      siege.hurt({ power: true });
    }
    if (!(await siege.drain(600))) findings.broken.push(`${what}: the queue never empties`);
    for (const text of siege.broken(coupons)) findings.broken.push(`${what}: ${text}`);
    const last = await siege.sell();
    if (!(await siege.drain(300))) findings.broken.push(`${what}: it never prints again`);
    for (const text of siege.broken([last])) findings.broken.push(`${what}: afterwards ${text}`);
    for (const coupon of coupons) {
      const evidence = siege.evidence(coupon);
      findings.evidence.set(evidence, (findings.evidence.get(evidence) ?? 0) + 1);
    }
  } finally {
    await siege.end();
  }
  return findings;
}

/** Someone sees to everything, and looks inside. */
async function seenTo(siege: Siege, lineDied: boolean): Promise<void> {
  siege.printer.heal();
  await siege.live();
  // Bytes that vanished on a line that comes back end a TCP connection: the printer's end has another count.
  if (lineDied) {
    siege.hurt({ cable: false });
    await siege.clock.advance(100);
  }
  siege.hurt({ line: 'alive', cable: true, power: true, paper: true, cutter: 'free', nearEnd: false });
  siege.hurt({ cover: 'open' });
  await siege.clock.advance(1500);
  siege.hurt({ cover: 'closed' });
}
