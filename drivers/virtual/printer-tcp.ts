/** A simulated printer's network socket. */
import { createServer, type Socket } from 'node:net';
import type { Host, PrinterEnd } from './printer-links.ts';

/** Serves the printer at 127.0.0.1; port 0 takes a free one. A second host is turned away. */
export function serveTcp(
  port: number,
  printer: PrinterEnd,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, socket => {
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
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () =>
          new Promise(done => {
            for (const socket of open) socket.destroy();
            server.close(() => done());
          }),
      });
    });
  });
}
