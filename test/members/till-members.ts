/** A till's members for tests: real files in a folder, a keeper on the test's clock; killed and opened again at will. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMembersKeeper, type MembersKeeper } from '../../agent/members/keeper.ts';
import type { StartWork } from '../../agent/members/thread.ts';
import { workOn } from '../../agent/members/work.ts';
import { type Members, openMembers, openStore, type Store } from '../../agent/store/index.ts';
import { type Clock, pause } from '../../clock.ts';
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
  const keeper = createMembersKeeper({ members, store, clock, log: silentLog, startWork: inTurns(clock) });
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

/** The same work on this thread, a step every 5 ms of the test's clock: what a test breaks off it breaks off at the same place again. */
const inTurns =
  (clock: Clock): StartWork =>
  order => {
    let isCalledOff = false;
    const job = workOn(order);
    return {
      done: (async () => {
        for (;;) {
          await pause(clock, 5);
          if (isCalledOff) {
            job.return(null as never);
            return null;
          }
          const step = job.next();
          if (step.done === true) return step.value;
        }
      })(),
      callOff() {
        isCalledOff = true;
      },
    };
  };
