/** Conformance cases as files, and the matching rule of the conformance README for faults. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle, Sale } from '../../../agent/offers/types.ts';

export interface Case {
  readonly file: string;
  readonly name: string;
  readonly note: string;
  readonly bundle: Bundle;
  readonly sale: Sale;
  readonly expect: { readonly fault?: readonly string[] };
}

export function casesIn(directory: string): Case[] {
  return readdirSync(directory)
    .filter(file => file.endsWith('.json'))
    .sort()
    .map(file => ({ ...JSON.parse(readFileSync(join(directory, file), 'utf8')), file }));
}

/** What is wrong with a list of faults: one expected place is missing, or a fault is elsewhere. */
export function faultMismatches(expected: readonly string[], found: readonly string[]): string[] {
  const below = (pointer: string, place: string): boolean => pointer === place || pointer.startsWith(`${place}/`);
  return [
    ...expected.filter(place => !found.some(pointer => below(pointer, place))).map(place => `no fault at ${place}`),
    ...found
      .filter(pointer => !expected.some(place => below(pointer, place)))
      .map(pointer => `fault elsewhere: ${pointer}`),
  ];
}
