/** HID POS scanners on the kernel's own hidraw. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import { layoutFor } from '../../drivers/scanner/hid-pos-layout.ts';
import { openScanner } from '../../drivers/scanner/index.ts';
import type { Scan, ScannerStatus } from '../../drivers/scanner/types.ts';
import { posReports } from '../../drivers/virtual/scanner.ts';
import { keyboard, scanners, type TestScanner, zebra } from '../drivers/scanner/descriptors.ts';
import { groupOf, openForWriting, writeWhole } from './device-file.ts';
import { type Scenario, scanUntil, until } from './scenario.ts';
import { plugUhid } from './uhid.ts';
import { makeGadget } from './usb-gadget.ts';

const card = '2501000000017';
/** What is done ten times is done to the till process (till-scenarios.ts); here each driver is looked at alone. */
const times = 2;
const hex4 = (number: number) => number.toString(16).padStart(4, '0');
const address = (device: TestScanner) => `hid:${hex4(device.vendor)}:${hex4(device.product)}`;

export function listening(device: string) {
  const scanner = openScanner({ device }, { clock: systemClock });
  const scans: Scan[] = [];
  const problems: string[] = [];
  scanner.on('scan', scan => scans.push(scan));
  scanner.on('error', error => problems.push(`${error.code}: ${error.message}`));
  scanner.start();
  const connected = (wanted: boolean) =>
    until(
      () => `${device} ${wanted ? 'connected' : 'gone'} (${problems.at(-1) ?? 'no problem told'})`,
      () => (scanner.status().connected === wanted ? true : null),
    );
  return { scanner, scans, problems, connected };
}

/** Scans at a user-space HID device until the code has arrived: reports from before the reader was there are lost. */
async function scanAt(
  device: TestScanner,
  input: (report: Uint8Array) => void,
  code: string,
  scans: Scan[],
): Promise<void> {
  const before = scans.length;
  const reports = posReports(code, ']E0', layoutFor(device.vendor, device.descriptor));
  await scanUntil(
    () => `the scan of ${code}, heard ${JSON.stringify(scans.slice(before).map(scan => scan.text))}`,
    () => {
      for (const report of reports) input(report);
    },
    () => scans.slice(before).some(scan => scan.text === code),
  );
}

export const hidScenarios: readonly Scenario[] = [
  ...scanners.map(device => ({
    name: `a ${device.name} scanner is read at /dev/hidrawN by its own descriptor, short and long codes, plugged and unplugged twice`,
    run: async () => {
      const { scanner, scans, connected } = listening(address(device));
      for (let time = 0; time < times; time++) {
        const plugged = plugUhid(device);
        await connected(true);
        await scanAt(device, plugged.input, card, scans);
        await scanAt(device, plugged.input, `TS1.${'long'.repeat(40)}${time}`, scans);
        plugged.unplug();
        await connected(false);
      }
      const wanted = new Set([card, ...Array.from({ length: times }, (_, time) => `TS1.${'long'.repeat(40)}${time}`)]);
      assert.deepEqual(
        [...wanted].filter(code => scans.every(scan => scan.text !== code)),
        [],
      );
      await scanner.stop();
    },
  })),
  {
    name: 'a scanner on the USB bus is unplugged and plugged in again four times, in the middle of a scan too, and goes on by itself',
    run: async () => {
      const usb = makeGadget({
        name: 'hidscanner',
        port: 2,
        vendor: 0x05e0,
        product: 0x1901,
        manufacturer: 'Zebra',
        model: 'HID POS',
        function: 'hid.0',
        attributes: { protocol: '0', subclass: '0', report_length: '64', report_desc: zebra.descriptor },
      });
      const { scanner, scans, connected } = listening('hid:05e0:1901');
      for (let time = 0; time < 4; time++) {
        usb.plug();
        await connected(true);
        const wire = await openForWriting('/dev/hidg0');
        const reports = posReports(
          time % 2 === 0 ? card : `TS1.${'half'.repeat(30)}`,
          ']E0',
          layoutFor(0x05e0, zebra.descriptor),
        );
        const write = async () => {
          for (const report of reports.slice(0, time % 2 === 0 ? 1 : 2)) await writeWhole(wire, report);
        };
        const cards = scans.filter(scan => scan.text === card).length;
        if (time % 2 === 0)
          await scanUntil('the scan', write, () => scans.filter(scan => scan.text === card).length > cards);
        else await write();
        await wire.close();
        usb.unplug();
        await connected(false);
      }
      // Half a code whose reports were all full is told from a scanner with a stuck flag by time alone (100 ms): a guest that takes
      // longer to unplug gets it as that scanner's whole code. Never anything else.
      const half = `TS1.${'half'.repeat(30)}`;
      for (const { text } of scans) assert.ok(text === card || half.startsWith(text), text);
      await scanner.stop();
    },
  },
  {
    name: 'the scanner named by its path is read as well',
    run: async () => {
      const before = new Set(readdirSync('/dev'));
      const plugged = plugUhid(zebra);
      const node = await until('a new hidraw', () =>
        readdirSync('/dev').find(name => name.startsWith('hidraw') && !before.has(name)),
      );
      const { scanner, scans, connected } = listening(`hid:/dev/${node}`);
      await connected(true);
      await scanAt(zebra, plugged.input, card, scans);
      await scanner.stop();
      plugged.unplug();
    },
  },
  {
    name: 'a scanner that was left in keyboard mode is told in words',
    run: async () => {
      const plugged = plugUhid(keyboard);
      const { scanner } = listening(address(keyboard));
      const problem = await until('the problem', () => {
        const { problem } = scanner.status();
        return problem?.includes('HID POS') === true ? problem : null;
      });
      assert.match(problem, /scan the "USB HID POS" code/);
      await scanner.stop();
      plugged.unplug();
    },
  },
  {
    name: 'the process that holds node-hid is killed and the scanner works again by itself',
    run: async () => {
      const plugged = plugUhid(zebra);
      const { scanner, scans, connected } = listening(address(zebra));
      for (let time = 0; time < 2; time++) {
        await connected(true);
        await scanAt(zebra, plugged.input, card, scans);
        for (const pid of hosts()) process.kill(pid, 'SIGKILL');
        await connected(false);
      }
      await connected(true);
      await scanAt(zebra, plugged.input, card, scans);
      await scanner.stop();
      assert.deepEqual(hosts(), [], 'no process is left behind');
      plugged.unplug();
    },
  },
  {
    name: "a till that is not root gets the scanner by the shipped udev rule's group, and waits while the rights are missing",
    run: async () => {
      const plugged = plugUhid(zebra);
      const node = await until('the rights of the rule', () =>
        readdirSync('/dev').find(name => name.startsWith('hidraw') && groupOf(join('/dev', name)) === plugdev),
      );
      chmodSync(join('/dev', node), 0o600);
      const till = spawn(process.execPath, [join(import.meta.dirname, 'other-user.ts'), address(zebra)], {
        uid: 65534,
        gid: plugdev,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const said: ScannerStatus[] = [];
      till.stdout.on('data', (text: Buffer) => {
        for (const line of String(text).trim().split('\n')) said.push(JSON.parse(line) as ScannerStatus);
      });
      await until('the missing right', () => said.some(status => status.problem?.includes('udev rule') === true));
      chmodSync(join('/dev', node), 0o660);
      await until('the connection', () => said.at(-1)?.connected === true);
      const gone = new Promise(resolve => till.once('exit', resolve));
      till.kill();
      await gone;
      plugged.unplug();
    },
  },
];

const plugdev = Number(/^plugdev:[^:]*:(\d+)/m.exec(readFileSync('/etc/group', 'utf8'))?.[1] ?? -1);

/** Processes that run hid-host.ts. */
function hosts(): readonly number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => commandOf(pid).includes('hid-host.ts'));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}
