import assert from 'node:assert/strict';
import test from 'node:test';
import { bundleOf, coffee, coreTill, discard, nextVisit } from '../sale/core-till.ts';
import { FakePrinter } from '../sale/fake-printer.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

const card = '2501000000017';

test('a coupon comes out once, with its evidence in the journal and at HQ', async () => {
  const till = await coreTill();
  till.queue.start();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await settle();
  assert.deepEqual(till.printer.paper, [serial]);
  assert.equal(till.sales.coupon(serial).print, 'confirmed');
  const [printed] = till.events('coupon.printed');
  assert.deepEqual([printed?.body.serial, printed?.body.evidence, printed?.body.reprint], [serial, 'confirmed', false]);
  assert.equal(till.queue.queued(), 0);
  await discard(till);
});

test('the journal says printing before the first byte goes out', async () => {
  const till = await coreTill();
  till.printer.hold = true;
  till.queue.start();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await settle();
  assert.equal(till.store.printJournal.last(serial)?.state, 'printing');
  assert.equal(till.sales.coupon(serial).print, 'printing');
  assert.equal(till.queue.printing(), true);
  till.printer.held[0]?.end({ evidence: 'fenced', detail: '' });
  await settle();
  assert.equal(till.sales.coupon(serial).print, 'fenced');
  await discard(till);
});

test('a doubtful slip is never sent again: its serial is void and a new coupon comes out', async () => {
  const till = await coreTill();
  till.printer.next.push('unknown');
  till.queue.start();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await settle();
  const old = till.sales.coupon(serial);
  assert.deepEqual([old.state, old.print], ['voided', 'unknown']);
  const successor = old.replacedBy ?? '';
  assert.deepEqual(till.printer.paper, [serial, successor]);
  const fresh = till.sales.coupon(successor);
  assert.deepEqual([fresh.state, fresh.print, fresh.validTo], ['issued', 'confirmed', old.validTo]);
  assert.deepEqual(
    till
      .events()
      .map(event => event.type)
      .slice(-5),
    ['points.changed', 'coupon.printed', 'coupon.voided', 'coupon.issued', 'coupon.printed'],
  );
  // Only the new one can be used.
  await till.sales.scan('S2', { code: card }, 'en');
  assert.equal((await till.sales.scan('S2', { code: till.token(serial) }, 'en')).kind, 'refused');
  assert.equal((await till.sales.scan('S2', { code: till.token(successor) }, 'en')).kind, 'coupon');
  await discard(till);
});

test('after three replacements it stops and tells the cashier, who may ask for another', async () => {
  const till = await coreTill();
  till.printer.next.push('unknown', 'unknown', 'unknown', 'unknown');
  till.queue.start();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await settle(10);
  assert.equal(till.printer.paper.length, 4);
  const last = till.queue.givenUp() ?? '';
  assert.equal(till.sales.coupon(last).state, 'voided');
  const printed = till.sales.getSale('S1', 'en').coupons;
  assert.deepEqual(
    printed.map(coupon => coupon.state),
    ['voided', 'voided', 'voided', 'voided'],
  );
  const again = till.sales.reprint(last);
  assert.notEqual(again.serial, last);
  await settle();
  assert.equal(till.sales.coupon(again.serial).print, 'confirmed');
  assert.equal(till.queue.givenUp(), null);
  assert.equal(till.sales.coupon(serial).state, 'voided');
  await discard(till);
});

test('a slip of which nothing is on paper is tried again under its own serial', async () => {
  const till = await coreTill();
  till.printer.next.push('failed', 'failed');
  till.queue.start();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await settle();
  assert.equal(till.sales.coupon(serial).print, 'queued');
  await till.clock.advance(1000);
  await till.clock.advance(2000);
  assert.deepEqual(till.printer.paper, [serial]);
  assert.equal(till.events('coupon.printed')[0]?.body.attempts, 3);
  await discard(till);
});

test('after five failures the coupon is given up, its unit returned, and the next one prints', async () => {
  const capped = { ...nextVisit, caps: [{ scope: 'member' as const, limit: 1 }] };
  const till = await coreTill({ bundle: bundleOf([capped]) });
  till.printer.next.push('failed', 'failed', 'failed', 'failed', 'failed');
  till.queue.start();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  for (const ms of [1000, 2000, 4000, 8000]) await till.clock.advance(ms);
  assert.deepEqual([till.sales.coupon(serial).state, till.sales.coupon(serial).print], ['voided', 'failed']);
  assert.equal(till.queue.givenUp(), serial);
  const [next = ''] = await till.sell('S2', [coffee], card);
  await settle();
  assert.deepEqual(till.printer.paper, [next]);
  await discard(till);
});

test('what was printing when the till died is in doubt: void, and replaced', async () => {
  const before = await coreTill();
  before.printer.hold = true;
  before.queue.start();
  const [serial = ''] = await before.sell('S1', [coffee], card);
  const [second = ''] = await before.sell('S2', [coffee], card);
  await settle();
  // As kill -9 leaves it: the database closed, the queue never told.
  before.members.close();
  before.store.close();
  const after = await coreTill({ dir: before.dir, clock: before.clock });
  after.queue.start();
  await settle();
  const old = after.sales.coupon(serial);
  assert.deepEqual([old.state, old.print], ['voided', 'unknown']);
  assert.deepEqual(after.printer.paper, [second, old.replacedBy]);
  await discard(after);
});

test('what waited for paper when the till stopped waits again, under its own serial', async () => {
  const before = await coreTill();
  before.printer.noPaper = true;
  before.queue.start();
  const [serial = ''] = await before.sell('S1', [coffee], card);
  await settle();
  await before.close();
  const after = await coreTill({ dir: before.dir, clock: before.clock });
  assert.equal(after.sales.coupon(serial).print, 'queued');
  after.queue.start();
  await settle();
  assert.deepEqual(after.printer.paper, [serial]);
  await discard(after);
});

test('sales go on while the printer has no paper', async () => {
  const till = await coreTill();
  till.printer.noPaper = true;
  till.queue.start();
  const serials: string[] = [];
  for (let sale = 1; sale <= 5; sale++) serials.push(...(await till.sell(`S${sale}`, [coffee], card)));
  assert.equal(till.queue.queued(), 5);
  till.printer.refill();
  await settle(20);
  assert.deepEqual(till.printer.paper, serials);
  await discard(till);
});

test('a reprint keeps its serial, is recorded, and a doubtful one voids nothing', async () => {
  const till = await coreTill();
  till.queue.start();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await settle();
  till.printer.next.push('unknown');
  assert.equal(till.sales.reprint(serial).reprints, 1);
  await settle();
  assert.deepEqual(till.printer.paper, [serial, serial]);
  const view = till.sales.coupon(serial);
  assert.deepEqual([view.state, view.print, view.reprints], ['issued', 'confirmed', 1]);
  assert.equal(till.events('coupon.printed')[1]?.body.reprint, true);
  assert.equal(till.events('coupon.issued').length, 1, 'no new contact');
  await discard(till);
});

test('a slip that cannot be laid out is given up at once and does not block the others', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  const [second = ''] = await till.sell('S2', [coffee], card);
  const { createPrintQueue } = await import('../../agent/printing/queue.ts');
  const printer = new FakePrinter();
  const queue = createPrintQueue({
    store: till.store,
    book: till.book,
    printer,
    clock: till.clock,
    layout: content => {
      if (content.serial === serial) throw new Error('a letter that no code page has');
      return [{ kind: 'barcode', type: 'qr', data: content.token, human: content.serial }];
    },
  });
  queue.start();
  await settle();
  assert.deepEqual(printer.paper, [second]);
  assert.deepEqual([till.sales.coupon(serial).state, queue.givenUp()], ['voided', null]);
  await queue.stop();
  await discard(till);
});

test('a line of the journal that nobody can read is given up at once and does not block the others', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  const [second = ''] = await till.sell('S2', [coffee], card);
  const { createPrintQueue } = await import('../../agent/printing/queue.ts');
  const printer = new FakePrinter();
  const { printJournal } = till.store;
  const next = () => {
    const job = printJournal.next();
    return job?.serial === serial ? { ...job, content: job.content.slice(0, -1) } : job;
  };
  const queue = createPrintQueue({
    store: { ...till.store, printJournal: { ...printJournal, next } },
    book: till.book,
    printer,
    clock: till.clock,
    layout: content => [{ kind: 'barcode', type: 'qr', data: content.token, human: content.serial }],
  });
  queue.start();
  await settle();
  assert.deepEqual(printer.paper, [second]);
  assert.equal(till.sales.coupon(serial).state, 'voided');
  await queue.stop();
  await discard(till);
});

test('what stands on a slip otherwise than its offer asks is in the journal and at HQ, beside the evidence', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  const { createPrintQueue } = await import('../../agent/printing/queue.ts');
  const queue = createPrintQueue({
    store: till.store,
    book: till.book,
    printer: new FakePrinter(),
    clock: till.clock,
    layout: ({ token, serial: human }) => [{ kind: 'barcode', type: 'qr', data: token, human }],
    notes: () => ['printed as QR code'],
  });
  queue.start();
  await settle();
  assert.match(till.store.printJournal.last(serial)?.detail ?? '', /; printed as QR code$/);
  assert.match(String(till.events('coupon.printed')[0]?.body.detail), /; printed as QR code$/);
  await queue.stop();
  await discard(till);
});

test('a coupon whose time is over before it could print is not printed', async () => {
  const till = await coreTill();
  await till.sell('S1', [coffee], card);
  await till.clock.advance(20 * 86_400_000);
  till.queue.start();
  await settle();
  assert.deepEqual(till.printer.paper, []);
  assert.equal(till.queue.queued(), 0);
  await discard(till);
});

test('a doubtful slip of a voided coupon is not replaced', async () => {
  const till = await coreTill({ clock: new FakeClock() });
  till.printer.hold = true;
  till.queue.start();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await settle();
  till.sales.voidSale('S1', 'en');
  till.printer.held[0]?.end({ evidence: 'unknown', detail: 'cable' });
  await settle();
  assert.equal(till.sales.coupon(serial).replacedBy, null);
  assert.equal(till.queue.queued(), 0);
  await discard(till);
});

test('a journal that refuses the first byte lets nothing out; the coupon prints once the disk has room again', async () => {
  let full = true;
  const till = await coreTill({
    wrapStore: store => ({
      ...store,
      printJournal: {
        ...store.printJournal,
        begin(id, at) {
          if (full) throw new Error('database or disk is full');
          store.printJournal.begin(id, at);
        },
      },
    }),
  });
  till.queue.start();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await settle();
  assert.deepEqual(till.printer.paper, []);
  assert.deepEqual([till.sales.coupon(serial).state, till.sales.coupon(serial).print], ['issued', 'queued']);
  full = false;
  await till.clock.advance(2000);
  assert.deepEqual(till.printer.paper, [serial]);
  assert.equal(till.sales.coupon(serial).print, 'confirmed');
  await discard(till);
});
