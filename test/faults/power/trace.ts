/** What a program really wrote: runs it under strace and reads from the trace, in order, every change of the files below a folder. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

/** Paths are relative to the folder; the folder itself is ''. */
export type DiskStep =
  | { readonly kind: 'write'; readonly file: string; readonly at: number | null; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly file: string; readonly size: number }
  | { readonly kind: 'create' | 'folder' | 'unlink' | 'sync'; readonly file: string }
  | { readonly kind: 'rename'; readonly file: string; readonly to: string }
  /** A line on standard output: what the world was told. */
  | { readonly kind: 'said'; readonly line: string };

const traced =
  'openat,open,creat,pwrite64,pwritev,pwritev2,write,writev,fsync,fdatasync,sync_file_range,ftruncate,truncate,fallocate,' +
  'unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat';

/** Why programs can't be traced here, for the `skip` of a test; false where they can. */
export const noStrace: string | false = canTrace() ? false : 'strace is not installed here or may not trace';

function canTrace(): boolean {
  const out = mkdtempSync(join(tmpdir(), 'tillside-strace-'));
  try {
    return spawnSync('strace', ['-f', '--seccomp-bpf', '-o', join(out, 'trace'), 'true']).status === 0;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** Runs a Node program to its end, whichever that is, and answers what it did to the files below `folder`. */
export function traceWrites(program: string, args: readonly string[], folder: string): readonly DiskStep[] {
  const out = mkdtempSync(join(tmpdir(), 'tillside-strace-'));
  const trace = join(out, 'trace');
  const flags = ['-f', '--seccomp-bpf', '-qq', '-xx', '-y', '-s', '4000000', '-e', 'signal=none', '-e'];
  try {
    const done = spawnSync(
      'strace',
      [...flags, `trace=${traced}`, '-o', trace, process.execPath, '--no-warnings', program, ...args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 300_000,
        killSignal: 'SIGKILL',
      },
    );
    const complaints = done.stderr.toString();
    if (complaints !== '') throw new Error(`the recorded program failed: ${complaints}`);
    return readTrace(readFileSync(trace, 'latin1'), folder);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** @throws Error at a call that changes a file below the folder and is not understood: better than a replay that is not what happened */
export function readTrace(text: string, folder: string): readonly DiskStep[] {
  const steps: DiskStep[] = [];
  /** Calls that another thread's interrupted, by process id. */
  const unfinished = new Map<string, string>();
  const known = new Set<string>();
  const below = (path: string): string | null =>
    path === folder ? '' : path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : null;

  for (const line of text.split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(pid, rest.slice(0, -'<unfinished ...>'.length).trimEnd());
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const call = resumed === null ? rest : `${unfinished.get(pid) ?? ''}${resumed[1] ?? ''}`;
    const parts = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(call);
    if (parts === null) continue;
    const [, name = '', given = '', result = '-1'] = parts;
    if (Number(result) >= 0) read(name, given, Number(result));
  }
  return steps;

  function read(name: string, given: string, result: number): void {
    if (/^(openat|open|creat|mkdir|mkdirat|unlink|unlinkat|rename|renameat|renameat2|truncate)$/.test(name)) {
      const [file = null, to = null] = strings(given).map(bytes => below(bytes.toString()));
      if (file === null) return;
      if (name.startsWith('open') || name === 'creat') {
        if (/O_CREAT/.test(given) && !known.has(file)) {
          known.add(file);
          steps.push({ kind: 'create', file });
        }
        if (/O_TRUNC/.test(given)) steps.push({ kind: 'truncate', file, size: 0 });
      } else if (name.startsWith('mkdir')) steps.push({ kind: 'folder', file });
      else if (name.startsWith('unlink')) {
        known.delete(file);
        steps.push({ kind: 'unlink', file });
      } else if (name.startsWith('rename') && to !== null) {
        known.delete(file);
        known.add(to);
        steps.push({ kind: 'rename', file, to });
      } else throw new Error(`not understood: ${name}(${given.slice(0, 200)})`);
      return;
    }
    const [, fd = '', hex = ''] = /^(\d+)<((?:\\x[0-9a-f]{2})*)>/.exec(given) ?? [];
    if (name === 'write' && fd === '1')
      return void steps.push({ kind: 'said', line: (strings(given)[0] ?? Buffer.alloc(0)).toString().trimEnd() });
    const file = below(unhex(hex).toString());
    if (file === null) return;
    if (name === 'fsync' || name === 'fdatasync') steps.push({ kind: 'sync', file });
    else if (name === 'pwrite64' || name === 'write') {
      const bytes = (strings(given)[0] ?? Buffer.alloc(0)).subarray(0, result);
      const at = name === 'write' ? null : lastNumber(given);
      if (bytes.length !== result) throw new Error(`the trace holds ${bytes.length} of ${result} bytes`);
      steps.push({ kind: 'write', file, at, bytes });
    } else if (name === 'ftruncate') steps.push({ kind: 'truncate', file, size: lastNumber(given) });
    else throw new Error(`not understood: ${name} of ${file}`);
  }
}

function lastNumber(given: string): number {
  const [, text] = /, (0x[0-9a-f]+|\d+)$/.exec(given) ?? [];
  if (text === undefined) throw new Error(`no number at the end of ${given.slice(-100)}`);
  return Number(text);
}

/** The quoted strings of a call, which strace gives as \x… */
function strings(given: string): readonly Buffer[] {
  return [...given.matchAll(/"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g)].map(([, hex = '', cut]) => {
    if (cut !== undefined) throw new Error('the trace cut a string');
    return unhex(hex);
  });
}

const unhex = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');

/** The folder that holds `file`, '' for the top. */
export const folderOf = (file: string): string => (dirname(file) === '.' ? '' : dirname(file));
