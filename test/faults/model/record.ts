/** A run that broke a promise, kept in a file of the system's temporary folder so that it can be played again. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Commands } from './play.ts';
import { type BrokenRun, playOne } from './run-model.ts';
import { makeTemplates } from './world.ts';

/** Answers its name. */
export function keepRecord(broken: BrokenRun): string {
  const file = join(mkdtempSync(join(tmpdir(), 'tillside-broken-')), `model-${broken.seed}.json`);
  writeFileSync(file, `${JSON.stringify(broken, null, 1)}\n`);
  return file;
}

/** Plays the record's commands, and those that sufficed; answers what was broken by each, and whether it went as it is written. */
export async function playRecord(file: string): Promise<readonly string[]> {
  const { seed, commands, trace, fewest } = JSON.parse(readFileSync(file, 'utf8')) as BrokenRun;
  const templates = await makeTemplates(3);
  try {
    const told: string[] = [];
    for (const [name, list] of [
      ['all commands', commands],
      ['those that sufficed', fewest.commands],
    ] as const satisfies readonly (readonly [string, Commands])[]) {
      const { faults, trace: now } = await playOne(templates, seed, list);
      told.push(...faults.map(fault => `${name}: ${fault}`));
      if (list === commands && now !== trace) console.log('It went otherwise than recorded: the code has changed.');
    }
    return told;
  } finally {
    templates.remove();
  }
}
