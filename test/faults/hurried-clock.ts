/** Time that goes by a hundred times as fast: patience of ten seconds is a tenth of one. */
import { type Clock, systemClock } from '../../clock.ts';

export const hurried: Clock = {
  ...systemClock,
  monotonic: () => systemClock.monotonic() * 100,
  after: (ms, run) => systemClock.after(ms / 100, run),
};
