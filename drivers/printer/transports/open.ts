/** From the device string of the configuration to a transport. */
import { TillsideError } from '../../../errors.ts';
import type { Transport } from '../types.ts';
import { serialTransport } from './serial.ts';
import { tcpTransport } from './tcp.ts';
import { usbTransport } from './usb.ts';

export interface KnownTransports {
  /** Links to simulated printers of this process, by the name after `virtual:`. */
  readonly virtual?: (name: string) => Transport | undefined;
}

const forms = 'tcp://HOST:PORT, serial:PATH?baud=115200&flow=none|xonxoff|dtr, usb:/dev/usb/lp0';

/**
 * `tcp://192.0.2.10:9100`, `serial:/dev/ttyUSB0?baud=115200&flow=xonxoff`, `usb:/dev/usb/lp0`, `virtual:NAME`.
 * @throws TillsideError `config-invalid` that says what was found and what would be right
 */
export function openTransport(device: string, known: KnownTransports = {}): Transport {
  const [, scheme, rest = ''] = /^([a-z]+):(.*)$/.exec(device) ?? [];
  switch (scheme) {
    case 'tcp':
      return tcp(device);
    case 'serial':
      return serial(device, rest);
    case 'usb':
      if (rest === '' || rest.startsWith('//')) throw wrong(device, 'it names no path; write usb:/dev/usb/lp0');
      return usbTransport({ device, path: rest });
    case 'virtual': {
      const transport = known.virtual?.(rest);
      if (transport === undefined) throw wrong(device, `there is no simulated printer "${rest}" here`);
      return transport;
    }
    default:
      throw wrong(device, `write one of ${forms}`);
  }
}

function tcp(device: string): Transport {
  const match = /^tcp:\/\/(\[[0-9a-fA-F:.%]+\]|[^:/?#\s[\]]+)(?::(\d{1,5}))?\/?$/.exec(device);
  if (match === null) throw wrong(device, 'write tcp://HOST:PORT, for example tcp://192.0.2.10:9100');
  const port = Number(match[2] ?? 9100);
  if (port < 1 || port > 65_535)
    throw wrong(device, `${port} is no port; they are 1 to 65535, printers listen at 9100`);
  const host = (match[1] ?? '').replaceAll(/[[\]]/g, '');
  return tcpTransport({ device, host, port });
}

function serial(device: string, rest: string): Transport {
  const [path = '', query = ''] = rest.split('?', 2);
  if (path === '') throw wrong(device, 'it names no port; write serial:/dev/ttyUSB0 or serial:COM3');
  const parameters = new URLSearchParams(query);
  for (const key of parameters.keys())
    if (key !== 'baud' && key !== 'flow') throw wrong(device, `"${key}" is not known; there are baud and flow`);
  const baud = parameters.get('baud') ?? '9600';
  if (!/^\d+$/.test(baud) || Number(baud) < 1200 || Number(baud) > 921_600)
    throw wrong(device, `baud is "${baud}"; it is a number like 9600 or 115200`);
  const flow = parameters.get('flow') ?? 'none';
  if (flow !== 'none' && flow !== 'xonxoff' && flow !== 'dtr')
    throw wrong(device, `flow is "${flow}"; it is none, xonxoff or dtr`);
  return serialTransport({ device, path, baud: Number(baud), flow });
}

function wrong(device: string, why: string): TillsideError {
  return new TillsideError('config-invalid', `printer device "${device}": ${why}`, { context: { device } });
}
