import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { instant } from '../clock.ts';

test('an instant is written with the offset of its zone, over each change of the clock, whatever was asked before', () => {
  assert.equal(instant(Date.parse('2026-10-25T00:59:59.999Z'), 'Europe/Zurich'), '2026-10-25T02:59:59+02:00');
  assert.equal(instant(Date.parse('2026-10-25T01:00:00Z'), 'Europe/Zurich'), '2026-10-25T02:00:00+01:00');
  assert.equal(instant(Date.parse('2026-03-29T00:59:59Z'), 'Europe/Zurich'), '2026-03-29T01:59:59+01:00');
  assert.equal(instant(Date.parse('2026-03-29T01:00:00Z'), 'Europe/Zurich'), '2026-03-29T03:00:00+02:00');
  assert.equal(instant(Date.parse('2026-11-21T09:15:00.5Z'), 'Asia/Kathmandu'), '2026-11-21T15:00:00+05:45');
  assert.equal(instant(Date.parse('2026-11-21T02:00:00Z'), 'America/St_Johns'), '2026-11-20T22:30:00-03:30');
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: Date.UTC(2099, 0) }),
      fc.constantFrom('UTC', 'Europe/Zurich', 'Australia/Lord_Howe', 'America/St_Johns', 'Pacific/Chatham'),
      (ms, zone) => {
        const text = instant(ms, zone);
        assert.equal(Date.parse(text), Math.floor(ms / 1000) * 1000);
        const local = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(
          ms,
        );
        assert.equal(text.slice(0, 19).replace('T', ' '), local);
      },
    ),
    { numRuns: 500 },
  );
});
