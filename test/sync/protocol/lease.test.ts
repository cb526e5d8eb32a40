import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../../sync/protocol/fields.ts';
import {
  maxLeases,
  maxLeaseUnits,
  readLeaseAsk,
  readLeaseCommand,
  readLeaseReturn,
} from '../../../sync/protocol/lease.ts';
import { bundleOf, coreTill, discard, nextVisit } from '../../sale/core-till.ts';

/** What a field may be, now and then as it should. */
const odd = fc.oneof(fc.jsonValue(), fc.constantFrom(-1, 0.5, 2 ** 53, 1e300, '', 'x'.repeat(65), null, [], {}));
const mostly = <T>(right: fc.Arbitrary<T>) => fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: odd });
const number = mostly(fc.nat(6));
const units = mostly(fc.oneof(fc.nat(9), fc.constantFrom(maxLeaseUnits, maxLeaseUnits + 1)));
const offer = mostly(fc.constantFrom('next-visit', 'other', '__proto__'));
const moment = mostly(fc.constantFrom('2026-11-21T09:15:00Z', '2027-01-01T00:00:00+01:00', '2026-02-30T25:00:00Z'));
const list = <T>(of: fc.Arbitrary<T>) =>
  mostly(fc.oneof(fc.array(of, { maxLength: 5 }), fc.array(of, { minLength: 65, maxLength: 66 })));

const grants = fc.record({
  ...{ epoch: mostly(fc.constantFrom(1, 2)), had: fc.option(number, { nil: undefined }) },
  leases: list(
    fc.record({ number, offer, units, validFrom: fc.option(moment, { nil: undefined }), validUntil: moment }),
  ),
  refused: list(fc.record({ offer, reason: mostly(fc.constantFrom('exhausted', 'unknown', 'forgotten')) })),
});
const returns = fc.record({ epoch: mostly(fc.constantFrom(1, 2)), offer, keep: units });
const asks = fc.record({
  ...{ epoch: number, after: number },
  wants: list(fc.record({ offer, units, at: moment, now: mostly(fc.boolean()) })),
});

test('whatever stands in a question for leases, HQ reads one that it can grant by, or says why not', () =>
  fc.assert(
    fc.property(fc.oneof(asks, fc.dictionary(fc.string(), odd)), ask => {
      const read = readLeaseAsk(ask as Json);
      if (!read.ok) return assert.equal(typeof read.reason, 'string');
      assert.ok(
        Number.isSafeInteger(read.value.after) && read.value.after >= 0 && read.value.wants.length <= maxLeases,
      );
      for (const want of read.value.wants) {
        assert.ok(Number.isSafeInteger(want.units) && want.units > 0 && want.units <= maxLeaseUnits);
        assert.ok(!Number.isNaN(Date.parse(want.at)));
      }
    }),
    { numRuns: 1000 },
  ));

test('whatever HQ’s words on leases are, a till has no unit that no readable grant brought, in its turn and once', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(grants, returns), { maxLength: 8 }), async words => {
      const till = await coreTill({ bundle: bundleOf([{ ...nextVisit, caps: [{ scope: 'global', limit: 9 }] }]) });
      try {
        const epoch = till.store.epoch;
        let brought = 0;
        let last = 0;
        for (const word of words) {
          // Of two epochs one is the till's own.
          const heard = { ...word, epoch: word.epoch === 1 ? epoch : word.epoch } as Json;
          const read = 'keep' in heard ? readLeaseReturn(heard) : readLeaseCommand(heard);
          if (!read.ok) continue;
          till.leases.port.take(read.value);
          if (read.value.kind !== 'lease' || read.value.epoch !== epoch) continue;
          for (const lease of read.value.leases)
            if (lease.number === last + 1) {
              last += 1;
              brought += lease.units;
            }
          assert.equal(till.store.leases.last(), last);
          const held = till.store.leases.open().reduce((sum, lease) => sum + lease.units - lease.returned, 0);
          assert.ok(held >= 0 && held <= brought, `${held} of ${brought}`);
        }
        till.leases.port.wants();
        assert.deepEqual(till.faults, []);
      } finally {
        await discard(till);
      }
    }),
    { numRuns: 40 },
  ));
