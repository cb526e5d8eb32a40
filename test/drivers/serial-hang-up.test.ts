import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { endOnHangUp } from '../../drivers/serial-hang-up.ts';

type Read = (buffer: Buffer, offset: number, length: number) => Promise<{ readonly bytesRead: number }>;

function binding(fd: number | null) {
  const waiting: ((error: unknown) => void)[] = [];
  const poller = { once: (_event: string, listener: (error: unknown) => void) => waiting.push(listener) };
  const original: Read = async () => ({ bytesRead: -1 });
  return { fd, poller, waiting, read: original };
}

test('a terminal that answers zero bytes has lost its device: the read ends with an error instead of turning for ever', async () => {
  const fd = openSync('/dev/null', 'r'); // as a hung-up terminal: zero bytes at once, each time
  const port = binding(fd);
  endOnHangUp(port);
  await assert.rejects(
    port.read(Buffer.alloc(8), 0, 8),
    (error: Error & { disconnect?: boolean }) => error.disconnect === true,
  );
  closeSync(fd);
});

test('bytes that are there are read as before', async () => {
  const fd = openSync('/dev/zero', 'r');
  const port = binding(fd);
  endOnHangUp(port);
  assert.equal((await port.read(Buffer.alloc(8), 2, 4)).bytesRead, 4);
  closeSync(fd);
});

test('a port that is closed meanwhile is told as canceled, which is no lost device', async () => {
  const port = binding(7);
  endOnHangUp(port);
  port.fd = null;
  await assert.rejects(
    port.read(Buffer.alloc(8), 0, 8),
    (error: Error & { canceled?: boolean }) => error.canceled === true,
  );
});

test('ports of another kind are left alone', async () => {
  const port = { read: async () => ({ bytesRead: 3 }) };
  endOnHangUp(port);
  endOnHangUp(undefined);
  endOnHangUp(null);
  assert.equal((await port.read()).bytesRead, 3);
});
