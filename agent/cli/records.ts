/** Reads a file of many objects: a JSON list, or one object a line (`.ndjson`, `.jsonl`), gzipped or not (`.gz`). */
import { createReadStream, readFileSync } from 'node:fs';
import { createGunzip, gunzipSync } from 'node:zlib';
import { messageOf, TillsideError } from '../../errors.ts';
import { linesOf } from './lines.ts';

/**
 * @param what for messages: "catalogue"
 * @throws TillsideError `usage` where the file can't be read or holds something else
 */
export async function* recordsOf(file: string, what: string): AsyncIterable<Readonly<Record<string, unknown>>> {
  const fail = (why: string, cause?: unknown) =>
    new TillsideError('usage', `The ${what} ${file} can't be used: ${why}`, { cause });
  const zipped = file.endsWith('.gz');
  if (/\.(ndjson|jsonl)(\.gz)?$/.test(file)) {
    const raw = createReadStream(file, { highWaterMark: 1 << 18 });
    let number = 0;
    try {
      for await (const { text } of linesOf(zipped ? raw.pipe(createGunzip()) : raw)) {
        number++;
        if (text.trim() !== '') yield recordOf(JSON.parse(text));
      }
    } catch (error) {
      throw fail(number === 0 ? messageOf(error) : `line ${number}: ${messageOf(error)}`, error);
    }
    return;
  }
  let list: unknown;
  try {
    const bytes = readFileSync(file);
    list = JSON.parse((zipped ? gunzipSync(bytes) : bytes).toString('utf8'));
    if (!Array.isArray(list)) throw new Error('it is no JSON list');
    for (const [index, entry] of list.entries()) {
      if (typeof entry !== 'object' || entry === null) throw new Error(`entry ${index} is no object`);
    }
  } catch (error) {
    throw fail(messageOf(error), error);
  }
  for (const entry of list) yield recordOf(entry);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is no JSON object');
  return value as Readonly<Record<string, unknown>>;
}
