/**
 * Makes `serialport` tell of a device that is unplugged at any moment. Its own reading takes "0 bytes", which a terminal answers for ever
 * after its device has gone, for "try again at once": it spins, never closes, and fills the memory until the process ends
 * (serialport/bindings-cpp issue 162; seen with USB CDC on Linux 6.1 when the plug is pulled while bytes are being read).
 */
import { read } from 'node:fs';

/** Linux and macOS: a file descriptor and its poller. Windows reads by other means and has no such fault. */
type UnixBinding = {
  readonly fd: number | null;
  readonly poller: { once(event: 'readable', listener: (error: unknown) => void): unknown };
  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }>;
};

/** @param binding `port.port` of an open SerialPort, before anything listens to its data; other kinds are left alone */
export function endOnHangUp(binding: unknown): void {
  if (!isUnixBinding(binding)) return;
  binding.read = (buffer, offset, length) => readOrEnd(binding, buffer, offset, length);
}

function isUnixBinding(binding: unknown): binding is UnixBinding {
  if (typeof binding !== 'object' || binding === null || !('fd' in binding) || !('poller' in binding)) return false;
  const { fd, poller } = binding;
  return typeof fd === 'number' && typeof poller === 'object' && poller !== null && 'once' in poller;
}

/** `serialport` takes an error for an unplugged device, unless it says `canceled`: then the port was closed by us. */
async function readOrEnd(binding: UnixBinding, buffer: Buffer, offset: number, length: number) {
  for (;;) {
    const { fd } = binding;
    if (fd === null) throw Object.assign(new Error('the port was closed'), { canceled: true });
    try {
      const bytesRead = await readSome(fd, buffer, offset, length);
      if (bytesRead === 0) throw Object.assign(new Error('the device has gone'), { disconnect: true });
      return { buffer, bytesRead };
    } catch (error) {
      if (!isNotYet(error)) throw error;
    }
    if (binding.fd !== null) await readable(binding);
  }
}

function readSome(fd: number, buffer: Buffer, offset: number, length: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, offset, length, null, (error, bytesRead) => (error === null ? resolve(bytesRead) : reject(error)));
  });
}

function readable(binding: UnixBinding): Promise<void> {
  return new Promise((resolve, reject) => {
    binding.poller.once('readable', error => (error ? reject(error) : resolve()));
  });
}

function isNotYet(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return code === 'EAGAIN' || code === 'EWOULDBLOCK' || code === 'EINTR';
}
