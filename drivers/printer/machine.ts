/**
 * The printer's state machine: pure, driven by inputs, answering with effects (contract devices.md section 1, job algorithm).
 *
 *   closed ─opened─► probe ─► ready ─job─► check ─► flying ─► ready
 *      ▲                                                │
 *      └────────────────────── lost ──────────────── outcome
 *
 * A job's bytes are given out once. Nothing else goes out while they are on their way but real-time questions behind them.
 */
import { type Capability, evidenceOf, isSilent, isWeaker } from './capability.ts';
import * as command from './escpos/commands.ts';
import { type Condition, conditionOfAsb, conditionOfRealTime, problemOf } from './escpos/condition.ts';
import type { PrinterReport } from './escpos/demux.ts';
import type { EncodedSlip } from './escpos/encode.ts';
import { createFlight, type Flight, type FlightStep } from './flight.ts';
import type { Effect, JobMachine, MachineInput, MachineOptions, TimerName } from './machine-types.ts';
import { type Leftover, Probe } from './probe.ts';
import { Talk } from './talk.ts';
import type { PrinterStatus, PrintOutcome } from './types.ts';

const barrierMs = 2000;
const mostBarriers = 3;
const lookMs = 1000;
const idleLookMs = 5000;
const mostMisses = 3;
/**
 * While someone has to see to the printer it is asked more and more seldom: a printer that is offline keeps the questions in its buffer, and one that is
 * out of paper overnight must not be filled up by them. Those with automatic status report the cure themselves.
 */
const longestLookMs = { told: 60_000, asked: 10_000 } as const;
/** From then on a line that takes nothing counts as broken, trouble or not. */
const mostHeldLooks = 30;
/** How often a printer is asked again that told nothing, or less than it once did. */
const askAgainMs = 30_000;
/** From this look at a jammed cutter on, the printer is asked to go on at every look. */
const firstRecoveryLook = 4;

type Phase = 'closed' | 'probe' | 'ready' | 'check' | 'flying';

export function createJobMachine(options: MachineOptions): JobMachine {
  return new Machine(options);
}

class Machine implements JobMachine {
  readonly #options: MachineOptions;
  readonly #talk = new Talk();
  readonly #probe: Probe;
  #phase: Phase = 'closed';
  /** Of the last probe, and the best that was ever seen. */
  #capability: Capability | null = null;
  #best: Capability | null = null;
  /** See Line. */
  #taking: number | null = null;
  #waiting: EncodedSlip | null = null;
  #separate = false;
  #flight: Flight | null = null;
  /** Which write holds the job. */
  #flightWrite = 0;
  /** What was left before the flight took it over. */
  #leftoverBefore: Leftover | null = null;
  #barrierId = '';
  #barrierOpen = false;
  #barriers = 0;
  /** Looks at a printer that can be told to go on, and since the trouble began or changed. */
  #looks = 0;
  #troubleLooks = 0;
  #leftover: Leftover | null = null;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#probe = new Probe(this.#talk, options.nextId, () => this.#probed());
  }

  status(): PrinterStatus {
    const closed = this.#phase === 'closed';
    return {
      device: this.#options.device,
      problem: closed ? 'missing' : this.#talk.problem,
      paperNearEnd: !closed && this.#talk.condition.paperNearEnd,
      evidence: this.#capability === null ? null : evidenceOf(this.#capability),
      printing: this.#flight !== null,
    };
  }

  capability(): Capability | null {
    return this.#capability;
  }

  handle(input: MachineInput): readonly Effect[] {
    switch (input.kind) {
      case 'opened':
        this.#opened();
        break;
      case 'lost':
        this.#closed(input.detail);
        break;
      case 'report':
        if (this.#phase !== 'closed') this.#report(input.report);
        break;
      case 'written':
        this.#talk.written++;
        if (this.#flight !== null && this.#talk.written === this.#flightWrite)
          this.#apply(this.#flight.written(input.ms));
        break;
      case 'timer':
        if (this.#phase !== 'closed') this.#timer(input.timer);
        break;
      case 'job':
        this.#waiting = input.slip;
        this.#separate = input.separate ?? false;
        this.#tryStart();
        break;
      case 'abandon':
        this.#abandon();
        break;
      case 'refused':
        this.#refused(input.detail);
        break;
    }
    return this.#talk.take();
  }

  // --- connection ---------------------------------------------------------------------------------------------------

  #opened(): void {
    this.#talk.reset();
    this.#barrierOpen = false;
    if (this.#options.bidirectional) {
      this.#phase = 'probe';
      this.#probe.begin(this.#best, this.#leftover, true);
    } else {
      if (this.#leftover !== null) this.#talk.write(new Uint8Array(this.#leftover.bytes));
      this.#probed();
    }
  }

  #probed(): void {
    const { found } = this.#talk;
    this.#capability = found;
    if (this.#best === null || !isWeaker(found, this.#best)) this.#best = found;
    this.#ready();
    this.#tryStart();
  }

  #closed(detail: string): void {
    this.#phase = 'closed';
    this.#probe.stop();
    this.#barrierOpen = false;
    for (const timer of ['answer', 'progress', 'poll'] as const) this.#talk.clear(timer);
    const flight = this.#flight;
    if (flight === null) return;
    this.#leftover = { mechanicalMs: flight.mechanicalMs, bytes: flight.bytes.length };
    this.#finish({ evidence: 'unknown', detail: `${detail}; ${flight.seen()}` });
  }

  #drop(detail: string): void {
    this.#talk.effect({ kind: 'drop', detail });
    this.#closed(detail);
  }

  // --- what the printer says ----------------------------------------------------------------------------------------

  #report(report: PrinterReport): void {
    switch (report.kind) {
      case 'asb':
        this.#find({ asb: true });
        this.#conditionIs(conditionOfAsb(report.status), false);
        break;
      case 'realtime': {
        this.#find({ realTime: true });
        const answers = this.#talk.questions.answer(report.status);
        if (answers !== null) this.#conditionIs(conditionOfRealTime(answers), true);
        break;
      }
      case 'process-id':
        this.#processId(report.id);
        break;
      case 'fence':
        this.#fence();
        break;
      case 'cleared':
        this.#probe.cleared();
        break;
      case 'offline':
      case 'printer-id':
      case 'flow':
      case 'noise':
        break;
    }
  }

  #processId(id: string): void {
    if (this.#flight !== null) this.#apply(this.#flight.processId(id));
    else if (this.#phase === 'check' && id === this.#barrierId) this.#barrierPassed();
    else this.#probe.processId(id);
  }

  #fence(): void {
    if (this.#talk.fencesDue === 0) return;
    this.#talk.fencesDue--;
    this.#probe.fence();
    if (this.#talk.fencesDue > 0) return;
    if (this.#flight !== null) this.#apply(this.#flight.fence());
    else if (this.#phase === 'check' && !this.#talk.found.processId) this.#barrierPassed();
  }

  /** Answers that come late still count: a slow line is no reason to trust a printer less for ever. */
  #find(found: Partial<Capability>): void {
    this.#talk.find(found);
    if (this.#phase === 'ready') this.#capability = this.#talk.found;
  }

  #conditionIs(condition: Condition, asked: boolean): void {
    const before = this.#talk.condition;
    this.#talk.condition = condition;
    const problem = problemOf(condition);
    if (problem !== problemOf(before)) this.#troubleLooks = 0;
    this.#recover(before, condition, asked);
    if (this.#probe.active) this.#probe.condition(asked, problemOf(before) !== null);
    else if (this.#flight !== null) this.#apply(this.#flight.condition(condition, asked));
    else if (this.#phase === 'ready' && problem === null) this.#tryStart();
    else if (this.#phase === 'check' && problem !== null) this.#waitForCashier();
    else this.#maybeFly();
  }

  /** A jammed cutter goes on only when told: after the cover was opened and closed, and now and then. */
  #recover(before: Condition, condition: Condition, asked: boolean): void {
    if (!condition.recoverable) {
      this.#looks = 0;
      return;
    }
    if (asked) this.#looks++;
    const shut = before.cover && !condition.cover;
    if (shut || (asked && this.#looks >= firstRecoveryLook && !condition.cover)) this.#talk.write(command.recover);
  }

  // --- job ----------------------------------------------------------------------------------------------------------

  #tryStart(): void {
    if (this.#phase !== 'ready' || this.#waiting === null) return;
    if (this.#talk.problem !== null) this.#waitForCashier();
    else {
      this.#barriers = 0;
      this.#check();
    }
  }

  #waitForCashier(): void {
    this.#phase = 'ready';
    this.#barrierOpen = false;
    this.#talk.clear('answer');
    if (this.#talk.found.realTime) this.#talk.set('poll', lookMs);
  }

  /** Fresh status and a barrier in one go: whatever the printer says after the barrier's echo is of this job. */
  #check(): void {
    const { realTime, processId, fence, asb } = this.#talk.found;
    if (!realTime && !processId && !fence) {
      this.#fly();
      return;
    }
    this.#phase = 'check';
    this.#barriers++;
    this.#barrierOpen = processId || fence;
    const parts: Uint8Array[] = [];
    if (realTime && !this.#talk.questions.open) {
      this.#talk.questions.asked();
      parts.push(command.realTimeStatus);
    }
    parts.push(this.#waiting?.init ?? command.initialise);
    if (realTime || asb || processId) parts.push(command.automaticStatus);
    if (processId) {
      this.#barrierId = this.#options.nextId();
      parts.push(command.processId(this.#barrierId));
    } else if (fence) {
      this.#talk.fencesDue++;
      parts.push(command.fence);
    }
    this.#talk.clear('poll');
    this.#talk.write(...parts);
    this.#talk.set('answer', barrierMs);
  }

  #checkDue(): void {
    this.#talk.questions.expire();
    if (this.#barriers >= mostBarriers) this.#drop('the printer no longer answers as it did');
    else this.#check();
  }

  #barrierPassed(): void {
    this.#barrierOpen = false;
    this.#maybeFly();
  }

  #maybeFly(): void {
    if (this.#phase !== 'check' || this.#barrierOpen || this.#talk.questions.open) return;
    if (this.#talk.problem === null) this.#fly();
  }

  #fly(): void {
    const slip = this.#waiting;
    if (slip === null) {
      this.#ready();
      return;
    }
    const begun = this.#phase === 'check';
    const { found } = this.#talk;
    const { nextId, separator, msPerByte } = this.#options;
    if (!found.processId && found.fence) this.#talk.fencesDue++;
    const flight = createFlight(slip, found, found.processId ? [nextId(), nextId()] : null, begun, {
      msPerByte,
      taking: this.#taking ?? 0,
    });
    this.#waiting = null;
    this.#flight = flight;
    this.#phase = 'flying';
    this.#talk.clear('answer');
    this.#talk.effect({ kind: 'first-byte' });
    this.#talk.write(this.#leftover === null && !this.#separate ? command.bytes() : separator, flight.bytes);
    this.#leftoverBefore = this.#leftover;
    this.#leftover = null;
    this.#flightWrite = this.#talk.writes;
    this.#talk.set('progress', flight.budgetMs);
  }

  /** What the flight asks for, after anything that happened to it. */
  #apply(step: FlightStep): void {
    switch (step.do) {
      case 'wait':
        break;
      case 'rest':
        this.#talk.clear('poll');
        this.#talk.set('progress', step.ms);
        break;
      case 'look':
        this.#talk.clear('progress');
        if (step.zeros > 0) this.#talk.write(new Uint8Array(step.zeros));
        this.#talk.set('poll', step.soon ? 0 : this.#nextLookMs());
        break;
      case 'end':
        this.#finish(step.outcome);
        this.#ready();
        break;
      case 'give-up':
        // Counted as lost: the line may be dead, and what the printer still says must not reach the next job.
        this.#drop(step.detail);
        break;
    }
  }

  #finish(outcome: PrintOutcome): void {
    const taking = this.#flight?.taking ?? null;
    if (taking !== null) this.#taking = Math.min(taking, this.#taking ?? taking);
    this.#flight = null;
    this.#talk.effect({ kind: 'outcome', outcome });
  }

  #ready(): void {
    const { found } = this.#talk;
    this.#phase = 'ready';
    this.#capability = found;
    this.#talk.clear('progress');
    if (this.#askAgain()) this.#talk.set('poll', askAgainMs);
    else if (found.realTime) this.#talk.set('poll', this.#nextLookMs());
    else this.#talk.clear('poll');
  }

  #askAgain(): boolean {
    const { found } = this.#talk;
    return this.#options.bidirectional && (isSilent(found) || (this.#best !== null && isWeaker(found, this.#best)));
  }

  #abandon(): void {
    if (this.#waiting === null) return;
    this.#waiting = null;
    this.#finish({ evidence: 'failed', detail: 'given up before the first byte' });
    if (this.#phase === 'check') this.#ready();
  }

  /** As if the flight had never been: its write was not given out, its fence is not due. */
  #refused(detail: string): void {
    if (this.#flight === null) return;
    const { found } = this.#talk;
    this.#talk.writes--;
    if (!found.processId && found.fence) this.#talk.fencesDue--;
    this.#leftover = this.#leftoverBefore;
    this.#finish({ evidence: 'failed', detail });
    this.#ready();
  }

  // --- time ---------------------------------------------------------------------------------------------------------

  #timer(timer: TimerName): void {
    if (timer === 'poll') this.#poll();
    else if (timer === 'progress' && this.#flight !== null) this.#apply(this.#flight.overdue());
    else if (timer === 'answer' && this.#probe.active) this.#probe.answerDue();
    else if (timer === 'answer' && this.#phase === 'check') this.#checkDue();
  }

  #poll(): void {
    if (this.#phase === 'ready' && this.#talk.problem === null && this.#askAgain()) {
      // Perhaps it was only switched off, or the line broken, when it was asked.
      this.#phase = 'probe';
      this.#probe.begin(this.#best, null, false);
      return;
    }
    if (this.#flight !== null && !this.#flight.mayAsk) {
      this.#talk.set('poll', lookMs);
      return;
    }
    if (this.#talk.problem !== null && this.#talk.written < this.#talk.writes && this.#troubleLooks < mostHeldLooks) {
      // A printer in trouble whose buffer is full holds the questions up too, by XOFF or DTR.
      this.#troubleLooks++;
      this.#talk.set('poll', this.#nextLookMs());
      return;
    }
    this.#talk.questions.expire();
    if (this.#talk.questions.missed >= mostMisses) {
      this.#drop('the printer does not answer any more');
      return;
    }
    this.#talk.ask();
    this.#troubleLooks++;
    this.#talk.set('poll', this.#nextLookMs());
  }

  #nextLookMs(): number {
    if (this.#talk.questions.missed > 0) return lookMs;
    if (this.#talk.problem !== null) {
      const longest = this.#talk.found.asb ? longestLookMs.told : longestLookMs.asked;
      return Math.min(longest, lookMs * 2 ** Math.min(6, this.#troubleLooks));
    }
    return this.#flight !== null || this.#waiting !== null || this.#probe.active ? lookMs : idleLookMs;
  }
}
