import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bundle, Cap } from '../../../agent/offers/types.ts';
import { createIngest } from '../../../sync/hq/ingest.ts';
import { leaseTimes } from '../../../sync/hq/lease-caps.ts';
import { createLeaseDesk, type LeaseDesk } from '../../../sync/hq/leases.ts';
import type { Ledger, TillName } from '../../../sync/hq/ledger.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { encodeBatch } from '../../../sync/protocol/batch.ts';
import type { LeaseAsk, LeaseCommand, LeaseUsedBody } from '../../../sync/protocol/lease.ts';
import { bundleOf, nextVisit } from '../../sale/core-till.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { noPostgres } from '../../support/postgres.ts';
import { memoryJournal, publish } from '../support/lease-world.ts';
import { memoryOutbox, until } from '../support/till-end.ts';
import { emptyPlace, onBoth, openPostgres, usePostgres } from './ledgers.ts';

usePostgres();

type Told = readonly [till: TillName, command: LeaseCommand];
const till = (number: number): TillName => ({ store: '0042', till: String(number) });
const epoch = 1;

interface Hq {
  readonly desk: LeaseDesk;
  readonly clock: FakeClock;
  readonly sent: Told[];
  publish(bundle: Bundle): Promise<void>;
  /** What the till is answered. */
  ask(
    of: number,
    change?: Partial<LeaseAsk> & { units?: number; now?: boolean },
  ): Promise<LeaseCommand & { kind: 'lease' }>;
  /** The till tells how its lease stands, by an event. */
  tell(of: number, body: Partial<LeaseUsedBody>): Promise<void>;
}

function hqOn(ledger: Ledger, clock = new FakeClock(), journal = memoryJournal()): Hq {
  const sent: Told[] = [];
  const desk = createLeaseDesk({
    ledger,
    clock,
    log: silentLog,
    days: 7,
    command: (to, command) => void sent.push([to, command]),
    journal,
  });
  const outboxes = new Map<number, ReturnType<typeof memoryOutbox>>();
  return {
    desk,
    clock,
    sent,
    async publish(bundle) {
      await publish(ledger, bundle);
      desk.forget();
    },
    async ask(of, { units = 5, now = true, ...change } = {}) {
      const at = new Date(clock.now()).toISOString();
      const wants = [{ offer: 'next-visit', units, at, now }];
      const before = sent.length;
      await desk.answer(till(of), { kind: 'lease', epoch, after: 0, wants, ...change });
      const [, command] = sent.slice(before).find(([to, one]) => to.till === String(of) && one.kind === 'lease') ?? [];
      assert.ok(command?.kind === 'lease');
      return command;
    },
    async tell(of, body) {
      const outbox = outboxes.get(of) ?? memoryOutbox({ tenant: 'demo', ...till(of) });
      outboxes.set(of, outbox);
      const whole = { epoch, lease: 1, offer: 'next-visit', units: 0, used: 0, returned: 0, open: true, lastAt: null };
      const event = outbox.append('lease.used', { ...whole, ...body });
      const batch = encodeBatch({ ...till(of), epoch, boot: 1, events: [event] });
      assert.ok(batch.ok);
      const ingest = createIngest({
        ledger,
        clock,
        log: silentLog,
        acknowledge() {},
        onCommitted() {},
        onRefused() {},
      });
      await ingest.receive(till(of), batch.value);
      const ended = ingest.idle();
      // More than it gathers for.
      await clock.advance(1000);
      await ended;
    },
  };
}

const stateOf = (ofEpoch: number) => ({
  ...{ online: true, boot: 1, session: 1, epoch: ofEpoch, at: '2026-11-21T09:15:00+00:00' },
});

const capped = (limit: number, cap: Partial<Cap> = {}, version = 1) =>
  bundleOf([{ ...nextVisit, caps: [{ scope: 'global', limit, ...cap }] }], { version });
const unitsOf = (command: LeaseCommand & { kind: 'lease' }) => command.leases.map(({ units }) => units);

onBoth('units are granted up to the limit and not one above it', async ledgerWith => {
  await ledgerWith(async ledger => {
    const { publish, ask, desk } = hqOn(ledger);
    await publish(capped(3));
    assert.deepEqual(unitsOf(await ask(1, { units: 2 })), [1]);
    assert.deepEqual(unitsOf(await ask(1, { units: 9, after: 1 })), [1]);
    assert.deepEqual(unitsOf(await ask(2, { units: 9 })), [1]);
    assert.deepEqual(await ask(3), {
      kind: 'lease',
      epoch,
      leases: [],
      refused: [{ offer: 'next-visit', reason: 'exhausted' }],
    });
    const [row] = (await desk.offers()).offers;
    assert.deepEqual([row?.limit, row?.granted, row?.left, row?.tills], [3, 3, 0, 2]);
  });
});

onBoth('an answer that was lost is given again as it was, and nothing new before it has arrived', async ledgerWith => {
  await ledgerWith(async ledger => {
    const { publish, ask } = hqOn(ledger);
    await publish(capped(100));
    const first = await ask(1, { units: 4 });
    assert.deepEqual(await ask(1, { units: 40 }), first);
    assert.deepEqual((await ask(1, { units: 1, after: 1 })).leases[0]?.number, 2);
  });
});

onBoth(
  'units come back by the event that tells it, once, however often and in whatever order it comes',
  async ledgerWith => {
    await ledgerWith(async ledger => {
      const { publish, ask, tell, desk } = hqOn(ledger);
      await publish(capped(4));
      assert.deepEqual(unitsOf(await ask(1, { units: 2 })), [2]);
      await tell(1, { units: 2, used: 1, returned: 1, open: false, lastAt: '2026-11-21T09:00:00Z' });
      await tell(1, { units: 2, used: 1, returned: 0, open: true });
      const [row] = (await desk.offers()).offers;
      assert.deepEqual([row?.granted, row?.used, row?.returned, row?.left], [2, 1, 1, 3]);
      // More than was granted can't come back, nor to another offer, nor by another till.
      await tell(1, { units: 2, used: 0, returned: 2_000_000, open: false });
      await tell(1, { offer: 'other', returned: 5 });
      await tell(2, { returned: 5 });
      assert.deepEqual([(await desk.offers()).offers[0]?.returned, (await desk.offers()).offers[0]?.left], [2, 4]);
    });
  },
);

onBoth('what is not told of counts as used, long after its time is over', async ledgerWith => {
  await ledgerWith(async ledger => {
    const { publish, ask, tell, desk, clock } = hqOn(ledger);
    await publish(capped(2));
    await ask(1, { units: 1 });
    await ask(2, { units: 1 });
    clock.jump(300 * 86_400_000);
    assert.deepEqual(unitsOf(await ask(3, { after: 0 })), []);
    assert.equal((await desk.offers()).offers[0]?.overdue, 2);
    await tell(1, { units: 1, used: 0, returned: 1, open: false });
    assert.equal((await ask(3)).leases.length, 1);
  });
});

onBoth(
  'a customer who waits gets the last unit, a till’s stock does not; those who have some are asked for them',
  async ledgerWith => {
    await ledgerWith(async ledger => {
      const { publish, ask, sent, desk } = hqOn(ledger);
      await publish(capped(9));
      await ask(1, { units: 9 });
      await ask(1, { units: 9, after: 1 });
      await ask(1, { units: 9, after: 2 });
      await ask(1, { units: 9, after: 3 });
      const left = (await desk.offers()).offers[0]?.left;
      assert.equal(left, 1);
      assert.deepEqual(unitsOf(await ask(2, { now: false })), []);
      assert.deepEqual(unitsOf(await ask(2)), [1]);
      sent.length = 0;
      await ask(3);
      assert.deepEqual(
        sent.filter(([, command]) => command.kind === 'lease.return'),
        [
          [
            {
              store: '0042',
              till: '1',
              epoch,
              granted: 8,
              used: 0,
              returned: 0,
              unused: 8,
              open: true,
              validUntil: '2026-11-28T09:15:00.000Z',
            },
            { kind: 'lease.return', epoch, offer: 'next-visit', keep: 4 },
          ],
          [
            {
              store: '0042',
              till: '2',
              epoch,
              granted: 1,
              used: 0,
              returned: 0,
              unused: 1,
              open: true,
              validUntil: '2026-11-28T09:15:00.000Z',
            },
            { kind: 'lease.return', epoch, offer: 'next-visit', keep: 0 },
          ],
        ],
      );
      // Not again within the minute.
      sent.length = 0;
      await ask(3);
      assert.equal(sent.length, 1);
    });
  },
);

onBoth('a till that has forgotten what it had is given nothing: its past would be used twice', async ledgerWith => {
  await ledgerWith(async ledger => {
    const { publish, ask } = hqOn(ledger);
    await publish(capped(100));
    await ask(1, { units: 1 });
    await ask(1, { units: 1, after: 1 });
    assert.deepEqual((await ask(1, { after: 0 })).refused, [{ offer: 'next-visit', reason: 'forgotten' }]);
    assert.equal((await ask(1, { epoch: 2, after: 0 })).leases.length, 1);
    assert.deepEqual((await ask(1, { epoch: 1, after: 2 })).refused, [{ offer: 'next-visit', reason: 'forgotten' }]);
  });
});

onBoth('the newest bundle’s limit counts; an offer without a cap has no units', async ledgerWith => {
  await ledgerWith(async ledger => {
    const { publish, ask } = hqOn(ledger);
    assert.deepEqual((await ask(1)).refused, [{ offer: 'next-visit', reason: 'unknown' }]);
    await publish(capped(100));
    assert.deepEqual(unitsOf(await ask(1, { units: 3 })), [3]);
    await publish(capped(2, {}, 2));
    assert.deepEqual((await ask(2)).refused, [{ offer: 'next-visit', reason: 'exhausted' }]);
    await publish(capped(4, {}, 3));
    assert.deepEqual(unitsOf(await ask(2)), [1]);
    await publish(bundleOf([nextVisit], { version: 4 }));
    assert.deepEqual((await ask(3)).refused, [{ offer: 'next-visit', reason: 'unknown' }]);
  });
});

onBoth('a limit a day is granted for one day and again for the next', async ledgerWith => {
  await ledgerWith(async ledger => {
    const { publish, ask, clock } = hqOn(ledger);
    await publish(capped(1, { window: { calendar: 'day' } }));
    const [today] = (await ask(1)).leases;
    assert.deepEqual([today?.validFrom, today?.validUntil], ['2026-11-20T23:00:00+00:00', '2026-11-21T23:00:00+00:00']);
    assert.deepEqual(unitsOf(await ask(2)), []);
    const wants = [{ offer: 'next-visit', units: 1, at: '2026-11-22T08:00:00+01:00', now: true }];
    const [tomorrow] = (await ask(2, { wants })).leases;
    assert.equal(tomorrow?.validFrom, '2026-11-21T23:00:00+00:00');
    clock.jump(2 * 86_400_000);
    assert.deepEqual(unitsOf(await ask(3)), [1]);
  });
});

test('in no span of n × 24 hours do the units of leases that reach into it pass the limit', () => {
  const cap = { offer: 'x', name: null, campaign: null, limit: 1, window: { days: 7 }, timezone: 'Europe/Zurich' };
  const now = Date.parse('2026-11-21T09:15:00Z');
  const day = 86_400_000;
  assert.deepEqual(leaseTimes(cap, now, now, 7 * day), {
    fromMs: now - day,
    untilMs: now + 7 * day,
    reach: { fromMs: now - 8 * day, untilMs: now + 14 * day },
  });
  assert.equal(leaseTimes(cap, now - 3 * day, now, 7 * day), null);
  const month = { ...cap, window: { calendar: 'month' } as const };
  assert.deepEqual(leaseTimes(month, now, now, 90 * day), {
    fromMs: Date.parse('2026-10-31T23:00:00Z'),
    untilMs: Date.parse('2026-11-30T23:00:00Z'),
    reach: { fromMs: Date.parse('2026-10-31T23:00:00Z'), untilMs: Date.parse('2026-11-30T23:00:00Z') },
  });
});

test('several HQs on one PostgreSQL that answer at the same moment never pass the limit', {
  skip: noPostgres,
}, async () => {
  const url = await emptyPlace();
  const ledgers = [openPostgres(url), openPostgres(url), openPostgres(url)];
  try {
    for (const ledger of ledgers) await ledger.open();
    const hqs = ledgers.map(ledger => hqOn(ledger));
    await hqs[0]?.publish(capped(10));
    for (const hq of hqs) hq.desk.forget();
    // Each till's question reaches every HQ, as several on one line would get it.
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => hqs.map(hq => hq.ask(index, { units: 3 }))).flat(),
    );
    const granted = new Map<string, number>();
    for (const [index, answer] of answers.entries())
      for (const { number, units } of answer.leases) granted.set(`${Math.floor(index / 3)} ${number}`, units);
    assert.equal(
      [...granted.values()].reduce((sum, units) => sum + units, 0),
      10,
    );
    const [row] = (await hqs[1]?.desk.offers())?.offers ?? [];
    assert.deepEqual([row?.granted, row?.left], [10, 0]);
  } finally {
    for (const ledger of ledgers) await ledger.close();
  }
});

const unknown = (of: Partial<LeaseUsedBody> = {}): Partial<LeaseUsedBody> => ({
  ...{ lease: 7, units: 3, used: 2, validUntil: '2026-11-28T09:15:00Z', lastAt: '2026-11-21T09:00:00Z' },
  ...of,
});

for (const [name, show] of [
  ['says that it has leases', (hq: Hq) => hq.ask(1, { after: 7 })],
  ['tells of a lease', (hq: Hq) => hq.tell(1, unknown())],
] as const)
  onBoth(
    `a till that ${name} which HQ does not know ends all granting until somebody says otherwise`,
    async ledgerWith => {
      await ledgerWith(async ledger => {
        const hq = hqOn(ledger);
        const { publish, ask, desk } = hq;
        await publish(capped(100));
        assert.equal((await ask(2, { units: 1 })).leases.length, 1);
        await show(hq);
        assert.deepEqual((await ask(3)).refused, [{ offer: 'next-visit', reason: 'exhausted' }]);
        // What was granted before is said again.
        assert.equal((await ask(2)).leases.length, 1);
        const { held } = await desk.offers();
        assert.match(held?.reason ?? '', /till 0042\/1 .*HQ (does not know|knows up to 0)/);
        assert.equal(await desk.resume(), true);
        assert.equal((await ask(3)).leases.length, 1);
        // Whoever speaks late tells leases of the same loss.
        await show(hq);
        assert.equal((await desk.offers()).held, null);
      });
    },
  );

onBoth('what a till tells of a lease that HQ does not know counts towards the limit', async ledgerWith => {
  await ledgerWith(async ledger => {
    const { publish, ask, tell, desk } = hqOn(ledger);
    await publish(capped(4));
    await tell(1, unknown());
    await tell(1, unknown({ used: 1, returned: 1, open: true }));
    const [row] = (await desk.offers()).offers;
    assert.deepEqual([row?.granted, row?.used, row?.returned, row?.left], [3, 1, 1, 2]);
    await desk.resume();
    assert.deepEqual(unitsOf(await ask(2, { units: 9 })), [1]);
    assert.deepEqual(unitsOf(await ask(3, { units: 9 })), [1]);
    assert.deepEqual(unitsOf(await ask(4, { units: 9 })), []);
  });
});

onBoth(
  'the hold ends by itself when every till has told something after all leases of then had ended',
  async ledgerWith => {
    await ledgerWith(async ledger => {
      const { publish, ask, tell, desk, clock } = hqOn(ledger);
      await desk.open();
      await publish(capped(100));
      await ledger.saveStates(
        [1, 2].map(of => ({ ...till(of), state: stateOf(epoch) })),
        '2026-11-21T09:15:00+00:00',
      );
      await tell(1, unknown());
      await clock.advance(10 * 86_400_000);
      assert.equal((await desk.offers()).held?.waitingFor, 2);
      await tell(1, unknown({ open: false, returned: 1 }));
      await clock.advance(2 * 3_600_000);
      assert.equal((await desk.offers()).held?.waitingFor, 1);
      await tell(2, { lease: 1 });
      // It looks once an hour, and asks a database that takes its own time.
      await until(async () => {
        await clock.advance(3_600_000);
        return (await desk.held()) === null;
      }, 'the end of the hold');
      assert.equal((await ask(3)).leases.length, 1);
      await desk.stop();
    });
  },
);

onBoth('an HQ whose journal is gone holds, one that never had one does not', async ledgerWith => {
  await ledgerWith(async ledger => {
    const first = hqOn(ledger);
    await first.desk.open();
    assert.equal(await first.desk.held(), null);
    await first.desk.stop();
    const second = hqOn(ledger);
    await second.desk.open();
    assert.match((await second.desk.held())?.reason ?? '', /journal of leases is gone/);
    await second.desk.stop();
  });
});
