/** Builds and boots the virtual machine with real device drivers (the kit beside the repository) and collects what the guest reports. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '../..');
const kit = resolve(root, '../shared/hardware-vm');
const machine = join(root, '.cache/hardware-vm');
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

/** Boots the machine and runs a script of this folder in it, as root, over a read-only view of this machine's files. */
export async function runInGuest(script: string): Promise<GuestRun> {
  build();
  const child = spawn('bash', [join(kit, 'run.sh'), machine, join(import.meta.dirname, script), '1536'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const results: GuestResult[] = [];
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', line => {
    const result = /@@(\{.*\})/.exec(line)?.[1];
    if (result === undefined) lines.push(line.replaceAll('\r', ''));
    else results.push(JSON.parse(result) as GuestResult);
  });
  child.stderr.on('data', (text: Buffer) => lines.push(String(text)));
  const exit = await new Promise<number>(done => child.on('close', code => done(code ?? 1)));
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
