/** Plays drawn commands on a store and remembers what POS and customers were told: the model that the checks hold the store against. */
import { isTillsideError } from '../../../errors.ts';
import { anna, beat, coffee, milk } from '../../sale/core-till.ts';
import type { Trace } from './trace.ts';
import { bundleNo, openWorld, type Templates, type World, type WorldTill } from './world.ts';

export type SoldSale = {
  readonly till: string;
  readonly saleId: string;
  readonly net: number;
  readonly serials: readonly string[];
  readonly redeemed: readonly string[];
  readonly seqAfter: number;
  voided: boolean;
  /** An old copy of the till's database was put back that did not know it, or its void, and HQ had not heard of it. */
  forgotten: boolean;
};

export type Payment = { readonly serial: string; readonly sale: SoldSale; readonly at: number };

export type Model = {
  readonly sales: SoldSale[];
  readonly payments: Payment[];
  readonly paper: { readonly till: string; readonly serial: string; readonly code: string }[];
  version: number;
  readonly broken: string[];
};

type Open = { saleId: string };
const day = 86_400_000;
/** A till that has been on line with another for so long has heard what it did. */
const hearingMs = 60_000;

/** Names and weights; a run draws from them. */
const weights = {
  basket: 22,
  card: 10,
  coupon: 14,
  removeCoupon: 2,
  complete: 24,
  voidSale: 3,
  goodsBack: 2,
  printer: 4,
  reprint: 1,
  cancel: 1,
  moment: 12,
  hours: 2,
  prune: 1,
  cable: 6,
  brokerRestart: 2,
  hqRestart: 0.5,
  hqKill: 0.5,
  hqBackup: 0.7,
  hqPutBack: 0.4,
  tillRestart: 0.5,
  tillKill: 1.5,
  backup: 1,
  restore: 0.4,
  tillJump: 1,
  hqJump: 0.5,
  bundle: 1,
} as const;
type CommandName = keyof typeof weights;
/** Each with its own chance. */
export type Commands = readonly (readonly [CommandName, number])[];
const names = Object.keys(weights) as CommandName[];
const sum = names.reduce((all, name) => all + weights[name], 0);

/** What must hold in the end; what does not is put among `broken`. */
export type Look = (world: World, model: Model) => Promise<void>;

/** The commands of a run; drawn apart from the world's own chance, so that a run with some left out plays the others alike. */
export function drawCommands(random: () => number, count: number): Commands {
  return Array.from({ length: count }, () => {
    let left = random() * sum;
    const name = names.find(one => {
      left -= weights[one];
      return left < 0;
    });
    return [name ?? 'moment', random()] as const;
  });
}

export async function play(
  templates: Templates,
  seed: number,
  commands: Commands,
  look: Look,
  tills = seed % 4 === 0 ? 3 : 2,
): Promise<{ readonly faults: readonly string[]; readonly trace: Trace }> {
  const world = await openWorld(templates, seed, tills);
  const model: Model = { sales: [], payments: [], paper: [], version: 1, broken: [] };
  const player = createPlayer(world, model);
  try {
    for (const [name, draw] of commands) {
      world.trace.note(world.clock.monotonic(), name, draw);
      try {
        await player(name, draw);
      } catch (error) {
        // What the till refuses with a code is an answer; anything else is not.
        if (!isTillsideError(error)) throw error;
        world.trace.note(error.code);
      }
    }
    await quieten(world, model);
    await look(world, model);
  } catch (error) {
    model.broken.push(`failed: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    await world.close();
  }
  return { faults: [...model.broken, ...world.faults], trace: world.trace };
}

function createPlayer(world: World, model: Model) {
  const open = new Map<string, Open>();
  let saleNo = 0;

  return async (name: CommandName, draw: number): Promise<void> => {
    const pick = <T>(list: readonly T[], of = draw): T | undefined => list[Math.floor(of * list.length)];
    const again = (draw * 7919) % 1;
    const till = pick(world.tills);
    if (till === undefined) return;
    const { core } = till;
    const current = open.get(till.id);
    switch (name) {
      case 'basket': {
        const saleId = current?.saleId ?? `S${++saleNo}`;
        open.set(till.id, { saleId });
        const lines = pick([[coffee], [coffee, milk], [milk]], again) ?? [coffee];
        core.sales.putSale(saleId, { startedAt: core.now(), lines }, 'en');
        return;
      }
      case 'card':
        if (current) await core.sales.scan(current.saleId, { code: pick([anna, beat], again)?.cards[0] ?? '' }, 'en');
        return;
      case 'coupon': {
        const slip = pick(model.paper, again);
        if (current && slip) await core.sales.scan(current.saleId, { code: slip.code }, 'en');
        return;
      }
      case 'removeCoupon': {
        const row = current && core.store.sales.presented(current.saleId)[0];
        if (current && row) core.sales.removeCoupon(current.saleId, row.serial, 'en');
        return;
      }
      case 'complete':
        if (!current || core.store.sales.get(current.saleId) === null) return;
        open.delete(till.id);
        return complete(till, current.saleId);
      case 'voidSale': {
        const sale = pick(
          model.sales.filter(one => one.till === till.id && !one.voided),
          again,
        );
        if (sale === undefined || core.store.sales.get(sale.saleId)?.state !== 'completed') return;
        core.sales.voidSale(sale.saleId, 'en');
        sale.voided = true;
        return;
      }
      case 'goodsBack': {
        const sale = pick(
          model.sales.filter(one => one.till === till.id),
          again,
        );
        if (sale !== undefined)
          core.sales.returnLines(
            `R${++saleNo}`,
            { saleId: sale.saleId, lines: [{ lineId: '1', quantity: '1' }] },
            'en',
          );
        return;
      }
      case 'printer':
        if (core.printer.noPaper) core.printer.refill();
        else if (again < 0.4) core.printer.noPaper = true;
        else core.printer.next.push(again < 0.7 ? 'unknown' : again < 0.85 ? 'failed' : 'sent');
        await world.clock.advance(10);
        return;
      case 'reprint':
      case 'cancel': {
        const slip = pick(
          model.paper.filter(one => one.till === till.id),
          again,
        );
        if (slip === undefined) return;
        if (name === 'reprint') core.sales.reprint(slip.serial);
        else core.sales.cancel(slip.serial);
        return;
      }
      case 'moment':
        await world.clock.advance(Math.floor(50 + again * 20_000));
        collectPaper(world, model);
        return;
      case 'hours':
        await world.clock.advance(Math.floor(again * 40 * 60_000));
        return;
      case 'prune':
        core.store.prune();
        return;
      case 'cable': {
        const who = pick([...world.tills.map(one => `till-${one.id}`), 'hq'], again) ?? 'hq';
        world.broker.cable(who, !world.broker.isUp(who));
        return;
      }
      case 'brokerRestart':
        world.broker.restart();
        return;
      case 'hqRestart':
        return world.restartHq();
      case 'hqKill':
        return world.killHq();
      case 'hqBackup':
        world.backUpHq();
        return;
      case 'hqPutBack':
        await world.putHqBack();
        for (const one of world.tills) await noteForgotten(one);
        return;
      case 'tillRestart':
        return world.restartTill(till);
      case 'tillKill':
        return world.killTill(till);
      case 'backup':
        world.backUp(till);
        return;
      case 'restore': {
        if (till.backup === null) return;
        await world.restore(till);
        open.delete(till.id);
        return noteForgotten(till);
      }
      case 'tillJump':
        till.clock.set(pick([-day, 0, day], again) ?? 0);
        return;
      case 'hqJump':
        world.hqClock.set(pick([-day, 0, day], again) ?? 0);
        return;
      case 'bundle':
        // Published ahead of time a bundle is for tomorrow.
        if (world.hqClock.ahead > 0) return;
        model.version += 1;
        await world.through(world.hq().publishBundle(Buffer.from(JSON.stringify(bundleNo(model.version)))));
    }
  };

  /** Lost with what was put back: neither the till nor HQ has it as it was answered. */
  async function noteForgotten(till: WorldTill): Promise<void> {
    if (!till.restored) return;
    const atHq = new Set((await world.ledger().sales({ limit: 100_000 })).sales.map(one => one.saleId));
    for (const sale of model.sales)
      if (sale.till === till.id && till.core.store.sales.get(sale.saleId)?.state !== stateOf(sale))
        sale.forgotten = !atHq.has(sale.saleId) || sale.voided;
  }

  async function complete(till: WorldTill, saleId: string): Promise<void> {
    const { core } = till;
    const net = core.sales.getSale(saleId, 'en').total.net;
    const offered = core.store.sales.presented(saleId).map(row => row.serial);
    const answer = core.sales.complete(saleId, { completedAt: core.now(), total: net }, 'en');
    const redeemed = offered.filter(serial => core.store.coupons.get(serial)?.redeemedSale === saleId);
    const sale: SoldSale = {
      till: till.id,
      saleId,
      net: answer.sale.total.net,
      serials: answer.serials,
      redeemed,
      seqAfter: core.store.outbox.acknowledged() + core.store.outbox.depth().waiting,
      voided: false,
      forgotten: false,
    };
    model.sales.push(sale);
    const at = world.clock.monotonic();
    for (const serial of redeemed) {
      const before = model.payments.find(one => one.serial === serial && !one.sale.voided && one.sale !== sale);
      if (before !== undefined && heard(till, before, at))
        model.broken.push(`${serial} was paid in ${before.sale.saleId} and again in ${saleId}, which could know`);
      model.payments.push({ serial, sale, at });
    }
  }

  /** Whether the till must have known: itself, or on line with the other for long enough. */
  function heard(till: WorldTill, { sale, at }: Payment, now: number): boolean {
    const other = world.tills.find(one => one.id === sale.till);
    if (other === undefined || other.restored || till.restored) return false;
    if (other === till) return true;
    // A clock that is two days off the other's makes that one's epoch unbelievable.
    if (Math.abs(other.clock.ahead - till.clock.ahead) > day) return false;
    const since = [till, other].map(one => world.broker.upSince(`till-${one.id}`));
    return since.every(up => up !== null && up <= now - hearingMs) && at <= now - hearingMs;
  }
}

const stateOf = (sale: SoldSale): string => (sale.voided ? 'voided' : 'completed');

/** Slips that came out for certain, with what stands on them; customers hold them from now on. What is in doubt is the printer proof's. */
function collectPaper(world: World, model: Model): void {
  for (const till of world.tills)
    for (const serial of till.core.printer.paper.splice(0)) {
      const coupon = till.core.store.coupons.get(serial);
      if (coupon?.print === 'confirmed' || coupon?.print === 'sent')
        model.paper.push({ till: till.id, serial, code: till.core.token(serial) });
    }
}

/** Everything is mended and runs until nothing moves any more: clocks right, cables whole, paper in. */
async function quieten(world: World, model: Model): Promise<void> {
  world.hqClock.set(0);
  for (const till of world.tills) {
    till.clock.set(0);
    world.broker.cable(`till-${till.id}`, true);
    if (till.core.printer.noPaper) till.core.printer.refill();
  }
  world.broker.cable('hq', true);
  // The last bundle goes to tills that nobody kills any more: one that reverted takes it.
  model.version += 1;
  await world.through(world.hq().publishBundle(Buffer.from(JSON.stringify(bundleNo(model.version)))));
  const waiting = () => world.tills.filter(till => till.core.store.outbox.depth().waiting > 0);
  for (let minute = 0; minute < 60; minute++) {
    await world.clock.advance(60_000);
    if (minute > 1 && waiting().length === 0 && world.tills.every(atVersion)) break;
  }
  for (const till of waiting()) model.broken.push(`till ${till.id} still waits for HQ after an hour`);
  // Totals follow the last acknowledgement by a minute.
  for (const till of world.tills) till.edge.touch();
  await world.clock.advance(90_000);

  function atVersion(till: WorldTill) {
    return till.core.bundles.current()?.version === model.version;
  }
}
