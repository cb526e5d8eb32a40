/** A simulated printer's network socket. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Host, PrinterEnd } from './printer-links.ts';

/** Serves the printer at 127.0.0.1; port 0 takes a free one. A second host is turned away; without cable or power there is nobody to turn it away. */
export async function serveTcp(
  port: number,
  printer: PrinterEnd,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const open = new Set<Socket>();
  const answer = (socket: Socket) => {
    if (!printer.connectable() || printer.taken()) {
      socket.resetAndDestroy();
      return;
    }
    open.add(socket);
    let waiting: Uint8Array = new Uint8Array(0);
    let pumping = false;
    const host: Host = {
      deliver: bytes => socket.write(bytes),
      lose: () => socket.resetAndDestroy(),
      pump() {
        if (pumping) return;
        pumping = true;
        waiting = waiting.subarray(printer.take(host, waiting));
        pumping = false;
        if (waiting.length === 0) socket.resume();
        else socket.pause();
      },
    };
    socket.on('data', bytes => {
      waiting = Buffer.concat([waiting, bytes]);
      host.pump();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      printer.leave(host);
    });
    printer.greet(host);
  };
  let server = await listen(port, answer);
  const own = portOf(server);
  /** One step after the other: a cable that is loose comes and goes faster than a port. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (step: () => Promise<void>) => {
    turn = turn.then(step, step);
    return turn;
  };
  let isServed = true;
  const forget = printer.onReach(isThere => {
    void inTurn(async () => {
      if (isThere === isServed) return;
      isServed = isThere;
      if (isThere) server = await listen(own, answer);
      else await ended(server);
    });
  });
  return {
    port: own,
    async close() {
      forget();
      await inTurn(async () => {
        for (const socket of open) socket.destroy();
        if (isServed) await ended(server);
      });
    },
  };
}

function listen(port: number, answer: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true }, answer);
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

const ended = (server: Server) => new Promise<void>(resolve => server.close(() => resolve()));

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
