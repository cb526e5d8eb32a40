/**
 * A bad network between an MQTT client and its broker, at the level of bytes: it cuts a connection at any byte, holds bytes
 * back, breaks them into pieces, sends a PUBLISH twice (DUP set), lets one overtake another, and swallows everything while both
 * ends believe that the line is up. Drawn from a seed; `heal` makes it a good line from then on.
 */
import { createServer, connect as open, type Socket } from 'node:net';

export interface BadLine {
  /** mqtt://127.0.0.1:port */
  readonly url: string;
  /** What was done to it so far, by name. */
  readonly done: ReadonlyMap<string, number>;
  /** Nothing more goes through, no end is told. */
  swallow(): void;
  heal(): void;
  close(): Promise<void>;
}

type Trouble = 'cut' | 'late' | 'pieces' | 'twice' | 'overtaken' | 'swallowed';
/** Share of packets that meet it. */
const shares: Readonly<Record<Trouble, number>> = {
  cut: 0.02,
  late: 0.1,
  pieces: 0.1,
  twice: 0.06,
  overtaken: 0.06,
  swallowed: 0.005,
};
const publish = 3;
const dup = 0x08;
const latestMs = 15;
/** A line that swallows is noticed by the network itself after so long; who must notice it alone is another test. */
const swallowedMs = 150;

export async function openBadLine(broker: string, random: () => number): Promise<BadLine> {
  const to = new URL(broker);
  const done = new Map<string, number>();
  const sockets = new Set<Socket>();
  let healed = false;
  let isDeaf = false;

  const server = createServer(client => {
    const upstream = open(Number(to.port), to.hostname);
    const both = [client, upstream];
    for (const socket of both) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        // While nothing goes through, the end of one side is not told to the other.
        if (!isDeaf) for (const other of both) other.destroy();
      });
    }
    const end = () => {
      for (const socket of both) socket.destroy();
    };
    carry(client, upstream, end);
    carry(upstream, client, end);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');

  function carry(from: Socket, into: Socket, end: () => void) {
    let rest: Buffer = Buffer.alloc(0);
    let isSwallowed = false;
    /** A packet that the next one overtakes. */
    let held: Buffer | null = null;
    let order: Promise<void> = Promise.resolve();
    const send = (bytes: Buffer) => {
      if (!into.destroyed && !isSwallowed && !isDeaf) into.write(bytes);
    };
    const count = (trouble: Trouble) => done.set(trouble, (done.get(trouble) ?? 0) + 1);
    const after = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));

    async function pass(packet: Buffer) {
      const first = packet[0] ?? 0;
      const isPublish = first >> 4 === publish && (first & 0x06) !== 0;
      const trouble = healed ? null : draw(random);
      if (trouble === 'cut') {
        count('cut');
        send(packet.subarray(0, Math.floor(random() * packet.length)));
        return end();
      }
      if (trouble === 'swallowed') {
        count('swallowed');
        isSwallowed = true;
        setTimeout(end, swallowedMs).unref();
        return;
      }
      if (trouble === 'late') {
        count('late');
        await after(random() * latestMs);
      }
      if (trouble === 'overtaken' && isPublish && held === null) {
        count('overtaken');
        held = packet;
        // Where nothing follows it goes by itself, never between the pieces of another.
        setTimeout(() => {
          order = order.then(release);
        }, latestMs).unref();
        return;
      }
      if (trouble === 'pieces') {
        count('pieces');
        for (let at = 0; at < packet.length; ) {
          const next = Math.min(packet.length, at + 1 + Math.floor(random() * 400));
          send(packet.subarray(at, next));
          at = next;
          await after(0);
        }
      } else send(packet);
      if (trouble === 'twice' && isPublish) {
        count('twice');
        send(Buffer.concat([Buffer.of(first | dup), packet.subarray(1)]));
      }
      release();
    }

    function release() {
      const packet = held;
      held = null;
      if (packet !== null) send(packet);
    }

    from.on('data', bytes => {
      rest = Buffer.concat([rest, bytes]);
      for (let length = packetLength(rest); length !== null && rest.length >= length; length = packetLength(rest)) {
        const packet = rest.subarray(0, length);
        rest = rest.subarray(length);
        order = order.then(() => pass(packet));
      }
    });
  }

  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    done,
    swallow() {
      isDeaf = true;
    },
    heal() {
      healed = true;
      isDeaf = false;
    },
    async close() {
      isDeaf = false;
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

function draw(random: () => number): Trouble | null {
  let left = random();
  for (const [trouble, share] of Object.entries(shares) as [Trouble, number][]) {
    left -= share;
    if (left < 0) return trouble;
  }
  return null;
}

/** Bytes of the packet that begins here, its header included (MQTT 3.1.1 section 2.2.3); null: not known yet. */
export function packetLength(bytes: Uint8Array): number | null {
  let length = 0;
  for (let at = 1; at <= 4; at++) {
    const byte = bytes[at];
    if (byte === undefined) return null;
    length += (byte & 0x7f) * 128 ** (at - 1);
    if ((byte & 0x80) === 0) return 1 + at + length;
  }
  throw new Error('no MQTT: its length does not end');
}
