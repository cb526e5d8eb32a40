/**
 * What there is to do on the members' files, as orders that a thread of its own carries out (worker.ts): whatever reads or writes
 * much of them, or waits for the disk.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, rmSync } from 'node:fs';
import { type MemberFile, openMemberFile } from '../../sync/protocol/members-file.ts';
// Not by the store's index: a thread that loads all of it takes three times as long to start.
import { joinMembersFile, openMembersFile, removeMembersFile } from '../store/members-file.ts';
import {
  build,
  erase,
  fold,
  isSound,
  type Job,
  type Outcome,
  settle,
  stage,
  type Target,
  unstage,
} from '../store/members-jobs.ts';

export type Order =
  /** Build what was fetched into `next`; what stands there is of the same file unless `afresh`. */
  | {
      readonly kind: 'whole';
      readonly incoming: string;
      readonly target: Target;
      readonly next: string;
      readonly afresh: boolean;
    }
  /** Put what was fetched beside the rows; in the end it counts, and is still to be folded in. */
  | { readonly kind: 'change'; readonly incoming: string; readonly target: Target; readonly file: string }
  | { readonly kind: 'fold'; readonly file: string }
  /** Are the rows still those of the version? */
  | { readonly kind: 'check'; readonly file: string }
  | { readonly kind: 'erase'; readonly file: string; readonly key: number }
  /** What was fetched or half built holds members who must not stay: it goes. */
  | { readonly kind: 'discard'; readonly aside: string; readonly next: string };

/** `bytes`: not the file that HQ offered, it is to be fetched once more; `rows`: not those that HQ means. */
export type Done =
  | { readonly ok: true }
  | { readonly ok: false; readonly wrong: 'bytes' | 'rows'; readonly reason: string };

const done: Done = { ok: true };
const readBytes = 1024 * 1024;

export function* workOn(order: Order): Job<Done> {
  switch (order.kind) {
    case 'whole':
      return yield* withIncoming(order, source => whole(order, source));
    case 'change':
      return yield* withIncoming(order, source => change(order, source));
    case 'fold':
      yield* withFile(order.file, fold);
      return done;
    case 'check':
      return (yield* withFile(order.file, isSound))
        ? done
        : { ok: false, wrong: 'rows', reason: 'the rows are not those of the version' };
    case 'erase':
      // biome-ignore lint/correctness/useYield: one step
      yield* withFile(order.file, function* (file) {
        erase(file, order.key);
      });
      return done;
    case 'discard':
      rmSync(order.aside, { force: true });
      removeMembersFile(order.next);
      return done;
  }
}

type OrderOf<Kind extends Order['kind']> = Extract<Order, { kind: Kind }>;

function* whole({ target, next, afresh }: OrderOf<'whole'>, source: MemberFile): Job<Outcome> {
  if (afresh) removeMembersFile(next);
  const database = openMembersFile(next);
  try {
    const outcome = yield* build(database, source, target);
    database.close();
    if (outcome.ok) onDisk(next);
    else removeMembersFile(next);
    return outcome;
  } catch (error) {
    database.close();
    removeMembersFile(next);
    throw error;
  } finally {
    // Called off: it goes on where it stopped.
    database.close();
  }
}

function* change({ target, file }: OrderOf<'change'>, source: MemberFile): Job<Outcome> {
  return yield* withFile(file, function* (database) {
    const outcome = yield* stage(database, source, target);
    if (outcome.ok) settle(database, source, target);
    else yield* unstage(database);
    return outcome;
  });
}

function* withFile<T>(path: string, run: (file: ReturnType<typeof joinMembersFile>) => Job<T>): Job<T> {
  const file = joinMembersFile(path);
  try {
    return yield* run(file);
  } finally {
    file.close();
  }
}

/** Nothing of a file is believed before its SHA-256 is that of HQ's offer. */
function* withIncoming(
  { incoming, target }: { readonly incoming: string; readonly target: Target },
  run: (source: MemberFile) => Job<Outcome>,
): Job<Done> {
  const file = openSync(incoming, 'r');
  const read = (offset: number, length: number) => {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, target.size - offset)));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.byteLength, offset));
  };
  try {
    const hash = createHash('sha256');
    for (let offset = 0; offset < target.size; offset += readBytes) {
      hash.update(read(offset, readBytes));
      yield;
    }
    if (hash.digest('hex') !== target.sha256) return { ok: false, wrong: 'bytes', reason: 'its SHA-256 is another' };
    const source = openMemberFile(read);
    if (!source.ok) return { ok: false, wrong: 'bytes', reason: `it ${source.reason}` };
    const outcome = yield* run(source.value);
    return outcome.ok ? done : { ok: false, wrong: 'rows', reason: outcome.reason };
  } finally {
    closeSync(file);
  }
}

function onDisk(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
