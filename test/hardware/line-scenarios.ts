/** USB CDC scanners on the kernel's cdc_acm, and a USB printer on its usblp. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { usbTransport } from '../../drivers/printer/transports/usb.ts';
import { isTillsideError } from '../../errors.ts';
import { openForWriting, readSome, writeWhole } from './device-file.ts';
import { listening } from './hid-scenarios.ts';
import { type Scenario, until } from './scenario.ts';
import { makeGadget, type Plug } from './usb-gadget.ts';

/** What is done ten times is done to the till process (till-scenarios.ts); here each driver is looked at alone. */
const times = 3;

export function serialScanner(): Plug {
  return makeGadget({
    name: 'serialscanner',
    port: 1,
    vendor: 0x05f9,
    product: 0x4204,
    manufacturer: 'Datalogic',
    model: 'CDC scanner',
    function: 'acm.0',
    attributes: {},
  });
}

/** One code over the line, as the scanner sends it. */
export async function typeAt(code: string): Promise<void> {
  await until('/dev/ttyGS0', () => existsSync('/dev/ttyGS0'));
  // As a terminal it would echo what the till's side sends.
  execFileSync('stty', ['-F', '/dev/ttyGS0', 'raw', '-echo']);
  const wire = await openForWriting('/dev/ttyGS0');
  await writeWhole(wire, Buffer.from(code));
  await wire.close();
}

export function usbPrinter(): Plug {
  return makeGadget({
    name: 'usbprinter',
    port: 0,
    vendor: 0x04b8,
    product: 0x0e15,
    manufacturer: 'EPSON',
    model: 'TM-T20',
    function: 'printer.0',
    attributes: { pnp_string: 'MFG:EPSON;CMD:ESC/POS;MDL:TM-T20;CLS:PRINTER;' },
  });
}

export const lineScenarios: readonly Scenario[] = [
  {
    name: `a serial scanner on /dev/ttyACM0 is read, plugged and unplugged ${times} times`,
    run: async () => {
      const usb = serialScanner();
      const { scanner, scans, connected } = listening('serial:/dev/ttyACM0?baud=9600');
      for (let time = 0; time < times; time++) {
        usb.plug();
        await connected(true);
        await typeAt(`]C0CARD-${time}\r\n`);
        await until('the scan', () => scans.length === time + 1);
        assert.deepEqual([scans[time]?.text, scans[time]?.symbology], [`CARD-${time}`, 'CODE128']);
        usb.unplug();
        await connected(false);
      }
      await scanner.stop();
    },
  },
  {
    name: `what the usb transport writes to /dev/usb/lp0 comes out of the printer byte for byte, its status is read back, ${times} unplugs are told`,
    run: async () => {
      const usb = usbPrinter();
      const transport = usbTransport({ device: 'usb:/dev/usb/lp0', path: '/dev/usb/lp0' });
      await assert.rejects(transport.open(), error => isTillsideError(error, 'device-missing'));
      // Every byte value, longer than one transfer.
      const job = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 7) & 0xff);
      for (let time = 0; time < times; time++) {
        usb.plug();
        const paper = await openForWriting('/dev/g_printer0');
        await until('/dev/usb/lp0', () => existsSync('/dev/usb/lp0'));
        const link = await transport.open();
        const status: number[] = [];
        let lost: string | null = null;
        link.onData(bytes => status.push(...bytes));
        link.onLost(cause => {
          lost = cause.code;
        });
        const printed: number[] = [];
        const written = link.write(job);
        await until('the whole job', async () => {
          printed.push(...(await readSome(paper)));
          return printed.length >= job.length;
        });
        await written;
        assert.deepEqual(Uint8Array.from(printed), job);
        await writeWhole(paper, Uint8Array.of(0x16, 0x12, 0x37, 0x22, 0x30, 0x30, 0x30, 0x31, 0x00));
        await until('the status', () => status.length === 9);
        assert.deepEqual(status, [0x16, 0x12, 0x37, 0x22, 0x30, 0x30, 0x30, 0x31, 0x00]);
        await paper.close();
        usb.unplug();
        await until('the loss', () => lost !== null);
        assert.equal(lost, 'device-lost');
        await link.close();
        await until('the node to go', () => !existsSync('/dev/usb/lp0'));
      }
    },
  },
];
