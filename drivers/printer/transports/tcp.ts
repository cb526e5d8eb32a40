/** A network printer, usually at port 9100. The connection is kept: printers serve one at a time, and closing it early loses data. */
import { connect, type Socket } from 'node:net';
import type { Link, Transport } from '../types.ts';
import { createLinkEvents } from './link-events.ts';
import { lostError, openError } from './open-error.ts';

export interface TcpOptions {
  readonly device: string;
  readonly host: string;
  readonly port: number;
}

const connectMs = 3000;
/** Idle time before the kernel asks whether the other side still lives; then each second, ten times. */
const keepAliveMs = 5000;

export function tcpTransport({ device, host, port }: TcpOptions): Transport {
  return {
    device,
    bidirectional: true,
    open: () =>
      new Promise<Link>((resolve, reject) => {
        const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs });
        const fail = (cause: Error) => {
          socket.destroy();
          reject(openError(device, cause));
        };
        socket.setTimeout(connectMs, () => fail(new Error('no answer to the connection request')));
        socket.once('error', fail);
        socket.once('connect', () => {
          socket.setTimeout(0);
          socket.off('error', fail);
          resolve(tcpLink(device, socket));
        });
      }),
  };
}

function tcpLink(device: string, socket: Socket): Link {
  const events = createLinkEvents();
  socket.on('data', bytes => events.data(bytes));
  socket.on('error', cause => events.lost(lostError(device, cause)));
  // A printer that ends its side will say nothing more: no evidence can come.
  socket.on('end', () => {
    events.lost(lostError(device, new Error('the printer closed the connection')));
    socket.destroy();
  });
  socket.on('close', () => events.lost(lostError(device, new Error('the connection was closed'))));
  return {
    write: bytes =>
      new Promise((resolve, reject) => {
        socket.write(bytes, cause => (cause ? reject(lostError(device, cause)) : resolve()));
      }),
    onData: listener => events.onData(listener),
    onLost: listener => events.onLost(listener),
    close: () =>
      new Promise(resolve => {
        events.close();
        if (socket.closed) return resolve();
        socket.once('close', () => resolve());
        // What was handed over may still go out; a printer that takes nothing must not hold the program up.
        socket.destroySoon();
        setTimeout(() => socket.destroy(), 500).unref();
      }),
  };
}
