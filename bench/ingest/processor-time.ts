/** Processor time that this process and a PostgreSQL server have used, by Linux's own account. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export interface Used {
  /** Seconds. */
  readonly here: number;
  readonly server: number;
}

/** @param server process id of the server that listens; its children count, those that have ended too */
export function used(server: number): Used {
  const { user, system } = process.cpuUsage();
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = statOf(pid);
    if (stat === null) continue;
    if (pid === server) ticks += stat.own + stat.ended;
    else if (stat.parent === server) ticks += stat.own;
  }
  return { here: (user + system) / 1e6, server: ticks / ticksPerSecond };
}

/** Fields of /proc/PID/stat, counted behind the name in brackets (proc(5)): parent 4, utime 14, stime 15, cutime 16, cstime 17. */
function statOf(pid: number): { readonly parent: number; readonly own: number; readonly ended: number } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return { parent: field(4), own: field(14) + field(15), ended: field(16) + field(17) };
}
