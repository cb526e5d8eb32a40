/** Conformance cases as files: reading them, and the matching rules of the conformance README. */
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

/** Where an answer differs from what a case expects; empty if it matches. */
export function mismatches(expected: unknown, found: unknown, path = ''): string[] {
  if (expected === null) return found === null || found === undefined ? [] : [`${path}: null, found ${show(found)}`];
  if (Array.isArray(expected)) {
    if (!Array.isArray(found) || found.length !== expected.length)
      return [`${path}: ${show(expected)}, found ${show(found)}`];
    return expected.flatMap((element, index) => mismatches(element, found[index], `${path}/${index}`));
  }
  if (typeof expected === 'object') {
    if (typeof found !== 'object' || found === null) return [`${path}: ${show(expected)}, found ${show(found)}`];
    const fields: Record<string, unknown> = { ...found };
    return Object.entries(expected ?? {}).flatMap(([key, value]) => mismatches(value, fields[key], `${path}/${key}`));
  }
  return expected === found ? [] : [`${path}: ${show(expected)}, found ${show(found)}`];
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

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
