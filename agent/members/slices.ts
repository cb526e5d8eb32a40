/** Runs a long job a slice at a time, so that whoever waits for this thread (a sale) waits for one slice at most. */
import { type Clock, pause } from '../../clock.ts';

/** A sale may wait 5 ms for such work: a slice ends after this, when its last step is done. */
const sliceMs = 1.5;
/** A step that takes longer than this is followed by one of half the rows, down to one; much quicker ones let them grow again. */
const stepMs = 0.5;
const leastShare = 1 / 256;
/** Pause between slices: the work takes a quarter of the time that is left. */
const restMs = 5;
/** Where a clock stands still, as in tests. */
const mostSteps = 20;

/** @returns the job's result; null where `given` said that it is no longer wanted */
export async function inSlices<T>(
  job: Generator<void, T, number | undefined>,
  clock: Clock,
  wanted: () => boolean = () => true,
): Promise<T | null> {
  let share = 1;
  for (;;) {
    if (!wanted()) {
      job.return(undefined as never);
      return null;
    }
    let at = clock.monotonic();
    const end = at + sliceMs;
    for (let steps = 0; steps < mostSteps && at < end; steps++) {
      const step = job.next(share);
      if (step.done === true) return step.value;
      const began = at;
      at = clock.monotonic();
      if (at - began > stepMs) share = Math.max(leastShare, share / 2);
      else if (at - began < stepMs / 2) share = Math.min(1, share * 1.25);
    }
    await pause(clock, restMs);
  }
}
