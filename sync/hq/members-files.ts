/**
 * The files of members that tills fetch: for each scope the whole one of its newest version, and the changes that lead there
 * from the versions before. They lie in `dataDir/members`, their names in the ledger; lost ones are made anew.
 *
 *   rows of the ledger ─┐
 *   last whole file ────┴─ compared in order of key ─► new whole file, change
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Clock, instant } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import {
  ContentHash,
  type MemberFileHeader,
  type MemberRecord,
  openMemberFile,
  writeMemberFile,
} from '../protocol/members-file.ts';
import { type MemberFileOffer, mostFileOffers } from '../protocol/members-messages.ts';
import { maxBlockBytes } from '../protocol/pointer.ts';
import type { MemberRow, MembersBook } from './members-book.ts';
import type { MemberSql } from './members-sql.ts';
import type { MemberScope } from './wire.ts';

export interface MemberFiles {
  /**
   * Makes the scope's next version, if anything of it has changed; answers whether there is one.
   * @param forget no file of a former version is kept: it may hold someone who was erased
   */
  publish(scope: string, forget?: boolean): Promise<boolean>;
  /** Drops the changes that led to the version: they may hold someone who was erased. */
  forgetChanges(scope: string): Promise<void>;
  /** Changes in their order, then the whole file; none: the scope was never published. */
  offers(scope: string): Promise<readonly MemberFileOffer[]>;
  /** Scopes that were published. */
  scopes(): Promise<MemberScope[]>;
  /** A block of a file of one of these scopes; null: there is none such. */
  block(sha256: string, scopes: readonly string[], index: number): Promise<Uint8Array | null>;
}

export interface MemberFilesOptions {
  readonly tenant: string;
  readonly folder: string;
  readonly sql: MemberSql;
  readonly book: MembersBook;
  readonly clock: Clock;
  readonly log: SyncLog;
  /** Days after which a visitor of a store is none any more. */
  readonly visitedWithinDays: number;
}

type FileRow = {
  readonly scope: string;
  readonly version: number;
  readonly sha256: string;
  readonly size: number;
  readonly content: string;
  readonly count: number;
  readonly base: string | null;
  readonly words: number;
  readonly published_at: string;
};

/** Rows of one question to the database. */
const page = 5000;
/** Changes together may be this much of the whole file: beyond, the whole one is quicker. */
const changesShare = 0.5;
const dayMs = 86_400_000;
const openFiles = 8;

export function createMemberFiles(options: MemberFilesOptions): MemberFiles {
  const { tenant, sql, book, clock, log } = options;
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const handles = new Map<string, number>();

  const nameOf = (scope: string, sha256: string) => join(options.folder, scope.replace('/', '-'), `${sha256}.tsm`);
  const filesOf = (scope: string) => sql.all<FileRow>(FILES, [scope]);

  function forgetFile(path: string) {
    const handle = handles.get(path);
    if (handle !== undefined) closeSync(handle);
    handles.delete(path);
    rmSync(path, { force: true });
  }

  function handleOf(path: string): number | null {
    const known = handles.get(path);
    if (known !== undefined) return known;
    if (!existsSync(path)) return null;
    for (const [other, handle] of handles) {
      if (handles.size < openFiles) break;
      closeSync(handle);
      handles.delete(other);
    }
    const handle = openSync(path, 'r');
    handles.set(path, handle);
    return handle;
  }

  /** The records of the last whole file, a segment at a time; nothing where it is not what it was. */
  function* recordsOf(row: FileRow | undefined): Generator<readonly MemberRecord[], void> {
    const handle = row === undefined ? null : handleOf(nameOf(row.scope, row.sha256));
    if (row === undefined || handle === null) return;
    const file = openMemberFile((offset, length) => readAt(handle, offset, length));
    if (!file.ok) throw new Error(file.reason);
    for (let offset = file.value.first; ; ) {
      const segment = file.value.segment(offset);
      if (!segment.ok) throw new Error(segment.reason);
      if (segment.value.records.length === 0) return;
      yield segment.value.records;
      offset = segment.value.next;
    }
  }

  async function* currentRows(scope: string): AsyncGenerator<readonly MemberRow[]> {
    const store = scope === 'all' ? null : scope.slice('store/'.length);
    const since = new Date(clock.now() - options.visitedWithinDays * dayMs).toISOString().slice(0, 10);
    for (let after = -1; ; ) {
      const rows = await book.rows(store, since, after, page);
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map(({ key, row }) => ({ key: Number(key), row }));
      after = Number(last.key);
    }
  }

  async function make(scope: string, last: FileRow | undefined, forget: boolean): Promise<boolean> {
    // Seconds, so that an HQ restored from a backup is above what tills have seen.
    const before = Number((await sql.all<{ version: number }>(VERSION, [scope]))[0]?.version ?? 0);
    const version = Math.max(before + 1, Math.floor(clock.now() / 1000));
    const words = [...book.words()];
    const content = new ContentHash(words);
    const header: MemberFileHeader = { tenant, scope, version, base: null, wordsFrom: 0, words };
    const whole = draft(join(options.folder, 'whole.new'), header);
    const change =
      last === undefined
        ? null
        : draft(join(options.folder, 'change.new'), {
            ...header,
            base: last.content,
            wordsFrom: last.words,
            words: words.slice(last.words),
          });
    let count = 0;
    try {
      const old = new Ahead(recordsOf(last));
      const seen = new ContentHash(words.slice(0, last?.words ?? 0));
      const wasThere = ({ key, row }: MemberRecord) => {
        if (row !== null) seen.add(key, row);
      };
      for await (const rows of currentRows(scope)) {
        for (const { key, row } of rows) {
          for (let gone = old.below(key); gone !== null; gone = old.below(key)) {
            wasThere(gone);
            change?.writer.add(gone.key, null);
          }
          const former = old.at(key);
          if (former !== null) wasThere(former);
          if (former?.row == null || Buffer.compare(former.row, row) !== 0) change?.writer.add(key, row);
          content.add(key, row);
          whole.writer.add(key, row);
          count++;
        }
        // Facts and questions of tills go on in between.
        await new Promise(resolve => setImmediate(resolve));
      }
      for (
        let gone = old.below(Number.MAX_SAFE_INTEGER + 1);
        gone !== null;
        gone = old.below(Number.MAX_SAFE_INTEGER + 1)
      ) {
        wasThere(gone);
        change?.writer.add(gone.key, null);
      }
      const digest = content.digest();
      const isSame = last !== undefined && last.content === digest && handleOf(nameOf(scope, last.sha256)) !== null;
      if (isSame) {
        whole.drop();
        change?.drop();
        if (forget) await forgetChanges(scope);
        return false;
      }
      // The file that the change was made from may not be what it was when it was published.
      const isSound = last !== undefined && seen.digest() === last.content;
      const rows: FileRow[] = [];
      const at = instant(clock.now(), 'UTC');
      const common = { scope, version, content: digest, count, words: words.length, published_at: at };
      mkdirSync(dirname(nameOf(scope, '')), { recursive: true, mode: 0o700 });
      rows.push({ ...common, ...whole.keep(sha256 => nameOf(scope, sha256)), base: null });
      if (change !== null && isSound)
        rows.push({ ...common, ...change.keep(sha256 => nameOf(scope, sha256)), base: last.content });
      else change?.drop();
      await take(scope, rows, forget);
      return true;
    } catch (error) {
      whole.drop();
      change?.drop();
      throw error;
    }
  }

  async function forgetChanges(scope: string) {
    await sql.write([{ run: 'DELETE FROM member_file WHERE scope = ? AND base IS NOT NULL', parameters: [scope] }]);
    await clear(scope, await filesOf(scope));
  }

  /** By what lies there, not by name: what a crash left behind must not stay either. */
  async function clear(scope: string, kept: readonly FileRow[]) {
    const wanted = new Set(kept.map(({ sha256 }) => `${sha256}.tsm`));
    const folder = dirname(nameOf(scope, ''));
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder)) if (!wanted.has(name)) forgetFile(join(folder, name));
  }

  /** Enters the new files and takes those out that nobody needs any more. */
  async function take(scope: string, rows: readonly FileRow[], forget: boolean) {
    const former = await filesOf(scope);
    const whole = rows.find(({ base }) => base === null);
    const kept: FileRow[] = [];
    let size = rows.find(({ base }) => base !== null)?.size ?? Number.POSITIVE_INFINITY;
    for (const row of former.filter(({ base }) => base !== null).sort((a, b) => b.version - a.version)) {
      size += Number(row.size);
      if (forget || size > changesShare * (whole?.size ?? 0) || kept.length >= mostFileOffers - 3) break;
      kept.push(row);
    }
    const gone = former.filter(row => !kept.includes(row) && !rows.some(({ sha256 }) => sha256 === row.sha256));
    await sql.write([
      ...gone.map(({ sha256 }) => ({
        run: 'DELETE FROM member_file WHERE scope = ? AND sha256 = ?',
        parameters: [scope, sha256],
      })),
      {
        insert: 'member_file (scope, version, sha256, size, content, count, base, words, published_at)',
        conflict: 'ON CONFLICT DO NOTHING',
        rows: rows.map(row => [
          row.scope,
          row.version,
          row.sha256,
          row.size,
          row.content,
          row.count,
          row.base,
          row.words,
          row.published_at,
        ]),
      },
      {
        insert: 'member_scope (scope, version)',
        conflict: 'ON CONFLICT (scope) DO UPDATE SET version = excluded.version',
        rows: [[scope, rows[0]?.version ?? 0]],
      },
    ]);
    await clear(scope, [...rows, ...kept]);
  }

  return {
    async publish(scope, forget = false) {
      const last = (await filesOf(scope)).find(({ base }) => base === null);
      const readable = last !== undefined && existsSync(nameOf(scope, last.sha256)) ? last : undefined;
      try {
        return await make(scope, readable, forget);
      } catch (error) {
        if (readable === undefined) throw error;
        log.warn({ scope, error: messageOf(error) }, 'the last file of members can’t be read; a whole new one is made');
        return make(scope, undefined, forget);
      }
    },
    forgetChanges,
    async offers(scope) {
      const rows = await filesOf(scope);
      return rows
        .filter(({ sha256 }) => existsSync(nameOf(scope, sha256)))
        .sort((a, b) => (a.base === null ? 1 : 0) - (b.base === null ? 1 : 0) || Number(a.version) - Number(b.version))
        .map(({ version, sha256, size, content, count, base }) => ({
          version: Number(version),
          sha256,
          size: Number(size),
          block: maxBlockBytes,
          content,
          count: Number(count),
          base,
        }));
    },
    async scopes() {
      const rows = await sql.all<FileRow>(ALL_FILES);
      return rows
        .filter(({ base }) => base === null)
        .map(row => ({
          scope: row.scope,
          version: Number(row.version),
          count: Number(row.count),
          size: Number(row.size),
          publishedAt: row.published_at,
          changes: rows.filter(({ scope, base }) => scope === row.scope && base !== null).length,
        }));
    },
    async block(sha256, scopes, index) {
      for (const scope of scopes) {
        const handle = handleOf(nameOf(scope, sha256));
        if (handle === null) continue;
        const bytes = readAt(handle, index * maxBlockBytes, maxBlockBytes);
        return bytes.byteLength === 0 ? null : bytes;
      }
      return null;
    },
  };
}

/** Records of a sorted stream, one looked at ahead. */
class Ahead {
  readonly #pages: Generator<readonly MemberRecord[], void>;
  #page: readonly MemberRecord[] = [];
  #at = 0;

  constructor(pages: Generator<readonly MemberRecord[], void>) {
    this.#pages = pages;
  }

  /** The next record, if its key is below. */
  below(key: number): MemberRecord | null {
    const next = this.#peek();
    if (next === null || next.key >= key) return null;
    this.#at++;
    return next;
  }

  /** The next record, if it has this key. */
  at(key: number): MemberRecord | null {
    const next = this.#peek();
    if (next?.key !== key) return null;
    this.#at++;
    return next;
  }

  #peek(): MemberRecord | null {
    while (this.#at >= this.#page.length) {
      const page = this.#pages.next();
      if (page.done === true) return null;
      this.#page = page.value;
      this.#at = 0;
    }
    return this.#page[this.#at] ?? null;
  }
}

/** A file that is only there once it is whole and on disk. */
function draft(path: string, header: MemberFileHeader) {
  const file = openSync(path, 'w', 0o600);
  let open = true;
  let parts: Uint8Array[] = [];
  let waiting = 0;
  const flush = () => {
    const bytes = Buffer.concat(parts);
    for (let at = 0; at < bytes.byteLength; ) at += writeSync(file, bytes, at);
    parts = [];
    waiting = 0;
  };
  const close = () => {
    if (open) closeSync(file);
    open = false;
  };
  const writer = writeMemberFile(header, bytes => {
    parts.push(bytes);
    waiting += bytes.byteLength;
    if (waiting > 1 << 20) flush();
  });
  return {
    writer,
    keep(nameOf: (sha256: string) => string) {
      const ended = writer.end();
      flush();
      fsyncSync(file);
      close();
      renameSync(path, nameOf(ended.sha256));
      return ended;
    },
    drop() {
      close();
      rmSync(path, { force: true });
    },
  };
}

function readAt(handle: number, offset: number, length: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, readSync(handle, bytes, 0, length, offset));
}

const COLUMNS = 'scope, version, sha256, size, content, count, base, words, published_at';
const FILES = `SELECT ${COLUMNS} FROM member_file WHERE scope = ?`;
const ALL_FILES = `SELECT ${COLUMNS} FROM member_file ORDER BY scope`;
const VERSION = 'SELECT version FROM member_scope WHERE scope = ?';
