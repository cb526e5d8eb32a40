/**
 * A disk that may lose power: takes the steps of a trace and tells what could lie on it after a cut. What was synced is there;
 * of every later write any part may be missing, torn at a sector or noise, and a name that its folder was not synced for may be lost.
 */
import { type DiskStep, folderOf } from './trace.ts';

/** What becomes of that which no sync has covered. */
export const losses = ['lost', 'kept', 'some', 'torn', 'noise'] as const;
export type Loss = (typeof losses)[number];

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly size: number };
type Inode = { durable: Buffer; durableSize: number; size: number; pending: Change[] };
type Naming = { readonly folder: string; readonly apply: (names: Map<string, Inode | 'folder'>) => void };

export interface Disk {
  take(step: DiskStep): void;
  /** Files and their content after a cut here; other draws of `random` give other remains. */
  afterCut(loss: Loss, random: () => number): ReadonlyMap<string, Buffer>;
}

const sectors = [512, 4096] as const;

export function createDisk(): Disk {
  const now = new Map<string, Inode | 'folder'>();
  const durable = new Map<string, Inode | 'folder'>();
  let naming: Naming[] = [];

  const name = (folder: string, apply: Naming['apply']) => {
    apply(now);
    naming.push({ folder, apply });
  };

  function file(path: string): Inode {
    const found = now.get(path);
    if (found === undefined || found === 'folder') throw new Error(`${path} was never made`);
    return found;
  }

  function sync(path: string) {
    if (path === '' || now.get(path) === 'folder') {
      for (const one of naming) if (one.folder === path) one.apply(durable);
      naming = naming.filter(one => one.folder !== path);
      return;
    }
    const inode = file(path);
    for (const change of inode.pending) put(inode, change);
    inode.pending = [];
  }

  return {
    take(step) {
      switch (step.kind) {
        case 'create': {
          if (now.has(step.file)) return;
          const inode: Inode = { durable: Buffer.alloc(0), durableSize: 0, size: 0, pending: [] };
          return name(folderOf(step.file), names => names.set(step.file, inode));
        }
        case 'folder':
          return name(folderOf(step.file), names => names.set(step.file, 'folder'));
        case 'unlink':
          return name(folderOf(step.file), names => names.delete(step.file));
        case 'rename': {
          const inode = file(step.file);
          return name(folderOf(step.to), names => {
            names.delete(step.file);
            names.set(step.to, inode);
          });
        }
        case 'write': {
          const inode = file(step.file);
          const at = step.at ?? inode.size;
          inode.size = Math.max(inode.size, at + step.bytes.length);
          inode.pending.push({ at, bytes: step.bytes });
          return;
        }
        case 'truncate': {
          const inode = file(step.file);
          inode.size = step.size;
          inode.pending.push({ size: step.size });
          return;
        }
        case 'sync':
          return sync(step.file);
        case 'said':
      }
    },
    afterCut(loss, random) {
      const keep = loss === 'lost' ? () => false : loss === 'kept' ? () => true : () => random() < 0.5;
      const names = new Map(durable);
      for (const { apply } of naming) if (keep()) apply(names);
      const left = new Map<string, Buffer>();
      for (const [path, inode] of names) {
        if (inode === 'folder' || !isReachable(path, names)) continue;
        const copy: Inode = { ...inode, durable: Buffer.from(inode.durable.subarray(0, inode.durableSize)) };
        for (const change of inode.pending) {
          if (!('bytes' in change) || loss === 'lost' || loss === 'kept' || loss === 'some') {
            if (keep()) put(copy, change);
          } else for (const piece of sectorsOf(change, random)) if (keep()) put(copy, spoiled(piece, loss, random));
        }
        left.set(path, copy.durable.subarray(0, copy.durableSize));
      }
      return left;
    },
  };
}

function isReachable(path: string, names: ReadonlyMap<string, Inode | 'folder'>): boolean {
  const folder = folderOf(path);
  return folder === '' || (names.get(folder) === 'folder' && isReachable(folder, names));
}

/** Brings one change into the content. The space ahead grows in steps, so that a log is not copied at each of its frames. */
function put(inode: Inode, change: Change): void {
  if ('size' in change) {
    if (change.size > inode.durable.length) inode.durable = grown(inode, change.size);
    if (change.size > inode.durableSize) inode.durable.fill(0, inode.durableSize, change.size);
    inode.durableSize = change.size;
    return;
  }
  const end = change.at + change.bytes.length;
  if (end > inode.durable.length) inode.durable = grown(inode, end);
  if (change.at > inode.durableSize) inode.durable.fill(0, inode.durableSize, change.at);
  change.bytes.copy(inode.durable, change.at);
  inode.durableSize = Math.max(inode.durableSize, end);
}

function grown(inode: Inode, size: number): Buffer {
  const larger = Buffer.alloc(Math.max(size, 2 * inode.durable.length, 65_536));
  inode.durable.copy(larger, 0, 0, inode.durableSize);
  return larger;
}

/** A write in the pieces that a disk writes whole. */
function* sectorsOf(change: { readonly at: number; readonly bytes: Buffer }, random: () => number) {
  const sector = sectors[random() < 0.5 ? 0 : 1];
  const end = change.at + change.bytes.length;
  for (let at = change.at; at < end; ) {
    const next = Math.min(end, (Math.floor(at / sector) + 1) * sector);
    yield { at, bytes: change.bytes.subarray(at - change.at, next - change.at) };
    at = next;
  }
}

/** Under `noise` a sector that was being written may hold anything; never bytes beside those that were written. */
function spoiled(piece: { readonly at: number; readonly bytes: Buffer }, loss: Loss, random: () => number) {
  if (loss !== 'noise' || random() < 0.7) return piece;
  return { at: piece.at, bytes: Buffer.from(piece.bytes.map(() => Math.floor(random() * 256))) };
}
