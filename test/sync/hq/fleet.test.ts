/** Twenty thousand tills as an operator asks about them: which are behind, by how much, why. */
import assert from 'node:assert/strict';
import { createFleet } from '../../../sync/hq/fleet.ts';
import type { Ledger, TillRecord } from '../../../sync/hq/ledger.ts';
import { createMetrics } from '../../../sync/hq/metrics.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { onBoth, usePostgres } from './ledgers.ts';

usePostgres();

const [stores, perStore] = [2500, 8];
const known = stores * perStore;
const two = (n: number) => String(n).padStart(4, '0');
const at = '2026-11-21T10:15:00Z';

/** In every store: till 0 has three facts waiting since six, till 1 is off line, till 2 has no paper; store 7 waits for longest. */
function fleetOf(): readonly TillRecord[] {
  return Array.from({ length: known }, (_, n) => {
    const [store, till] = [Math.floor(n / perStore), n % perStore];
    const oldestAt = store === 7 ? '2026-11-20T06:00:00Z' : '2026-11-21T06:00:00Z';
    return {
      store: two(store),
      till: `${two(store)}-${till}`,
      state: {
        ...{ online: till !== 1, boot: 1, session: 1, epoch: 1, at, agent: '1.0.0' },
        outbox:
          till === 0 ? { acknowledged: 0, waiting: 3, oldestAt } : { acknowledged: 0, waiting: 0, oldestAt: null },
        printer: { problem: till === 2 ? 'paper-out' : null, evidence: null },
      },
    };
  });
}

/** A ledger that tells how many tills it was ever asked for at once. */
function counted(ledger: Ledger) {
  let most = 0;
  const tills: Ledger['tills'] = async (...asked) => {
    const rows = await ledger.tills(...asked);
    most = Math.max(most, rows.length);
    return rows;
  };
  return { ledger: { ...ledger, tills }, most: () => most };
}

const base = {
  ...{ tenant: 'demo', version: '1', startedAt: at, clock: null },
  broker: { connected: true, since: at, problem: null },
  database: { kind: 'sqlite', ok: true, problem: null },
};

onBoth(
  'of 20,000 tills a page, a store, a reason and the sums are answered without all of them being held',
  ledgerWith =>
    ledgerWith(async whole => {
      await whole.saveStates(fleetOf(), at);
      const { ledger, most } = counted(whole);
      const fleet = createFleet(ledger, new FakeClock(Date.parse(at)), async () => null);

      const seen: string[] = [];
      for (let after: string | undefined; ; ) {
        const { tills, next } = await fleet.tills({ limit: 1000, ...(after === undefined ? {} : { after }) });
        // Less than a kilobyte for each.
        assert(tills.length <= 1000 && JSON.stringify(tills).length < 1_000_000);
        seen.push(...tills.map(({ till }) => till));
        if (next === null) break;
        after = next;
      }
      assert.equal(seen.length, known);
      assert.deepEqual(seen, [...new Set(seen)].sort());
      assert.equal((await fleet.tills({})).tills.length, 500);

      const ids = async (query: Parameters<typeof fleet.tills>[0]) =>
        (await fleet.tills(query)).tills.map(({ till }) => till);
      assert.equal((await ids({ store: '0042' })).length, perStore);
      assert.deepEqual(await ids({ store: '0042', why: 'any' }), ['0042-0', '0042-1', '0042-2']);
      assert.deepEqual(await ids({ store: '0042', why: 'facts-waiting' }), ['0042-0']);
      assert.deepEqual(await ids({ store: '0042', online: false }), ['0042-1']);
      assert.deepEqual(await ids({ store: '0042', till: '0042-7' }), ['0042-7']);
      assert.deepEqual(await ids({ why: 'printer', limit: 2, after: '2498/2498-0' }), ['2498-2', '2499-2']);
      assert.deepEqual(await ids({ store: 'none' }), []);

      const { summary, status } = await fleet.overview(base);
      assert.deepEqual(summary, {
        ...{ known, online: known - stores, well: known - 3 * stores, missing: { tills: 0, facts: 0 } },
        waiting: {
          ...{ tills: stores, facts: 3 * stores },
          oldest: { store: '0007', till: '0007-0', since: '2026-11-20T06:00:00Z' },
        },
        why: ['facts-waiting', 'offline', 'printer'].map(code => ({ code, tills: stores, stores })),
      });
      assert.deepEqual(await fleet.summary(), summary);
      assert.deepEqual(status.tills, { known, online: known - stores, behind: stores, printers: stores });
      assert.deepEqual((await fleet.members()).stores[0], { store: '0000', version: null, tills: perStore });
      assert.equal(most(), 500);

      const figures = await createMetrics().text(
        status,
        { good: 1, ending: 0, revoked: 0, leaving: 0 },
        summary,
        false,
      );
      assert.match(figures, /^tillside_hq_tills_ailing\{why="printer"\} 2500$/m);
      // Not a line for each till.
      assert(figures.split('\n').length < 200);
    }),
);
