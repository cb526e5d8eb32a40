/**
 * Reads a configuration: one JSON file, every key overridable by a TILLSIDE_… environment variable, secrets by file
 * reference only. Every fault is told at once: which key, what was found, what would be right. Used by tills and HQ.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Type, { type Static } from 'typebox';
import { type Fault, messageOf, TillsideError } from './errors.ts';
import { parseJsonText } from './json-text.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type ConfigurationReading<T> = {
  readonly file: string;
  readonly env: Environment;
  /** What a schema can't say: relations between keys. Called only when the schema holds. */
  readonly check?: (value: T) => readonly Fault[];
};

/**
 * Reads, overrides, validates, and makes paths absolute (relative ones start at the file's folder; `file:` is taken off).
 * A variable set to nothing counts as not set; `null` takes an optional key away. Defaults are the caller's.
 * @throws TillsideError `config-invalid` with every fault (`faults`)
 */
export function readConfiguration<S extends Type.TObject>(
  schema: S,
  reading: ConfigurationReading<Static<S>>,
): Static<S> {
  const file = resolve(reading.file);
  const node = schema as SchemaNode;
  const document = readDocument(file);
  const faults: Fault[] = [];
  const origin = override(node, document, reading.env, faults);
  validate(node, document, '', faults);
  if (faults.length === 0) faults.push(...(reading.check?.(document as Static<S>) ?? []));
  if (faults.length > 0) throw invalid(file, faults, origin);
  return absolute(node, document, dirname(file)) as Static<S>;
}

// --- schema pieces with a meaning for the reader ----------------------------------------------------------------------

/** The file's content is the value: a secret, a key, a catalogue. Read as its absolute path. */
export function FileReference(description: string) {
  return Type.String({ pattern: '^file:.+$', description, examples: ['file:name.ext'], 'x-path': 'reference' });
}

/** A folder or file by its path. Read as an absolute path. */
export function PathText(description: string) {
  return Type.String({ minLength: 1, description, 'x-path': 'plain' });
}

/** Text with a pattern; `description` and `examples` say what would be right. */
export function PatternText(pattern: string, description: string, examples: readonly string[]) {
  return Type.String({ pattern, description, examples: [...examples] });
}

/** All variables that override a key of `schema`, with the key's pointer; for the documentation. */
export function environmentVariables(schema: Type.TObject): ReadonlyMap<string, string> {
  return new Map([...variables(schema as SchemaNode)].map(([name, { pointer }]) => [name, pointer]));
}

// --- file ---------------------------------------------------------------------------------------------------------------

type JsonObject = Record<string, unknown>;

function readDocument(file: string): JsonObject {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TillsideError('config-invalid', `The configuration ${file} can't be read: ${messageOf(error)}`, {
      cause: error,
      context: { file },
    });
  }
  let value: unknown;
  try {
    value = parseJsonText(text);
  } catch (error) {
    throw new TillsideError('config-invalid', `The configuration ${file} is not JSON: ${messageOf(error)}`, {
      cause: error,
      context: { file },
    });
  }
  if (!isObject(value)) {
    throw new TillsideError(
      'config-invalid',
      `The configuration ${file}: found ${shown(value)}, must be an object in braces`,
      { context: { file } },
    );
  }
  return value;
}

function invalid(file: string, faults: readonly Fault[], origin: ReadonlyMap<string, string>): TillsideError {
  const told = faults.map(({ pointer, message }) => {
    const variable = origin.get(pointer);
    return { pointer, message: variable === undefined ? message : `${variable}: ${message}` };
  });
  const count = told.length === 1 ? 'one fault' : `${told.length} faults`;
  return new TillsideError('config-invalid', `The configuration ${file} has ${count}.`, {
    context: { file },
    faults: told,
  });
}

// --- environment ----------------------------------------------------------------------------------------------------------

type Variable = { readonly pointer: string; readonly path: readonly string[]; readonly node: SchemaNode };

/** `/api/port` → `TILLSIDE_API_PORT`, `/dataDir` → `TILLSIDE_DATA_DIR`; objects and arrays as a whole, too. */
function variables(root: SchemaNode, path: readonly string[] = [], into = new Map<string, Variable>()) {
  for (const [key, node] of Object.entries(root.properties ?? {})) {
    if (key.startsWith('$')) continue;
    const here = [...path, key];
    const words = here.map(part => part.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase());
    into.set(`TILLSIDE_${words.join('_')}`, { pointer: pointerOf(here), path: here, node });
    variables(node, here, into);
  }
  return into;
}

/** Writes the variables into the document, outer keys first; answers which pointer came from which variable. */
function override(root: SchemaNode, document: JsonObject, env: Environment, faults: Fault[]): Map<string, string> {
  const known = variables(root);
  const origin = new Map<string, string>();
  for (const [name, variable] of known) {
    const text = env[name];
    if (text === undefined || text === '') continue;
    origin.set(variable.pointer, name);
    const value = fromText(variable.node, text);
    if (value === notReadable) {
      const message = `found ${shown(text)}, must be JSON (${expected(variable.node)})`;
      faults.push({ pointer: variable.pointer, message });
    } else place(document, variable.path, value);
  }
  for (const name of Object.keys(env)) {
    if (!name.startsWith('TILLSIDE_') || known.has(name)) continue;
    // Variables of other programs of the product may be set as well: only what looks like a slip of the pen is a fault.
    const near = nearest(name, [...known.keys()], 2);
    if (near !== null)
      faults.push({
        pointer: known.get(near)?.pointer ?? '',
        message: `unknown variable ${name}; did you mean ${near}?`,
      });
  }
  return origin;
}

const notReadable = Symbol('not readable');

function fromText(node: SchemaNode, text: string): unknown {
  if (text === 'null') return undefined;
  if (node.type === 'string' || node.enum !== undefined) return text;
  if (node.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (node.type === 'integer' || node.type === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  try {
    return parseJsonText(text);
  } catch {
    return notReadable;
  }
}

function place(document: JsonObject, path: readonly string[], value: unknown): void {
  let at = document;
  for (const key of path.slice(0, -1)) {
    const next = at[key];
    if (isObject(next)) at = next;
    else {
      if (value === undefined) return;
      const made: JsonObject = {};
      at[key] = made;
      at = made;
    }
  }
  const last = path.at(-1) ?? '';
  if (value === undefined) delete at[last];
  else at[last] = value;
}

// --- validation -----------------------------------------------------------------------------------------------------------

/** The part of JSON Schema that configurations use. */
type SchemaNode = {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly 'x-path'?: 'reference' | 'plain';
};

function validate(node: SchemaNode, value: unknown, pointer: string, faults: Fault[]): void {
  if (node.type === 'object' && isObject(value)) {
    validateKeys(node, value, pointer, faults);
    return;
  }
  if (node.type === 'array' && Array.isArray(value) && lengthFits(node, value)) {
    for (const [index, item] of value.entries()) validate(node.items ?? {}, item, `${pointer}/${index}`, faults);
    return;
  }
  if (!fits(node, value)) {
    // A secret written into the file instead of a reference must not travel on into logs.
    const found = node['x-path'] === 'reference' && typeof value === 'string' ? 'a text without "file:"' : shown(value);
    faults.push({ pointer, message: `found ${found}, must be ${expected(node)}` });
  }
}

function validateKeys(node: SchemaNode, value: JsonObject, pointer: string, faults: Fault[]): void {
  const properties = node.properties ?? {};
  for (const [key, item] of Object.entries(value)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property !== undefined) validate(property, item, `${pointer}/${escapeKey(key)}`, faults);
    else {
      const keys = Object.keys(properties).filter(name => !name.startsWith('$'));
      const near = nearest(key, keys, Math.max(2, Math.floor(key.length / 2)));
      const hint = near === null ? `known here: ${keys.join(', ')}` : `did you mean "${near}"?`;
      faults.push({ pointer: `${pointer}/${escapeKey(key)}`, message: `unknown key; ${hint}` });
    }
  }
  for (const key of node.required ?? []) {
    if (Object.hasOwn(value, key)) continue;
    faults.push({ pointer: `${pointer}/${key}`, message: `is missing, must be ${expected(properties[key] ?? {})}` });
  }
}

function fits(node: SchemaNode, value: unknown): boolean {
  if (node.enum !== undefined) return node.enum.includes(value);
  switch (node.type) {
    case 'string':
      return (
        typeof value === 'string' &&
        [...value].length >= (node.minLength ?? 0) &&
        [...value].length <= (node.maxLength ?? Number.POSITIVE_INFINITY) &&
        (node.pattern === undefined || new RegExp(node.pattern, 'u').test(value))
      );
    case 'integer':
    case 'number':
      return (
        typeof value === 'number' &&
        Number.isFinite(value) &&
        (node.type === 'number' || Number.isInteger(value)) &&
        value >= (node.minimum ?? Number.NEGATIVE_INFINITY) &&
        value <= (node.maximum ?? Number.POSITIVE_INFINITY)
      );
    case 'boolean':
      return typeof value === 'boolean';
    case 'object':
    case 'array':
      return false;
    default:
      throw new TillsideError('internal', `a configuration schema uses "${node.type}", which the reader does not know`);
  }
}

function lengthFits(node: SchemaNode, value: readonly unknown[]): boolean {
  if (value.length < (node.minItems ?? 0) || value.length > (node.maxItems ?? Number.POSITIVE_INFINITY)) return false;
  return node.uniqueItems !== true || new Set(value.map(item => JSON.stringify(item))).size === value.length;
}

function expected(node: SchemaNode): string {
  const about = node.description === undefined ? '' : ` (${node.description})`;
  const examples = (node.examples ?? []).map(example => JSON.stringify(example)).join(' or ');
  const like = examples === '' ? '' : `, for example ${examples}`;
  return `${shape(node)}${about}${like}`;
}

function shape(node: SchemaNode): string {
  if (node.enum !== undefined) return `one of ${node.enum.map(value => JSON.stringify(value)).join(', ')}`;
  switch (node.type) {
    case 'integer':
    case 'number': {
      const kind = node.type === 'integer' ? 'a whole number' : 'a number';
      if (node.minimum !== undefined && node.maximum !== undefined)
        return `${kind} from ${node.minimum} to ${node.maximum}`;
      return node.minimum === undefined ? kind : `${kind}, at least ${node.minimum}`;
    }
    case 'boolean':
      return 'true or false';
    case 'object':
      return `an object with ${Object.keys(node.properties ?? {}).join(', ')}`;
    case 'array': {
      const least = node.minItems === undefined ? '' : ` of at least ${node.minItems}`;
      return `a list${least}${node.uniqueItems === true ? ' without repetitions' : ''}`;
    }
    default:
      return node['x-path'] === 'reference' ? 'a file reference' : 'a text';
  }
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  // A password inside an address is not for logs.
  const text = JSON.stringify(value).replace(/:\/\/[^/@\s"]+@/g, '://…@');
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

// --- paths ------------------------------------------------------------------------------------------------------------------

function absolute(node: SchemaNode, value: unknown, folder: string): unknown {
  if (node['x-path'] !== undefined && typeof value === 'string')
    return resolve(folder, node['x-path'] === 'reference' ? value.slice('file:'.length) : value);
  if (Array.isArray(value)) return value.map(item => absolute(node.items ?? {}, item, folder));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, absolute(node.properties?.[key] ?? {}, item, folder)]),
  );
}

// --- words --------------------------------------------------------------------------------------------------------------------

/** The candidate with the fewest edits (letters added, dropped, changed, swapped), if at most `limit`; case counts nothing. */
export function nearest(word: string, candidates: readonly string[], limit: number): string | null {
  let best: string | null = null;
  let least = limit + 1;
  for (const candidate of candidates) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

/** Optimal string alignment distance, three rows kept. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function pointerOf(path: readonly string[]): string {
  return path.map(key => `/${escapeKey(key)}`).join('');
}
