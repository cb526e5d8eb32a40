/**
 * What is plugged in that could be a scanner, for technicians (`tillside device list`). On Linux read from sysfs: the lists of node-hid
 * and serialport need native code in this process, and `SerialPort.list()` ends the process where udevadm is missing.
 */
import { access, constants, readdir, readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hidProfileOf, layoutOfDescriptor } from './hid-pos-layout.ts';

export interface FoundScanner {
  /** For the configuration: `hid:05e0:1900`, `serial:/dev/ttyACM0`. */
  readonly device: string;
  readonly path: string;
  /** As the device names itself, or its vendor; null where it says nothing. */
  readonly name: string | null;
  readonly kind: 'hid-pos' | 'keyboard' | 'serial';
  /** This process may open it. */
  readonly allowed: boolean;
  /** What to do, in a sentence; null when nothing is. */
  readonly advice: string | null;
}

/** Empty where the system has no sysfs. `sys` and `dev` are the roots of both trees. */
export async function listScanners(sys = '/sys', dev = '/dev'): Promise<readonly FoundScanner[]> {
  const [hid, serial] = await Promise.all([hidScanners(sys, dev), serialScanners(sys, dev)]);
  return [...hid, ...serial];
}

async function hidScanners(sys: string, dev: string): Promise<readonly FoundScanner[]> {
  const found: FoundScanner[] = [];
  for (const node of await entries(join(sys, 'class/hidraw'))) {
    const folder = join(sys, 'class/hidraw', node, 'device');
    const uevent = await text(join(folder, 'uevent'));
    const ids = /^HID_ID=[0-9A-F]{4}:0000([0-9A-F]{4}):0000([0-9A-F]{4})$/im.exec(uevent);
    const descriptor = await readFile(join(folder, 'report_descriptor')).catch(() => null);
    if (ids?.[1] === undefined || ids[2] === undefined || descriptor === null) continue;
    const vendor = Number.parseInt(ids[1], 16);
    const pos = layoutOfDescriptor(descriptor) !== null;
    const profile = hidProfileOf(vendor);
    // Keyboards and mice of others are none of ours.
    if (!pos && profile === null) continue;
    const path = join(dev, node);
    const allowed = await mayOpen(path);
    found.push({
      device: `hid:${ids[1]}:${ids[2]}`.toLowerCase(),
      path,
      name: /^HID_NAME=(.+)$/m.exec(uevent)?.[1] ?? profile?.name ?? null,
      kind: pos ? 'hid-pos' : 'keyboard',
      allowed,
      advice: !pos
        ? 'It types as a keyboard. Scan the "USB HID POS" code of its manual, or configure it as "wedge".'
        : allowed
          ? null
          : 'It may not be opened. Install 70-tillside.rules into /etc/udev/rules.d and plug it in again.',
    });
  }
  return found;
}

async function serialScanners(sys: string, dev: string): Promise<readonly FoundScanner[]> {
  const found: FoundScanner[] = [];
  for (const node of await entries(join(sys, 'class/tty'))) {
    if (!/^tty(ACM|USB)\d+$/.test(node)) continue;
    const path = join(dev, node);
    const allowed = await mayOpen(path);
    found.push({
      device: `serial:${path}`,
      path,
      name: await usbName(join(sys, 'class/tty', node, 'device')),
      kind: 'serial',
      allowed,
      advice: allowed ? null : "It may not be opened. Put the till's user into the group of the file (dialout).",
    });
  }
  return found;
}

/** Product name of the USB device that an interface belongs to. */
async function usbName(interfaceFolder: string): Promise<string | null> {
  const target = await realpath(interfaceFolder).catch(() => null);
  if (target === null) return null;
  // ttyACM hangs on the interface, ttyUSB on a port of it.
  for (const up of ['..', '../..']) {
    const name = await text(join(target, up, 'product'));
    if (name !== '') return name.trim();
  }
  return basename(target);
}

async function mayOpen(path: string): Promise<boolean> {
  return access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function entries(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

async function text(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
