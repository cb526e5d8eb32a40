/** Builds and boots the virtual machine with real device drivers (the kit beside the repository) and collects what the guest reports. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '../..');
const kit = resolve(root, '../shared/hardware-vm');
const machine = join(root, '.cache/hardware-vm');
/** Node's compile cache: the guest, which emulates a processor, need not compile what this machine has compiled. */
const compiled = join(machine, 'compiled');
const needed = ['/usr/bin/qemu-system-x86_64', '/bin/busybox', '/usr/bin/cpio', '/usr/bin/dpkg-deb'];

/** Why the machine can't be had here; null where it can. */
export function whyNoMachine(): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the virtual machine is for Linux on x64';
  if (!existsSync(join(kit, 'run.sh'))) return `the kit is not at ${kit}`;
  const missing = needed.filter(file => !existsSync(file));
  return missing.length === 0 ? null : `not installed: ${missing.join(', ')}`;
}

/** One line of the guest. */
export type GuestResult = {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly detail: string;
};

export type GuestRun = {
  readonly exit: number;
  readonly results: readonly GuestResult[];
  /** Everything that the guest printed, for the reader of a failure. */
  readonly log: string;
};

export type GuestOptions = {
  /** Only scenarios whose name this matches; all of them, if left out. */
  readonly only?: string;
  /** Told of each scenario as it is done. */
  readonly onResult?: (result: GuestResult) => void;
};

/** Boots the machine and runs guest.sh in it, as root, over a read-only view of this machine's files. */
export async function runInGuest({ only = '', onResult }: GuestOptions = {}): Promise<GuestRun> {
  build();
  warm();
  // The kit passes the guest a path and nothing else.
  const start = join(machine, `start-${process.pid}.sh`);
  const quoted = `'${only.replaceAll("'", "'\\''")}'`;
  writeFileSync(
    start,
    `export NODE_COMPILE_CACHE=${compiled} TILLSIDE_SCENARIOS=${quoted}\nexec bash ${join(import.meta.dirname, 'guest.sh')}\n`,
  );
  const child = spawn('bash', [join(kit, 'run.sh'), machine, start, '1536'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const results: GuestResult[] = [];
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', line => {
    const result = /@@(\{.*\})/.exec(line)?.[1];
    if (result === undefined) return void lines.push(line.replaceAll('\r', ''));
    const parsed = JSON.parse(result) as GuestResult;
    results.push(parsed);
    onResult?.(parsed);
  });
  child.stderr.on('data', (text: Buffer) => lines.push(String(text)));
  const exit = await new Promise<number>(done => child.on('close', code => done(code ?? 1)));
  rmSync(start, { force: true });
  return { exit, results, log: lines.join('\n') };
}

/** Once per kit and machine: 70 MB of kernel are fetched. */
function build(): void {
  const stamp = createHash('sha256');
  for (const file of ['build.sh', 'init']) stamp.update(readFileSync(join(kit, file)));
  const wanted = stamp.digest('hex');
  const stampFile = join(machine, 'kit.sha256');
  const built = existsSync(join(machine, 'initrd.gz')) && existsSync(join(machine, 'vmlinuz'));
  if (built && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  mkdirSync(machine, { recursive: true });
  const made = spawnSync('bash', [join(kit, 'build.sh'), machine], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`building the virtual machine failed:\n${made.stdout}\n${made.stderr}`);
  writeFileSync(stampFile, wanted);
}

/** Loads on this machine what the guest's processes load; the cache knows by itself what has changed. */
function warm(): void {
  mkdirSync(compiled, { recursive: true });
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
  const loaded = spawnSync(process.execPath, [join(import.meta.dirname, 'warm.ts')], { encoding: 'utf8', env });
  if (loaded.status !== 0) throw new Error(`loading the guest's programs failed:\n${loaded.stdout}\n${loaded.stderr}`);
}
