/** Real processes, real `kill -9`, a real database file and TCP: a till is killed at the byte at which its printer has received so many, again and again. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVirtualPrinter } from '../../../drivers/virtual/printer.ts';
import { type PersonalityName, printerPersonalities } from '../../../drivers/virtual/printer-personalities.ts';
import { coreTill, temporaryFolder } from '../../sale/core-till.ts';
import { seeded } from '../seeded.ts';
import { brokenPromises, type Paper } from './promises.ts';

const program = join(import.meta.dirname, 'killed-till.ts');
/** Where the children keep their compiled program: they start in a quarter of the time. */
const cache = join(tmpdir(), 'tillside-compile-cache');
/** Bytes after the till was let go: its first questions, the barrier and a coupon or two. */
const mostBytes = 2500;
/** Millimetres a second; a test has no time for paper. */
const speed = 3000;

export interface KillFindings {
  readonly sold: number;
  readonly slips: number;
  readonly broken: readonly string[];
}

export async function killForReal(
  kills: number,
  seed: number,
  personality: PersonalityName,
  signal?: AbortSignal,
): Promise<KillFindings> {
  const random = seeded(seed);
  const dir = temporaryFolder();
  const printer = createVirtualPrinter({ personality: { ...printerPersonalities[personality], speed }, keep: 10_000 });
  const server = await printer.listen(0);
  const children = new Set<ChildProcessWithoutNullStreams>();
  signal?.addEventListener('abort', () => {
    for (const child of children) child.kill('SIGKILL');
  });
  const sold: string[] = [];
  const errors: string[] = [];
  const start = (mode: 'sell' | 'drain') => {
    const device = `tcp://127.0.0.1:${server.port}`;
    const child = spawn(process.execPath, [program, mode, dir, device, printer.personality.profile.name], {
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
    });
    children.add(child);
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text.trim()));
    let rest = '';
    let loaded = () => {};
    const ready = new Promise<void>(resolve => {
      loaded = resolve;
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === 'loaded') loaded();
        else sold.push(line.slice('sold '.length));
      }
    });
    const ended = new Promise<void>(resolve => {
      child.once('close', () => {
        children.delete(child);
        loaded();
        resolve();
      });
    });
    return { child, ready, ended };
  };
  try {
    let next = start('sell');
    for (let kill = 0; kill < kills; kill++) {
      const { child, ready, ended } = next;
      await ready;
      printer.after(1 + Math.floor(random() * mostBytes), () => child.kill('SIGKILL'));
      child.stdin.write('go\n');
      // The next one loads its program meanwhile; it opens nothing before it is told.
      next = start(kill + 1 < kills ? 'sell' : 'drain');
      await ended;
    }
    await next.ready;
    next.child.stdin.write('go\n');
    await next.ended;

    const till = await coreTill({ dir });
    try {
      const symbols = printer.slips().flatMap(slip => slip.symbols);
      const paper: Paper = {
        cut: token => symbols.filter(({ data }) => data === token).length,
        hanging: token => printer.hanging().symbols.filter(({ data }) => data === token).length,
        workedOff: () => true,
        handedOver: () => true,
        powerLost: () => false,
      };
      // The line of a sale may be cut off by the kill: the book knows them all.
      const issued = till.events('coupon.issued').filter(event => event.body.replaces === null);
      const serials = issued.map(event => String(event.body.serial));
      const unknown = sold
        .filter(serial => !serials.includes(serial))
        .map(serial => `${serial} was sold and is not there`);
      const broken = serials.flatMap(serial => brokenPromises(till.store, serial, paper));
      return { sold: serials.length, slips: printer.slips().length, broken: [...errors, ...unknown, ...broken] };
    } finally {
      await till.close();
    }
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  }
}
