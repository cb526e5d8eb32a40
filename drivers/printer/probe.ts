/**
 * What happens between the opening of a link and the first job: what an old job may have left is cleared, then the printer is asked what it can answer.
 *
 *   clearing? ─► status ─► barrier ─► drying? ─► done
 *                  ▲  └─ problem: asked again while someone sees to it
 *                  └──── it answers, but not to the barrier: twice more
 */
import { type Capability, isSilent } from './capability.ts';
import * as command from './escpos/commands.ts';
import type { Talk } from './talk.ts';

const answerMs = 1000;
const barrierMs = 2000;
/** After one of two answers: how long the other may take. */
const graceMs = 300;
const lookMs = 1000;

/** No command but those of a job is longer. */
const longestQuestion = 32;
/**
 * Zeros before each barrier. The line may have broken inside a length: questions that came then were read as one (`10 04` is 1040 bytes, `04 10` 4100), and
 * that much is swallowed before anything is answered.
 */
const zerosBefore = [0, 1100, 4200] as const;
/** 9600 baud. */
const wireMsPerByte = 10 / 9.6;

/** Parts of a job that ended `unknown` may still be in the printer. */
export interface Leftover {
  readonly mechanicalMs: number;
  readonly bytes: number;
}

type Phase = 'idle' | 'clearing' | 'status' | 'barrier' | 'drying';

export class Probe {
  readonly #talk: Talk;
  readonly #nextId: () => string;
  readonly #done: () => void;
  #phase: Phase = 'idle';
  #leftover: Leftover | null = null;
  #before: Capability | null = null;
  #barriers = 0;
  #barrierId = '';

  /** @param done called when jobs may begin; `talk.found` says what the printer can */
  constructor(talk: Talk, nextId: () => string, done: () => void) {
    this.#talk = talk;
    this.#nextId = nextId;
    this.#done = done;
  }

  get active(): boolean {
    return this.#phase !== 'idle';
  }

  /**
   * @param before what this printer could the last time it was asked; null: it never was
   * @param fresh the link was just opened
   */
  begin(before: Capability | null, leftover: Leftover | null, fresh: boolean): void {
    this.#before = before;
    this.#leftover = leftover;
    this.#barriers = 0;
    if (leftover !== null && before?.processId && before.realTime) {
      // What is left of a job that counts as unknown must not come out with the next roll of paper.
      this.#phase = 'clearing';
      this.#talk.write(command.clearBuffers);
      this.#talk.set('answer', barrierMs);
    } else if (fresh) this.#completeBroken();
    else this.#status();
  }

  stop(): void {
    this.#phase = 'idle';
  }

  cleared(): void {
    if (this.#phase === 'clearing') this.#completeBroken();
  }

  processId(id: string): void {
    if (id !== this.#barrierId) return;
    this.#talk.find({ processId: true });
    this.#answered();
  }

  /** That it answers at all is what is asked; one that got lost does not count against the printer. */
  fence(): void {
    if (this.#phase !== 'barrier') return;
    this.#talk.find({ fence: true });
    this.#answered();
  }

  /** @param asked the condition came as answer to the questions, not by itself */
  condition(asked: boolean, troubleBefore: boolean): void {
    const trouble = this.#talk.problem !== null;
    if (this.#phase === 'status') {
      if (!asked && this.#talk.questions.open) return;
      if (trouble) this.#later();
      else this.#barrier();
    } else if (this.#phase === 'barrier' && trouble) this.#later();
    else if (this.#phase === 'drying' && (trouble || troubleBefore)) this.#dry();
  }

  /** The time for an answer is over. */
  answerDue(): void {
    switch (this.#phase) {
      case 'clearing':
        this.#completeBroken();
        break;
      case 'status':
        this.#talk.questions.reset();
        this.#barrier();
        break;
      case 'barrier':
        this.#barrierDue();
        break;
      case 'drying':
        this.#talk.fencesDue = 0;
        this.#finish();
        break;
      case 'idle':
        break;
    }
  }

  /**
   * The line may have broken inside a command whose rest the printer still waits for; it would swallow what comes now. Zeros fill it up, and are ignored
   * where none is open. They go first: read as a length they are none.
   */
  #completeBroken(): void {
    this.#talk.write(new Uint8Array(Math.max(longestQuestion, this.#leftover?.bytes ?? 0)));
    this.#status();
  }

  #status(): void {
    this.#phase = 'status';
    this.#talk.ask();
    this.#talk.set('answer', answerMs);
  }

  #barrier(): void {
    const zeros = zerosBefore[this.#barriers] ?? 0;
    this.#phase = 'barrier';
    this.#barriers++;
    this.#barrierId = this.#nextId();
    this.#talk.fencesDue++;
    this.#talk.clear('poll');
    // A printer that knows no process ID takes the command for text: the second ESC @ empties its line buffer, so that nothing of it is printed.
    this.#talk.write(
      new Uint8Array(zeros),
      command.initialise,
      command.automaticStatus,
      command.processId(this.#barrierId),
      command.fence,
      command.initialise,
      command.automaticStatus,
    );
    this.#talk.set('answer', barrierMs + Math.ceil(zeros * wireMsPerByte));
  }

  #answered(): void {
    if (this.#phase !== 'barrier') return;
    const { processId, fence } = this.#talk.found;
    if (processId && fence) this.#dryOrFinish();
    else this.#talk.set('answer', graceMs);
  }

  #barrierDue(): void {
    const { realTime, processId, fence } = this.#talk.found;
    const again = !processId && !fence && realTime && this.#barriers < zerosBefore.length;
    if (again) this.#status();
    else this.#dryOrFinish();
  }

  /** A printer that is offline works nothing off: its silence says nothing of what it can. */
  #later(): void {
    this.#phase = 'status';
    this.#talk.clear('answer');
    if (this.#talk.found.realTime) this.#talk.set('poll', lookMs);
  }

  #dryOrFinish(): void {
    const { processId, fence } = this.#talk.found;
    if (fence && !processId && (this.#leftover !== null || this.#talk.fencesDue > 0)) this.#dry();
    else this.#finish();
  }

  /** Late answers to an older GS r can't be told from new ones: all of them must come first. */
  #dry(): void {
    this.#phase = 'drying';
    this.#talk.set('answer', (this.#leftover?.mechanicalMs ?? 0) + answerMs);
  }

  #finish(): void {
    this.#talk.clear('answer');
    if (isSilent(this.#talk.found) && this.#before !== null && !isSilent(this.#before)) {
      // It has answered before: it is switched off or dead, not a printer that tells nothing.
      this.#talk.condition = { ...this.#talk.condition, offline: true };
      this.#talk.fencesDue = 0;
      this.#barriers = 0;
      this.#status();
      return;
    }
    this.#phase = 'idle';
    this.#done();
  }
}
