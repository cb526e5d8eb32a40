/**
 * What printers are plugged in, for technicians and for the driver's "who has it?". Linux only, read from sysfs and procfs: usblp makes `/dev/usb/lpN` and lets
 * one program have it; CUPS and others take the USB interface away from usblp (driver `usbfs`), and then there is no such file.
 */
import { access, constants, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import process from 'node:process';

export interface FoundPrinter {
  /** For the configuration: `usb:/dev/usb/lp0`; null while it can't be had. */
  readonly device: string | null;
  /** As it names itself. */
  readonly name: string | null;
  /** Programs that have it open, as far as this process may see: `cupsd (812)`. */
  readonly heldBy: readonly string[];
  /** What to do, in a sentence; null when nothing is. */
  readonly advice: string | null;
}

/** Empty where the system has no sysfs. The arguments are the roots of the three trees. */
export async function listPrinters(sys = '/sys', dev = '/dev', proc = '/proc'): Promise<readonly FoundPrinter[]> {
  const found: FoundPrinter[] = [];
  for (const node of await entries(join(sys, 'class/usbmisc'))) {
    if (!/^lp\d+$/.test(node)) continue;
    const path = join(dev, 'usb', node);
    const heldBy = await holders(path, proc);
    const allowed = await access(path, constants.R_OK | constants.W_OK).then(
      () => true,
      () => false,
    );
    found.push({
      device: `usb:${path}`,
      name: await nameOf(join(sys, 'class/usbmisc', node, 'device')),
      heldBy,
      advice: !allowed
        ? "It may not be opened. Put the till's user into the group of the file (lp)."
        : heldBy.length > 0
          ? `${heldBy.join(', ')} has it open; only one program can.`
          : null,
    });
  }
  for (const { folder, driver } of await printerInterfaces(sys)) {
    if (driver === 'usblp') continue;
    found.push({
      device: null,
      name: await nameOf(folder),
      heldBy: [],
      advice:
        driver === 'usbfs'
          ? 'Another program has taken it from the kernel, usually CUPS: remove the printer there, then plug it in again.'
          : 'The kernel has no file for it: load its driver (modprobe usblp).',
    });
  }
  return found;
}

/** True if some USB printer is in the hands of a program that talks to USB directly. */
export async function isPrinterTaken(sys = '/sys'): Promise<boolean> {
  return (await printerInterfaces(sys)).some(({ driver }) => driver === 'usbfs');
}

/** Other programs that have a file open, as `name (pid)`. Sees those of other users only as root. */
export async function holders(path: string, proc = '/proc'): Promise<readonly string[]> {
  const target = path === '' ? null : await realpath(path).catch(() => null);
  if (target === null) return [];
  const found: string[] = [];
  for (const pid of await entries(proc)) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    for (const fd of await entries(join(proc, pid, 'fd'))) {
      if ((await readlink(join(proc, pid, 'fd', fd)).catch(() => null)) !== target) continue;
      found.push(`${(await text(join(proc, pid, 'comm'))).trim() || 'a program'} (${pid})`);
      break;
    }
  }
  return found;
}

/** USB class 07 is "printer". */
async function printerInterfaces(
  sys: string,
): Promise<readonly { readonly folder: string; readonly driver: string | null }[]> {
  const found = [];
  for (const name of await entries(join(sys, 'bus/usb/devices'))) {
    const folder = join(sys, 'bus/usb/devices', name);
    if ((await text(join(folder, 'bInterfaceClass'))).trim() !== '07') continue;
    const driver = await readlink(join(folder, 'driver')).catch(() => null);
    found.push({ folder, driver: driver === null ? null : basename(driver) });
  }
  return found;
}

/** @param interfaceFolder of USB; what the printer calls itself stands there (IEEE 1284) or one level up (USB strings) */
async function nameOf(interfaceFolder: string): Promise<string | null> {
  const id = await text(join(interfaceFolder, 'ieee1284_id'));
  const field = (names: string) => new RegExp(`(?:^|;)(?:${names}):([^;]+)`, 'i').exec(id)?.[1]?.trim();
  const called = [field('MFG|MANUFACTURER'), field('MDL|MODEL')].filter(part => part !== undefined).join(' ');
  if (called !== '') return called;
  const folder = await realpath(interfaceFolder).catch(() => null);
  const product = folder === null ? '' : (await text(join(folder, '..', 'product'))).trim();
  return product === '' ? null : product;
}

async function entries(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

async function text(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
