/** Opens the scanner that a configuration names. */
import type { Clock } from '../../clock.ts';
import { TillsideError } from '../../errors.ts';
import { createVirtualScanner } from '../virtual/scanner.ts';
import { createHidPosPort, type HidHost, parseHidDevice } from './hid-pos.ts';
import { createSerialPort, parseSerialDevice } from './serial.ts';
import { createScannerSession, type ScannerLog, type ScanPort } from './session.ts';
import type { Scanner } from './types.ts';

export interface ScannerConfig {
  /** `hid:05e0:1900`, `hid:/dev/hidraw3`, `serial:/dev/ttyACM0?baud=9600`, `wedge`, `virtual:`. */
  readonly device: string;
  /** For `wedge`: the keyboard layout that the scanner is set to. */
  readonly layout?: string | null;
  /** For `wedge`: the key that the scanner sends first. */
  readonly prefix?: string | null;
}

export interface ScannerOptions {
  readonly clock: Clock;
  readonly log?: ScannerLog;
  /** How the process that holds node-hid is started; by default a fork of hid-host.ts. */
  readonly startHidHost?: () => HidHost;
}

/**
 * The scanner of this configuration, not yet started. A device that is missing is no error: it is looked for.
 * @throws TillsideError config-invalid for a device that can't be understood
 */
export function openScanner(config: ScannerConfig, options: ScannerOptions): Scanner {
  const { device } = config;
  if (/^virtual:?$/.test(device)) return createVirtualScanner({ ...options, device }).scanner;
  const port = portOf(device, options);
  if (port !== null) return createScannerSession(port, options);
  throw new TillsideError(
    'config-invalid',
    `Scanner "${device}" is not known; right would be hid:VVVV:PPPP, serial:PATH?baud=9600, wedge or virtual:.`,
  );
}

function portOf(device: string, { clock, startHidHost }: ScannerOptions): ScanPort | null {
  if (device === 'wedge') return wedgePort;
  const hid = parseHidDevice(device);
  if (hid !== null) {
    const base = { device, address: hid, clock };
    return createHidPosPort(startHidHost === undefined ? base : { ...base, startHost: startHidHost });
  }
  const serial = parseSerialDevice(device);
  return serial === null ? null : createSerialPort({ device, address: serial, clock });
}

/** The keys of a keyboard wedge arrive in the till's window, which decodes them (ui/shared/wedge.ts); here is only its state. */
const wedgePort: ScanPort = { device: 'wedge', open: async () => ({ close: async () => undefined }) };
