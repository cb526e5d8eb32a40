/** Runs a long job a slice at a time, so that whoever waits for this thread (a sale) waits for one slice at most. */
import { type Clock, pause } from '../../clock.ts';

/** A sale may wait 5 ms for such work: a slice ends after this, when its last step is done. */
const sliceMs = 1.5;
/** Pause between slices: the work takes a quarter of the time that is left. */
const restMs = 5;
/** Where a clock stands still, as in tests. */
const mostSteps = 20;

/** @returns the job's result; null where `given` said that it is no longer wanted */
export async function inSlices<T>(
  job: Generator<void, T, void>,
  clock: Clock,
  wanted: () => boolean = () => true,
): Promise<T | null> {
  for (;;) {
    if (!wanted()) {
      job.return(undefined as never);
      return null;
    }
    const end = clock.monotonic() + sliceMs;
    for (let steps = 0; steps < mostSteps; steps++) {
      const step = job.next();
      if (step.done === true) return step.value;
      if (clock.monotonic() >= end) break;
    }
    await pause(clock, restMs);
  }
}
