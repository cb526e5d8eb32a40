/**
 * The life of a scanner whatever its wire: UnifiedPOS states, looking for the device again and again, age of data.
 *
 *   open ──start──► claimed ──► enabled ◄──enable/disable──► disabled ──stop──► released
 *                      └─ port.open() … lost … port.open() … (the link comes and goes underneath)
 */
import type { Cancel, Clock } from '../../clock.ts';
import { isTillsideError, messageOf, TillsideError } from '../../errors.ts';
import type { Scan, Scanner, ScannerEvents, ScannerState, ScannerStatus } from './types.ts';

/** What a port tells while its link is open. */
export interface ScanSink {
  scan(scan: Scan): void;
  error(error: TillsideError): void;
  /** The device is gone; called at most once a link. */
  lost(cause: TillsideError): void;
}

export interface ScanLink {
  close(): Promise<void>;
}

/** One way to a device; opens a link, or rejects with `device-missing`, `device-denied` or `device-busy`. */
export interface ScanPort {
  readonly device: string;
  open(sink: ScanSink): Promise<ScanLink>;
  /** Lets go of what the port itself holds (a child process); after the last link is closed. */
  release?(): Promise<void>;
}

/** A pino logger fits. Never gets what was scanned. */
export interface ScannerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface SessionOptions {
  readonly clock: Clock;
  readonly log?: ScannerLog;
}

/** Contract: a device that was plugged in works within 2 s. */
export const lookEveryMs = 1000;
/** udev gives the node its rights a moment after it appears. */
const deniedRetryMs = 250;
const deniedQuickRetries = 8;
/** UnifiedPOS: input that nobody took in time is worse than none. */
export const staleAfterMs = 5000;

export function createScannerSession(port: ScanPort, options: SessionOptions): Scanner {
  const { clock } = options;
  const listeners: { [Name in keyof ScannerEvents]: Set<(...args: ScannerEvents[Name]) => void> } = {
    scan: new Set(),
    error: new Set(),
    status: new Set(),
  };
  let state: ScannerState = 'open';
  let problem: TillsideError | null = null;
  let link: ScanLink | null = null;
  let opening: Promise<void> | null = null;
  let cancelRetry: Cancel | null = null;
  let denied = 0;
  /** Counts links, so that a late word of an old one is not taken for the new one's. */
  let generation = 0;

  const status = (): ScannerStatus => ({
    device: port.device,
    state,
    connected: link !== null,
    problem: problem?.message ?? null,
  });
  const emit = <Name extends keyof ScannerEvents>(name: Name, ...args: ScannerEvents[Name]) => {
    for (const listener of [...listeners[name]]) {
      try {
        listener(...args);
      } catch (error) {
        const fields = { device: port.device, event: name, error: messageOf(error) };
        options.log?.warn(fields, 'a listener of the scanner failed');
      }
    }
  };
  const become = (next: ScannerState) => {
    if (state === next) return;
    state = next;
    emit('status', status());
  };
  const running = () => state !== 'open' && state !== 'released';

  const fail = (error: TillsideError) => {
    const news = problem === null || problem.code !== error.code || problem.message !== error.message;
    problem = error;
    if (!news) return;
    options.log?.warn({ device: port.device, code: error.code, problem: error.message }, 'scanner not available');
    emit('error', error);
    emit('status', status());
  };
  const retryLater = (ms: number) => {
    if (!running()) return;
    cancelRetry?.();
    cancelRetry = clock.after(ms, look);
  };
  const look = () => {
    cancelRetry = null;
    if (!running() || opening !== null || link !== null) return;
    opening = attempt().finally(() => {
      opening = null;
    });
  };

  const attempt = async () => {
    const mine = ++generation;
    let lostEarly = false;
    const sink: ScanSink = {
      scan: scan => {
        if (mine === generation) deliver(scan);
      },
      error: error => {
        if (mine === generation && running()) emit('error', error);
      },
      lost: cause => {
        if (mine !== generation) return;
        if (link === null) lostEarly = true;
        else void drop(cause);
      },
    };
    try {
      const opened = await port.open(sink);
      if (!running() || lostEarly) {
        await closeQuietly(opened);
        if (lostEarly) retryLater(lookEveryMs);
        return;
      }
      link = opened;
      problem = null;
      denied = 0;
      options.log?.info({ device: port.device }, 'scanner connected');
      emit('status', status());
    } catch (error) {
      const known = isTillsideError(error)
        ? error
        : new TillsideError('device-missing', `The scanner can't be opened: ${messageOf(error)}`, { cause: error });
      fail(known);
      denied = known.code === 'device-denied' ? denied + 1 : 0;
      retryLater(denied > 0 && denied <= deniedQuickRetries ? deniedRetryMs : lookEveryMs);
    }
  };
  const drop = async (cause: TillsideError) => {
    const old = link;
    link = null;
    generation++;
    fail(cause);
    if (old !== null) await closeQuietly(old);
    retryLater(deniedRetryMs);
  };
  const closeQuietly = async (old: ScanLink) => {
    try {
      await old.close();
    } catch (error) {
      options.log?.warn({ device: port.device, error: messageOf(error) }, 'closing the scanner failed');
    }
  };
  const deliver = (scan: Scan) => {
    if (state !== 'enabled') return;
    if (clock.monotonic() - scan.at > staleAfterMs) {
      const context = { device: port.device };
      emit(
        'error',
        new TillsideError('device-protocol', 'A scan came too late and was dropped: scan again.', { context }),
      );
      return;
    }
    emit('scan', scan);
  };

  return {
    start() {
      if (state !== 'open') return;
      become('claimed');
      become('enabled');
      look();
    },
    async stop() {
      if (state === 'released') return;
      become('released');
      cancelRetry?.();
      cancelRetry = null;
      await opening;
      const old = link;
      link = null;
      generation++;
      if (old !== null) await closeQuietly(old);
      await port.release?.();
      emit('status', status());
      for (const set of Object.values(listeners)) set.clear();
    },
    enable() {
      if (running()) become('enabled');
    },
    disable() {
      if (running()) become('disabled');
    },
    status,
    on(event, listener) {
      listeners[event].add(listener);
      return () => listeners[event].delete(listener);
    },
  };
}
