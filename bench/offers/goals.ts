/** The goals for 10,000 offers (p50 of a decision, one run), as ratios and sizes. */
export interface Goal {
  readonly at: 'least' | 'most';
  readonly value: number;
}

/** How many times faster an all-in decision must be than each peer. */
export const fasterThan: Readonly<Record<string, Goal>> = {
  'json-rules-engine': { at: 'least', value: 20_000 },
  'zen-engine': { at: 'least', value: 1500 },
  'json-logic-js': { at: 'least', value: 800 },
  'json-logic-engine': { at: 'least', value: 600 },
  closures: { at: 'least', value: 60 },
};

/** How many times slower than the touch limit. */
export const slowerThanTouch: Readonly<Record<string, Goal>> = {
  'all in': { at: 'most', value: 12 },
  'at total': { at: 'most', value: 4 },
};

export const p99BesideP50: Goal = { at: 'most', value: 2 };
/** Bytes beside the answer itself. */
export const allocated: Goal = { at: 'most', value: 256 };
export const explainMs: Goal = { at: 'most', value: 10 };
export const activationMs: Goal = { at: 'most', value: 500 };
export const longestSliceMs: Goal = { at: 'most', value: 5 };

export function isMet({ at, value }: Goal, found: number): boolean {
  return at === 'least' ? found >= value : found <= value;
}
