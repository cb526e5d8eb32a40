/** What the probe and the job share of one connection: effects asked for, answers due, and what the printer was found to be and to be able to do. */
import { type Capability, nothingFound } from './capability.ts';
import * as command from './escpos/commands.ts';
import { type Condition, cleanCondition, problemOf } from './escpos/condition.ts';
import type { Effect, TimerName } from './machine-types.ts';
import { createStatusQuestions } from './status-questions.ts';
import type { PrinterProblem } from './types.ts';

export class Talk {
  readonly questions = createStatusQuestions();
  condition: Condition = cleanCondition;
  /** What this connection has shown so far. */
  found: Capability = nothingFound;
  /** GS r sent and not answered: an answer counts only when it is the last one due, for an earlier one says nothing of the job. */
  fencesDue = 0;
  /** Writes given out and taken by the transport. */
  writes = 0;
  written = 0;
  #effects: Effect[] = [];

  get problem(): PrinterProblem | null {
    return problemOf(this.condition);
  }

  /** A new connection: nothing of the old one counts. */
  reset(): void {
    this.questions.reset();
    this.condition = cleanCondition;
    this.found = nothingFound;
    this.fencesDue = 0;
    this.writes = 0;
    this.written = 0;
  }

  take(): readonly Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  write(...parts: readonly Uint8Array[]): void {
    this.writes++;
    this.effect({ kind: 'write', bytes: command.join(...parts) });
  }

  /** Asks all four real-time questions. */
  ask(): void {
    this.questions.asked();
    this.write(command.realTimeStatus);
  }

  set(timer: TimerName, ms: number): void {
    this.effect({ kind: 'set-timer', timer, ms });
  }

  clear(timer: TimerName): void {
    this.effect({ kind: 'clear-timer', timer });
  }

  find(found: Partial<Capability>): void {
    this.found = { ...this.found, ...found };
  }
}
