/** A program that is killed with -9 and started again, at any moment and however far its last start had come. */
import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';

export interface Killable {
  readonly name: string;
  start(): Promise<void>;
  kill(): Promise<void>;
}

const heard = 4000;

/** A Node program. One that ends by itself is a fault, told in `onDeath` with what it said last. */
export function killableProgram(options: {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly onDeath: (why: string) => void;
  /** What it says when it may end by itself: it is started again, as a service manager would do. */
  readonly mayEnd?: RegExp;
}): Killable & { stop(): Promise<void> } {
  const { name } = options;
  let child: ChildProcess | null = null;

  async function end(signal: NodeJS.Signals) {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = new Promise<void>(resolve => ending.once('close', () => resolve()));
    ending.kill(signal);
    await ended;
  }

  function spawnIt() {
    const started = spawn(process.execPath, ['--no-warnings', ...options.args], {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    let said = '';
    started.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-heard);
    });
    started.once('close', (code, signal) => {
      if (child !== started) return;
      child = null;
      if (options.mayEnd?.test(said)) return spawnIt();
      options.onDeath(`${name} ended by itself (${code ?? signal}): ${said}`);
    });
  }

  return {
    name,
    async start() {
      await end('SIGKILL');
      spawnIt();
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}
