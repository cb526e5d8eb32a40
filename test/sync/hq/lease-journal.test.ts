import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type GrantLine, openLeaseJournal } from '../../../sync/hq/lease-journal.ts';
import { temporaryFolder } from '../../sale/core-till.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const line = (after: number, till = '1'): GrantLine => ({
  ...{ store: '0042', till, epoch: 1, after },
  leases: [{ number: after + 1, offer: 'coffee', units: 2, fromMs: 0, untilMs: 9 }],
});

function inFolder<T>(run: (file: string, clock: FakeClock) => Promise<T>): Promise<T> {
  const dir = temporaryFolder();
  return run(join(dir, 'leases.journal'), new FakeClock()).finally(() => rmSync(dir, { recursive: true }));
}

test('what was written is there at the next start, and lines of one moment are on disk together', () =>
  inFolder(async (file, clock) => {
    const journal = openLeaseJournal(file, clock);
    assert.equal(journal.isNew, true);
    const written = Promise.all([journal.write(line(0)), journal.write(line(0, '2'))]);
    assert.equal(readFileSync(file, 'utf8'), '');
    await clock.advance(20);
    await written;
    const again = openLeaseJournal(file, clock);
    assert.deepEqual(
      [again.isNew, again.all(), again.newest()],
      [false, [line(0), line(0, '2')], [line(0), line(0, '2')]],
    );
  }));

test('a last line that a power cut tore costs no other, before or after it', () =>
  inFolder((file, clock) =>
    fc.assert(
      fc.asyncProperty(fc.nat(120), async length => {
        rmSync(file, { force: true });
        await openLeaseJournal(file, clock, 0).write(line(0));
        const whole = readFileSync(file, 'utf8');
        appendFileSync(file, whole.slice(0, Math.min(length, whole.length - 2)));
        await openLeaseJournal(file, clock, 0).write(line(1));
        assert.deepEqual(openLeaseJournal(file, clock).all(), [line(0), line(1)]);
      }),
    ),
  ));

test('half a line that a full disk left while HQ runs costs no line that is written after it', () =>
  inFolder(async (file, clock) => {
    const journal = openLeaseJournal(file, clock, 0);
    await journal.write(line(0));
    appendFileSync(file, readFileSync(file, 'utf8').trim().slice(0, 40));
    await journal.write(line(1));
    await journal.write(line(2));
    assert.deepEqual(openLeaseJournal(file, clock).all(), [line(0), line(1), line(2)]);
  }));

test('whatever stands in the file, HQ starts, and makes no grant of what is none', () =>
  inFolder((file, clock) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.string(), fc.json(), fc.constant(JSON.stringify(line(3))))),
        async lines => {
          writeFileSync(file, lines.join('\n'));
          for (const { leases, epoch, after } of openLeaseJournal(file, clock).all()) {
            assert.ok(Number.isSafeInteger(epoch) && Number.isSafeInteger(after));
            for (const { units, number } of leases)
              assert.ok(Number.isSafeInteger(units) && Number.isSafeInteger(number));
          }
        },
      ),
    ),
  ));

test('after 35 days a new file begins, and after 70 the first is gone', () =>
  inFolder(async (file, clock) => {
    const journal = openLeaseJournal(file, clock, 0);
    await journal.write(line(0));
    clock.jump(36 * 86_400_000);
    await journal.write(line(1));
    assert.deepEqual(openLeaseJournal(file, clock).all(), [line(0), line(1)]);
    clock.jump(36 * 86_400_000);
    await journal.write(line(2));
    assert.deepEqual(journal.all(), [line(1), line(2)]);
  }));

test('where the disk does not take it, nobody is told of a grant', () =>
  inFolder(async (file, clock) => {
    const journal = openLeaseJournal(file, clock, 0);
    rmSync(join(file, '..'), { recursive: true });
    await assert.rejects(journal.write(line(0)));
    // The folder is there again: so is the next line.
    const { mkdirSync } = await import('node:fs');
    mkdirSync(join(file, '..'));
    await journal.write(line(1));
    assert.deepEqual(journal.all(), [line(1)]);
  }));
