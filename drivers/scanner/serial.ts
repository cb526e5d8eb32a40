/** Scanners on a serial line or USB CDC (`/dev/ttyACM0`), by `serialport`. Never lists ports: that needs udevadm. */
import type { Clock } from '../../clock.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import { endOnHangUp } from '../serial-hang-up.ts';
import { createSerialFrame, type Terminator } from './serial-frame.ts';
import type { ScanPort } from './session.ts';

export interface SerialAddress {
  readonly path: string;
  readonly baud: number;
  readonly dataBits: 7 | 8;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
  readonly flow: 'none' | 'xonxoff' | 'rtscts';
  readonly terminator: Terminator;
  readonly idleMs: number;
}

/**
 * `serial:PATH?baud=9600&data=8&parity=none&stop=1&flow=none|xonxoff|rtscts&end=auto|cr|lf|crlf|idle&idle=100`.
 * @throws TillsideError config-invalid that names what is wrong; null if it is no serial device at all
 */
export function parseSerialDevice(device: string): SerialAddress | null {
  const match = /^serial:([^?]+)(?:\?(.*))?$/.exec(device);
  if (match?.[1] === undefined) return null;
  const given = new URLSearchParams(match[2] ?? '');
  const known = ['baud', 'data', 'parity', 'stop', 'flow', 'end', 'idle'];
  for (const name of given.keys())
    if (!known.includes(name)) throw wrong(device, `unknown "${name}"`, known.join(', '));
  const choose = <Choice extends string>(name: string, choices: readonly Choice[], otherwise: Choice): Choice => {
    const value = given.get(name);
    if (value === null) return otherwise;
    const choice = choices.find(each => each === value);
    if (choice === undefined) throw wrong(device, `${name}=${value}`, choices.join(', '));
    return choice;
  };
  const number = (name: string, least: number, most: number, otherwise: number): number => {
    const value = given.get(name);
    if (value === null) return otherwise;
    const parsed = Number(value);
    if (!Number.isInteger(parsed) || parsed < least || parsed > most)
      throw wrong(device, `${name}=${value}`, `${least} to ${most}`);
    return parsed;
  };
  return {
    path: match[1],
    baud: number('baud', 300, 4_000_000, 9600),
    dataBits: choose('data', ['7', '8'], '8') === '7' ? 7 : 8,
    parity: choose('parity', ['none', 'even', 'odd'], 'none'),
    stopBits: choose('stop', ['1', '2'], '1') === '2' ? 2 : 1,
    flow: choose('flow', ['none', 'xonxoff', 'rtscts'], 'none'),
    terminator: choose('end', ['auto', 'cr', 'lf', 'crlf', 'idle'], 'auto'),
    idleMs: number('idle', 5, 5000, 100),
  };
}

function wrong(device: string, found: string, right: string): TillsideError {
  return new TillsideError(
    'config-invalid',
    `Scanner "${device}": ${found} is not possible; right would be: ${right}.`,
  );
}

/** As much of a serial port as this needs. */
export interface SerialLine {
  on(event: 'data', listener: (bytes: Uint8Array) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  close(done: (error?: Error | null) => void): void;
  readonly isOpen: boolean;
}

export interface SerialOptions {
  /** As configured. */
  readonly device: string;
  readonly address: SerialAddress;
  readonly clock: Clock;
  readonly openLine?: (address: SerialAddress) => Promise<SerialLine>;
}

export function createSerialPort(options: SerialOptions): ScanPort {
  const { device, address, clock, openLine = openSerialLine } = options;
  return {
    device,
    async open(sink) {
      let line: SerialLine;
      try {
        line = await openLine(address);
      } catch (error) {
        throw failure(device, messageOf(error));
      }
      let closing = false;
      const frame = createSerialFrame({
        source: device,
        clock,
        terminator: address.terminator,
        idleMs: address.idleMs,
        onScan: scan => sink.scan(scan),
        onError: error => sink.error(error),
      });
      const lose = (why: string) => {
        if (closing) return;
        closing = true;
        frame.reset();
        if (line.isOpen) line.close(() => undefined);
        const context = { device, why };
        sink.lost(new TillsideError('device-lost', 'The scanner was unplugged: plug it in again.', { context }));
      };
      line.on('data', bytes => {
        if (!closing) frame.push(bytes);
      });
      line.on('error', error => lose(messageOf(error)));
      line.on('close', () => lose('closed'));
      return {
        close: () =>
          new Promise<void>(resolve => {
            closing = true;
            frame.reset();
            if (!line.isOpen) return resolve();
            line.close(() => resolve());
          }),
      };
    },
  };
}

function failure(device: string, message: string): TillsideError {
  const context = { device };
  if (/permission denied|EACCES|access denied/i.test(message)) {
    const what = `The scanner may not be opened: the till's user needs the group of ${device.slice('serial:'.length)} (${message}).`;
    return new TillsideError('device-denied', what, { context });
  }
  if (/busy|lock|EBUSY|resource temporarily unavailable/i.test(message))
    return new TillsideError('device-busy', `Another program holds the scanner (${message}).`, { context });
  return new TillsideError('device-missing', `The scanner is not there: plug it in (${message}).`, { context });
}

/** Loaded when first needed: a till without serial devices does not depend on the native part. */
async function openSerialLine(address: SerialAddress): Promise<SerialLine> {
  const { SerialPort } = await import('serialport');
  return new Promise((resolve, reject) => {
    const { path, baud: baudRate, dataBits, parity, stopBits, flow } = address;
    const [xon, xoff, rtscts] = [flow === 'xonxoff', flow === 'xonxoff', flow === 'rtscts'];
    const port = new SerialPort({ path, baudRate, dataBits, parity, stopBits, xon, xoff, rtscts, autoOpen: false });
    port.open(error => {
      if (error) return reject(error);
      endOnHangUp(port.port);
      resolve(port);
    });
  });
}
