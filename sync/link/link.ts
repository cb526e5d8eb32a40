/**
 * One connection to the broker, used by both ends. MQTT 3.1.1 with a clean session: what must survive a break is kept by
 * the till's outbox and HQ's database, so nothing is asked of the broker's or the library's memory (docs/sync.md).
 *
 *   down ──connect──► CONNACK ──subscribe──► SUBACK ──► up ──(close, error)──► down, and again after a jittered pause
 */
import { randomBytes } from 'node:crypto';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { type Cancel, type Clock, instant } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import { publishPacket } from './publish-packet.ts';

export interface BrokerAddress {
  /** mqtt:// or mqtts:// (ws, wss too). */
  readonly url: string;
  /** PEM texts. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** Where a part of sync tells what it does; pino fits. No member data, no payloads. */
export interface SyncLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLog: SyncLog = { debug() {}, info() {}, warn() {}, error() {} };

export interface LinkStatus {
  readonly connected: boolean;
  /** RFC 3339. */
  readonly since: string;
  readonly problem: string | null;
}

/**
 * A client id that nobody else can take, and so throw this one off the line, where the broker does not bind it to the
 * certificate. One for each start: who connects again takes his own former place.
 */
export const unguessable = (name: string): string => `${name}-${randomBytes(8).toString('hex')}`;

/** The pause before connection attempt n is uniform in 0 … min(maxMs, firstMs × 2^n): tills that fall together rise apart. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

export interface LinkOptions {
  readonly broker: BrokerAddress;
  readonly clientId: string;
  readonly subscriptions: readonly string[];
  /** Asked before each connection; `session` counts from 1. */
  readonly will: (session: number) => { readonly topic: string; readonly payload: Uint8Array };
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: SyncLog;
  readonly backoff?: Backoff | undefined;
  /** A broker that is not heard for one and a half times as long is gone; seconds, default 30. */
  readonly keepaliveS?: number | undefined;
  readonly timeZone?: string | undefined;
  /** Subscribed and ready to send. */
  readonly onUp: (session: number) => void;
  readonly onDown: () => void;
  /**
   * The next message is read only after this has settled: a slow reader slows the broker, not the heap.
   * `retained`: the broker kept it from before this connection subscribed.
   */
  readonly onMessage: (topic: string, payload: Uint8Array, retained: boolean) => void | Promise<void>;
}

export interface Link {
  start(): void;
  /** Says goodbye (retained) if it is up, then closes. Waits at most two seconds for the broker. */
  stop(farewell?: { readonly topic: string; readonly payload: Uint8Array }): Promise<void>;
  readonly up: boolean;
  /** QoS 1. True when the broker took it; false if the link is down or broke before. Proves nothing about HQ. */
  publish(topic: string, payload: Uint8Array, retain?: boolean): Promise<boolean>;
  status(): LinkStatus;
  onStatus(listener: (status: LinkStatus) => void): () => void;
}

/** Makes the line; what it promises is what `Link` says, nothing of it is MQTT's. */
export type OpenLink = (options: LinkOptions) => Link;

const defaultBackoff: Backoff = { firstMs: 1000, maxMs: 60_000 };
/** A broker on this machine serves few; nobody comes back in step with thousands. */
const loopbackBackoff: Backoff = { firstMs: 100, maxMs: 2000 };
const isLoopback = (url: string): boolean => /^[a-z]+:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/.test(url);
/** A connection that lived this long was a good one: the next pause starts small again. */
const stableMs = 10_000;
const farewellMs = 2000;
/** From the first packet to the last subscription; a broker that takes longer is as good as gone. */
const readyMs = 20_000;

export function createLink(options: LinkOptions): Link {
  const { broker, clock, random, log } = options;
  const backoff = options.backoff ?? (isLoopback(broker.url) ? loopbackBackoff : defaultBackoff);
  const listeners = new Set<(status: LinkStatus) => void>();
  /** Publishes that the broker has not yet taken, by the packet's id. */
  const underWay = new Map<number, (taken: boolean) => void>();
  /** What is written within one turn of the event loop to this client's socket waits for its end. */
  let gathering: MqttClient | null = null;
  let client: MqttClient | null = null;
  let running = false;
  let up = false;
  let session = 0;
  let attempts = 0;
  let cancelRetry: Cancel = () => {};
  let cancelStable: Cancel = () => {};
  let status: LinkStatus = { connected: false, since: now(), problem: null };

  function now(): string {
    return instant(clock.now(), options.timeZone ?? 'UTC');
  }

  function say(connected: boolean, problem: string | null) {
    if (connected === status.connected && problem === status.problem) return;
    if (problem !== null) log.warn({ broker: broker.url, problem }, 'no line to the broker');
    status = { connected, problem, since: connected === status.connected ? status.since : now() };
    for (const listener of [...listeners]) listener(status);
  }

  function attempt() {
    session += 1;
    const own = session;
    const will = options.will(own);
    let next: MqttClient;
    try {
      next = connect(broker.url, clientOptions(options, will));
    } catch (error) {
      say(false, `The broker's address cannot be used: ${messageOf(error)}`);
      return retry();
    }
    client = next;
    let ended = false;
    const cancelDeadline = clock.after(readyMs, () => {
      if (client === next && !up) end('The broker does not answer.');
    });
    const end = (problem: string | null) => {
      if (ended) return;
      ended = true;
      cancelDeadline();
      next.end(true);
      if (client === next) client = null;
      const was = up;
      up = false;
      giveUp();
      cancelStable();
      if (was) options.onDown();
      if (!running) return;
      say(false, problem ?? status.problem ?? 'The broker closed the connection.');
      retry();
    };
    // The library's own book of what is under way is passed by: a break empties it anyway, and each packet pays for it.
    next.on('packetreceive', packet => {
      if (packet.cmd === 'puback' && packet.messageId !== undefined && !ended) underWay.get(packet.messageId)?.(true);
    });
    next.handleMessage = (packet, done) => {
      gather(next);
      // A full disk under what a message changes must not end a till that sells.
      const failed = (error: unknown) => {
        log.error({ topic: packet.topic, error: messageOf(error) }, 'a message could not be handled');
        done();
      };
      try {
        const taken = ended ? undefined : options.onMessage(packet.topic, bytesOf(packet.payload), packet.retain);
        if (taken === undefined) return done();
        taken.then(() => done(), failed);
      } catch (error) {
        failed(error);
      }
    };
    next.on('error', error => end(`No connection to the broker: ${messageOf(error)}`));
    next.on('close', () => end(null));
    next.on('connect', () => {
      next.subscribe([...options.subscriptions], { qos: 1 }, (error, granted) => {
        if (ended) return;
        const refused = granted?.find(grant => grant.qos === 128);
        if (error || refused !== undefined)
          return end(`The broker refused a subscription: ${error ? messageOf(error) : refused?.topic}`);
        up = true;
        cancelDeadline();
        cancelStable = clock.after(stableMs, () => {
          attempts = 0;
        });
        log.info({ broker: broker.url, session: own }, 'line to the broker is up');
        say(true, null);
        options.onUp(own);
      });
    });
  }

  function retry() {
    const ceiling = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(attempts, 30));
    attempts += 1;
    cancelRetry();
    cancelRetry = clock.after(random() * ceiling, () => {
      if (running) attempt();
    });
  }

  function publish(topic: string, payload: Uint8Array, retain = false): Promise<boolean> {
    const line = client;
    if (!up || line === null) return Promise.resolve(false);
    const id = line.messageIdProvider.allocate() ?? 1;
    // After 65,535 others: it was lost.
    underWay.get(id)?.(false);
    return new Promise(resolve => {
      underWay.set(id, taken => {
        underWay.delete(id);
        resolve(taken);
      });
      gather(line);
      line.stream.write(publishPacket(topic, payload, id, retain));
    });
  }

  /** One system call for all that a turn of the event loop answers, and not one for each packet. */
  function gather(line: MqttClient) {
    if (gathering === line) return;
    gathering = line;
    const { stream } = line;
    stream.cork();
    setImmediate(() => {
      if (gathering === line) gathering = null;
      stream.uncork();
    });
  }

  function giveUp() {
    for (const settle of [...underWay.values()]) settle(false);
  }

  return {
    start() {
      if (running) return;
      running = true;
      attempt();
    },
    async stop(farewell) {
      if (!running) return;
      running = false;
      cancelRetry();
      cancelStable();
      const line = client;
      if (line === null) return;
      if (up && farewell !== undefined) {
        const taken = publish(farewell.topic, farewell.payload, true);
        await Promise.race([taken, new Promise(resolve => clock.after(farewellMs, () => resolve(false)))]);
      }
      up = false;
      client = null;
      await new Promise<void>(resolve => {
        line.end(true, {}, () => resolve());
      });
      giveUp();
      say(false, null);
    },
    get up() {
      return up;
    },
    publish,
    status: () => status,
    onStatus(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function clientOptions(options: LinkOptions, will: { topic: string; payload: Uint8Array }): IClientOptions {
  const { broker } = options;
  return {
    protocolVersion: 4,
    clientId: options.clientId,
    clean: true,
    // Reconnecting is done here, with jitter; the library's own would bring all tills back in step.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // Ten lines of debugging for each packet, which nobody reads, are not put together.
    log() {},
    keepalive: options.keepaliveS ?? 30,
    connectTimeout: 10_000,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
    ...(broker.username === undefined ? {} : { username: broker.username }),
    ...(broker.password === undefined ? {} : { password: broker.password }),
    ...(broker.ca === undefined ? {} : { ca: broker.ca }),
    ...(broker.cert === undefined ? {} : { cert: broker.cert }),
    ...(broker.key === undefined ? {} : { key: broker.key }),
  };
}

const bytesOf = (payload: string | Buffer): Uint8Array =>
  typeof payload === 'string' ? Buffer.from(payload) : payload;
