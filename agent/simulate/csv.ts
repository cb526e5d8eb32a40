/** Reads comma-separated values (RFC 4180), gzipped or not, as one object a row. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export type Row = Readonly<Record<string, string>>;

/** @throws Error where the file can't be read or a row has more or fewer fields than the head */
export function readCsv(file: string): Row[] {
  const bytes = readFileSync(file);
  return parseCsv((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'), file);
}

/** @param name of the file, for messages */
export function parseCsv(text: string, name = 'CSV'): Row[] {
  const records = recordsOf(text);
  const [head = [], ...rows] = records;
  return rows.map((fields, index) => {
    if (fields.length !== head.length)
      throw new Error(`${name}: row ${index + 1} has ${fields.length} fields, the head ${head.length}`);
    return Object.fromEntries(head.map((column, i) => [column, fields[i] ?? '']));
  });
}

function recordsOf(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  const field = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/y;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (match === null) throw new Error(`a quote is not closed at character ${field.lastIndex}`);
    const [, value = '', end] = match;
    record.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === ',') continue;
    records.push(record);
    record = [];
  }
  return records;
}
