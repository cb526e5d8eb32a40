import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import type { Evidence } from '../../drivers/printer/types.ts';
import { isTillsideError } from '../../errors.ts';
import { brokenPromises } from '../faults/till-checks.ts';
import { type CoreTill, coffee, coreTill, discard } from '../sale/core-till.ts';
import { FakePrinter } from '../sale/fake-printer.ts';
import { settle } from '../support/fake-clock.ts';
import { testSeed } from '../support/test-seed.ts';

type State = 'issued' | 'reserved' | 'redeemed' | 'voided';
type Known = { state: State; sale: string; heldBy: string | null; redeemedBy: string | null; printed: boolean };
type Command =
  | { readonly do: 'sell' | 'open' | 'restart' }
  | { readonly do: 'scan' | 'remove'; readonly sale: number; readonly coupon: number }
  | { readonly do: 'complete' | 'void'; readonly sale: number }
  | { readonly do: 'cancel' | 'reprint'; readonly coupon: number }
  | { readonly do: 'print'; readonly evidence: Evidence };

const card = '2501000000017';
const place = fc.nat(29);
const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Command>({ do: 'sell' }) },
    { weight: 2, arbitrary: fc.constant<Command>({ do: 'open' }) },
    { weight: 1, arbitrary: fc.constant<Command>({ do: 'restart' }) },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constantFrom('scan' as const, 'remove' as const), sale: place, coupon: place }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('complete' as const, 'void' as const), sale: place }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'reprint' as const), coupon: place }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('print' as const),
        evidence: fc.constantFrom<Evidence>('confirmed', 'fenced', 'sent', 'unknown'),
      }),
    },
  ),
  { minLength: 20, maxLength: 60, size: 'max' },
);

/** What must be so, in the plainest words that are still exact. */
class Model {
  readonly coupons = new Map<string, Known>();
  readonly sales = new Map<string, 'open' | 'completed' | 'voided'>();
  readonly answered = new Map<string, readonly string[]>();
  readonly voided = new Set<string>();
  /** Handed over at some time: their slips did come out. */
  readonly shown = new Set<string>();

  issue(sale: string, serials: readonly string[]) {
    for (const serial of serials)
      this.coupons.set(serial, { state: 'issued', sale, heldBy: null, redeemedBy: null, printed: false });
  }
  nth(map: ReadonlyMap<string, unknown>, at: number): string | null {
    const keys = [...map.keys()];
    return keys.length === 0 ? null : (keys[at % keys.length] ?? null);
  }
  /** An open one, one in which a coupon was redeemed, or any. */
  someSale(at: number): string | null {
    const open = new Map([...this.sales].filter(([, state]) => state === 'open'));
    const redeeming = new Map(
      [...this.coupons.values()].flatMap(({ redeemedBy: by }) => (by === null ? [] : [[by, 0]])),
    );
    const from = [open, redeeming, this.sales][at % 3] ?? this.sales;
    return this.nth(from.size > 0 ? from : this.sales, Math.floor(at / 3));
  }
  complete(sale: string, serials: readonly string[]) {
    this.sales.set(sale, 'completed');
    this.answered.set(sale, serials);
    for (const coupon of this.coupons.values()) {
      if (coupon.heldBy !== sale) continue;
      Object.assign(coupon, { state: 'redeemed', heldBy: null, redeemedBy: sale });
    }
    this.issue(sale, serials);
  }
  voidSale(sale: string) {
    if (this.sales.get(sale) === 'completed') this.voided.add(sale);
    this.sales.set(sale, 'voided');
    for (const coupon of this.coupons.values()) {
      if (coupon.heldBy === sale || coupon.redeemedBy === sale)
        Object.assign(coupon, {
          // What its own sale gave out went with that.
          state: this.sales.get(coupon.sale) === 'voided' ? 'voided' : 'issued',
          heldBy: null,
          redeemedBy: null,
        });
    }
    for (const coupon of this.coupons.values())
      if (coupon.sale === sale && coupon.state !== 'redeemed') Object.assign(coupon, { state: 'voided', heldBy: null });
  }
}

class Run {
  till: CoreTill;
  readonly model = new Model();
  readonly paper: FakePrinter;
  #sales = 0;

  constructor(till: CoreTill, paper: FakePrinter) {
    this.till = till;
    this.paper = paper;
  }

  async step(command: Command): Promise<void> {
    const { model, till } = this;
    const sale = 'sale' in command ? model.someSale(command.sale) : null;
    const serial = 'coupon' in command ? model.nth(model.coupons, command.coupon) : null;
    const coupon = serial === null ? undefined : model.coupons.get(serial);
    switch (command.do) {
      case 'sell': {
        const saleId = `S${++this.#sales}`;
        model.complete(saleId, await till.sell(saleId, [coffee], card));
        return;
      }
      case 'open': {
        const saleId = `S${++this.#sales}`;
        await till.sales.scan(saleId, { code: card }, 'en');
        till.sales.putSale(saleId, { startedAt: till.now(), lines: [coffee] }, 'en');
        model.sales.set(saleId, 'open');
        return;
      }
      case 'scan': {
        if (sale === null || serial === null || coupon === undefined) return;
        if (model.sales.get(sale) !== 'open') {
          await assert.rejects(till.sales.scan(sale, { code: till.token(serial) }, 'en'));
          return;
        }
        const answer = await till.sales.scan(sale, { code: till.token(serial) }, 'en');
        const taken = coupon.state === 'issued' || coupon.heldBy === sale;
        assert.equal(answer.kind, taken ? 'coupon' : 'refused', `${serial} is ${coupon.state}`);
        if (taken) {
          Object.assign(coupon, { state: 'reserved', heldBy: sale });
          model.shown.add(serial);
        }
        return;
      }
      case 'remove':
        if (sale === null || serial === null || coupon === undefined) return;
        this.#allowed(coupon.heldBy === sale, () => till.sales.removeCoupon(sale, serial, 'en'));
        if (coupon.heldBy === sale) Object.assign(coupon, { state: 'issued', heldBy: null });
        return;
      case 'complete': {
        if (sale === null || model.sales.get(sale) !== 'open') return;
        model.complete(sale, till.sales.complete(sale, { completedAt: till.now(), total: 0 }, 'en').serials);
        return;
      }
      case 'void':
        if (sale === null) return;
        till.sales.voidSale(sale, 'en');
        if (model.sales.get(sale) !== 'voided') model.voidSale(sale);
        return;
      case 'cancel':
        if (serial === null || coupon === undefined) return;
        this.#allowed(coupon.state !== 'redeemed', () => till.sales.cancel(serial));
        if (coupon.state !== 'redeemed') Object.assign(coupon, { state: 'voided', heldBy: null });
        return;
      case 'reprint':
        if (serial === null || coupon === undefined || coupon.state === 'voided' || !coupon.printed) return;
        this.#allowed(coupon.state === 'issued', () => till.sales.reprint(serial));
        return;
      case 'print': {
        await settle();
        const held = this.paper.held.shift();
        if (held === undefined) return;
        const job = till.store.printJournal.get(Number(held.job.id));
        const printed = model.coupons.get(job?.serial ?? '');
        held.end({ evidence: command.evidence, detail: '' });
        await settle();
        this.#ended(job?.serial ?? '', printed, job?.kind === 'reprint', command.evidence === 'unknown');
        return;
      }
      case 'restart': {
        const begun = till.store.printJournal.begun();
        // As kill -9 leaves it.
        till.members.close();
        till.store.close();
        this.paper.held.length = 0;
        this.till = await coreTill({ dir: till.dir, clock: till.clock, printer: this.paper });
        this.till.queue.start();
        for (const { serial: of, kind } of begun) this.#ended(of, model.coupons.get(of), kind === 'reprint', true);
        return;
      }
    }
  }

  /** A slip is out, or in doubt: then its coupon is void and has a successor, unless a customer holds it or it was void before. */
  #ended(serial: string, known: Known | undefined, reprint: boolean, doubt: boolean): void {
    if (known === undefined || reprint) return;
    known.printed = true;
    if (!doubt || known.state !== 'issued') return;
    known.state = 'voided';
    const { replacedBy } = this.till.sales.coupon(serial);
    if (replacedBy !== null) this.model.issue(known.sale, [replacedBy]);
  }

  #allowed(yes: boolean, run: () => unknown): void {
    if (yes) run();
    else assert.throws(run, error => isTillsideError(error));
  }

  compare(): void {
    for (const [serial, known] of this.model.coupons)
      assert.equal(this.till.sales.coupon(serial).state, known.state, serial);
    assert.equal(this.till.events('coupon.issued').length, this.model.coupons.size);
  }
}

test('whatever is done to coupons in whatever order, each is where the plain rules say, and nothing is promised twice', async t => {
  const seed = testSeed('TILL_SEED');
  t.diagnostic(`seed ${seed} (TILL_SEED=${seed})`);
  await fc.assert(
    fc.asyncProperty(commands, async steps => {
      const paper = new FakePrinter();
      paper.hold = true;
      const run = new Run(await coreTill({ printer: paper }), paper);
      run.till.queue.start();
      for (const step of steps) {
        await run.step(step);
        run.compare();
      }
      const { answered, voided, shown } = run.model;
      const broken = brokenPromises(join(run.till.dir, 'till.sqlite'), { answered, voided, shown, paper: [] });
      assert.deepEqual(broken, []);
      assert.deepEqual(run.till.faults, []);
      await discardHeld(run);
    }),
    { numRuns: 30, seed },
  );
});

/** The queue waits for a printer that says nothing more: the store is closed under it, as by a kill. */
async function discardHeld(run: Run): Promise<void> {
  for (const held of run.paper.held.splice(0)) held.end({ evidence: 'confirmed', detail: '' });
  run.paper.hold = false;
  await discard(run.till);
}
