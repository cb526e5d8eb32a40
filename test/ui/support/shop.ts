/** The demo as tests use it: free ports, an empty folder, quiet. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Demo, startDemo } from '../../../agent/demo/demo.ts';
import { createLog } from '../../../agent/log.ts';

export type Shop = Demo & {
  /** Address of a till's screen, token included: 1 or 2. */
  screen(till: 1 | 2): string;
  readonly console: string;
};

export async function openShop(): Promise<Shop> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tillside-ui-'));
  const demo = await startDemo({ dataDir, port: 0, log: createLog('silent') });
  return {
    ...demo,
    screen(till) {
      const { url, token } = demo.tills[till - 1] ?? { url: '', token: '' };
      return `${url}/#token=${token}`;
    },
    console: `${demo.hq.url}/#token=${demo.hq.token}`,
    async stop() {
      await demo.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
