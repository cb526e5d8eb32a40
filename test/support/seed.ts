/**
 * Loaded before every test file by `npm test`: property tests draw the same cases each time, so that a red run means a change, not luck.
 * `SEED=random npm test` explores (fast-check prints the seed of what fails), `SEED=123 npm test` plays one again.
 */
import process from 'node:process';
import fc from 'fast-check';

const { SEED } = process.env;
if (SEED !== 'random') fc.configureGlobal({ seed: SEED === undefined ? 20_261_121 : Number(SEED) });
