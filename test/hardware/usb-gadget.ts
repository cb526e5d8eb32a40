/** USB devices made by the guest's own kernel (configfs gadgets on dummy_hcd), plugged and unplugged by a word. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const gadgets = '/sys/kernel/config/usb_gadget';

export type UsbGadget = {
  readonly name: string;
  /** Which of the three simulated ports. */
  readonly port: 0 | 1 | 2;
  readonly vendor: number;
  readonly product: number;
  readonly manufacturer: string;
  readonly model: string;
  /** `printer.0`, `acm.0` or `hid.0`, with the attributes to write. */
  readonly function: string;
  readonly attributes: Readonly<Record<string, string | Uint8Array>>;
};

export type Plug = { plug(): void; unplug(): void };

/** The device, unplugged. */
export function makeGadget(gadget: UsbGadget): Plug {
  const at = join(gadgets, gadget.name);
  const fn = join(at, 'functions', gadget.function);
  const strings = join(at, 'strings/0x409');
  const config = join(at, 'configs/c.1');
  // Made by an earlier scenario: it lies there unplugged.
  if (!existsSync(at)) {
    for (const folder of [at, strings, config, fn]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(at, 'idVendor'), `0x${gadget.vendor.toString(16)}`);
    writeFileSync(join(at, 'idProduct'), `0x${gadget.product.toString(16)}`);
    writeFileSync(join(strings, 'manufacturer'), gadget.manufacturer);
    writeFileSync(join(strings, 'product'), gadget.model);
    writeFileSync(join(strings, 'serialnumber'), `${gadget.name}-1`);
    for (const [name, value] of Object.entries(gadget.attributes)) writeFileSync(join(fn, name), value);
    symlinkSync(fn, join(config, gadget.function));
  }
  const port = join(at, 'UDC');
  return {
    plug: () => writeFileSync(port, `dummy_udc.${gadget.port}`),
    unplug: () => writeFileSync(port, '\n'),
  };
}
