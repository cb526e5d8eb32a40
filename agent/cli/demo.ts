/** `tillside demo`: starts the demo, prints where to look, and listens to a few keys. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, relative, resolve } from 'node:path';
import process from 'node:process';
import { TillsideError } from '../../errors.ts';
import { forgetDemo, startDemo } from '../demo/demo.ts';
import { findElectron, whyNoWindow } from '../electron/find-electron.ts';
import { createLog } from '../log.ts';
import type { Command } from './command.ts';
import { readOptions } from './options.ts';

const help = `tillside demo: a broker, HQ and two tills of one store on simulated devices

usage: tillside demo [--port N] [--data DIR] [--fresh]

  --port N    port of till 1 (4780); till 2 is N+1, the broker N+3, the printers N+4 and N+5, HQ N+10
  --data DIR  where the demo keeps its data (.tillside); a new start goes on from there
  --fresh     forget what was kept

Keys while it runs: b stops and starts the broker, q ends the demo.
`;

const root = join(import.meta.dirname, '..', '..');

export const demoCommand: Command = async (args, io) => {
  const { values } = readOptions('demo', args, {
    port: { type: 'string' },
    data: { type: 'string' },
    fresh: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    io.stdout.write(help);
    return 0;
  }
  const port = values.port === undefined ? 4780 : Number(values.port);
  if (!Number.isInteger(port) || port < 1024 || port > 65_525)
    throw new TillsideError('usage', `--port is "${values.port}"; it is a number from 1024 to 65525.`);
  const dataDir = resolve(values.data ?? '.tillside');
  if (values.fresh) forgetDemo(dataDir);
  const demo = await startDemo({ dataDir, port, log: createLog(process.env.TILLSIDE_LOG_LEVEL ?? 'error') });

  const screens = demo.tills.map(({ till, url, token }) => ({ till, address: `${url}/#token=${token}` }));
  io.stdout.write(`
  till 1   ${screens[0]?.address}
  till 2   ${screens[1]?.address}
  HQ       ${demo.hq.url}/#token=${demo.hq.token}

  Open a till in a browser, click a card, scan products, total, pay.
  Change an offer in ${relative('.', demo.bundleFile)} (and its version), then:
    npm run -s tillside -- bundle publish ${relative('.', demo.bundleFile)}${port === 4780 ? '' : ` --hq ${demo.hq.url}`}

  b  stop or start the broker      q  end

`);
  const electron = findElectron();
  const [first] = demo.tills;
  if (electron !== null && first !== undefined) {
    const why = whyNoWindow();
    const token = join(dataDir, `till-${first.till}`, 'tokens', 'ui');
    if (why === null) openWindow(electron, ['.', '--till', first.url, '--token', token]);
    else io.stdout.write(`  (No window of its own: ${why}.)\n`);
  }

  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const { stdin } = process;
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on('data', keys => {
    for (const key of keys.toString()) {
      if (key === 'q' || key === '\u0003') stop.abort();
      else if (key === 'b') void toggle();
    }
  });
  let toggling = false;
  async function toggle(): Promise<void> {
    if (toggling) return;
    toggling = true;
    const stopping = demo.broker.running;
    await (stopping ? demo.broker.stop() : demo.broker.start());
    io.stdout.write(
      stopping ? '  broker stopped: the tills sell on, press b to start it again\n' : '  broker started\n',
    );
    toggling = false;
  }

  if (!stop.signal.aborted) await once(stop.signal, 'abort');
  io.stdout.write('  ending …\n');
  await demo.stop();
  // A file for standard input, such as /dev/null, has no such thing.
  if ('unref' in stdin) stdin.unref();
  if (stdin.isTTY) stdin.setRawMode(false);
  stdin.pause();
  return 0;
};

/** A window that can't be opened is no reason to end: the printed address shows the same. */
function openWindow(electron: string, args: readonly string[]): void {
  const window = spawn(electron, args, { cwd: root, stdio: 'ignore' });
  window.on('error', () => {});
  window.unref();
}
