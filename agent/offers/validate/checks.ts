/**
 * Building blocks of the validators: a check looks at one value and reports every fault with its place. Nothing here
 * throws, recurses without bound, or reads an inherited property.
 */
import { type Fault, pointer } from '../fault.ts';

/** Faults beyond this number are not listed: a hostile document must not fill the memory. */
export const mostFaults = 10_000;

/** Faults beyond this number are told without a guess at what was meant, which takes time. */
const mostGuesses = 100;

/** Deepest nesting of predicates and selectors. */
export const deepest = 64;

/** Where the walk stands, and what it found. */
export class Report {
  readonly faults: Fault[] = [];
  readonly path: (string | number)[] = [];

  /** Reports a fault at the present place, or below it. */
  fault(message: string, ...below: readonly (string | number)[]): void {
    if (!this.full) this.faults.push({ pointer: pointer([...this.path, ...below]), message });
  }

  /** Whether no more faults are listed. */
  get full(): boolean {
    return this.faults.length >= mostFaults;
  }

  /** Whether a fault lies at this place or below it. */
  touches(place: string): boolean {
    return this.faults.some(fault => fault.pointer === place || fault.pointer.startsWith(`${place}/`));
  }
}

export type Check = (value: unknown, report: Report) => void;

/** The own fields of a JSON object; null for anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}

/** An own field, never an inherited one. */
export function field(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

export function checkAt(check: Check, value: unknown, place: string | number, report: Report): void {
  report.path.push(place);
  check(value, report);
  report.path.pop();
}

/**
 * An object with these fields and, if `closed`, no others.
 * @param after looks at the object as a whole; runs also if a field has a fault
 */
export function object(
  shape: { readonly required?: Readonly<Record<string, Check>>; readonly optional?: Readonly<Record<string, Check>> },
  after?: (value: Readonly<Record<string, unknown>>, report: Report) => void,
): Check {
  const required = Object.entries(shape.required ?? {});
  const known = new Map([...required, ...Object.entries(shape.optional ?? {})]);
  return (value, report) => {
    const fields = fieldsOf(value);
    if (fields === null) return report.fault(`must be an object, is ${kindOf(value)}`);
    for (const name of Object.keys(fields)) {
      if (report.full) return;
      const check = known.get(name);
      if (check === undefined) report.fault(`unknown field${nearest(name, known.keys(), report)}`, name);
      else checkAt(check, fields[name], name, report);
    }
    for (const [name] of required) if (!Object.hasOwn(fields, name)) report.fault('is missing', name);
    after?.(fields, report);
  };
}

/** An object with exactly one of these keys. */
export function oneOf(choices: Readonly<Record<string, Check>>, what: string): Check {
  const known = new Map(Object.entries(choices));
  const names = [...known.keys()].join(', ');
  return (value, report) => {
    const fields = fieldsOf(value);
    if (fields === null) return report.fault(`must be ${what}, an object with one of ${names}; is ${kindOf(value)}`);
    const keys = Object.keys(fields);
    const unknown = keys.filter(key => !known.has(key));
    for (const key of unknown) report.fault(`unknown ${what}${nearest(key, known.keys(), report)}`, key);
    const meant = keys.filter(key => known.has(key));
    for (const key of meant) {
      const check = known.get(key);
      if (check !== undefined) checkAt(check, fields[key], key, report);
    }
    if (keys.length === 0) report.fault(`must have exactly one of ${names}`);
    if (unknown.length === 0 && meant.length > 1)
      report.fault(`must have exactly one key, has ${meant.length}: ${meant.join(', ')}`, meant.at(-1) ?? '');
  };
}

export function list(check: Check, after?: (items: readonly unknown[], report: Report) => void): Check {
  return (value, report) => {
    if (!Array.isArray(value)) return report.fault(`must be a list, is ${kindOf(value)}`);
    for (let index = 0; index < value.length && !report.full; index++) checkAt(check, value[index], index, report);
    after?.(value, report);
  };
}

/** A list of objects whose `key` may stand only once. */
export function listUniqueBy(check: Check, key: string): Check {
  return list(check, (items, report) => checkUnique(items, key, report));
}

/** Of two objects with the same `key` the second is the fault. */
export function checkUnique(items: readonly unknown[], key: string, report: Report): void {
  const seen = new Set<unknown>();
  items.forEach((item, index) => {
    const fields = fieldsOf(item);
    const value = fields === null ? undefined : field(fields, key);
    if (typeof value !== 'string') return;
    if (seen.has(value)) report.fault(`"${shorten(value)}" stands here a second time`, index, key);
    seen.add(value);
  });
}

export function integer(least: number, most: number = Number.MAX_SAFE_INTEGER): Check {
  return (value, report) => {
    if (typeof value !== 'number') return report.fault(`must be an integer, is ${kindOf(value)}`);
    if (!Number.isSafeInteger(value)) return report.fault(`must be an integer that is exact, is ${value}`);
    if (value < least || value > most) report.fault(`must be from ${least} to ${most}, is ${value}`);
  };
}

export const anyInteger: Check = integer(Number.MIN_SAFE_INTEGER);

export const finite: Check = (value, report) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) report.fault(`must be a number, is ${kindOf(value)}`);
};

export const boolean: Check = (value, report) => {
  if (typeof value !== 'boolean') report.fault(`must be true or false, is ${kindOf(value)}`);
};

export const text: Check = (value, report) => {
  if (typeof value !== 'string') report.fault(`must be text, is ${kindOf(value)}`);
};

export const someText: Check = (value, report) => {
  if (typeof value !== 'string') report.fault(`must be text, is ${kindOf(value)}`);
  else if (value === '') report.fault('must not be empty');
};

export function matching(test: (value: string) => boolean, what: string): Check {
  return (value, report) => {
    if (typeof value !== 'string') report.fault(`must be ${what}, is ${kindOf(value)}`);
    else if (!test(value)) report.fault(`must be ${what}, is "${shorten(value)}"`);
  };
}

export function oneWordOf(...words: readonly string[]): Check {
  return (value, report) => {
    if (typeof value !== 'string' || !words.includes(value))
      report.fault(
        `must be one of ${words.join(', ')}; is ${typeof value === 'string' ? `"${shorten(value)}"` : kindOf(value)}`,
      );
  };
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value);
}

export const id: Check = matching(isId, 'an id (A-Z a-z 0-9 . _ -, at most 64, not starting with . _ -)');

export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return `the text "${shorten(value)}"`;
  return String(value);
}

function shorten(value: string): string {
  return value.length > 80 ? `${value.slice(0, 80)}…` : value;
}

/** ", did you mean …?" for a name that is nearly a known one. */
function nearest(name: string, known: Iterable<string>, report: Report): string {
  if (name.length > 40 || report.faults.length >= mostGuesses) return '';
  let [best, distance] = ['', 3];
  for (const candidate of known) {
    const steps = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (steps < distance) [best, distance] = [candidate, steps];
  }
  return best === '' ? '' : `, did you mean "${best}"?`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
