import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMembersDesk, type MembersConfig, membersDefaults } from '../../sync/hq/members-desk.ts';
import { createSqliteLedger } from '../../sync/hq/sqlite-ledger.ts';
import { silentLog } from '../../sync/link/link.ts';
import { decodeBlock } from '../../sync/protocol/blocks.ts';
import type { MembersCommand } from '../../sync/protocol/members-messages.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type TillMembers, tillMembers } from './till-members.ts';

const dayMs = 86_400_000;
const cardOf = (n: number) => `25010000${String(n).padStart(5, '0')}`;
const memberOf = (n: number, points: number, change: object = {}) => ({
  id: `crm-${n}`,
  cards: [cardOf(n)],
  firstName: `Anna${n}`,
  points,
  home: '0042',
  segments: [`segment-${points % 5}`],
  asOf: '2026-11-20T00:00:00Z',
  ...change,
});
const linesOf = (members: readonly object[]) => members.map(member => JSON.stringify(member)).join('\n');

/** HQ and a till without a broker between: what HQ says is taken over when a test says so. */
async function shop(config: Partial<MembersConfig> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-shop-'));
  const clock = new FakeClock();
  const ledger = createSqliteLedger(':memory:');
  await ledger.open();
  const said: MembersCommand[] = [];
  const blocks: Uint8Array[] = [];
  const desk = createMembersDesk({
    tenant: 'demo',
    dataDir: join(dir, 'hq'),
    config: { ...membersDefaults, ...config },
    ledger,
    clock,
    log: silentLog,
    command: (_, command) => void said.push(command as MembersCommand),
    publish: async (_, payload) => {
      blocks.push(payload);
      return true;
    },
  });
  await desk.open();
  const folder = join(dir, 'till');
  let till: TillMembers = tillMembers(clock, '1', folder);
  const name = { store: '0042', till: '1' };

  /** What HQ's files are by now, as a till asks for them. */
  const offer = async () => {
    said.length = 0;
    await desk.answer(name, { kind: 'members', ...till.keeper.have() });
    for (const command of said) {
      if (command.kind === 'members') till.keeper.offered(command);
      if (command.kind === 'erase') till.keeper.erase(command.member, command.erasure);
    }
  };
  /** One question for blocks and its answer; false: none is wanted. */
  const fetch = async (change: (bytes: Uint8Array) => Uint8Array = bytes => bytes) => {
    const wanted = till.keeper.wanted(4);
    if (wanted === null) return false;
    blocks.length = 0;
    await clock.advance(300);
    await desk.sendBlocks(name, wanted.sha256, wanted.indexes);
    await clock.advance(1);
    for (const payload of blocks) {
      const block = decodeBlock(payload);
      if (block.ok) till.keeper.block(block.value.sha256, block.value.index, change(block.value.bytes));
    }
    return true;
  };
  /** Until the keeper works on nothing and wants nothing more; the disk takes its own time for what it does. */
  const settle = async () => {
    let rounds = 200;
    do {
      let isIdle = false;
      const idle = till.keeper.idle().finally(() => {
        isIdle = true;
      });
      while (!isIdle) await clock.advance(20);
      await idle;
    } while ((await fetch()) && --rounds > 0);
  };
  return {
    dir,
    clock,
    desk,
    said,
    offer,
    fetch,
    settle,
    get till() {
      return till;
    },
    /** The process ends wherever it is, and begins anew. */
    async restart(between: (path: string) => void = () => {}) {
      const stopped = till.keeper.stop();
      await clock.advance(20);
      await stopped;
      till.members.close();
      till.store.close();
      between(till.members.path);
      till = tillMembers(clock, '1', folder);
    },
    async publish(members: readonly object[]) {
      const answer = await desk.import(linesOf(members), 1);
      assert.equal(answer.refused, 0, JSON.stringify(answer.faults));
      // Versions are seconds.
      await clock.advance(1000);
      return desk.publish();
    },
    async close() {
      const closed = till.close();
      await clock.advance(20);
      await closed;
      await desk.stop();
      await ledger.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

type Shop = Awaited<ReturnType<typeof shop>>;
const inShop = async (run: (shop: Shop) => Promise<void>, config: Partial<MembersConfig> = {}) => {
  const made = await shop(config);
  try {
    await run(made);
  } finally {
    await made.close();
  }
};

test('random imports, changes, breaks and starts anew end in exactly the members that HQ has', async () => {
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('import' as const),
        from: fc.nat(60),
        count: fc.integer({ min: 1, max: 40 }),
        points: fc.nat(1000),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), n: fc.nat(80) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('card' as const), n: fc.nat(60), to: fc.nat(60) }) },
    { weight: 3, arbitrary: fc.constant({ kind: 'offer' as const }) },
    { weight: 3, arbitrary: fc.constant({ kind: 'fetch' as const }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(60) }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'restart' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('erase' as const), n: fc.nat(60) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), steps =>
      inShop(async rest => {
        const { desk, clock, offer, fetch, settle, restart, publish } = rest;
        const here = new Map<number, { points: number; cards: string[] }>();
        const erased = new Set<number>();
        const take = (n: number, one: { points: number; cards: string[] }) => {
          for (const other of here.values()) other.cards = other.cards.filter(card => !one.cards.includes(card));
          here.set(n, one);
        };
        for (const one of steps) {
          if (one.kind === 'import') {
            const members = Array.from({ length: one.count }, (_, n) => one.from + n).filter(n => !erased.has(n));
            await publish(members.map(n => memberOf(n, one.points + n)));
            for (const n of members) take(n, { points: one.points + n, cards: [cardOf(n)] });
          } else if (one.kind === 'remove') {
            await publish([{ id: `crm-${one.n}`, delete: true }]);
            here.delete(one.n);
          } else if (one.kind === 'card' && !erased.has(one.n)) {
            await publish([memberOf(one.n, 7, { cards: [cardOf(one.to), 'second'] })]);
            take(one.n, { points: 7, cards: [cardOf(one.to), 'second'] });
          } else if (one.kind === 'erase' && here.has(one.n)) {
            await desk.erase(`crm-${one.n}`);
            here.delete(one.n);
            erased.add(one.n);
          } else if (one.kind === 'offer') await offer();
          else if (one.kind === 'fetch') await fetch();
          else if (one.kind === 'time') await clock.advance(one.ms);
          else if (one.kind === 'restart') await restart();
        }
        await clock.advance(1000);
        await desk.publish();
        await offer();
        await settle();
        const { members, faults } = rest.till;
        assert.deepEqual(faults, []);
        assert.equal(members.version()?.count ?? 0, here.size);
        assert.equal(members.count(), here.size);
        const owner = new Map([...here].flatMap(([n, { cards }]) => cards.map(card => [card, n] as const)));
        for (const card of [...Array.from({ length: 110 }, (_, n) => cardOf(n)), 'second']) {
          const n = owner.get(card);
          const found = members.byCard(card);
          assert.equal(found?.firstName, n === undefined ? undefined : `Anna${n}`, card);
          assert.equal(found?.points, n === undefined ? undefined : here.get(n)?.points);
        }
        // Nothing of what was fetched stays beside the members' file.
        const left = readdirSync(rest.till.dir).filter(
          name => name.startsWith('members.') && !/sqlite(-wal|-shm)?$/.test(name),
        );
        assert.deepEqual(left, []);
        assert.equal(existsSync(join(rest.till.dir, 'members', 'incoming')), false);
      }, {}),
    ),
    { numRuns: Number(process.env.RUNS ?? 12) },
  );
});

test('while a change is worked in every member reads as of one version, the old one or the new', () =>
  inShop(async ({ clock, offer, fetch, publish, till }) => {
    const count = 1200;
    const all = (points: number) => Array.from({ length: count }, (_, n) => memberOf(n, points));
    await publish(all(1));
    await offer();
    while (till.members.version() === null) {
      await fetch();
      await clock.advance(5);
    }
    await till.keeper.idle();
    await publish(all(2));
    await offer();
    let mixed = 0;
    let turns = 0;
    for (; till.members.version()?.count === count && turns < 2000; turns++) {
      await fetch();
      await clock.advance(5);
      const points = new Set([0, 1, 599, 600, 1198, 1199].map(n => till.members.byCard(cardOf(n))?.points));
      if (points.size !== 1) mixed++;
      if (points.has(2) && till.keeper.wanted(1) === null && turns > 400) break;
    }
    assert.equal(mixed, 0);
    assert.equal(till.members.byCard(cardOf(3))?.points, 2);
  }));

test('what was forged, cut off, grown old or meant for others changes nothing', () =>
  inShop(async rest => {
    const { clock, desk, said, offer, fetch, settle, publish } = rest;
    await publish([memberOf(1, 10), memberOf(2, 20)]);
    await offer();
    const first = said.find(({ kind }) => kind === 'members') as MembersCommand & { kind: 'members' };
    await settle();
    await publish([memberOf(1, 11)]);
    await offer();
    await settle();
    const { members, keeper } = rest.till;
    const version = members.version();
    assert.equal(members.byCard(cardOf(1))?.points, 11);

    // An older version, however often it is offered.
    keeper.offered(first);
    assert.equal(keeper.wanted(1), null);
    // Another store's, and another scope's file under this scope's name.
    keeper.offered({ ...first, scope: 'store/0017' });
    assert.equal(keeper.wanted(1), null);
    await publish([memberOf(1, 12), memberOf(3, 30, { home: '0017' })]);
    said.length = 0;
    await desk.answer({ store: '0017', till: '9' }, { kind: 'members', version: 0, content: null });
    const foreign = said[0] as MembersCommand & { kind: 'members' };
    assert.equal(
      await desk.sendBlocks({ store: '0042', till: '1' }, foreign.files[0]?.sha256 ?? '', [0]),
      false,
      'HQ does not hand it out',
    );
    // Content that is not what was offered: fetched three times, then given up, and what is here stays.
    await offer();
    for (let time = 0; time < 3; time++) {
      await fetch(bytes => Buffer.from(bytes).fill(7, 40, 44));
      await clock.advance(200);
    }
    assert.equal(keeper.wanted(1)?.indexes.length ?? 1, 1);
    assert.deepEqual(members.version(), version);
    for (const length of [0, 1]) assert.equal(keeper.block('f'.repeat(64), 0, Buffer.alloc(length)), false);
    await offer();
    await settle();
    await publish([memberOf(1, 13)]);
    await offer();
    await settle();
    assert.equal(members.byCard(cardOf(1))?.points, 13);
  }));

test('an offer whose rows are not what it says is refused, and the whole file takes the place of a wrong change', () =>
  inShop(async rest => {
    const { said, offer, settle, publish, desk } = rest;
    await publish([memberOf(1, 10), memberOf(2, 20)]);
    await offer();
    await settle();
    await publish([memberOf(1, 11)]);
    said.length = 0;
    await desk.answer({ store: '0042', till: '1' }, { kind: 'members', version: 0, content: null });
    const offered = said[0] as MembersCommand & { kind: 'members' };
    assert.deepEqual(
      offered.files.map(({ base }) => base === null),
      [false, true],
    );
    // HQ errs: its change does not lead where it says. The whole file does.
    const wrong = offered.files.map(file => (file.base === null ? file : { ...file, content: 'e'.repeat(64) }));
    rest.till.keeper.offered({ ...offered, files: wrong });
    await settle();
    assert.equal(rest.till.members.byCard(cardOf(1))?.points, 11);
    assert.equal(rest.till.members.version()?.content, offered.files[1]?.content);
    // And a whole one that is wrong leaves everything as it is.
    await publish([memberOf(1, 12)]);
    said.length = 0;
    await desk.answer({ store: '0042', till: '1' }, { kind: 'members', version: 0, content: null });
    const next = said[0] as MembersCommand & { kind: 'members' };
    rest.till.keeper.offered({
      ...next,
      files: next.files.map(file => ({ ...file, content: 'e'.repeat(64), base: null })),
    });
    await settle();
    assert.equal(rest.till.members.byCard(cardOf(1))?.points, 11);
  }));

test('a till that heard nothing of HQ for longer than its data lease drops its members; HQ gives them back', () =>
  inShop(
    async rest => {
      const { clock, offer, settle, restart, publish } = rest;
      await publish([memberOf(1, 10)]);
      await offer();
      await settle();
      assert.ok((rest.till.keeper.leasedUntil() ?? 0) > clock.now());
      await clock.advance(20 * dayMs);
      assert.equal(rest.till.members.byCard(cardOf(1))?.points, 10);
      await offer();
      await clock.advance(29 * dayMs);
      assert.equal(rest.till.members.byCard(cardOf(1))?.points, 10, 'heard again: another thirty days');
      await clock.advance(dayMs + 3_600_000);
      assert.equal(rest.till.members.byCard(cardOf(1)), null);
      assert.equal(rest.till.members.empty(), true);
      assert.equal(readFileSync(rest.till.members.path).includes('Anna1'), false);
      await restart();
      assert.equal(rest.till.members.byCard(cardOf(1)), null);
      await offer();
      await settle();
      assert.equal(rest.till.members.byCard(cardOf(1))?.points, 10);
      // The clock jumps while the till is off: found out before anybody is served.
      await restart();
      clock.jump(40 * dayMs);
      await restart();
      assert.equal(rest.till.members.byCard(cardOf(1)), null);
    },
    { leaseDays: 30 },
  ));

test('a members’ file that was thrown away or damaged is fetched anew, but never one older than was here', () =>
  inShop(async rest => {
    const { said, offer, settle, restart, publish } = rest;
    await publish([memberOf(1, 10)]);
    await offer();
    const first = said.find(({ kind }) => kind === 'members') as MembersCommand & { kind: 'members' };
    await settle();
    await publish([memberOf(1, 11)]);
    await offer();
    await settle();
    await restart(path => writeFileSync(path, 'rubbish'.repeat(2000)));
    assert.equal(rest.till.members.byCard(cardOf(1)), null);
    rest.till.keeper.offered(first);
    assert.equal(rest.till.keeper.wanted(1), null, 'an older version than was here');
    await offer();
    await settle();
    assert.equal(rest.till.members.byCard(cardOf(1))?.points, 11);
    // Damage that SQLite meets only when it reads the page.
    await restart(path => {
      const bytes = readFileSync(path);
      bytes.fill(0xff, 8192);
      writeFileSync(path, bytes);
    });
    assert.equal(rest.till.members.byCard(cardOf(1)), null);
    await offer();
    await settle();
    assert.equal(rest.till.members.byCard(cardOf(1))?.points, 11);
  }));

test('a former version that a crash left beside the file is gone at the next start: it may hold who was erased since', async () => {
  await inShop(async rest => {
    await rest.publish([memberOf(1, 5)]);
    await rest.offer();
    await rest.settle();
    await rest.restart(path => writeFileSync(`${path}.old`, 'the former version'));
    assert.equal(existsSync(`${rest.till.members.path}.old`), false);
    assert.equal(rest.till.members.byCard(cardOf(1))?.points, 5);
  });
});

test('a till that was off for longer than its data lease builds nothing of what it had fetched before', () =>
  inShop(
    async rest => {
      const { clock, offer, fetch, restart, publish } = rest;
      await publish(Array.from({ length: 300 }, (_, n) => memberOf(n, 10)));
      await offer();
      while ((rest.till.keeper.wanted(1)?.indexes.length ?? 0) > 0) await fetch();
      // Whole on disk, and some of it in the next file.
      await clock.advance(12);
      assert.equal(rest.till.members.version(), null);
      const incoming = join(rest.till.dir, 'members', 'incoming');
      assert.equal(existsSync(incoming), true);
      await restart(() => clock.jump(40 * dayMs));
      assert.equal(existsSync(incoming), false);
      let isIdle = false;
      const idle = rest.till.keeper.idle().then(() => {
        isIdle = true;
      });
      while (!isIdle) {
        await clock.advance(5);
        assert.equal(rest.till.members.byCard(cardOf(1)), null);
      }
      await idle;
      assert.equal(existsSync(`${rest.till.members.path}.next`), false, 'what was half built');
    },
    { leaseDays: 30 },
  ));

test('from the moment HQ erases a member nobody finds it, also while its rows are still being deleted', () =>
  inShop(async rest => {
    const { clock, offer, settle, publish } = rest;
    await publish([memberOf(1, 10), memberOf(2, 20)]);
    await offer();
    await settle();
    const { members, store, keeper } = rest.till;
    keeper.erase(members.byCard(cardOf(1))?.memberId ?? '', 1);
    assert.equal(members.byCard(cardOf(1)), null);
    assert.equal(members.byCard(cardOf(2))?.points, 20);
    const told = () => store.outbox.read(0, 1000).some(({ type }) => type === 'member.erased');
    assert.equal(told(), false, 'not before it is deleted');
    await settle();
    await clock.advance(5);
    assert.equal(told(), true);
    assert.equal(readFileSync(members.path).includes('Anna1'), false);
  }));
