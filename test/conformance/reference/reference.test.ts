/** The reference reading of the contract gives what every conformance case says. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { mismatches } from '../../offers/match.ts';
import { type Case, casesIn } from './cases.ts';
import { referenceDecide } from './decide.ts';

const own = join(import.meta.dirname, '..', 'cases');
/** The cases that came with the contract, where they are at hand. */
const given = join(import.meta.dirname, '../../../../shared/conformance');

const cases: Case[] = [...(existsSync(given) ? casesIn(given) : []), ...casesIn(own)];
for (const { file, note, bundle, sale, expect } of cases) {
  if (expect.fault !== undefined) continue; // the reference does not validate
  test(`the reference reading agrees with ${file}: ${note}`, () => {
    assert.deepEqual(mismatches(expect, referenceDecide(bundle, sale)), []);
  });
}
