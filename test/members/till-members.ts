/** A till's members for tests: real files in a folder, a keeper on the test's clock; killed and opened again at will. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMembersKeeper, type MembersKeeper } from '../../agent/members/keeper.ts';
import { type Members, openMembers, openStore, type Store } from '../../agent/store/index.ts';
import type { Clock } from '../../clock.ts';
import { silentLog } from '../../sync/link/link.ts';

export interface TillMembers {
  readonly dir: string;
  readonly store: Store;
  readonly members: Members;
  readonly keeper: MembersKeeper;
  readonly faults: unknown[];
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

export function tillMembers(
  clock: Clock,
  till = '1',
  dir = mkdtempSync(join(tmpdir(), 'tillside-members-')),
): TillMembers {
  const faults: unknown[] = [];
  const store = openStore({
    path: join(dir, 'till.sqlite'),
    address: { tenant: 'demo', store: '0042', till },
    clock,
    timeZone: 'Europe/Zurich',
  });
  const members = openMembers(join(dir, 'members.sqlite'), fault => faults.push(fault));
  const keeper = createMembersKeeper({ members, store, clock, log: silentLog });
  keeper.start();
  return {
    dir,
    store,
    members,
    keeper,
    faults,
    async close() {
      await keeper.stop();
      members.close();
      store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
