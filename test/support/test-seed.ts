/**
 * From which seed a test draws: always the same, so that a red run means a change, not luck. `SEED=random` explores, `SEED=123` plays one
 * again; a harness with numbers of its own has a variable of its own as well, which goes before.
 */
import process from 'node:process';

const usual = 20_261_121;

/**
 * @param own name of that variable
 * @param always where it is another one than usual
 */
export function testSeed(own?: string, always = usual): number {
  const given = (own === undefined ? undefined : process.env[own]) ?? process.env.SEED;
  if (given === undefined) return always;
  if (given === 'random') return anySeed();
  const seed = Number(given);
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new Error(`no seed: ${given}`);
}

/** For what explores; whoever draws it prints it. */
export const anySeed = (): number => Math.floor(Math.random() * 1e9);
