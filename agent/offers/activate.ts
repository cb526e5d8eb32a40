/** A bundle made ready for decisions: read, checked, compiled and indexed, in steps short enough to sell between any two. */
import { type CompiledBundle, compiling } from './compile.ts';
import { preparing } from './decide.ts';
import type { Fault } from './fault.ts';
import { parsingBundle } from './validate/bundle.ts';

export type Activated =
  | { readonly ok: true; readonly compiled: CompiledBundle }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Makes a bundle ready. Whoever runs it may do anything between two steps, deciding by another bundle included; a step takes
 * a millisecond or two on a slow till.
 * @param source JSON in UTF-8
 */
export function* activating(source: Uint8Array): Generator<undefined, Activated> {
  const parsed = yield* parsingBundle(source);
  if (!parsed.ok) return parsed;
  yield;
  const compiled = yield* compiling(parsed.bundle);
  yield;
  yield* preparing(compiled);
  return { ok: true, compiled };
}
