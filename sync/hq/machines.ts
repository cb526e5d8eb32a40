/**
 * Several HQs on one line (MQTT 3.1.1): each takes the tills of its own stores, by a hash of the store's name. All of them hear
 * everything and leave what is not theirs; the messages of 20,000 tills are less than a megabyte a second (docs/scale.md).
 */

/** This HQ is `number` of `count`, from 1. */
export interface Machines {
  readonly count: number;
  readonly number: number;
}

export const alone: Machines = { count: 1, number: 1 };

/** Is this store's HQ here? The same everywhere and always: FNV-1a, mixed so that names that differ in their end part evenly. */
export function isStoreOf({ count, number }: Machines, store: string): boolean {
  if (count === 1) return true;
  let hash = 0x811c9dc5;
  for (let at = 0; at < store.length; at++) hash = Math.imul(hash ^ store.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) % count === number - 1;
}
