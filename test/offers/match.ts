/** The matching rules of the conformance cases (shared/conformance/README.md). */

/** Where `found` does not match `expected`; empty if it does. */
export function mismatches(expected: unknown, found: unknown, place = ''): string[] {
  if (expected === null)
    return found === null || found === undefined ? [] : [`${place}: ${JSON.stringify(found)} instead of null`];
  if (Array.isArray(expected)) {
    if (!Array.isArray(found)) return [`${place}: ${JSON.stringify(found)} is no list`];
    if (found.length !== expected.length)
      return [`${place}: ${found.length} instead of ${expected.length}: ${JSON.stringify(found)}`];
    return expected.flatMap((item, index) => mismatches(item, found[index], `${place}/${index}`));
  }
  if (typeof expected === 'object') {
    const fields = typeof found === 'object' && found !== null ? (found as Readonly<Record<string, unknown>>) : {};
    return Object.entries(expected).flatMap(([key, value]) => mismatches(value, fields[key], `${place}/${key}`));
  }
  return Object.is(expected, found)
    ? []
    : [`${place}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`];
}
