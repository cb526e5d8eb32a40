/** Plays many stores, each from its own seed, until one breaks a promise; then looks for the fewest commands that still do. */
import { seeded } from '../seeded.ts';
import { lookAtAll } from './checks.ts';
import { type Commands, drawCommands, type Look, play } from './play.ts';
import { keepRecord } from './record.ts';
import { makeTemplates, type Templates } from './world.ts';

export type ModelFindings = {
  readonly runs: number;
  readonly sales: number;
  readonly payments: number;
  /** The first run that broke a promise; null: none did. */
  readonly broken: null | BrokenRun;
};

export type BrokenRun = {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly commands: Commands;
  /** Of what happened; played again the same commands must give the same. */
  readonly trace: string;
  readonly isSameAgain: boolean;
  /** Still broken with these alone. */
  readonly fewest: { readonly commands: Commands; readonly faults: readonly string[] };
};

/** A broken run is played so many times again at most, to make it shorter. */
const mostShrinks = 60;

export async function playMany(
  runs: number,
  seed: number,
  commands = 200,
  look: Look = lookAtAll,
): Promise<ModelFindings> {
  const templates = await makeTemplates(3);
  let sales = 0;
  let payments = 0;
  try {
    for (let run = 0; run < runs; run++) {
      const own = seed + run;
      const drawn = drawCommands(seeded(own), commands);
      const played = await playOne(templates, own, drawn, look);
      sales += played.sales;
      payments += played.payments;
      if (played.faults.length === 0) continue;
      const again = await playOne(templates, own, drawn, look);
      const fewest = await shrink(templates, own, look, { commands: drawn, faults: played.faults });
      const { faults, trace } = played;
      const broken = { seed: own, faults, commands: drawn, trace, isSameAgain: again.trace === trace, fewest };
      return { runs: run + 1, sales, payments, broken };
    }
    return { runs, sales, payments, broken: null };
  } finally {
    templates.remove();
  }
}

export type Played = {
  readonly faults: readonly string[];
  readonly trace: string;
  readonly lines: readonly string[];
  readonly sales: number;
  readonly payments: number;
};

export async function playOne(
  templates: Templates,
  seed: number,
  commands: Commands,
  look: Look = lookAtAll,
): Promise<Played> {
  const told = { sales: 0, payments: 0 };
  const { faults, trace } = await play(templates, seed, commands, async (world, model) => {
    Object.assign(told, { sales: model.sales.length, payments: model.payments.length });
    await look(world, model);
  });
  return { faults, trace: trace.digest(), lines: trace.lines, ...told };
}

/** What a person needs to understand it and to play it again, with the file in which all of it is kept. */
export function tellBroken(broken: BrokenRun): readonly string[] {
  const { seed, faults, fewest, isSameAgain } = broken;
  return [
    `seed ${seed}: ${faults.join('; ')}`,
    isSameAgain
      ? 'played again it is the very same'
      : 'PLAYED AGAIN IT WENT OTHERWISE: something beside the seed decides',
    `kept in ${keepRecord(broken)}; npm run test:faults -- model --record FILE plays it again`,
    `${fewest.commands.length} of its commands suffice for: ${fewest.faults.join('; ')}`,
    ...fewest.commands.map(([name, draw]) => `${name} ${draw}`),
  ];
}

/** Cuts off the end, then leaves out ever smaller pieces. */
async function shrink(templates: Templates, seed: number, look: Look, whole: BrokenRun['fewest']) {
  let best = whole;
  let tries = 0;
  for (let size = Math.ceil(best.commands.length / 2); size >= 1 && tries < mostShrinks; size = Math.floor(size / 2))
    for (let at = best.commands.length - size; at >= 0 && tries < mostShrinks; at -= size) {
      const commands = [...best.commands.slice(0, at), ...best.commands.slice(at + size)];
      tries += 1;
      const { faults } = await playOne(templates, seed, commands, look);
      if (faults.length > 0) best = { commands, faults };
    }
  return best;
}
