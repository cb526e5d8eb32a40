/**
 * A simulated printer at a pseudo terminal, so that real serial port code talks to it. Node can't open a pair of terminals; `script` (util-linux, on every
 * Debian) can, and passes bytes between them and its own input and output.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { TillsideError } from '../../errors.ts';
import { createFlowControl, type Flow, xoff, xon } from './flow-control.ts';
import type { Host, PrinterEnd } from './printer-links.ts';

export interface Pty {
  /** For `serial:PATH`. */
  readonly path: string;
  /** Plugs the cable in again after it was pulled: a new terminal at the same path. */
  replug(): Promise<void>;
  close(): Promise<void>;
}

type Terminal = ChildProcessByStdio<Writable, Readable, null>;

/** @param flow `xonxoff`: the printer sends XOFF and XON; a terminal has no DTR, `dtr` and `none` hold bytes back by not reading */
export async function servePty(printer: PrinterEnd, flow: Flow): Promise<Pty> {
  const folder = mkdtempSync(join(tmpdir(), 'printer-'));
  const path = join(folder, 'tty');
  let terminal: Terminal | null = null;
  let host: Host | null = null;

  const plug = async () => {
    const opened = await openTerminal();
    rmSync(path, { force: true });
    symlinkSync(opened.path, path);
    terminal = opened.terminal;
    host = terminalHost(printer, flow, opened.terminal);
    const mine = host;
    opened.terminal.once('close', () => {
      if (terminal === opened.terminal) {
        terminal = null;
        rmSync(path, { force: true });
      }
      printer.leave(mine);
    });
    printer.greet(host);
  };
  await plug();

  return {
    path,
    async replug() {
      if (terminal !== null) await ended(terminal);
      await plug();
    },
    async close() {
      if (terminal !== null) await ended(terminal);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openTerminal(): Promise<{ readonly path: string; readonly terminal: Terminal }> {
  // Quiet, raw, and held open, for a terminal that nobody has open would end the other side; but not longer than this process lives.
  const hold = `stty raw -echo && tty && while kill -0 ${process.pid} 2>/dev/null; do sleep 1; done`;
  const terminal = spawn('script', ['-qfc', hold, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  terminal.stdin.on('error', () => {});
  let said = '';
  for await (const chunk of terminal.stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    const [, path] = /(\/dev\/\S+)\r?\n/.exec(said) ?? [];
    if (path !== undefined) return { path, terminal };
  }
  throw new TillsideError('device-missing', 'a pseudo terminal needs "script" (Debian: apt-get install bsdutils)');
}

function ended(terminal: Terminal): Promise<void> {
  return new Promise(resolve => {
    terminal.once('close', () => resolve());
    // The terminal hangs up, as when the plug is pulled.
    terminal.kill('SIGKILL');
  });
}

function terminalHost(printer: PrinterEnd, flow: Flow, terminal: Terminal): Host {
  const control = createFlowControl(printer.buffer);
  let waiting: Uint8Array = new Uint8Array(0);
  let pumping = false;
  const host: Host = {
    deliver: bytes => void terminal.stdin.write(bytes),
    lose: () => void terminal.kill('SIGKILL'),
    pump() {
      if (pumping) return;
      pumping = true;
      waiting = waiting.subarray(printer.take(host, waiting));
      pumping = false;
      const change = control.update(printer.room());
      if (change !== null && flow === 'xonxoff') host.deliver(Uint8Array.of(change === 'stop' ? xoff : xon));
      if (waiting.length === 0) terminal.stdout.resume();
      else terminal.stdout.pause();
    },
  };
  terminal.stdout.on('data', (bytes: Uint8Array) => {
    waiting = Buffer.concat([waiting, bytes]);
    host.pump();
  });
  return host;
}
