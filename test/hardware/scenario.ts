/** Runs scenarios one after the other in the guest and prints a line for each that the host's test reads. */
import { messageOf } from '../../errors.ts';

export type Scenario = { readonly name: string; readonly run: () => Promise<void> };

/** The guest has no hardware virtualisation and is about ten times slower than the machine it runs on. */
const scenarioLimitMs = 1_200_000;
const waitLimitMs = 600_000;
/** After this long without an answer a person scans again. */
const againMs = 15_000;

export async function runScenarios(scenarios: readonly Scenario[]): Promise<boolean> {
  let all = true;
  for (const { name, run } of scenarios) {
    const start = performance.now();
    let detail = '';
    try {
      await within(scenarioLimitMs, name, run());
    } catch (error) {
      all = false;
      detail = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    }
    const ms = Math.round(performance.now() - start);
    console.log(`\n@@${JSON.stringify({ name, ok: detail === '', ms, detail })}`);
  }
  return all;
}

/** Waits until `look` gives something; conditions of a kernel are seen by looking again. */
export async function until<Value>(
  what: string | (() => string),
  look: () => Value | null | undefined | false | Promise<Value | null | undefined | false>,
  everyMs = 20,
): Promise<Value> {
  const end = performance.now() + waitLimitMs;
  for (;;) {
    const value = await look();
    if (value !== null && value !== undefined && value !== false) return value;
    if (performance.now() > end)
      throw new Error(`waited ${waitLimitMs} ms for ${typeof what === 'string' ? what : what()}`);
    await new Promise(resolve => setTimeout(resolve, everyMs));
  }
}

/**
 * Scans until it is seen, as a cashier would: in the starved guest a report can come before the reader reads, or so late after the one
 * before that the driver takes them for two codes.
 */
export async function scanUntil<Value>(
  what: string | (() => string),
  scan: () => void | Promise<void>,
  look: () => Value | null | undefined | false | Promise<Value | null | undefined | false>,
  everyMs = 20,
): Promise<Value> {
  let next = 0;
  return until(
    what,
    async () => {
      if (performance.now() >= next) {
        next = performance.now() + againMs;
        await scan();
      }
      return look();
    },
    everyMs,
  );
}

async function within(ms: number, what: string, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not done after ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
