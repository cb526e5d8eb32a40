import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { createPeers, type Peers } from '../../../sync/edge/peers.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { decodePeer, encodePeer, type PeerEnvelope } from '../../../sync/protocol/peer.ts';
import type { PeerMessage, TillEvent } from '../../../sync/protocol/types.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { type MemoryOutbox, memoryOutbox, saleBody } from '../support/till-end.ts';

interface Member {
  readonly outbox: MemoryOutbox;
  readonly peers: Peers;
  readonly heard: PeerMessage[];
  up: boolean;
}

/** A store whose tills hear each other, except those that are down. */
function storeOf(...ids: readonly string[]) {
  const clock = new FakeClock();
  const members = new Map<string, Member>();
  for (const id of ids) add(id);
  function add(id: string, outbox = memoryOutbox({ tenant: 'demo', store: '0042', till: id })) {
    const member: Member = {
      outbox,
      heard: [],
      up: true,
      peers: createPeers({
        outbox,
        clock,
        random: () => 0.5,
        log: silentLog,
        isUp: () => member.up,
        async send(payload) {
          if (!member.up) return false;
          // A broker gives the message back to its sender too.
          for (const other of [...members.values()]) if (other.up) other.peers.receive(payload);
          return true;
        },
      }),
    };
    member.peers.port.onMessage(message => member.heard.push(message));
    outbox.onAppend(() => member.peers.tell());
    members.set(id, member);
    return member;
  }
  const member = (id: string): Member => {
    const found = members.get(id);
    assert.ok(found !== undefined);
    return found;
  };
  const facts = (id: string, of: string) =>
    member(id).heard.flatMap(message => (message.kind === 'fact' && message.till === of ? [message.event.seq] : []));
  return { clock, add, member, facts };
}

test('a reservation reaches the other tills at once and never its own sender', async () => {
  const store = storeOf('1', '2', '3');
  const message = {
    kind: 'coupon.reserved' as const,
    serial: 'C1',
    till: '1',
    saleId: 'A',
    at: '2026-11-21T10:15:00+01:00',
  };
  store.member('1').peers.port.send(message);
  await settle();
  assert.deepEqual(store.member('2').heard, [message]);
  assert.deepEqual(store.member('3').heard, [message]);
  assert.deepEqual(store.member('1').heard, []);
});

test('facts are told from the outbox in order; what does not concern the others is left out', async () => {
  const store = storeOf('1', '2');
  const { outbox } = store.member('1');
  outbox.append('sale.completed', saleBody('A', 100));
  outbox.append('device.changed', {});
  outbox.append('coupon.redeemed', { serial: 'C1', offer: 'o', saleId: 'A' });
  await settle();
  assert.deepEqual(store.facts('2', '1'), [1, 3]);
  assert.equal(outbox.told(), 3);
});

test('a till that was away learns what it missed from the others when it is back', async () => {
  const store = storeOf('1', '2');
  const [one, two] = [store.member('1'), store.member('2')];
  one.outbox.append('coupon.issued', { serial: 'C1' });
  await settle();
  two.up = false;
  for (const serial of ['C2', 'C3']) one.outbox.append('coupon.redeemed', { serial, offer: 'o', saleId: 'A' });
  await settle();
  assert.deepEqual(store.facts('2', '1'), [1]);
  two.up = true;
  two.peers.up();
  await store.clock.advance(1_000);
  assert.deepEqual(store.facts('2', '1'), [1, 2, 3]);
});

test('a new till hears what the others made before it came', async () => {
  const store = storeOf('1');
  for (const serial of ['C1', 'C2']) store.member('1').outbox.append('coupon.issued', { serial });
  await settle();
  const late = store.add('2');
  late.peers.up();
  await store.clock.advance(1_000);
  assert.deepEqual(store.facts('2', '1'), [1, 2]);
});

test('a hole in what is heard is noticed by the next fact and asked for', async () => {
  const store = storeOf('1', '2');
  const [one, two] = [store.member('1'), store.member('2')];
  one.outbox.append('coupon.issued', { serial: 'C1' });
  await settle();
  two.up = false;
  one.outbox.append('coupon.redeemed', { serial: 'C1', offer: 'o', saleId: 'A' });
  await settle();
  // The line was away without either end noticing.
  two.up = true;
  one.outbox.append('coupon.issued', { serial: 'C2' });
  await store.clock.advance(10_000);
  assert.deepEqual([...new Set(store.facts('2', '1'))].sort(), [1, 2, 3]);
});

test('a till with a new database is heard from its first fact on', async () => {
  const store = storeOf('1', '2');
  store.member('1').outbox.append('coupon.issued', { serial: 'C1' });
  await settle();
  store.member('1').up = false;
  const anew = store.add('1', memoryOutbox({ tenant: 'demo', store: '0042', till: '1' }, 2));
  anew.outbox.append('coupon.issued', { serial: 'C9' });
  await settle();
  assert.deepEqual(
    store.member('2').heard.map(message => message.kind === 'fact' && [message.epoch, message.event.body.serial]),
    [
      [1, 'C1'],
      [2, 'C9'],
    ],
  );
});

test('however tills come and go, in the end every one has heard every fact of the others', async () => {
  const step = fc.record({
    till: fc.constantFrom('1', '2', '3'),
    does: fc.constantFrom('sell', 'sell', 'leave', 'return', 'wait'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const store = storeOf('1', '2', '3');
      for (const { till, does } of steps) {
        const member = store.member(till);
        if (does === 'sell') member.outbox.append('coupon.issued', { serial: 'C' });
        if (does === 'leave') {
          member.up = false;
          member.peers.down();
        }
        if (does === 'return') {
          member.up = true;
          member.peers.up();
        }
        if (does === 'wait') await store.clock.advance(300);
        await settle(1);
      }
      for (const id of ['1', '2', '3']) {
        store.member(id).up = true;
        store.member(id).peers.up();
      }
      await store.clock.advance(30_000);
      for (const id of ['1', '2', '3'])
        for (const other of ['1', '2', '3'].filter(one => one !== id))
          assert.deepEqual(
            [...new Set(store.facts(id, other))].sort((a, b) => a - b),
            store.member(other).outbox.events.map(({ seq }) => seq),
            `${id} of ${other}`,
          );
    }),
    { numRuns: 25 },
  );
});

const day = 86_400;
function encoded(message: PeerEnvelope): Uint8Array {
  const payload = encodePeer(message);
  assert.ok(payload.ok);
  return payload.value;
}
const factsOf = (till: string, epoch: number, event: TillEvent, upTo = event.seq) =>
  encoded({ kind: 'facts', till, epoch, after: event.seq - 1, upTo, events: [event] });

test('an epoch far ahead of the clock is not believed, so that it cannot silence the till it names', async () => {
  const store = storeOf('1', '2');
  const [one, two] = [store.member('1'), store.member('2')];
  const forged = { ...one.outbox.append('coupon.issued', { serial: 'C1' }), id: 'forged' };
  const nowS = Math.floor(store.clock.now() / 1000);
  for (const epoch of [nowS + day + 60, Number.MAX_SAFE_INTEGER]) two.peers.receive(factsOf('1', epoch, forged, 5));
  one.outbox.append('coupon.redeemed', { serial: 'C1', offer: 'o', saleId: 'A' });
  await settle();
  assert.deepEqual(store.facts('2', '1'), [1, 2]);
  assert.ok(two.heard.every(message => message.kind !== 'fact' || message.event.id !== 'forged'));
});

test('a till whose clock is behind hears the others once its clock is right', async () => {
  const store = storeOf('2');
  const { clock } = store;
  const made = Math.floor(clock.now() / 1000);
  clock.jump(-30 * 365 * day * 1000);
  const newer = store.add('1', memoryOutbox({ tenant: 'demo', store: '0042', till: '1' }, made));
  newer.outbox.append('coupon.issued', { serial: 'C1' });
  await settle();
  assert.deepEqual(store.facts('2', '1'), []);
  clock.jump(30 * 365 * day * 1000);
  newer.outbox.append('coupon.issued', { serial: 'C2' });
  await clock.advance(10_000);
  assert.deepEqual([...new Set(store.facts('2', '1'))].sort(), [1, 2]);
});

test('a fact that could not be taken in does not count as heard and is told again', async () => {
  const store = storeOf('1', '2');
  const [one, two] = [store.member('1'), store.member('2')];
  let fails = true;
  const taken: number[] = [];
  two.peers.port.onMessage(message => {
    if (message.kind !== 'fact') return;
    if (message.event.seq === 2 && fails) throw new Error('the disk is full');
    taken.push(message.event.seq);
  });
  for (const serial of ['C1', 'C2']) one.outbox.append('coupon.issued', { serial });
  await settle();
  assert.deepEqual(taken, [1]);
  fails = false;
  one.outbox.append('coupon.issued', { serial: 'C3' });
  await store.clock.advance(10_000);
  assert.deepEqual([...new Set(taken)].sort(), [1, 2, 3]);
});

test('a fact that can never be taken in is given up after a few tries and does not hold up those behind it', async () => {
  const store = storeOf('1', '2');
  const [one, two] = [store.member('1'), store.member('2')];
  let tries = 0;
  two.peers.port.onMessage(message => {
    if (message.kind !== 'fact' || message.event.seq !== 1) return;
    tries += 1;
    throw new Error('never');
  });
  for (let sale = 0; sale < 12; sale++) {
    one.outbox.append('coupon.issued', { serial: `C${sale}` });
    await store.clock.advance(10_000);
  }
  assert.ok(tries > 1 && tries <= 4, `${tries} tries`);
  assert.deepEqual(
    [...new Set(store.facts('2', '1'))].sort((a, b) => a - b),
    one.outbox.events.map(({ seq }) => seq),
  );
});

test('a claim that is heard again after it was given back, or long after, takes nothing from anybody', async () => {
  const store = storeOf('1', '2');
  const [one, two] = [store.member('1'), store.member('2')];
  const word = (kind: 'coupon.reserved' | 'coupon.released', at: string, saleId = 'A') =>
    ({ kind, serial: 'C1', till: '1', saleId, at: `2026-11-21T${at}+01:00` }) as const;
  const recorded = encoded(word('coupon.reserved', '10:15:00'));
  for (const message of [word('coupon.reserved', '10:15:00'), word('coupon.released', '10:15:30')])
    one.peers.port.send(message);
  await settle();
  assert.equal(two.heard.length, 2);
  two.peers.receive(recorded);
  assert.equal(two.heard.length, 2, 'given back');
  two.peers.receive(encoded(word('coupon.reserved', '10:15:40')));
  two.peers.receive(encoded(word('coupon.reserved', '10:15:10', 'B')));
  assert.equal(two.heard.length, 4, 'scanned again, and by another sale');
  store.clock.jump(365 * day * 1000);
  store.add('3').peers.receive(recorded);
  assert.deepEqual(store.member('3').heard, [], 'last year’s');
});

test('facts that together are too large for a message are told in several', async () => {
  const store = storeOf('1', '2');
  const one = store.member('1');
  one.up = false;
  // Little when packed, much when read.
  for (let n = 0; n < 40; n++) one.outbox.append('coupon.issued', { serial: `C${n}`, text: 'x'.repeat(60_000) });
  one.up = true;
  one.peers.up();
  await settle();
  assert.deepEqual(
    store.facts('2', '1'),
    one.outbox.events.map(({ seq }) => seq),
  );
});

test('a flood costs a till so much and no more; what honest tills said meanwhile is heard when it is over', async () => {
  const store = storeOf('1', '2');
  const [one, two] = [store.member('1'), store.member('2')];
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  for (let n = 0; n < 600; n++) two.peers.receive(bomb);
  one.outbox.append('coupon.issued', { serial: 'C1' });
  await settle();
  assert.deepEqual(store.facts('2', '1'), [], 'not read any more');
  await store.clock.advance(60_000);
  one.outbox.append('coupon.issued', { serial: 'C2' });
  await store.clock.advance(60_000);
  assert.deepEqual([...new Set(store.facts('2', '1'))].sort(), [1, 2]);
});

test('names of tills that someone makes up fill nothing without end, and those heard before are heard on', async () => {
  const store = storeOf('1', '2');
  const [one, two] = [store.member('1'), store.member('2')];
  one.outbox.append('coupon.issued', { serial: 'C1' });
  await settle();
  for (let n = 0; n < 2000; n++)
    two.peers.receive(encoded({ kind: 'facts', till: `made-up-${n}`, epoch: 1, after: 0, upTo: 0, events: [] }));
  one.outbox.append('coupon.issued', { serial: 'C2' });
  await settle();
  assert.deepEqual(store.facts('2', '1'), [1, 2]);
  const asked: PeerEnvelope[] = [];
  const listening = one.peers.receive;
  one.peers.receive = payload => {
    const message = decodePeer(payload);
    if (message.ok && message.value.kind === 'tell-again') asked.push(message.value);
    listening(payload);
  };
  two.peers.up();
  await settle();
  const [question] = asked;
  assert.ok(question?.kind === 'tell-again');
  assert.equal(Object.keys(question.heard).length, 500);
});
