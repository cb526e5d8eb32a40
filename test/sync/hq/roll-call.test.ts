import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRollCall } from '../../../sync/hq/roll-call.ts';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { encodeMessage, type StateMessage } from '../../../sync/protocol/messages.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const name = { store: '0042', till: '1' };

async function hall() {
  const ledger = createSqliteLedger(':memory:');
  await ledger.open();
  let sets = 0;
  const counted = {
    ...ledger,
    saveStates(...given: Parameters<typeof ledger.saveStates>) {
      sets += 1;
      return ledger.saveStates(...given);
    },
  };
  const clock = new FakeClock();
  const rollCall = createRollCall({ ledger: counted, clock, log: silentLog, onState: async () => {}, onSilent() {} });
  const say = (till: string, change: Partial<StateMessage>) =>
    rollCall.receive(
      { store: '0042', till },
      encodeMessage({ online: true, boot: 1, session: 1, epoch: 1, at: '2026-11-21T10:15:00Z', ...change }),
    );
  return { ledger, clock, rollCall, say, sets: () => sets };
}

test('twenty thousand tills that speak at once are written together', async () => {
  const { ledger, clock, say, sets } = await hall();
  for (let till = 0; till < 20_000; till++) say(`t${till}`, { agent: '1' });
  await clock.advance(20);
  assert.equal(sets(), 1);
  assert.equal((await ledger.tills('2026-11-21')).filter(till => till.online).length, 20_000);
  await ledger.close();
});

test('a late Will that comes with the birth of the next connection does not win, in whatever order', async () => {
  const birth = { session: 2, agent: '1.2.3' };
  const will = { session: 1, online: false };
  for (const order of [
    [birth, will],
    [will, birth],
  ]) {
    const { ledger, clock, say } = await hall();
    for (const said of order) say('1', said);
    await clock.advance(20);
    const [till] = await ledger.tills('2026-11-21', name);
    assert.deepEqual([till?.online, till?.agent], [true, '1.2.3']);
    await ledger.close();
  }
});

test('the Will of the same connection keeps what the birth said', async () => {
  const { ledger, clock, say } = await hall();
  say('1', { agent: '1.2.3' });
  say('1', { online: false });
  await clock.advance(20);
  const [till] = await ledger.tills('2026-11-21', name);
  assert.deepEqual([till?.online, till?.agent], [false, '1.2.3']);
  await ledger.close();
});

test('a till whose Will was lost with its broker is off line once it stayed silent after HQ’s return', async () => {
  const { ledger, clock, rollCall, say } = await hall();
  say('1', {});
  say('2', {});
  await clock.advance(20);
  rollCall.up();
  say('2', {});
  await clock.advance(150_000);
  assert.deepEqual(
    (await ledger.tills('2026-11-21')).map(till => till.online),
    [false, true],
  );
  await ledger.close();
});

test('who stops the roll-call waits for the set that is being written, and no other is begun', async () => {
  const ledger = createSqliteLedger(':memory:');
  await ledger.open();
  const clock = new FakeClock();
  const written: string[] = [];
  const free: (() => void)[] = [];
  const slow = {
    ...ledger,
    async saveStates(...[records, at]: Parameters<typeof ledger.saveStates>) {
      await new Promise<void>(resolve => free.push(resolve));
      written.push(...records.map(({ till }) => till));
      return ledger.saveStates(records, at);
    },
  };
  const told: string[] = [];
  const rollCall = createRollCall({
    ledger: slow,
    clock,
    log: silentLog,
    onState: async ({ till }) => void told.push(till),
    onSilent() {},
  });
  const say = (till: string) =>
    rollCall.receive(
      { store: '0042', till },
      encodeMessage({ online: true, boot: 1, session: 1, epoch: 1, at: '2026-11-21T10:15:00Z' }),
    );
  say('1');
  await clock.advance(20);
  say('2');
  const stopped = rollCall.stop();
  for (const go of free) go();
  await stopped;
  assert.deepEqual([written, told], [['1'], ['1']]);
  await clock.advance(1000);
  assert.equal(free.length, 1);
  await ledger.close();
});

test('a line that comes up while HQ ends makes it look for nobody: its database is closed by then', async () => {
  const faults: string[] = [];
  const ledger = createSqliteLedger(':memory:');
  const clock = new FakeClock();
  const log = { ...silentLog, error: (_: object, message: string) => void faults.push(message) };
  const rollCall = createRollCall({ ledger, clock, log, onState: async () => {}, onSilent() {} });
  const ended = rollCall.stop();
  rollCall.up();
  await ended;
  await ledger.close();
  await clock.advance(600_000);
  assert.deepEqual(faults, []);
});
