/** Plays many stores, each from its own seed, until one breaks a promise; then looks for the fewest commands that still do. */
import { seeded } from '../seeded.ts';
import { lookAtAll } from './checks.ts';
import { type CommandName, drawCommands, play } from './play.ts';
import { makeTemplates, type Templates } from './world.ts';

export type ModelFindings = {
  readonly runs: number;
  readonly sales: number;
  readonly payments: number;
  /** The first run that broke a promise; null: none did. */
  readonly broken: null | {
    readonly seed: number;
    readonly faults: readonly string[];
    /** Still broken with these alone. */
    readonly commands: readonly string[];
  };
};

type Commands = readonly (readonly [CommandName, number])[];
/** A broken run is played so many times again at most, to make it shorter. */
const mostShrinks = 60;

export async function playMany(runs: number, seed: number, commands = 200): Promise<ModelFindings> {
  const templates = await makeTemplates(3);
  let sales = 0;
  let payments = 0;
  try {
    for (let run = 0; run < runs; run++) {
      const own = seed + run;
      const drawn = drawCommands(seeded(own), commands);
      const faults = await play(templates, own, drawn, async (world, model) => {
        sales += model.sales.length;
        payments += model.payments.length;
        await lookAtAll(world, model);
      });
      if (faults.length === 0) continue;
      const fewest = await shrink(templates, own, drawn);
      const told = fewest.commands.map(([name, draw]) => `${name} ${draw.toFixed(4)}`);
      return {
        runs: run + 1,
        sales,
        payments,
        broken: { seed: own, faults: [...faults, '---', ...fewest.faults], commands: told },
      };
    }
    return { runs, sales, payments, broken: null };
  } finally {
    templates.remove();
  }
}

/** Cuts off the end, then leaves out ever smaller pieces. */
async function shrink(templates: Templates, seed: number, drawn: Commands) {
  let best: { commands: Commands; faults: readonly string[] } = { commands: drawn, faults: [] };
  let tries = 0;
  const stillBroken = async (commands: Commands) => {
    tries += 1;
    const faults = await play(templates, seed, commands, lookAtAll);
    if (faults.length > 0) best = { commands, faults };
    return faults.length > 0;
  };
  for (let size = Math.ceil(drawn.length / 2); size >= 1 && tries < mostShrinks; size = Math.floor(size / 2))
    for (let at = best.commands.length - size; at >= 0 && tries < mostShrinks; at -= size)
      await stillBroken([...best.commands.slice(0, at), ...best.commands.slice(at + size)]);
  return best;
}
