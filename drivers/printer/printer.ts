/**
 * A printer that keeps itself connected and says of each job how sure it is.
 *
 *   Transport ──bytes──► demux ──reports──► machine ──effects──► link, timers, outcomes
 */
import type { Cancel, Clock } from '../../clock.ts';
import { isTillsideError, messageOf } from '../../errors.ts';
import { cut, join } from './escpos/commands.ts';
import { createDemux } from './escpos/demux.ts';
import { type EncodedSlip, encodeSlip } from './escpos/encode.ts';
import { createJobMachine } from './machine.ts';
import type { Effect, MachineInput, TimerName } from './machine-types.ts';
import { createProcessIds } from './process-ids.ts';
import type { PrinterProfile } from './profiles.ts';
import type { Link, Printer, PrinterStatus, PrintJob, PrintOutcome, Transport } from './types.ts';

export interface PrinterLog {
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
}

export interface PrinterOptions {
  readonly transport: Transport;
  readonly profile: PrinterProfile;
  readonly clock: Clock;
  readonly log?: PrinterLog;
}

const firstRetryMs = 100;
const longestRetryMs = 2000;
/**
 * A printer says some hundred bytes in a busy second. One that says this much is broken, of another baud rate, or no printer: its link is dropped before it
 * takes the till's time.
 */
const mostHeard = 8192;
const heardWindowMs = 1000;
/** A printer that serves another host accepts and closes at once. */
const turnedAwayMs = 1000;

type Waiting = { readonly job: PrintJob; readonly slip: EncodedSlip; readonly done: (outcome: PrintOutcome) => void };

export function createPrinter(options: PrinterOptions): Printer {
  return new ConnectedPrinter(options);
}

class ConnectedPrinter implements Printer {
  readonly #options: PrinterOptions;
  readonly #machine;
  readonly #demux = createDemux();
  readonly #timers = new Map<TimerName, Cancel>();
  readonly #listeners = new Set<(status: PrinterStatus) => void>();
  readonly #queue: Waiting[] = [];
  #current: Waiting | null = null;
  #flying = false;
  #link: Link | null = null;
  #running = false;
  #retryMs = firstRetryMs;
  #cancelRetry: Cancel | null = null;
  #opening: Promise<void> = Promise.resolve();
  #told = '';
  /** Counts starts: a link that was asked for before a stop is not taken by the next start. */
  #start = 0;
  /** The last failure to open, so that a printer that is missing for days is logged once. */
  #openProblem = '';
  /** While there is no link: why. */
  #why: 'missing' | 'busy' | 'denied' = 'missing';
  /** Links in a row that were closed by the other end before it said anything: what printers do that serve someone else. */
  #turnedAway = 0;
  #openedAt = 0;
  #heard = false;
  /** Bytes since the window began. */
  #heardBytes = 0;
  #windowBegan = 0;
  /** The last link was dropped because it never stopped talking. */
  #flooded = false;

  constructor(options: PrinterOptions) {
    this.#options = options;
    const { transport, profile, clock } = options;
    this.#machine = createJobMachine({
      device: transport.device,
      bidirectional: transport.bidirectional,
      msPerByte: transport.msPerByte ?? 0,
      separator: profile.cutter === 'none' ? join() : cut(profile.cutter),
      nextId: createProcessIds(clock.now()),
    });
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#start++;
    this.#opening = this.#open();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    const link = this.#link;
    this.#link = null;
    // A job on its way becomes unknown, one that has not begun has failed.
    if (!this.#flying) this.#input({ kind: 'abandon' });
    this.#input({ kind: 'lost', detail: 'the program ended' });
    for (const waiting of this.#queue.splice(0))
      waiting.done({ evidence: 'failed', detail: 'the program ended before the first byte' });
    await link?.close();
    await this.#opening;
  }

  status(): PrinterStatus {
    const status = this.#machine.status();
    return status.problem === 'missing' ? { ...status, problem: this.#why } : status;
  }

  onStatus(listener: (status: PrinterStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  print(job: PrintJob): Promise<PrintOutcome> {
    let slip: EncodedSlip;
    try {
      slip = encodeSlip(job.slip, this.#options.profile);
    } catch (cause) {
      return Promise.resolve({ evidence: 'failed', detail: messageOf(cause) });
    }
    if (job.abandon?.aborted) return Promise.resolve({ evidence: 'failed', detail: 'given up before the first byte' });
    return new Promise(resolve => {
      const abandon = () => this.#abandon(waiting);
      const waiting: Waiting = {
        job,
        slip,
        done(outcome) {
          job.abandon?.removeEventListener('abort', abandon);
          resolve(outcome);
        },
      };
      job.abandon?.addEventListener('abort', abandon);
      this.#queue.push(waiting);
      this.#next();
    });
  }

  #next(): void {
    if (this.#current !== null) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    this.#current = next;
    this.#input({ kind: 'job', slip: next.slip, separate: next.job.afterDoubt ?? false });
  }

  #abandon(waiting: Waiting): void {
    if (waiting === this.#current) {
      if (!this.#flying) this.#input({ kind: 'abandon' });
      return;
    }
    const at = this.#queue.indexOf(waiting);
    if (at === -1) return;
    this.#queue.splice(at, 1);
    waiting.done({ evidence: 'failed', detail: 'given up before the first byte' });
  }

  async #open(): Promise<void> {
    const start = this.#start;
    try {
      const link = await this.#options.transport.open();
      if (!this.#running || start !== this.#start) return await link.close();
      if (this.#turnedAway === 0 && !this.#flooded) this.#openProblem = '';
      this.#link = link;
      if (this.#turnedAway === 0 && !this.#flooded) this.#retryMs = firstRetryMs;
      this.#demux.reset();
      this.#openedAt = this.#options.clock.monotonic();
      this.#heard = false;
      this.#heardBytes = 0;
      this.#windowBegan = this.#openedAt;
      link.onLost(cause => this.#lost(link, cause.message));
      link.onData(bytes => {
        if (this.#link !== link) return;
        this.#heard = true;
        if (this.#isTooMuch(bytes)) this.#drop(link);
        else for (const report of this.#demux.push(bytes)) this.#input({ kind: 'report', report });
      });
      this.#input({ kind: 'opened' });
    } catch (cause) {
      if (start !== this.#start) return;
      this.#why = isTillsideError(cause, 'device-busy')
        ? 'busy'
        : isTillsideError(cause, 'device-denied')
          ? 'denied'
          : 'missing';
      this.#logOpenProblem(messageOf(cause));
      this.#tell();
      this.#retry();
    }
  }

  #isTooMuch(bytes: Uint8Array): boolean {
    const now = this.#options.clock.monotonic();
    if (now - this.#windowBegan >= heardWindowMs) {
      this.#windowBegan = now;
      this.#heardBytes = 0;
      this.#flooded = false;
    }
    this.#heardBytes += bytes.length;
    return this.#heardBytes > mostHeard;
  }

  #drop(link: Link): void {
    this.#flooded = true;
    this.#retryMs = longestRetryMs;
    this.#lost(link, 'what is connected there never stops talking: it is no printer, or the baud rate is wrong');
    void link.close().catch(() => {});
  }

  #logOpenProblem(problem: string): void {
    if (problem === this.#openProblem) return;
    this.#openProblem = problem;
    this.#options.log?.warn({ device: this.#options.transport.device }, problem);
  }

  #retry(): void {
    if (!this.#running) return;
    const ms = this.#retryMs;
    this.#retryMs = Math.min(longestRetryMs, ms * 2);
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(ms, () => {
      this.#opening = this.#open();
    });
  }

  #lost(link: Link, detail: string): void {
    if (this.#link !== link) return;
    this.#link = null;
    const early = !this.#heard && this.#options.clock.monotonic() - this.#openedAt < turnedAwayMs;
    this.#turnedAway = early ? this.#turnedAway + 1 : 0;
    this.#why = this.#turnedAway >= 2 ? 'busy' : 'missing';
    this.#logOpenProblem(
      early && this.#turnedAway > 1 ? 'the printer turns this till away: it serves another' : detail,
    );
    this.#input({ kind: 'lost', detail });
    this.#retry();
  }

  #input(input: MachineInput): void {
    for (const effect of this.#machine.handle(input)) {
      if (effect.kind !== 'first-byte') this.#do(effect);
      else if (!this.#firstByte()) break;
    }
    this.#tell();
  }

  /** False: the caller could not journal the job, so nothing of it goes out. */
  #firstByte(): boolean {
    this.#flying = true;
    try {
      this.#current?.job.onFirstByte?.();
      return true;
    } catch (cause) {
      this.#input({ kind: 'refused', detail: `its first byte was refused: ${messageOf(cause)}` });
      return false;
    }
  }

  #do(effect: Exclude<Effect, { kind: 'first-byte' }>): void {
    switch (effect.kind) {
      case 'write':
        this.#write(effect.bytes);
        return;
      case 'set-timer': {
        const { timer, ms } = effect;
        this.#timers.get(timer)?.();
        this.#timers.set(
          timer,
          this.#options.clock.after(ms, () => {
            this.#timers.delete(timer);
            this.#input({ kind: 'timer', timer });
          }),
        );
        return;
      }
      case 'clear-timer':
        this.#timers.get(effect.timer)?.();
        this.#timers.delete(effect.timer);
        return;
      case 'outcome':
        this.#outcome(effect.outcome);
        return;
      case 'drop': {
        const link = this.#link;
        this.#link = null;
        this.#why = 'missing';
        this.#options.log?.warn({ device: this.#options.transport.device }, effect.detail);
        void link?.close().catch(() => {});
        this.#retry();
        return;
      }
    }
  }

  #write(bytes: Uint8Array): void {
    const link = this.#link;
    if (link === null) return;
    const { clock } = this.#options;
    const given = clock.monotonic();
    link.write(bytes).then(
      () => {
        if (this.#link === link) this.#input({ kind: 'written', ms: clock.monotonic() - given });
      },
      (cause: unknown) => {
        this.#lost(link, messageOf(cause));
        void link.close().catch(() => {});
      },
    );
  }

  #outcome(outcome: PrintOutcome): void {
    const current = this.#current;
    this.#current = null;
    this.#flying = false;
    if (current === null) return;
    this.#options.log?.info({ job: current.job.id, evidence: outcome.evidence }, outcome.detail);
    current.done({ ...outcome, detail: outcome.detail + replacedIn(current.slip) });
    // After the effects of this input: the machine is still at work.
    queueMicrotask(() => this.#next());
  }

  #tell(): void {
    const status = this.status();
    const text = JSON.stringify(status);
    if (text === this.#told) return;
    this.#told = text;
    for (const listener of this.#listeners) listener(status);
  }
}

const replacedToldAtMost = 20;

/** Which characters the paper does not bear as they were asked for, for the journal; empty: all are there. */
function replacedIn({ replacements }: EncodedSlip): string {
  if (replacements.length === 0) return '';
  const told = replacements.slice(0, replacedToldAtMost).map(({ character, by }) => {
    const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
    return by === '' ? `${code} left out` : `${code} by "${by}"`;
  });
  const more = replacements.length - told.length;
  return `; characters replaced: ${told.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
