/**
 * HID POS scanners by node-hid in a child process.
 *
 *   session ──open──► this port ──IPC──► hid-host.ts ── node-hid ── /dev/hidrawN
 *      ◄──scan── assembler ◄──report────────┘     (a crash over there is a lost link over here)
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Clock, pause } from '../../clock.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import { layoutFor } from './hid-pos-layout.ts';
import { createHidPosAssembler, type HidPosAssembler } from './hid-pos-report.ts';
import { type HidAddress, type HidMessage, type HidRequest, machineMonotonic } from './hid-protocol.ts';
import type { ScanPort, ScanSink } from './session.ts';

/** As much of a child process as this needs; tests and Electron's utilityProcess bring their own. */
export interface HidHost {
  send(request: HidRequest): void;
  onMessage(listener: (message: HidMessage) => void): void;
  /** Called once, when the process is gone for whatever reason. */
  onExit(listener: (why: string) => void): void;
  /** Asks it to let go of the device and end; resolves when it is gone. */
  end(): Promise<void>;
}

export interface HidPosOptions {
  /** As configured. */
  readonly device: string;
  readonly address: HidAddress;
  readonly clock: Clock;
  readonly startHost?: () => HidHost;
  /** Machine-wide monotonic ms, as the host stamps its reports. */
  readonly machineTime?: () => number;
}

/** The host answers in ms; while it starts, Node needs its time, more so on a till's first minute. */
const answerWithinMs = 30_000;
const firstBackOffMs = 1000;
const longestBackOffMs = 30_000;
/** A host that held this long was well: the next crash starts the back-off from the beginning. */
const healthyAfterMs = 60_000;

/** `hid:05e0:1900` or `hid:/dev/hidraw3`; null for anything else. */
export function parseHidDevice(device: string): HidAddress | null {
  const ids = /^hid:([0-9a-f]{4}):([0-9a-f]{4})$/i.exec(device);
  if (ids?.[1] !== undefined && ids[2] !== undefined)
    return { kind: 'ids', vendor: Number.parseInt(ids[1], 16), product: Number.parseInt(ids[2], 16) };
  const path = /^hid:(\/.+|\\\\\?\\.+)$/.exec(device)?.[1];
  return path === undefined ? null : { kind: 'path', path };
}

type Current = {
  readonly id: number;
  readonly sink: ScanSink;
  assembler: HidPosAssembler | null;
  resolve: (() => void) | null;
  reject: ((error: TillsideError) => void) | null;
  closed: (() => void) | null;
};

/** The port of one HID POS scanner; starts its host at the first `open`. */
export function createHidPosPort(options: HidPosOptions): ScanPort {
  const { device, address, clock, startHost = forkHost, machineTime = machineMonotonic } = options;
  let host: HidHost | null = null;
  let current: Current | null = null;
  let links = 0;
  let crashes = 0;
  let startedAt = 0;
  let notBefore = 0;
  let released = false;

  const failure = (code: TillsideError['code'], message: string) =>
    new TillsideError(code, message, { context: { device } });

  const finish = (error: TillsideError) => {
    const old = current;
    if (old === null) return;
    current = null;
    old.assembler?.reset();
    old.closed?.();
    if (old.reject !== null) old.reject(error);
    else old.sink.lost(error);
  };

  const start = (): HidHost => {
    const started = startHost();
    startedAt = clock.monotonic();
    started.onMessage(message => {
      if (host === started) take(message);
    });
    started.onExit(why => {
      if (host !== started) return;
      host = null;
      if (clock.monotonic() - startedAt >= healthyAfterMs) crashes = 0;
      notBefore = clock.monotonic() + Math.min(firstBackOffMs * 2 ** crashes, longestBackOffMs);
      crashes = Math.min(crashes + 1, 10);
      finish(failure('device-lost', `The scanner's process ended (${why}); it is started again by itself.`));
    });
    return started;
  };

  const take = (message: HidMessage) => {
    if (current === null || message.id !== current.id) return;
    if (message.kind === 'opened') {
      const { sink } = current;
      current.assembler = createHidPosAssembler({
        layout: layoutFor(message.vendor, message.descriptor),
        guessed: message.descriptor === null,
        source: device,
        clock,
        onScan: scan => sink.scan(scan),
        onError: error => sink.error(error),
      });
      current.resolve?.();
      current.resolve = null;
      current.reject = null;
    } else if (message.kind === 'report') {
      const age = Math.max(0, machineTime() - message.at);
      current.assembler?.push(message.bytes, clock.monotonic() - age);
    } else if (message.kind === 'failed') finish(failure(message.code, sentence(message.code, message.message)));
    else if (message.kind === 'lost') finish(failure('device-lost', 'The scanner was unplugged: plug it in again.'));
    else finish(failure('device-lost', 'The scanner was closed.'));
  };

  return {
    device,
    async open(sink) {
      const wait = notBefore - clock.monotonic();
      if (host === null && wait > 0) await pause(clock, wait);
      if (released) throw failure('device-missing', 'The scanner was stopped.');
      try {
        host ??= start();
      } catch (error) {
        throw failure('device-missing', `The scanner's process can't be started: ${messageOf(error)}`);
      }
      const running = host;
      const id = ++links;
      const opened = new Promise<void>((resolve, reject) => {
        current = { id, sink, assembler: null, resolve, reject, closed: null };
      });
      const cancel = clock.after(answerWithinMs, () => {
        if (current?.id !== id || current.reject === null) return;
        finish(failure('device-missing', "The scanner's process does not answer; it is started again."));
        if (host === running) host = null;
        void running.end();
      });
      running.send({ kind: 'open', id, address });
      try {
        await opened;
      } finally {
        cancel();
      }
      return {
        close: () =>
          new Promise<void>(resolve => {
            const mine = current;
            if (mine?.id !== id || host === null) return resolve();
            mine.assembler?.reset();
            mine.closed = resolve;
            // What comes for this link from now on is its end only.
            current = { ...mine, sink: silent, assembler: null, closed: resolve };
            host.send({ kind: 'close', id });
            clock.after(2000, resolve);
          }),
      };
    },
    async release() {
      released = true;
      const old = host;
      host = null;
      finish(failure('device-lost', 'The scanner was stopped.'));
      await old?.end();
    },
  };
}

const silent: ScanSink = { scan: () => undefined, error: () => undefined, lost: () => undefined };

function sentence(code: string, message: string): string {
  if (code === 'device-missing') return `The scanner is not there: plug it in (${message}).`;
  if (code === 'device-denied') return `The scanner may not be opened: install the udev rule (${message}).`;
  if (code === 'device-busy') return `Another program holds the scanner (${message}).`;
  return `The scanner is ${message}.`;
}

/** Starts hid-host.ts on this very Node; it never keeps the till's process alive. */
export function forkHost(script: string = fileURLToPath(new URL('./hid-host.ts', import.meta.url))): HidHost {
  // Advanced serialisation carries bytes as bytes. The till's own debugger and loader flags are not the child's.
  const child = fork(script, [], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.unref();
  child.channel?.unref();
  const gone = new Promise<string>(resolve => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`));
    child.once('error', error => resolve(messageOf(error)));
  });
  return {
    send(request) {
      // A child that is about to be reported gone; its exit says the rest.
      if (child.connected) child.send(request, () => undefined);
    },
    onMessage: listener => void child.on('message', message => listener(message as HidMessage)),
    onExit: listener => void gone.then(listener),
    end: () => endChild(child, gone),
  };
}

async function endChild(child: ChildProcess, gone: Promise<string>): Promise<void> {
  if (child.connected) child.disconnect();
  child.ref();
  // Native code that hangs does not see the channel close.
  const kill = setTimeout(() => child.kill('SIGKILL'), 2000);
  await gone;
  clearTimeout(kill);
}
