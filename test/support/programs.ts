/** Programs that a test starts: their output kept, each ended for certain. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const tillsideProgram = fileURLToPath(new URL('../../tillside.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly pid: number;
  /** What it has said, both streams. */
  said(): string;
  readonly ended: Promise<Ended>;
  signal(name: NodeJS.Signals): void;
  /** Ends it with this signal and waits. */
  stop(name?: NodeJS.Signals): Promise<Ended>;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A program that starts others: signals go to all of them, and all end when this process does. */
  readonly group?: boolean;
}

export interface Programs {
  start(program: string, args: readonly string[], options?: StartOptions): Running;
  /** `tillside ARGS` to its end. */
  tillside(...args: readonly string[]): Promise<Ended>;
  startTillside(...args: readonly string[]): Running;
  /** kill -9 of all that still run. */
  close(): Promise<void>;
}

/** Ends its whole group when the pipe from this process closes, which it does however this process ends. */
const keep = `exec 3<&0
"$0" "$@" </dev/null & program=$!
{ read -r _ <&3; kill -9 0; } 2>/dev/null >/dev/null &
exec 3<&-
wait "$program"
kill -9 0`;

export function openPrograms(env: NodeJS.ProcessEnv = process.env): Programs {
  const running = new Set<Running>();

  function start(program: string, args: readonly string[], { group = false, ...options }: StartOptions = {}): Running {
    const child: ChildProcess = group
      ? spawn('/bin/sh', ['-c', keep, program, ...args], { env, detached: true, ...options })
      : spawn(program, [...args], { env, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    child.stdin?.on('error', () => {});
    const signal = (name: NodeJS.Signals) => {
      try {
        if (group && child.pid !== undefined) process.kill(-child.pid, name);
        else child.kill(name);
      } catch {
        // It has ended by itself.
      }
    };
    let out = '';
    let err = '';
    child.stdout?.on('data', chunk => {
      out += chunk;
    });
    child.stderr?.on('data', chunk => {
      err += chunk;
    });
    const ended = new Promise<Ended>(resolve => {
      child.once('error', error => resolve({ code: -1, out, err: err + error.message }));
      child.once('close', code => resolve({ code, out, err }));
    });
    const one: Running = {
      pid: child.pid ?? -1,
      said: () => out + err,
      ended,
      signal,
      stop(name = 'SIGKILL') {
        signal(name);
        return ended;
      },
    };
    running.add(one);
    void ended.then(() => running.delete(one));
    return one;
  }

  return {
    start,
    tillside: (...args) => start(process.execPath, [tillsideProgram, ...args]).ended,
    startTillside: (...args) => start(process.execPath, [tillsideProgram, ...args]),
    async close() {
      await Promise.all([...running].map(one => one.stop('SIGKILL')));
    },
  };
}

/** Resolves when the program has said it; fails if it ends before. */
export async function untilSaid(one: Running, what: RegExp, ms = 120_000): Promise<RegExpExecArray> {
  let ended: Ended | null = null;
  void one.ended.then(value => {
    ended = value;
  });
  const end = performance.now() + ms;
  for (;;) {
    if (performance.now() > end) throw new Error(`did not say ${what}: ${one.said()}`);
    const found = what.exec(one.said());
    if (found !== null) return found;
    if (ended !== null) throw new Error(`ended before it said ${what}: ${one.said()}`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** Run by root, Debian's daemons change to a user of their own, who must be able to read what is meant for them. */
export function giveTo(user: string, ...files: readonly string[]): void {
  if (process.getuid?.() !== 0) return;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find(entry => entry.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) return;
  for (const file of files) chownSync(file, Number(uid), Number(gid));
}
