/** The evaluator gives what every conformance case of this directory says; each derives its numbers in its `note`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileBundle, decide, validateBundle, validateSale } from '../../../agent/offers/index.ts';
import { casesIn, faultMismatches, mismatches } from '../reference/cases.ts';

for (const { file, note, bundle, sale, expect } of casesIn(import.meta.dirname)) {
  test(`${file}: ${note}`, () => {
    const checkedBundle = validateBundle(bundle);
    const checkedSale = validateSale(sale);
    if (expect.fault !== undefined) {
      const faults = [checkedBundle, checkedSale].flatMap(answer => (answer.ok ? [] : answer.faults));
      const pointers = faults.map(fault => fault.pointer);
      assert.deepEqual(faultMismatches(expect.fault, pointers), []);
      return;
    }
    assert.ok(checkedBundle.ok, JSON.stringify(checkedBundle));
    assert.ok(checkedSale.ok, JSON.stringify(checkedSale));
    const decision = decide(compileBundle(checkedBundle.bundle), checkedSale.sale);
    assert.deepEqual(mismatches(expect, decision), []);
  });
}
