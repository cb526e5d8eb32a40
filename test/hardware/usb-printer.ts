/** A receipt printer behind the guest's USB: the gadget's bytes go through the simulated printer, its answers go back over the wire. */
import type { FileHandle } from 'node:fs/promises';
import type { Link } from '../../drivers/printer/types.ts';
import { createVirtualPrinter, type VirtualPrinter } from '../../drivers/virtual/printer.ts';
import { openForWriting, readSome, writeWhole } from './device-file.ts';
import { usbPrinter } from './line-scenarios.ts';

export interface PluggedPrinter {
  readonly printer: VirtualPrinter;
  plug(): Promise<void>;
  unplug(): Promise<void>;
}

export function createUsbPrinter(): PluggedPrinter {
  const usb = usbPrinter();
  const printer = createVirtualPrinter({ personality: 'TM-T20III', keepsLink: true });
  let wire: FileHandle | null = null;
  let link: Link | null = null;
  let passing: Promise<void> = Promise.resolve();

  const pass = async (from: FileHandle, to: Link) => {
    while (wire === from) {
      const bytes = await readSome(from).catch(() => null);
      if (bytes === null) return; // the gadget is being taken away
      if (bytes.length > 0) await to.write(bytes);
      else await new Promise(resolve => setTimeout(resolve, 5));
    }
  };

  return {
    printer,
    async plug() {
      usb.plug();
      const opened = await openForWriting('/dev/g_printer0');
      const made = await printer.transport().open();
      let answering = Promise.resolve();
      made.onData(bytes => {
        answering = answering
          .then(() => (wire === opened ? writeWhole(opened, bytes) : undefined))
          .catch(() => undefined);
      });
      wire = opened;
      link = made;
      passing = pass(opened, made);
    },
    async unplug() {
      const old = wire;
      wire = null;
      await passing;
      await link?.close();
      await old?.close();
      usb.unplug();
    },
  };
}
