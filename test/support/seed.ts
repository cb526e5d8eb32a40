/** Loaded before every test file by `npm test`: property tests draw from the same seed as all others (test-seed.ts). */
import process from 'node:process';
import fc from 'fast-check';
import { testSeed } from './test-seed.ts';

// Exploring, fast-check draws a seed for each property and prints that of what fails.
if (process.env.SEED !== 'random') fc.configureGlobal({ seed: testSeed() });
