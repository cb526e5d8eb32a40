/**
 * What HQ granted, on its own disk beside the database: a database that is put back from a backup has forgotten grants that tills still
 * use. A line is on disk before its grant goes out, so that HQ can write back what its database lacks (`lease-recovery.ts`).
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { type Clock, pause } from '../../clock.ts';
import { isCount, isRecord, type Json } from '../protocol/fields.ts';
import type { TillName } from './ledger.ts';

/** One answer to a till. */
export interface GrantLine extends TillName {
  readonly epoch: number;
  /** The till had every lease up to this number. */
  readonly after: number;
  readonly leases: readonly GrantedLease[];
}

export interface GrantedLease {
  readonly number: number;
  readonly offer: string;
  readonly units: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface LeaseJournal {
  /** There was no file: nothing is known of what was granted before. */
  readonly isNew: boolean;
  /** On disk when it settles; those of the same moment share a sync. @throws where the disk does not take it */
  write(line: GrantLine): Promise<void>;
  /** Enough of the newest to tell whether the database has them all, oldest first. */
  newest(): readonly GrantLine[];
  /** Oldest first. */
  all(): readonly GrantLine[];
}

/** A backup older than this is put back by nobody: neither do tills keep their facts for longer (contract sync.md, section 1). */
const keptMs = 35 * 86_400_000;
/** More than was granted side by side at any moment. */
const newestLines = 1000;

/** @param gatherMs so long the lines of many tills gather for one sync */
export function openLeaseJournal(file: string, clock: Clock, gatherMs = 20): LeaseJournal {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const older = `${file}.older`;
  const isNew = !existsSync(file);
  const before = isNew ? '' : readFileSync(file, 'utf8');
  append(file, '');
  // A new file's name has to last as well.
  syncFolder(file);
  let sinceMs = firstMs(before) ?? clock.now();
  let gathering: Promise<void> | null = null;
  let lines: string[] = [];

  function flush() {
    // What a power cut or a full disk left of a last line must not spoil the next one.
    const text = `\n${lines.join('')}`;
    lines = [];
    gathering = null;
    if (clock.now() - sinceMs > keptMs) {
      renameSync(file, older);
      append(file, text);
      syncFolder(file);
      sinceMs = clock.now();
    } else append(file, text);
  }

  return {
    isNew,
    write(line) {
      lines.push(`${JSON.stringify({ at: clock.now(), ...line })}\n`);
      gathering ??= gatherMs === 0 ? Promise.resolve().then(flush) : pause(clock, gatherMs).then(flush);
      return gathering;
    },
    newest: () => linesOf(before.split('\n').filter(Boolean).slice(-newestLines).join('\n')),
    all: () => [older, file].filter(existsSync).flatMap(one => linesOf(readFileSync(one, 'utf8'))),
  };
}

function append(file: string, text: string) {
  const descriptor = openSync(file, 'a', 0o600);
  try {
    // All of it: what a nearly full disk takes of a single call may be less.
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Windows has no such thing, and needs none. */
function syncFolder(file: string) {
  if (process.platform === 'win32') return;
  const descriptor = openSync(dirname(file), 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function firstMs(text: string): number | null {
  const at = parsed(/.+/.exec(text)?.[0] ?? '')?.at;
  return typeof at === 'number' ? at : null;
}

/** A line that can't be read was cut off before its sync: what it granted never went out. */
const linesOf = (text: string): readonly GrantLine[] => text.split('\n').flatMap(line => grantOf(parsed(line)) ?? []);

function parsed(line: string): Json | null {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function grantOf(line: Json | null): GrantLine | null {
  if (line === null || !Array.isArray(line.leases)) return null;
  const { store, till, epoch, after } = line;
  if (typeof store !== 'string' || typeof till !== 'string' || !isCount(epoch) || !isCount(after)) return null;
  const leases: GrantedLease[] = [];
  for (const lease of line.leases as readonly unknown[]) {
    if (!isRecord(lease)) return null;
    const { number, offer, units, fromMs, untilMs } = lease;
    if (!isCount(number) || typeof offer !== 'string' || !isCount(units) || !isMs(fromMs) || !isMs(untilMs))
      return null;
    leases.push({ number, offer, units, fromMs, untilMs });
  }
  return { store, till, epoch, after, leases };
}

const isMs = (value: unknown): value is number => Number.isSafeInteger(value);
