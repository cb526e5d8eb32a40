/** Work in short steps: a generator that pauses every so often, so that whoever runs it can do something more urgent in between. */

/** Runs to the end without a pause. */
export function finish<Result>(steps: Generator<undefined, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const run = 500;

/** A sorted copy: runs of a few hundred are sorted, then merged two by two, with a pause after each few hundred. Stable. */
export function* sortedInSteps<Item>(
  items: readonly Item[],
  compare: (a: Item, b: Item) => number,
): Generator<undefined, Item[]> {
  let runs: Item[][] = [];
  for (let start = 0; start < items.length; start += run) {
    runs.push(items.slice(start, start + run).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: Item[][] = [];
    for (let index = 0; index < runs.length; index += 2) {
      const [left = [], right] = [runs[index], runs[index + 1]];
      merged.push(right === undefined ? left : yield* mergeInSteps(left, right, compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

function* mergeInSteps<Item>(
  left: readonly Item[],
  right: readonly Item[],
  compare: (a: Item, b: Item) => number,
): Generator<undefined, Item[]> {
  const [last, next] = [left[left.length - 1], right[0]];
  // What comes in order stays: most authors number their offers.
  if (last !== undefined && next !== undefined && compare(last, next) <= 0) return left.concat(right);
  const merged: Item[] = [];
  let [fromLeft, fromRight] = [0, 0];
  while (fromLeft < left.length && fromRight < right.length) {
    const [a, b] = [left[fromLeft] as Item, right[fromRight] as Item];
    if (compare(a, b) <= 0) {
      merged.push(a);
      fromLeft++;
    } else {
      merged.push(b);
      fromRight++;
    }
    if (merged.length % (2 * run) === 0) yield;
  }
  for (; fromLeft < left.length; fromLeft++) merged.push(left[fromLeft] as Item);
  for (; fromRight < right.length; fromRight++) merged.push(right[fromRight] as Item);
  return merged;
}
