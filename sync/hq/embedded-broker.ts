/**
 * The broker of the demo and of tests: aedes on a loopback port. Every client has a name and a secret and only its own
 * topics, so that no other program of the machine can speak as a till. It keeps nothing over a stop; nothing relies on it.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { Duplex, Transform } from 'node:stream';
import { Aedes } from 'aedes';
import { TillsideError } from '../../errors.ts';
import { hqMayPublish, hqMaySubscribe, tillMayPublish, tillMaySubscribe } from '../protocol/topics.ts';

export type BrokerAccount =
  | { readonly role: 'hq'; readonly tenant: string; readonly username: string; readonly password: string }
  | {
      readonly role: 'till';
      readonly tenant: string;
      readonly store: string;
      readonly till: string;
      readonly username: string;
      readonly password: string;
    };

export interface BrokerOptions {
  /** 0 takes a free one; it stays the same over stop and start. */
  readonly port: number;
  readonly accounts: readonly BrokerAccount[];
}

export interface EmbeddedBroker {
  readonly port: number;
  /** mqtt://127.0.0.1:port */
  readonly url: string;
  readonly running: boolean;
  /** Ends every connection and frees the port. */
  stop(): Promise<void>;
  /** Again on the same port, with an empty memory. */
  start(): Promise<void>;
}

/** Larger packets end the connection: a batch is at most 1 MiB. */
const maxPacketBytes = 2 * 1024 * 1024;

/** @throws TillsideError `address-in-use` */
export async function startBroker(options: BrokerOptions): Promise<EmbeddedBroker> {
  let port = options.port;
  let live: Live | null = await open(options, port);
  port = live.port;
  return {
    get port() {
      return port;
    },
    get url() {
      return `mqtt://127.0.0.1:${port}`;
    },
    get running() {
      return live !== null;
    },
    async stop() {
      const closing = live;
      live = null;
      if (closing !== null) await closing.close();
    },
    async start() {
      live ??= await open(options, port);
    },
  };
}

type Live = { readonly port: number; close(): Promise<void> };

async function open(options: BrokerOptions, port: number): Promise<Live> {
  const accounts = new Map(options.accounts.map(account => [account.username, account]));
  const known = new WeakMap<object, BrokerAccount>();
  const aedes = await Aedes.createBroker({
    maxClientsIdLength: 256,
    authenticate(client, username, password, done) {
      const account = username === undefined ? undefined : accounts.get(username);
      if (account === undefined || password === undefined || !isSame(account.password, password))
        return done(Object.assign(new Error('Bad user name or password'), { returnCode: 4 }), false);
      known.set(client, account);
      done(null, true);
    },
    authorizePublish(client, packet, done) {
      const account = client === null ? undefined : known.get(client);
      const may =
        account !== undefined &&
        (account.role === 'hq' ? hqMayPublish(account.tenant, packet.topic) : tillMayPublish(account, packet.topic));
      done(may ? null : new Error(`not allowed to publish to ${packet.topic}`));
    },
    authorizeSubscribe(client, subscription, done) {
      const account = known.get(client);
      const may =
        account !== undefined &&
        (account.role === 'hq'
          ? hqMaySubscribe(account.tenant, subscription.topic)
          : tillMaySubscribe(account, subscription.topic));
      done(null, may ? subscription : null);
    },
  });
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    // A broken connection is the client's affair; aedes hears of it by the stream that ends.
    socket.on('error', () => socket.destroy());
    const conn = limited(socket);
    conn.on('close', () => socket.destroy());
    aedes.handle(conn);
  });
  await listen(server, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>(resolve => aedes.close(() => resolve()));
      await closed;
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error =>
      reject(
        'code' in error && error.code === 'EADDRINUSE'
          ? new TillsideError('address-in-use', `Another program listens on port ${port} of this machine.`, {
              cause: error,
            })
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

const isSame = (expected: string, found: Buffer): boolean => {
  const bytes = Buffer.from(expected);
  return bytes.byteLength === found.byteLength && timingSafeEqual(bytes, found);
};

/** Passes bytes on while watching the packets' lengths: aedes itself would gather a packet of any announced size. */
function limited(socket: Socket): Duplex {
  let left = 0;
  let lengthBytes = -1;
  let length = 0;
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let at = 0;
      while (at < chunk.byteLength) {
        if (left > 0) {
          const step = Math.min(left, chunk.byteLength - at);
          left -= step;
          at += step;
        } else if (lengthBytes === -1) {
          // First byte of the fixed header: packet type. The length follows, seven bits a byte (MQTT 3.1.1, 2.2.3).
          lengthBytes = 0;
          length = 0;
          at += 1;
        } else {
          const byte = chunk[at] ?? 0;
          length += (byte & 0x7f) * 128 ** lengthBytes;
          lengthBytes += 1;
          at += 1;
          if (lengthBytes > 4 || length > maxPacketBytes) return done(new Error(`a packet of ${length} bytes`));
          if (byte < 0x80) {
            left = length;
            lengthBytes = -1;
          }
        }
      }
      done(null, chunk);
    },
  });
  return Duplex.from({ readable: socket.pipe(watch), writable: socket });
}
