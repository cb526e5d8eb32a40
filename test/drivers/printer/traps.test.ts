/** What toy drivers get wrong (contract devices.md section 1), each against the simulated printer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as command from '../../../drivers/printer/escpos/commands.ts';
import { encodeSlip } from '../../../drivers/printer/escpos/encode.ts';
import { createJobMachine } from '../../../drivers/printer/machine.ts';
import { createPrinter } from '../../../drivers/printer/printer.ts';
import { resolveProfile } from '../../../drivers/printer/profiles.ts';
import { createVirtualPrinter } from '../../../drivers/virtual/printer.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { copies, couponSlip, type Print, type Rig, rig } from './print-rig.ts';

async function ready(options: Parameters<typeof rig>[0] = {}): Promise<Rig> {
  const it = rig(options);
  it.printer.start();
  await it.clock.advance(3500);
  it.sent.length = 0;
  return it;
}

function bytesSent(it: Rig): Buffer {
  return Buffer.concat(it.sent);
}

function evidence(print: Print) {
  return print.outcome?.evidence ?? null;
}

function timesSent(it: Rig, text: string): number {
  return bytesSent(it).toString('latin1').split(text).length - 1;
}

test('a job is confirmed when the printer says that it is cut, not when the bytes are taken', async () => {
  const it = await ready();
  const print = it.print();
  await it.clock.advance(50);
  assert.equal(timesSent(it, print.token), 2, 'code and its text are out');
  assert.equal(evidence(print), null);
  assert.equal(it.printer.status().printing, true);
  await it.clock.advance(2000);
  assert.equal(evidence(print), 'confirmed');
  assert.equal(it.printer.status().printing, false);
  await it.printer.stop();
});

test('the connection stays open after a job', async () => {
  const it = await ready();
  const first = it.print();
  await it.clock.advance(3000);
  const second = it.print();
  await it.clock.advance(3000);
  assert.deepEqual([evidence(first), evidence(second)], ['confirmed', 'confirmed']);
  await it.printer.stop();
});

test('no silence makes the driver send a coupon again', async () => {
  const it = await ready();
  it.paper.after(80, { line: 'dead' });
  const print = it.print();
  await it.clock.advance(120_000);
  assert.equal(evidence(print), 'unknown');
  it.paper.set({ line: 'alive', cable: false });
  it.paper.set({ cable: true });
  await it.clock.advance(60_000);
  assert.equal(timesSent(it, print.token), 2);
  await it.printer.stop();
});

test('while the paper is out nothing but questions is sent, and the coupon comes out once when there is paper', async () => {
  const it = await ready();
  it.paper.set({ paper: { millimetres: 12 } });
  const print = it.print();
  await it.clock.advance(600_000);
  assert.equal(evidence(print), null);
  assert.equal(it.printer.status().problem, 'paper-out');
  const [check, job, ...questions] = it.sent;
  assert.ok(check !== undefined && job !== undefined);
  for (const question of questions) assert.deepEqual([...question], [...command.realTimeStatus]);
  it.paper.set({ paper: true });
  await it.clock.advance(5000);
  assert.equal(evidence(print), 'confirmed');
  assert.equal(copies(it.paper, print.token), 1);
  await it.printer.stop();
});

test('with an open cover not one byte of a job goes out, and it goes by itself when the cover is closed', async () => {
  const it = await ready();
  it.paper.set({ cover: 'open' });
  await it.clock.advance(100);
  const print = it.print();
  await it.clock.advance(60_000);
  assert.equal(it.printer.status().problem, 'cover-open');
  assert.equal(print.firstByte, false);
  assert.equal(timesSent(it, print.token), 0);
  it.paper.set({ cover: 'closed' });
  await it.clock.advance(5000);
  assert.equal(evidence(print), 'confirmed');
  await it.printer.stop();
});

test('paper that runs out after the check is noticed: the check before the job proves nothing', async () => {
  const it = await ready();
  it.paper.set({ paper: { millimetres: 20 } });
  const print = it.print();
  await it.clock.advance(5000);
  assert.equal(print.firstByte, true);
  assert.equal(evidence(print), null);
  await it.printer.stop();
  assert.equal(evidence(print), 'unknown');
});

test('GS r is no proof of paper: the printer answers it before the lines are printed', async () => {
  const it = await ready({ personality: 'TM-T88III' });
  it.paper.set({ paper: { millimetres: 20 } });
  const print = it.print();
  await it.clock.advance(100);
  assert.ok(Buffer.concat(it.heard).includes(0), 'the fence was answered');
  await it.clock.advance(60_000);
  assert.equal(evidence(print), null, 'and still it is not on paper');
  it.paper.set({ paper: true });
  await it.clock.advance(10_000);
  assert.equal(evidence(print), 'fenced');
  assert.equal(copies(it.paper, print.token), 1);
  await it.printer.stop();
});

test('a missing GS r is no failure: at paper end it is not executed', async () => {
  const it = await ready({ personality: { ...(await profileOf('TM-T88III')), buffer: 4096 } });
  it.paper.after(60, { paper: false });
  const print = it.print();
  await it.clock.advance(300_000);
  assert.equal(evidence(print), null);
  it.paper.set({ paper: true });
  await it.clock.advance(10_000);
  assert.equal(evidence(print), 'fenced');
  await it.printer.stop();
});

test('an ID that comes after reconnecting confirms neither the old job nor the next', async () => {
  const it = await ready();
  const print = it.print();
  await it.clock.advance(60);
  it.paper.set({ cable: false });
  // It prints on without the host, and keeps its last ID for the next connection.
  await it.clock.advance(1500);
  assert.equal(evidence(print), 'unknown');
  assert.equal(copies(it.paper, print.token), 1);
  it.paper.set({ cable: true, cover: 'closed' });
  await it.clock.advance(200);
  it.paper.set({ paper: { millimetres: 5 } });
  const next = it.print();
  await it.clock.advance(10_000);
  assert.equal(evidence(next), null);
  await it.printer.stop();
});

test('process IDs ascend and are never used twice', async () => {
  const it = await ready();
  for (let job = 0; job < 5; job++) {
    it.print();
    await it.clock.advance(3000);
  }
  const ids = [
    ...bytesSent(it)
      .toString('latin1')
      .matchAll(/\(H..00([ -~]{4})/gs),
  ].map(match => match[1] ?? '');
  assert.equal(ids.length, 15, 'barrier, A and B for each of five jobs');
  assert.deepEqual(ids, [...new Set(ids)].sort());
  await it.printer.stop();
});

test('a job goes out in one piece: no question can stand inside one of its commands', async () => {
  const it = await ready();
  it.paper.set({ nearEnd: true });
  const print = it.print();
  await it.clock.advance(5000);
  const jobs = it.sent.filter(bytes => Buffer.from(bytes).includes(print.token));
  assert.equal(jobs.length, 1);
  assert.equal(Buffer.from(jobs[0] ?? []).indexOf(Buffer.of(0x10, 0x04)), -1);
  assert.equal(it.printer.status().paperNearEnd, true);
  await it.printer.stop();
});

test('after clearing, nothing is sent before the printer acknowledges it', () => {
  let id = 0;
  const machine = createJobMachine({
    device: 'tcp://printer',
    bidirectional: true,
    msPerByte: 0,
    separator: command.cut('partial'),
    nextId: () => `id${String(id++).padStart(2, '0')}`,
  });
  const written = (effects: ReturnType<typeof machine.handle>) =>
    effects.flatMap(effect => (effect.kind === 'write' ? [Buffer.from(effect.bytes).toString('hex')] : []));
  const answer = () =>
    [0x12, 0x12, 0x12, 0x12].flatMap(status =>
      machine.handle({ kind: 'report', report: { kind: 'realtime', status } }),
    );
  machine.handle({ kind: 'opened' });
  answer();
  machine.handle({ kind: 'report', report: { kind: 'process-id', id: 'id00' } });
  machine.handle({ kind: 'report', report: { kind: 'fence', status: 0 } });
  machine.handle({ kind: 'job', slip: encodeSlip(couponSlip('T'), resolveProfile('auto', 80)) });
  answer();
  machine.handle({ kind: 'report', report: { kind: 'process-id', id: 'id01' } });
  const lost = machine.handle({ kind: 'lost', detail: 'pulled' });
  assert.ok(lost.some(effect => effect.kind === 'outcome' && effect.outcome.evidence === 'unknown'));

  assert.deepEqual(written(machine.handle({ kind: 'opened' })), [Buffer.from(command.clearBuffers).toString('hex')]);
  assert.deepEqual(written(machine.handle({ kind: 'report', report: { kind: 'asb', status: [0x10, 0, 0, 0] } })), []);
  assert.deepEqual(
    written(machine.handle({ kind: 'job', slip: encodeSlip(couponSlip('U'), resolveProfile('auto', 80)) })),
    [],
  );
  assert.ok(written(machine.handle({ kind: 'report', report: { kind: 'cleared' } })).length > 0);
});

test('a printer that was cut off in the middle of a code cuts the old piece off before the new coupon', async () => {
  const it = await ready();
  it.paper.after(150, { cable: false });
  const first = it.print();
  await it.clock.advance(3000);
  assert.equal(evidence(first), 'unknown');
  it.paper.set({ cable: true });
  const second = it.print();
  await it.clock.advance(10_000);
  assert.equal(evidence(second), 'confirmed');
  const slip = it.paper.slips().find(({ symbols }) => symbols.some(({ data }) => data === second.token));
  assert.equal(slip?.symbols.length, 1);
  assert.ok(!slip?.text.includes(first.token));
  await it.printer.stop();
});

test('a probe that an old printer takes for text leaves no mark on paper', async () => {
  for (const personality of ['TM-T88III', 'generic-80', 'silent-58'] as const) {
    const it = await ready({ personality });
    it.print();
    await it.clock.advance(15_000);
    assert.deepEqual(
      it.paper.slips().map(slip => slip.text.split('\n')[0]?.trim()),
      ['Für Käse 20 %'],
      personality,
    );
    await it.printer.stop();
  }
});

test('what a clone claims to be is not believed: it is asked for what it can', async () => {
  const it = await ready({ personality: 'generic-80' });
  assert.equal(it.paper.personality.model, 'TM-T88V');
  assert.equal(it.printer.status().evidence, 'fenced');
  await it.printer.stop();
});

test('a printer that was off when it was first asked is found out later', async () => {
  const it = rig({ personality: 'TM-T88VI', keepsLink: true });
  it.paper.set({ power: false });
  it.printer.start();
  await it.clock.advance(4000);
  assert.equal(it.printer.status().evidence, 'sent');
  it.paper.set({ power: true });
  await it.clock.advance(31_000);
  assert.equal(it.printer.status().evidence, 'confirmed');
  await it.printer.stop();
});

test('a job waits for a missing printer, and an abandoned wait has failed with nothing sent', async () => {
  const it = rig();
  it.paper.set({ cable: false });
  it.printer.start();
  const giveUp = new AbortController();
  const abandoned = it.print(undefined, giveUp.signal);
  const kept = it.print();
  await it.clock.advance(20_000);
  assert.equal(it.printer.status().problem, 'missing');
  giveUp.abort();
  await it.clock.advance(10);
  assert.equal(evidence(abandoned), 'failed');
  assert.equal(evidence(kept), null);
  it.paper.set({ cable: true });
  await it.clock.advance(2000 + 3000);
  assert.equal(evidence(kept), 'confirmed');
  assert.equal(copies(it.paper, abandoned.token), 0);
  await it.printer.stop();
});

test('giving up after the first byte changes nothing: the coupon may be on paper', async () => {
  const it = await ready();
  const giveUp = new AbortController();
  const print = it.print(undefined, giveUp.signal);
  await it.clock.advance(30);
  assert.equal(print.firstByte, true);
  giveUp.abort();
  await it.clock.advance(3000);
  assert.equal(evidence(print), 'confirmed');
  await it.printer.stop();
});

test('a slip that cannot be printed as asked has failed with nothing sent, and the next one prints', async () => {
  const it = await ready();
  const bad = it.print([{ kind: 'barcode', type: 'ean13', data: '7612345678901' }, { kind: 'cut' }]);
  const good = it.print();
  await it.clock.advance(3000);
  assert.equal(evidence(bad), 'failed');
  assert.match(bad.outcome?.detail ?? '', /check digit/);
  assert.equal(evidence(good), 'confirmed');
  await it.printer.stop();
});

test('a jammed cutter is told to go on after someone looked inside', async () => {
  const it = await ready();
  it.paper.set({ cutter: 'jammed' });
  const print = it.print();
  await it.clock.advance(5000);
  assert.equal(it.printer.status().problem, 'cutter');
  assert.equal(evidence(print), null);
  it.paper.set({ cutter: 'free', cover: 'open' });
  await it.clock.advance(1000);
  it.paper.set({ cover: 'closed' });
  await it.clock.advance(3000);
  assert.equal(evidence(print), 'confirmed');
  assert.equal(it.printer.status().problem, null);
  await it.printer.stop();
});

test('a pulled cable is found again within two seconds', async () => {
  const it = await ready();
  it.paper.set({ cable: false });
  await it.clock.advance(60_000);
  assert.equal(it.printer.status().problem, 'missing');
  it.paper.set({ cable: true });
  await it.clock.advance(2000);
  assert.equal(it.printer.status().problem, null);
  await it.printer.stop();
});

test('a line that died without a word is noticed while nothing prints', async () => {
  const it = await ready();
  it.paper.set({ line: 'dead' });
  await it.clock.advance(10_000);
  assert.equal(it.printer.status().problem, 'missing');
  await it.printer.stop();
});

test('stopping in the middle of a job leaves it unknown, before its first byte failed', async () => {
  const it = await ready();
  const flying = it.print();
  const queued = it.print();
  await it.clock.advance(30);
  await it.printer.stop();
  await it.clock.advance(10);
  assert.equal(evidence(flying), 'unknown');
  assert.equal(evidence(queued), 'failed');
});

test('a printer with a buffer of 45 bytes gets the whole job', async () => {
  const it = await ready({ personality: { ...(await profileOf('TM-T88VI')), buffer: 45 } });
  const print = it.print();
  await it.clock.advance(5000);
  assert.equal(evidence(print), 'confirmed');
  await it.printer.stop();
});

async function profileOf(name: 'TM-T88III' | 'TM-T88VI') {
  const { printerPersonalities } = await import('../../../drivers/virtual/printer-personalities.ts');
  return printerPersonalities[name];
}

test('a printer that stays missing is logged once, and a link asked for before a stop is not kept', async () => {
  const clock = new FakeClock();
  const paper = createVirtualPrinter({ clock });
  paper.set({ cable: false });
  const logged: string[] = [];
  const log = { info: () => {}, warn: (_: unknown, message: string) => logged.push(message) };
  const printer = createPrinter({ transport: paper.transport(), profile: paper.personality.profile, clock, log });
  printer.start();
  await clock.advance(3_600_000);
  assert.equal(logged.length, 1);
  paper.set({ cable: true });
  await clock.advance(5000);
  assert.equal(printer.status().problem, null);
  await printer.stop();
  printer.start();
  void printer.stop();
  printer.start();
  await clock.advance(5000);
  assert.equal(printer.status().problem, null);
  await printer.stop();
  // Nobody holds the printer any more.
  await (await paper.transport().open()).close();
});

test('a job that its caller can not journal at its first byte is not sent, has failed, and the next one prints', async () => {
  const it = await ready();
  let outcome: unknown = null;
  const slip = couponSlip('TS1.unjournalled');
  const onFirstByte = () => {
    throw new Error('disk full');
  };
  void it.printer.print({ id: 'unjournalled', slip, onFirstByte }).then(said => {
    outcome = said;
  });
  await it.clock.advance(5000);
  assert.deepEqual(outcome, { evidence: 'failed', detail: 'its first byte was refused: disk full' });
  assert.equal(timesSent(it, 'TS1.unjournalled'), 0);
  assert.equal(it.printer.status().printing, false);
  const next = it.print();
  await it.clock.advance(3000);
  assert.equal(evidence(next), 'confirmed');
  await it.printer.stop();
});

test('a job refused at its first byte leaves the cut for what an older job may have left, and no answer is awaited twice', async () => {
  const it = await ready({ personality: 'TM-T88III' });
  it.paper.after(150, { cable: false });
  const first = it.print();
  await it.clock.advance(3000);
  assert.equal(evidence(first), 'unknown');
  it.paper.set({ cable: true });
  await it.clock.advance(10_000);
  void it.printer.print({
    id: 'refused',
    slip: couponSlip('TS1.refused'),
    onFirstByte: () => {
      throw new Error('disk full');
    },
  });
  await it.clock.advance(5000);
  const second = it.print();
  await it.clock.advance(10_000);
  assert.equal(evidence(second), 'fenced');
  const slip = it.paper.slips().find(({ symbols }) => symbols.some(({ data }) => data === second.token));
  assert.ok(!slip?.text.includes('TS1.refused') && !slip?.text.includes(first.token));
  await it.printer.stop();
});

test('a printer that was switched off and on in the middle of a job, behind an adapter that held the rest, has confirmed nothing', async () => {
  for (const personality of ['TM-T88VI', 'TM-T88III'] as const) {
    const it = await ready({ personality, keepsLink: 'holds', bootMs: 1000 });
    const whole = it.print();
    await it.clock.advance(10_000);
    assert.notEqual(evidence(whole), 'unknown');
    it.paper.after(150, () => {
      it.paper.set({ power: false });
      it.paper.set({ power: true });
    });
    const print = it.print();
    await it.clock.advance(30_000);
    assert.equal(copies(it.paper, print.token), 0, 'its beginning was forgotten');
    assert.deepEqual([personality, evidence(print)], [personality, 'unknown']);
    await it.printer.stop();
  }
});

test('a printer that is switched off while its paper is changed has forgotten the coupon, and so much is known', async () => {
  const it = await ready({ personality: 'TM-T88III', keepsLink: true });
  it.paper.set({ paper: { millimetres: 20 } });
  const print = it.print();
  await it.clock.advance(5000);
  assert.equal(it.printer.status().problem, 'paper-out');
  it.paper.set({ power: false });
  it.paper.set({ paper: true });
  it.paper.set({ power: true });
  await it.clock.advance(60_000);
  assert.equal(copies(it.paper, print.token), 0);
  assert.equal(evidence(print), 'unknown');
  await it.printer.stop();
});

test('a printer whose buffer is smaller than a coupon is doubted once at most, then known to be slow', async () => {
  const slow = { ...(await profileOf('TM-T88III')), buffer: 45, speed: 40 };
  const it = await ready({ personality: { ...slow, processId: true } });
  const long = Array.from({ length: 40 }, () => ({ kind: 'text', text: 'Conditions' }) as const);
  const first = it.print([...long, ...couponSlip('TS1.1')]);
  await it.clock.advance(60_000);
  const second = it.print([...long, ...couponSlip('TS1.2')]);
  await it.clock.advance(60_000);
  assert.deepEqual([evidence(first), evidence(second)], ['unknown', 'confirmed']);
  await it.printer.stop();
});

test('what a killed process left hanging out is cut off before the first coupon of the next', async () => {
  const it = await ready();
  it.paper.after(150, { cable: false });
  const first = it.print();
  await it.clock.advance(3000);
  await it.printer.stop();
  assert.equal(evidence(first), 'unknown');
  it.paper.set({ cable: true });
  const { profile } = it.paper.personality;
  const next = createPrinter({ transport: it.paper.transport(), profile, clock: it.clock });
  next.start();
  await it.clock.advance(5000);
  let outcome: unknown = null;
  void next.print({ id: 'next', slip: couponSlip('TS1.next'), afterDoubt: true }).then(said => {
    outcome = (said as { evidence: string }).evidence;
  });
  await it.clock.advance(5000);
  assert.equal(outcome, 'confirmed');
  const slip = it.paper.slips().find(({ symbols }) => symbols.some(({ data }) => data === 'TS1.next'));
  assert.equal(slip?.text.split('Für Käse').length, 2, 'one coupon on one piece of paper');
  await next.stop();
});
