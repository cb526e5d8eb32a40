/**
 * The child process that holds node-hid, so that a crash of native code can't take the till down. Started by hid-pos.ts with an
 * IPC channel; ends when that channel closes. Holds one device at a time and decides nothing.
 */
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import type { Device, HIDAsync } from 'node-hid';
import nodeHid from 'node-hid';
import { messageOf } from '../../errors.ts';
import { hidProfileOf, layoutOfDescriptor } from './hid-pos-layout.ts';
import { type HidAddress, type HidMessage, type HidRequest, machineMonotonic } from './hid-protocol.ts';

/** node-hid tells of an unplugged device by a read error; where it doesn't, the device list does. */
const presenceEveryMs = 2000;

type Open = { readonly id: number; readonly path: string; readonly hid: HIDAsync; readonly presence: NodeJS.Timeout };

let open: Open | null = null;
let queue: Promise<void> = Promise.resolve();

process.on('message', (request: HidRequest) => {
  queue = queue.then(() =>
    request.kind === 'open' ? openDevice(request.id, request.address) : closeDevice(request.id),
  );
});
// The till is gone or wants an end: let go of the device first, node-hid's reader would keep the process.
process.on('disconnect', () => {
  queue = queue.then(() => release()).finally(() => process.exit(0));
  setTimeout(() => process.exit(1), 3000); // native code that hangs must not leave a process behind
});
// Control + C in a terminal reaches the whole process group; this process ends when its till has let go of it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

function tell(message: HidMessage): void {
  if (process.connected) process.send?.(message);
}

async function openDevice(id: number, address: HidAddress): Promise<void> {
  await release();
  try {
    const found = await find(address);
    if (found === null) return tell({ kind: 'failed', id, code: 'device-missing', message: 'not plugged in' });
    if (found === 'keyboard') {
      const message = 'plugged in, but not as HID POS: scan the "USB HID POS" code of its manual';
      return tell({ kind: 'failed', id, code: 'device-protocol', message });
    }
    const hid = await nodeHid.HIDAsync.open(found.path);
    const presence = setInterval(() => void checkPresence(id, found.path), presenceEveryMs);
    open = { id, path: found.path, hid, presence };
    hid.on('error', error => lose(id, messageOf(error)));
    tell({ kind: 'opened', id, ...found });
    hid.on('data', (bytes: Buffer) => {
      if (open?.id === id) tell({ kind: 'report', id, bytes: new Uint8Array(bytes), at: machineMonotonic() });
    });
    const wake = hidProfileOf(found.vendor)?.wake;
    if (wake !== undefined) void hid.sendFeatureReport([...wake]).catch(() => undefined); // most models need none
  } catch (error) {
    tell({ kind: 'failed', id, ...(await reason(address, messageOf(error))) });
  }
}

type Found = {
  readonly path: string;
  readonly vendor: number | null;
  readonly product: number | null;
  readonly descriptor: Uint8Array | null;
};

/** A device may show several interfaces under one pair of ids; the scanner's is the one with decoded data. */
async function find(address: HidAddress): Promise<Found | 'keyboard' | null> {
  const devices = await nodeHid.devicesAsync();
  const matching = devices.filter(device =>
    address.kind === 'path'
      ? device.path === address.path
      : device.vendorId === address.vendor && device.productId === address.product,
  );
  let unknown: Found | null = null;
  const paths = new Map<string, Device[]>();
  for (const device of matching) {
    if (device.path !== undefined) paths.set(device.path, [...(paths.get(device.path) ?? []), device]);
  }
  for (const [path, usages] of paths) {
    const descriptor = await descriptorOf(path);
    const found = { path, vendor: usages[0]?.vendorId ?? null, product: usages[0]?.productId ?? null, descriptor };
    if (descriptor !== null ? layoutOfDescriptor(descriptor) !== null : usages.some(entry => entry.usagePage === 0x8c))
      return found;
    if (descriptor === null && usages.every(entry => !entry.usagePage)) unknown ??= found;
  }
  if (unknown !== null) return unknown;
  return paths.size > 0 ? 'keyboard' : null;
}

/** Linux only; elsewhere the vendor's profile tells the offsets. */
async function descriptorOf(path: string): Promise<Uint8Array | null> {
  const node = /^\/dev\/(hidraw\d+)$/.exec(path)?.[1];
  if (node === undefined) return null;
  try {
    return new Uint8Array(await readFile(`/sys/class/hidraw/${node}/device/report_descriptor`));
  } catch {
    return null;
  }
}

/** node-hid fails with a text; what it means is seen from the list and the words of the system. */
async function reason(
  address: HidAddress,
  message: string,
): Promise<{ code: 'device-missing' | 'device-denied' | 'device-busy'; message: string }> {
  if (/permission denied|EACCES|access is denied/i.test(message)) return { code: 'device-denied', message };
  if (/busy|EBUSY|exclusive/i.test(message)) return { code: 'device-busy', message };
  const there = await find(address).catch(() => null);
  return { code: there === null ? 'device-missing' : 'device-denied', message };
}

async function checkPresence(id: number, path: string): Promise<void> {
  const devices = await nodeHid.devicesAsync().catch(() => null);
  if (devices !== null && !devices.some(device => device.path === path)) lose(id, 'unplugged');
}

function lose(id: number, message: string): void {
  if (open?.id !== id) return;
  queue = queue.then(() => release());
  tell({ kind: 'lost', id, message });
}

async function closeDevice(id: number): Promise<void> {
  if (open?.id === id) await release();
  tell({ kind: 'closed', id });
}

async function release(): Promise<void> {
  const old = open;
  open = null;
  if (old === null) return;
  clearInterval(old.presence);
  old.hid.removeAllListeners('data');
  old.hid.on('error', () => undefined); // a late one would end this process
  await old.hid.close().catch(() => undefined);
}
