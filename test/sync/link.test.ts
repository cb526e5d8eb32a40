import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../clock.ts';
import { createLink, type Link, silentLog } from '../../sync/link/link.ts';
import { publishPacket } from '../../sync/link/publish-packet.ts';

/** Type, flags and body of the packets at the beginning of the bytes, and where the first one begins that is not whole. */
function packetsOf(bytes: Buffer) {
  const packets: { readonly head: number; readonly body: Buffer }[] = [];
  for (let at = 0; ; ) {
    let remaining = 0;
    let next = at + 1;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[next++];
      if (byte === undefined) return { packets, rest: bytes.subarray(at) };
      remaining += (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (next + remaining > bytes.byteLength) return { packets, rest: bytes.subarray(at) };
    packets.push({ head: bytes[at] ?? 0, body: bytes.subarray(next, next + remaining) });
    at = next + remaining;
  }
}

const readPublish = ({ head, body }: { readonly head: number; readonly body: Buffer }) => {
  const topicEnd = 2 + body.readUInt16BE(0);
  return {
    head,
    topic: body.toString('utf8', 2, topicEnd),
    id: body.readUInt16BE(topicEnd),
    payload: body.subarray(topicEnd + 2),
  };
};

test('a publish is written as MQTT 3.1.1 wants it, whatever its length', () => {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    // Around the lengths at which the packet's own length takes one byte more.
    fc.constantFrom(100, 128, 16_380, 16_384, 2_097_140, 2_097_152).map(length => new Uint8Array(length).fill(7)),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      payload,
      fc.integer({ min: 1, max: 65_535 }),
      fc.boolean(),
      (...made) => {
        const [topic, bytes, id, retain] = made;
        const { packets, rest } = packetsOf(publishPacket(topic, bytes, id, retain));
        assert.equal(rest.byteLength, 0);
        assert.deepEqual(packets.map(readPublish), [
          { head: retain ? 0x33 : 0x32, topic, id, payload: Buffer.from(bytes) },
        ]);
      },
    ),
  );
  assert.throws(() => publishPacket('x'.repeat(65_536), new Uint8Array(), 1, false), RangeError);
});

/** A broker that lets everybody in and hands on what is published to the test, which answers. */
async function lineTo(t: TestContext, onPublish: (id: number, topic: string, socket: Socket) => void): Promise<Link> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    let waiting = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', chunk => {
      const { packets, rest } = packetsOf(Buffer.concat([waiting, chunk]));
      waiting = Buffer.from(rest);
      for (const packet of packets) {
        const type = packet.head >> 4;
        if (type === 1) socket.write(Buffer.from([0x20, 2, 0, 0]));
        if (type === 8) socket.write(Buffer.from([0x90, 3, packet.body[0] ?? 0, packet.body[1] ?? 0, 1]));
        if (type !== 3) continue;
        const { id, topic } = readPublish(packet);
        onPublish(id, topic, socket);
      }
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  let up = () => {};
  const isUp = new Promise<void>(resolve => {
    up = resolve;
  });
  const link = createLink({
    broker: { url: `mqtt://127.0.0.1:${address.port}` },
    clientId: 'test',
    subscriptions: ['a'],
    will: () => ({ topic: 'w', payload: Buffer.alloc(0) }),
    clock: systemClock,
    random: () => 0.5,
    log: silentLog,
    onUp: () => up(),
    onDown() {},
    onMessage() {},
  });
  t.after(async () => {
    await link.stop();
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => server.close(resolve));
  });
  link.start();
  await isUp;
  return link;
}

const acknowledge = (socket: Socket, id: number) => socket.write(Buffer.from([0x40, 2, id >> 8, id & 0xff]));

test('what is published is taken when the broker has said so, in whatever order, and not when the line ends before', async t => {
  const heard: number[] = [];
  const link = await lineTo(t, (id, topic, socket) => {
    heard.push(id);
    if (topic === 'end') socket.destroy();
    else if (topic === 'last') for (const one of [id, ...heard.slice(0, 2).reverse()]) acknowledge(socket, one);
  });
  const bytes = Buffer.from('x');
  const taken = await Promise.all(['first', 'second', 'last'].map(topic => link.publish(topic, bytes)));
  assert.deepEqual(taken, [true, true, true]);
  assert.equal(new Set(heard).size, 3);
  assert.deepEqual(await Promise.all(['never', 'end'].map(topic => link.publish(topic, bytes))), [false, false]);
  assert.equal(await link.publish('off', bytes), false);
});

test('a publish that was never answered is given up when its number comes round again', async t => {
  const link = await lineTo(t, (id, topic, socket) => {
    if (topic === 'answered') acknowledge(socket, id);
  });
  const bytes = Buffer.from('x');
  const lost = link.publish('lost', bytes);
  // All 65,535 numbers once: the last of them is the lost one's.
  const others = Array.from({ length: 65_535 }, () => link.publish('answered', bytes));
  assert.equal(await lost, false);
  assert.ok((await Promise.all(others)).every(taken => taken));
});
