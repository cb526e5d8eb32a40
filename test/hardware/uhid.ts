/** HID devices from user space (`/dev/uhid`, Linux Documentation/hid/uhid.rst): what they send comes out at a real `/dev/hidrawN`. */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';

const event = {
  destroy: 1,
  setReport: 13,
  setReportReply: 14,
  getReport: 9,
  getReportReply: 10,
  create2: 11,
  input2: 12,
};
const eventBytes = 4376;

export type UhidDevice = {
  input(report: Uint8Array): void;
  unplug(): void;
};

export function plugUhid(device: {
  readonly name: string;
  readonly vendor: number;
  readonly product: number;
  readonly descriptor: Uint8Array;
}): UhidDevice {
  const file = openSync('/dev/uhid', constants.O_RDWR | constants.O_NONBLOCK);
  const create = Buffer.alloc(eventBytes);
  create.writeUInt32LE(event.create2, 0);
  create.write(device.name, 4, 127, 'latin1');
  create.writeUInt16LE(device.descriptor.length, 260);
  create.writeUInt16LE(3, 262); // BUS_USB
  create.writeUInt32LE(device.vendor, 264);
  create.writeUInt32LE(device.product, 268);
  create.set(device.descriptor, 280);
  writeSync(file, create);
  // The kernel asks for reports (the scanner's wake-up is one) and waits five seconds for an answer.
  const timer = setInterval(() => answer(file), 10);
  return {
    input(report) {
      const input = Buffer.alloc(6 + report.length);
      input.writeUInt32LE(event.input2, 0);
      input.writeUInt16LE(report.length, 4);
      input.set(report, 6);
      writeSync(file, input);
    },
    unplug() {
      clearInterval(timer);
      const destroy = Buffer.alloc(4);
      destroy.writeUInt32LE(event.destroy, 0);
      writeSync(file, destroy);
      closeSync(file);
    },
  };
}

function answer(file: number): void {
  const asked = Buffer.alloc(eventBytes);
  try {
    readSync(file, asked);
  } catch {
    return; // nothing asked
  }
  const kind = asked.readUInt32LE(0);
  if (kind !== event.setReport && kind !== event.getReport) return;
  const reply = Buffer.alloc(12);
  reply.writeUInt32LE(kind === event.setReport ? event.setReportReply : event.getReportReply, 0);
  reply.writeUInt32LE(asked.readUInt32LE(4), 4);
  reply.writeUInt16LE(kind === event.setReport ? 0 : 5, 8); // EIO for what it has not
  writeSync(file, reply);
}
