/** A printer at a serial port. Evidence comes from the printer's answers; that the port has drained says nothing. */
import type { SerialPort } from 'serialport';
import { messageOf } from '../../../errors.ts';
import { endOnHangUp } from '../../serial-hang-up.ts';
import type { Link, Transport } from '../types.ts';
import { createLinkEvents } from './link-events.ts';
import { lostError, openError } from './open-error.ts';
import { pollBothWays } from './serial-poller.ts';

export interface SerialOptions {
  readonly device: string;
  readonly path: string;
  readonly baud: number;
  /** `dtr`: the printer's DTR is wired to this side's CTS, as in the usual printer cable; Linux knows no DTR/DSR handshake. */
  readonly flow: 'none' | 'xonxoff' | 'dtr';
}

export function serialTransport(options: SerialOptions): Transport {
  const { device, path, baud, flow } = options;
  return {
    device,
    bidirectional: true,
    // Start bit, eight data bits, stop bit.
    msPerByte: 10_000 / baud,
    async open() {
      // Loaded when needed: a till without serial printer does without the native module.
      const { SerialPort } = await import('serialport');
      return new Promise<Link>((resolve, reject) => {
        const port = new SerialPort({
          path,
          baudRate: baud,
          autoOpen: false,
          xon: flow === 'xonxoff',
          xoff: flow === 'xonxoff',
          rtscts: flow === 'dtr',
        });
        port.open(cause => {
          if (cause) return reject(openError(device, cause));
          endOnHangUp(port.port);
          pollBothWays(port.port);
          resolve(serialLink(device, port));
        });
      });
    },
  };
}

function serialLink(device: string, port: SerialPort): Link {
  const events = createLinkEvents();
  port.on('data', (bytes: Uint8Array) => events.data(bytes));
  port.on('error', (cause: unknown) => events.lost(lostError(device, cause)));
  port.on('close', (cause: unknown) => events.lost(lostError(device, cause ?? new Error('the port was closed'))));
  return {
    write: bytes =>
      new Promise((resolve, reject) => {
        const fail = (cause: unknown) => reject(lostError(device, messageOf(cause)));
        port.write(bytes, cause => {
          if (cause) return fail(cause);
          port.drain(problem => (problem ? fail(problem) : resolve()));
        });
      }),
    onData: listener => events.onData(listener),
    onLost: listener => events.onLost(listener),
    close: () =>
      new Promise(resolve => {
        events.close();
        if (!port.isOpen) return resolve();
        // Closing waits for bytes that a stopped printer never takes.
        port.flush(() => port.close(() => resolve()));
      }),
  };
}
