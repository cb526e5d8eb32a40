/** A real PostgreSQL for tests and benches: a server of its own in a temporary folder, on a Unix socket, never as root. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import pg from 'pg';

/** Folder of the newest server's programs, as Debian's packages lay them out; undefined where there is none. */
const programs = globSync('/usr/lib/postgresql/*/bin')
  .filter(folder => existsSync(join(folder, 'initdb')))
  .sort((a, b) => Number(b.split('/')[4]) - Number(a.split('/')[4]))[0];

/** Why tests with PostgreSQL can't run here, for the `skip` of a test; false where they can. */
export const noPostgres: string | false =
  programs === undefined
    ? 'PostgreSQL is not installed here (apt-get install postgresql)'
    : process.getuid?.() === 0 && account() === null
      ? 'PostgreSQL may not run as root, and there is no user "postgres"'
      : false;

export interface TestPostgres {
  /** Process that listens. */
  readonly pid: number;
  /** Makes an empty database and answers its address for the server's owner, or for another role. */
  database(name: string): Promise<string>;
  /** The address of a database; `settings` are those of its sessions, such as `search_path`. */
  url(database: string, settings?: Readonly<Record<string, string>>, role?: string): string;
  /** Runs SQL as the server's owner. */
  run(database: string, sql: string): Promise<pg.QueryResult>;
  /** kill -9 of the server and what it started: whatever was not on disk is gone. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it for certain and removes its folder. */
  close(): Promise<void>;
}

export interface TestPostgresOptions {
  /** Waits for the disk at every commit; only tests of durability need it. */
  readonly durable?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

const owner = 'owner';
const port = 5432;

/** Starts a server. It ends with `close`, and by itself when this process ends in whatever way. */
export async function startPostgres({
  durable = false,
  settings = {},
}: TestPostgresOptions = {}): Promise<TestPostgres> {
  if (programs === undefined || noPostgres !== false) throw new Error(String(noPostgres));
  const folder = mkdtempSync(join(tmpdir(), 'tillside-postgres-'));
  const user = process.getuid?.() === 0 ? account() : null;
  const as = user === null ? {} : { uid: user.uid, gid: user.gid };
  if (user !== null) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
  const data = join(folder, 'data');
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' };
  execFileSync(
    join(programs, 'initdb'),
    ['-D', data, '-U', owner, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { ...as, env, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const all = {
    listen_addresses: '',
    unix_socket_directories: folder,
    port: String(port),
    max_connections: '60',
    fsync: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    logging_collector: 'off',
    ...settings,
  };
  const given = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const program = join(programs, 'postgres');
  let keeper: ChildProcess | null = null;
  let said = '';

  const url = (database: string, sessionSettings: Readonly<Record<string, string>> = {}, role = owner) => {
    const options = Object.entries(sessionSettings).map(([name, value]) => `-c ${name}=${value}`);
    const query = new URLSearchParams({ host: folder, port: String(port), user: role });
    if (options.length > 0) query.set('options', options.join(' '));
    return `postgres:///${database}?${query.toString().replaceAll('+', '%20')}`;
  };

  async function run(database: string, sql: string): Promise<pg.QueryResult> {
    const client = new pg.Client({ connectionString: url(database) });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  }

  const pidFile = join(data, 'postmaster.pid');
  const pidOf = () => Number(readFileSync(pidFile, 'utf8').split('\n')[0]);

  async function start() {
    // A server killed with -9 leaves processes that notice it within moments; until then its memory can't be taken over.
    for (;;) {
      said = '';
      const child = spawn('/bin/sh', ['-c', keep, program, '-D', data, ...given], {
        ...as,
        env,
        cwd: folder,
        stdio: ['pipe', 'ignore', 'pipe'],
      });
      keeper = child;
      child.stdin?.on('error', () => {});
      child.stderr?.on('data', chunk => {
        said = (said + chunk).slice(-20_000);
      });
      const ended = new Promise<'ended'>(resolve => child.once('exit', () => resolve('ended')));
      const ready = await Promise.race([ended, untilReady(() => child.exitCode !== null)]);
      if (ready === 'ready') return;
      await ended;
      if (!/still in use|lock file/.test(said)) throw new Error(`PostgreSQL ended: ${said}`);
      await turn();
    }
  }

  async function untilReady(ended: () => boolean): Promise<'ready' | 'ended'> {
    while (!ended()) {
      if (/database system is ready to accept connections/.test(said)) return 'ready';
      await turn();
    }
    return 'ended';
  }

  async function kill() {
    const child = keeper;
    keeper = null;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise(resolve => child.once('exit', resolve));
    const all = existsSync(pidFile) ? [pidOf(), ...childrenOf(pidOf())] : [];
    for (const one of all) signal(one, 'SIGKILL');
    // Its keeper ends with it, and with this pipe.
    child.stdin?.destroy();
    await ended;
    while (all.some(one => existsSync(`/proc/${one}/stat`) && !isZombie(one))) await turn();
  }

  async function close() {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    get pid() {
      return pidOf();
    },
    url,
    async database(name) {
      await run('postgres', `CREATE DATABASE ${name}`);
      return url(name);
    },
    run,
    start,
    kill,
    close,
  };
}

/** Runs the server until it ends, or until the pipe to this process closes, which it does however this process ends. */
const keep = `exec 3<&0
"$0" "$@" </dev/null & server=$!
{ read -r _ <&3; kill -9 "$server"; } 2>/dev/null &
watcher=$!
exec 3<&-
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"`;

const turn = () => new Promise<void>(resolve => setTimeout(resolve, 5));

function signal(pid: number, name: NodeJS.Signals) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** Processes whose parent is `pid`, by Linux's own list. */
function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/** Debian's user of PostgreSQL. */
function account(): { readonly uid: number; readonly gid: number } | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find(entry => entry.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}
