/**
 * Golden baskets: sales that a bundle carries with what its author expects them to decide. A till runs them before it takes
 * the bundle up, so that a bundle whose offers do not mean here what they meant at HQ is refused.
 */
import type { CompiledBundle } from './compile.ts';
import { decide } from './decide.ts';
import { type Fault, pointer } from './fault.ts';
import type { GoldenBasket } from './types.ts';
import { validateSale } from './validate/sale.ts';

type Place = readonly (string | number)[];

/** Names that are the same in every decision of a sale, or are text for people: no part of what is expected. */
const ignored: ReadonlySet<string> = new Set(['saleId', 'bundle', 'detail']);
/** Differences beyond this number are not listed. */
const mostFaults = 100;

/**
 * Decides every golden basket, one a step; answers where decisions differ from what is expected. Of a decision only the
 * fields that `expect` names are looked at; a list must have as many entries, in that order.
 */
export function* runningGolden(compiled: CompiledBundle): Generator<undefined, readonly Fault[]> {
  const faults: Fault[] = [];
  for (const [index, basket] of (compiled.bundle.golden ?? []).entries()) {
    faults.push(...differences(compiled, basket, ['golden', index]));
    if (faults.length >= mostFaults) break;
    yield;
  }
  return faults.slice(0, mostFaults);
}

function differences(compiled: CompiledBundle, { name, sale, expect }: GoldenBasket, at: Place): readonly Fault[] {
  const read = validateSale(sale);
  if (!read.ok)
    return read.faults.map(fault => ({
      pointer: `${pointer([...at, 'sale'])}${fault.pointer}`,
      message: fault.message,
    }));
  const faults: Fault[] = [];
  compare(expect, decide(compiled, read.sale), [...at, 'expect'], name, faults);
  return faults;
}

function compare(expected: unknown, found: unknown, at: Place, name: string, faults: Fault[]): void {
  const differs = () => faults.push({ pointer: pointer(at), message: `"${name}" decides ${short(found)}` });
  if (Array.isArray(expected)) {
    if (!Array.isArray(found) || found.length !== expected.length) return void differs();
    for (const [index, one] of expected.entries()) compare(one, found[index], [...at, index], name, faults);
    return;
  }
  if (typeof expected !== 'object' || expected === null) {
    if (expected !== (found ?? null)) differs();
    return;
  }
  if (typeof found !== 'object' || found === null) return void differs();
  for (const [key, one] of Object.entries(expected)) {
    if (ignored.has(key)) continue;
    // Some fields of a decision are getters of its class, so not only own ones are asked; all names are those of the contract.
    const value = key in found && key !== '__proto__' ? (found as Readonly<Record<string, unknown>>)[key] : undefined;
    compare(one, value, [...at, key], name, faults);
  }
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
