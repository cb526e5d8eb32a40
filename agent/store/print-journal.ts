/** The print journal: what is to be printed, what was begun, and how sure the till is that it came out. */
import type { Database } from './database.ts';

export type JobState = 'queued' | 'printing' | 'confirmed' | 'fenced' | 'sent' | 'unknown' | 'failed';

export type PrintJobRow = {
  readonly id: number;
  readonly serial: string;
  readonly kind: 'coupon' | 'reprint';
  /** JSON of what the layout needs; complete, so that printing after a crash asks no bundle. */
  readonly content: string;
  readonly state: JobState;
  /** Times it was handed to the printer. */
  readonly attempts: number;
  /** How many coupons before this one were voided because nobody knew whether they came out. */
  readonly replacements: number;
  readonly queuedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly detail: string | null;
};

export interface PrintJournal {
  add(job: {
    serial: string;
    kind: 'coupon' | 'reprint';
    content: string;
    replacements: number;
    queuedAt: string;
  }): number;
  get(id: number): PrintJobRow | null;
  /** The oldest job that waits. */
  next(): PrintJobRow | null;
  /** Jobs begun whose outcome is not known: after a crash, all of them are in doubt. */
  begun(): readonly PrintJobRow[];
  open(serial: string): PrintJobRow | null;
  last(serial: string): PrintJobRow | null;
  begin(id: number, at: string): void;
  /** Nothing came out: waits again under the same serial. */
  requeue(id: number, detail: string): void;
  finish(id: number, state: Exclude<JobState, 'queued' | 'printing'>, at: string, detail: string): void;
  waiting(): number;
  prune(before: string): number;
}

const COLUMNS = `id, serial, kind, content, state, attempts, replacements, queued_at AS queuedAt, started_at AS startedAt,
  finished_at AS finishedAt, detail`;
const ADD = `INSERT INTO print_job (serial, kind, content, state, replacements, queued_at)
  VALUES (@serial, @kind, @content, 'queued', @replacements, @queuedAt)`;
const GET = `SELECT ${COLUMNS} FROM print_job WHERE id = ?`;
const NEXT = `SELECT ${COLUMNS} FROM print_job WHERE state = 'queued' ORDER BY id LIMIT 1`;
const BEGUN = `SELECT ${COLUMNS} FROM print_job WHERE state = 'printing' ORDER BY id`;
const OPEN = `SELECT ${COLUMNS} FROM print_job WHERE serial = ? AND state IN ('queued', 'printing') ORDER BY id LIMIT 1`;
const LAST = `SELECT ${COLUMNS} FROM print_job WHERE serial = ? ORDER BY id DESC LIMIT 1`;
const BEGIN = "UPDATE print_job SET state = 'printing', attempts = attempts + 1, started_at = ? WHERE id = ?";
const REQUEUE =
  "UPDATE print_job SET state = 'queued', attempts = attempts + (state = 'queued'), detail = ? WHERE id = ?";
const FINISH = 'UPDATE print_job SET state = ?, finished_at = ?, detail = ? WHERE id = ?';
const WAITING = "SELECT count(*) FROM print_job WHERE state IN ('queued', 'printing')";
const PRUNE = "DELETE FROM print_job WHERE finished_at < ? AND state NOT IN ('queued', 'printing')";

export function createPrintJournal(database: Database): PrintJournal {
  type NewJob = { serial: string; kind: string; content: string; replacements: number; queuedAt: string };
  const add = database.prepare<[NewJob]>(ADD);
  const get = database.prepare<[number], PrintJobRow>(GET);
  const next = database.prepare<[], PrintJobRow>(NEXT);
  const begun = database.prepare<[], PrintJobRow>(BEGUN);
  const open = database.prepare<[string], PrintJobRow>(OPEN);
  const last = database.prepare<[string], PrintJobRow>(LAST);
  const begin = database.prepare<[string, number]>(BEGIN);
  const requeue = database.prepare<[string, number]>(REQUEUE);
  const finish = database.prepare<[string, string, string, number]>(FINISH);
  const waiting = database.prepare<[], number>(WAITING).pluck();
  const prune = database.prepare<[string]>(PRUNE);
  return {
    add: job => Number(add.run(job).lastInsertRowid),
    get: id => get.get(id) ?? null,
    next: () => next.get() ?? null,
    begun: () => begun.all(),
    open: serial => open.get(serial) ?? null,
    last: serial => last.get(serial) ?? null,
    begin: (id, at) => void begin.run(at, id),
    requeue: (id, detail) => void requeue.run(detail, id),
    finish: (id, state, at, detail) => void finish.run(state, at, detail, id),
    waiting: () => waiting.get() ?? 0,
    prune: before => prune.run(before).changes,
  };
}
