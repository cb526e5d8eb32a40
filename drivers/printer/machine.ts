/**
 * The printer's state machine: pure, driven by inputs, answering with effects (contract devices.md section 1, job algorithm).
 *
 *   closed ─opened─► clearing? ─► status ─► barrier ─► ready ─job─► check ─► flying ─► ready
 *      ▲               (after a job    └─ problem: look again every second ─┘       │
 *      └──── lost ────  of unknown end)                                        outcome
 *
 * A job's bytes are given out once. Nothing else goes out while they are on their way but real-time questions behind them.
 */
import * as command from './escpos/commands.ts';
import { type Condition, cleanCondition, conditionOfAsb, problemOf } from './escpos/condition.ts';
import type { PrinterReport } from './escpos/demux.ts';
import type { EncodedSlip } from './escpos/encode.ts';
import { createFlight, type Flight } from './flight.ts';
import type { Capability, Effect, JobMachine, MachineInput, MachineOptions } from './machine-types.ts';
import { createStatusQuestions } from './status-questions.ts';
import type { PrinterStatus, PrintOutcome } from './types.ts';

const answerMs = 1000;
const barrierMs = 2000;
/** After one of two answers to the probe: how long the other may take. */
const graceMs = 300;
const lookMs = 1000;
/**
 * While someone has to see to the printer it is asked more and more seldom: a printer that is offline keeps the questions in its buffer, and one that is
 * out of paper overnight must not be filled up by them. Those with automatic status report the cure themselves.
 */
const longestLookMs = { told: 60_000, asked: 10_000 } as const;
const idleLookMs = 5000;
/** `10 04` where a printer still waits for two bytes of a length, and some. */
const questionAsLength = 0x0410 + 60;
/** No command but those of a job is longer. */
const longestQuestion = 32;
/** How often a printer that told nothing is asked again. */
const silentProbeMs = 30_000;
const mostMisses = 3;
const mostBarriers = 3;
/** From this look at a jammed cutter on, the printer is asked to go on at every look. */
const firstRecoveryLook = 4;

type Phase = 'closed' | 'clearing' | 'probe-status' | 'probe-barrier' | 'drying' | 'ready' | 'check' | 'flying';

export function createJobMachine(options: MachineOptions): JobMachine {
  return new Machine(options);
}

class Machine implements JobMachine {
  readonly #options: MachineOptions;
  readonly #questions = createStatusQuestions();
  #effects: Effect[] = [];
  #phase: Phase = 'closed';
  #capability: Capability | null = null;
  /** What the probe of this connection has found so far. */
  #found: Capability = nothingFound;
  #condition: Condition = cleanCondition;
  #waiting: EncodedSlip | null = null;
  #flight: Flight | null = null;
  #barrierId = '';
  #barrierOpen = false;
  #barriers = 0;
  /** GS r sent and not answered: an answer counts only when it is the last one due, for an earlier one says nothing of the job. */
  #fencesDue = 0;
  #looks = 0;
  /** Questions asked since the printer's trouble began or changed. */
  #troubleLooks = 0;
  /** Writes given out and taken by the transport, on this connection. */
  #writes = 0;
  #written = 0;
  /** Which of them holds the job. */
  #flightWrite = 0;
  /** A job that ended `unknown`; parts of it may still be in the printer. */
  #leftover: { readonly mechanicalMs: number; readonly bytes: number } | null = null;

  constructor(options: MachineOptions) {
    this.#options = options;
  }

  status(): PrinterStatus {
    const closed = this.#phase === 'closed';
    return {
      device: this.#options.device,
      problem: closed ? 'missing' : problemOf(this.#condition),
      paperNearEnd: !closed && this.#condition.paperNearEnd,
      evidence: this.#capability === null ? null : evidenceOf(this.#capability),
      printing: this.#flight !== null,
    };
  }

  capability(): Capability | null {
    return this.#capability;
  }

  handle(input: MachineInput): readonly Effect[] {
    this.#effects = [];
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
        this.#written++;
        if (this.#flight !== null && this.#written === this.#flightWrite) this.#apply(this.#flight.written());
        break;
      case 'timer':
        if (this.#phase !== 'closed') this.#timer(input.timer);
        break;
      case 'job':
        this.#waiting = input.slip;
        this.#tryStart();
        break;
      case 'abandon':
        this.#abandon();
        break;
    }
    return this.#effects;
  }

  // --- connection and probe -----------------------------------------------------------------------------------------

  #opened(): void {
    this.#questions.reset();
    this.#condition = cleanCondition;
    this.#found = nothingFound;
    this.#fencesDue = 0;
    this.#barriers = 0;
    this.#barrierOpen = false;
    this.#writes = 0;
    this.#written = 0;
    if (!this.#options.bidirectional) {
      this.#completeBroken();
      this.#probed();
      return;
    }
    if (this.#leftover !== null && this.#capability?.processId && this.#capability.realTime) {
      // What is left of a job that counts as unknown must not come out with the next roll of paper.
      this.#phase = 'clearing';
      this.#write(command.clearBuffers);
      this.#set('answer', barrierMs);
    } else this.#begin();
  }

  #begin(): void {
    this.#completeBroken();
    this.#probeStatus();
  }

  /**
   * The line may have broken inside a command whose rest the printer still waits for; it would swallow what comes now. Zeros fill it up, and are ignored
   * where none is open. They go first: read as a length they are none, while `10 04` would be 1040 bytes.
   */
  #completeBroken(): void {
    this.#write(new Uint8Array(Math.max(longestQuestion, this.#leftover?.bytes ?? 0)));
  }

  #closed(detail: string): void {
    this.#phase = 'closed';
    this.#barrierOpen = false;
    for (const timer of ['answer', 'progress', 'poll'] as const) this.#clear(timer);
    const flight = this.#flight;
    if (flight === null) return;
    this.#leftover = { mechanicalMs: flight.mechanicalMs, bytes: flight.bytes.length };
    this.#finish({ evidence: 'unknown', detail: `${detail}; ${flight.seen()}` });
  }

  #drop(detail: string): void {
    this.#effects.push({ kind: 'drop', detail });
    this.#closed(detail);
  }

  #probeStatus(): void {
    this.#phase = 'probe-status';
    this.#ask();
    this.#set('answer', answerMs);
  }

  #probeBarrier(): void {
    this.#phase = 'probe-barrier';
    this.#barriers++;
    this.#barrierId = this.#options.nextId();
    this.#fencesDue++;
    this.#clear('poll');
    if (this.#barriers > 1) this.#write(new Uint8Array(questionAsLength));
    // A printer that knows no process ID takes the command for text: the second ESC @ empties its line buffer, so that nothing of it is printed.
    this.#write(
      command.initialise,
      command.automaticStatus,
      command.processId(this.#barrierId),
      command.fence,
      command.initialise,
      command.automaticStatus,
    );
    this.#set('answer', barrierMs);
  }

  /** A printer that is offline works nothing off: its silence says nothing of what it can. */
  #probeLater(): void {
    this.#phase = 'probe-status';
    this.#clear('answer');
    if (this.#found.realTime) this.#set('poll', lookMs);
  }

  #probeAnswered(): void {
    if (this.#phase !== 'probe-barrier') return;
    if (this.#found.processId && this.#found.fence) this.#probed();
    else this.#set('answer', graceMs);
  }

  #probed(): void {
    this.#clear('answer');
    if (
      this.#options.bidirectional &&
      isSilent(this.#found) &&
      this.#capability !== null &&
      !isSilent(this.#capability)
    ) {
      // It has answered before: it is switched off or dead, not a printer that tells nothing.
      this.#condition = { ...cleanCondition, offline: true };
      this.#fencesDue = 0;
      this.#barriers = 0;
      this.#probeStatus();
      return;
    }
    this.#capability = this.#found;
    this.#phase = 'ready';
    if (this.#found.fence && !this.#found.processId && (this.#leftover !== null || this.#fencesDue > 0)) {
      // Late answers to an older GS r can't be told from new ones: let them all come first.
      this.#phase = 'drying';
      this.#set('answer', (this.#leftover?.mechanicalMs ?? 0) + answerMs);
    }
    this.#idle();
    this.#tryStart();
  }

  #idle(): void {
    if (this.#found.realTime) this.#set('poll', this.#waiting === null ? idleLookMs : lookMs);
    else if (this.#options.bidirectional && isSilent(this.#found)) this.#set('poll', silentProbeMs);
    else this.#clear('poll');
  }

  // --- what the printer says ----------------------------------------------------------------------------------------

  #report(report: PrinterReport): void {
    switch (report.kind) {
      case 'asb':
        this.#find({ asb: true });
        this.#conditionIs(conditionOfAsb(report.status), 'asb');
        return;
      case 'realtime': {
        this.#find({ realTime: true });
        const condition = this.#questions.answer(report.status);
        if (!(condition === null)) this.#conditionIs(condition, 'asked');
        return;
      }
      case 'process-id':
        this.#processId(report.id);
        return;
      case 'fence':
        this.#fence();
        return;
      case 'cleared':
        if (this.#phase === 'clearing') this.#begin();
        return;
      case 'offline':
      case 'printer-id':
      case 'flow':
      case 'noise':
        return;
    }
  }

  #processId(id: string): void {
    if (this.#flight !== null) {
      this.#apply(this.#flight.processId(id));
      return;
    }
    if (id !== this.#barrierId) return;
    this.#find({ processId: true });
    if (this.#phase === 'check') this.#barrierPassed();
    else this.#probeAnswered();
  }

  #fence(): void {
    if (this.#fencesDue === 0) return;
    this.#fencesDue--;
    // That it answers at all is what the probe asks; one that got lost does not count against it.
    if (this.#phase === 'probe-barrier') this.#find({ fence: true });
    else if (this.#fencesDue > 0) return;
    if (this.#flight !== null) {
      this.#apply(this.#flight.fence());
      return;
    }
    if (this.#phase === 'check' && !this.#found.processId) this.#barrierPassed();
    else this.#probeAnswered();
  }

  /** Answers that come late still count: a slow line is no reason to trust a printer less for ever. */
  #find(found: Partial<Capability>): void {
    this.#found = { ...this.#found, ...found };
    if (this.#phase === 'ready') this.#capability = this.#found;
  }

  #conditionIs(condition: Condition, source: 'asb' | 'asked'): void {
    const before = this.#condition;
    this.#condition = condition;
    const problem = problemOf(condition);
    if (problem !== problemOf(before)) this.#troubleLooks = 0;
    this.#recover(before, condition, source);
    switch (this.#phase) {
      case 'probe-status':
        if (source === 'asb' && this.#questions.open) return;
        {
          if (problem === null) this.#probeBarrier();
          else this.#probeLater();
          return;
        }
      case 'probe-barrier': {
        if (!(problem === null)) this.#probeLater();
        return;
      }
      case 'drying':
        if (problem !== null || problemOf(before) !== null)
          this.#set('answer', (this.#leftover?.mechanicalMs ?? 0) + answerMs);
        return;
      case 'ready':
        if (this.#waiting !== null && problem === null) this.#tryStart();
        return;
      case 'check':
        if (problem !== null) {
          this.#waitForCashier();
          return;
        }
        this.#maybeFly();
        return;
      case 'flying':
        if (this.#flight !== null) this.#apply(this.#flight.condition(condition, source === 'asked'));
        return;
      default:
        return;
    }
  }

  /** A jammed cutter goes on only when told: after the cover was opened and closed, and now and then. */
  #recover(before: Condition, condition: Condition, source: 'asb' | 'asked'): void {
    if (!condition.recoverable) {
      this.#looks = 0;
      return;
    }
    if (source === 'asked') this.#looks++;
    const shut = before.cover && !condition.cover;
    if (shut || (source === 'asked' && this.#looks >= firstRecoveryLook && !condition.cover))
      this.#write(command.recover);
  }

  // --- job ----------------------------------------------------------------------------------------------------------

  #tryStart(): void {
    if (this.#phase !== 'ready' || this.#waiting === null) return;
    if (problemOf(this.#condition) !== null) {
      this.#waitForCashier();
      return;
    }
    this.#barriers = 0;
    this.#check();
  }

  #waitForCashier(): void {
    this.#phase = 'ready';
    this.#barrierOpen = false;
    this.#clear('answer');
    if (this.#found.realTime) this.#set('poll', lookMs);
  }

  /** Fresh status and a barrier in one go: whatever the printer says after the barrier's echo is of this job. */
  #check(): void {
    const { realTime, processId, fence, asb } = this.#found;
    if (!realTime && !processId && !fence) {
      this.#fly();
      return;
    }
    this.#phase = 'check';
    this.#barriers++;
    this.#barrierOpen = processId || fence;
    const parts: Uint8Array[] = [];
    if (realTime && !this.#questions.open) {
      this.#questions.asked();
      parts.push(command.realTimeStatus);
    }
    parts.push(this.#waiting?.init ?? command.initialise);
    if (realTime || asb || processId) parts.push(command.automaticStatus);
    if (processId) {
      this.#barrierId = this.#options.nextId();
      parts.push(command.processId(this.#barrierId));
    } else if (fence) {
      this.#fencesDue++;
      parts.push(command.fence);
    }
    this.#clear('poll');
    this.#write(...parts);
    this.#set('answer', barrierMs);
  }

  #barrierPassed(): void {
    this.#barrierOpen = false;
    this.#maybeFly();
  }

  #maybeFly(): void {
    if (this.#phase !== 'check' || this.#barrierOpen || this.#questions.open) return;
    if (problemOf(this.#condition) === null) this.#fly();
  }

  #fly(): void {
    const slip = this.#waiting;
    if (slip === null) {
      this.#ready();
      return;
    }
    this.#waiting = null;
    const begun = this.#phase === 'check';
    this.#clear('answer');
    this.#phase = 'flying';
    const { processId, fence } = this.#found;
    if (!processId && fence) this.#fencesDue++;
    const parts = this.#leftover === null ? [] : [this.#options.separator];
    this.#leftover = null;
    this.#flight = createFlight(
      slip,
      this.#found,
      processId ? [this.#options.nextId(), this.#options.nextId()] : null,
      begun,
    );
    this.#effects.push({ kind: 'first-byte' });
    this.#write(...parts, this.#flight.bytes);
    this.#flightWrite = this.#writes;
    this.#set('progress', this.#flight.budgetMs);
  }

  /** What the flight asks for, after anything that happened to it. */
  #apply(step: ReturnType<Flight['fence']>): void {
    const flight = this.#flight;
    if (flight === null) return;
    switch (step.do) {
      case 'wait':
        return;
      case 'rest':
        this.#clear('poll');
        this.#set('progress', step.ms);
        return;
      case 'look':
        this.#clear('progress');
        this.#set('poll', step.soon ? 0 : this.#nextLookMs());
        return;
      case 'end':
        this.#finish(step.outcome);
        this.#ready();
        return;
      case 'give-up':
        // Counted as lost: the line may be dead, and what the printer still says must not reach the next job.
        this.#drop(step.detail);
        return;
    }
  }

  #finish(outcome: PrintOutcome): void {
    this.#flight = null;
    this.#effects.push({ kind: 'outcome', outcome });
  }

  #ready(): void {
    this.#phase = 'ready';
    this.#clear('progress');
    this.#capability = this.#found;
    this.#idle();
  }

  #abandon(): void {
    if (this.#waiting === null) return;
    this.#waiting = null;
    this.#finish({ evidence: 'failed', detail: 'given up before the first byte' });
    if (this.#phase === 'check') this.#ready();
  }

  // --- time ---------------------------------------------------------------------------------------------------------

  #timer(timer: 'answer' | 'progress' | 'poll'): void {
    if (timer === 'poll') {
      this.#poll();
      return;
    }
    if (timer === 'progress') {
      if (!(this.#flight === null)) this.#apply(this.#flight.overdue());
      return;
    }
    switch (this.#phase) {
      case 'clearing':
        this.#begin();
        return;
      case 'probe-status':
        this.#questions.reset();
        this.#probeBarrier();
        return;
      case 'probe-barrier': {
        const heard = this.#found.processId || this.#found.fence;
        if (heard || !this.#found.realTime || this.#barriers >= mostBarriers) {
          this.#probed();
          return;
        }
        this.#probeStatus();
        return;
      }
      case 'drying':
        this.#fencesDue = 0;
        this.#phase = 'ready';
        this.#tryStart();
        return;
      case 'check':
        this.#questions.expire();
        if (this.#barriers >= mostBarriers) {
          this.#drop('the printer no longer answers as it did');
          return;
        }
        this.#check();
        return;
      default:
        return;
    }
  }

  #poll(): void {
    if (isSilent(this.#found) && this.#phase === 'ready') {
      // Perhaps it was only switched off when it was asked.
      this.#barriers = 0;
      this.#probeStatus();
      return;
    }
    if (this.#flight !== null && !this.#flight.mayAsk) {
      this.#set('poll', lookMs);
      return;
    }
    this.#questions.expire();
    if (this.#questions.missed >= mostMisses) {
      this.#drop('the printer does not answer any more');
      return;
    }
    this.#ask();
    this.#troubleLooks++;
    this.#set('poll', this.#nextLookMs());
  }

  #nextLookMs(): number {
    if (this.#questions.missed > 0) return lookMs;
    if (problemOf(this.#condition) !== null) {
      const longest = this.#found.asb ? longestLookMs.told : longestLookMs.asked;
      return Math.min(longest, lookMs * 2 ** Math.min(6, this.#troubleLooks));
    }
    const hurried = this.#flight !== null || this.#waiting !== null || this.#phase === 'probe-status';
    return hurried ? lookMs : idleLookMs;
  }

  #ask(): void {
    this.#questions.asked();
    this.#write(command.realTimeStatus);
  }

  #write(...parts: readonly Uint8Array[]): void {
    this.#writes++;
    this.#effects.push({ kind: 'write', bytes: command.join(...parts) });
  }

  #set(timer: 'answer' | 'progress' | 'poll', ms: number): void {
    this.#effects.push({ kind: 'set-timer', timer, ms });
  }

  #clear(timer: 'answer' | 'progress' | 'poll'): void {
    this.#effects.push({ kind: 'clear-timer', timer });
  }
}

const nothingFound: Capability = { realTime: false, processId: false, fence: false, asb: false };

function isSilent({ realTime, processId, fence, asb }: Capability): boolean {
  return !realTime && !processId && !fence && !asb;
}

function evidenceOf(capability: Capability): 'confirmed' | 'fenced' | 'sent' {
  if (capability.processId) return 'confirmed';
  return capability.fence && (capability.realTime || capability.asb) ? 'fenced' : 'sent';
}
