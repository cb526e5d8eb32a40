/** What the bench of ingest says: events a second and a core, bytes on the wire. */
import process from 'node:process';
import { encodeMessage } from '../../sync/protocol/messages.ts';
import { tillTopic } from '../../sync/protocol/topics.ts';
import type { World } from './world.ts';

export interface Sum {
  events: number;
  /** By the clock. */
  seconds: number;
  /** Processor seconds of this process, and of PostgreSQL. */
  here: number;
  server: number;
}

export interface Wire {
  readonly sales: number;
  readonly up: number;
  readonly down: number;
}

const asJson = process.argv.includes('--json');
/** Ingest over bare insert. */
const goal = 0.7;
const whole = (value: number) => Math.round(value).toLocaleString('en').padStart(7);
const micro = (seconds: number, { events }: Sum) => ((seconds / events) * 1e6).toFixed(1);
const percent = (share: number) => `${(share * 100).toFixed(0)} %`;

export interface Measured {
  /** The bare insert with the driver's own arrays, and with binary ones. */
  readonly text: Sum;
  readonly binary: Sum;
  readonly real: Sum;
}

export function tellRate(what: string, workers: number, { text, binary, real }: Measured) {
  const wall = (sum: Sum) => sum.events / sum.seconds;
  const core = (sum: Sum) => sum.events / (sum.here + sum.server);
  const over = (bare: Sum) => ({ wall: wall(real) / wall(bare), core: core(real) / core(bare) });
  if (asJson) {
    const ratios = { overText: over(text), overBinary: over(binary), goal };
    console.log(JSON.stringify({ what, workers, text, binary, real, ...ratios }));
    return;
  }
  const line = (name: string, sum: Sum) =>
    console.log(
      `  ${name}  ${whole(wall(sum))} events/s  ${whole(core(sum))} a core  µs of processor an event: ${micro(sum.here, sum)} here, ${micro(sum.server, sum)} in PostgreSQL`,
    );
  console.log(`${what}, ${workers} workers`);
  line("bare insert, driver's arrays", text);
  line('bare insert, binary arrays  ', binary);
  line("HQ's ingest                 ", real);
  for (const [name, bare] of [
    ["driver's arrays", text],
    ['binary arrays', binary],
  ] as const)
    console.log(
      `  ingest over bare insert, ${name}: ${percent(over(bare).core)} a core, ${percent(over(bare).wall)} by the clock (goal ${percent(goal)})`,
    );
}

/** Bytes of MQTT: QoS 1 PUBLISH (header, length, topic, packet id, payload) and PUBACK, both ways. */
export function wire(world: World, before: Wire): Wire {
  const published = (topic: string, payload: number) => {
    const body = 2 + topic.length + 2 + payload;
    return 1 + (body < 128 ? 1 : body < 16_384 ? 2 : 3) + body;
  };
  const sum = { ...before, sales: before.sales + world.sales };
  for (const { store, till: name, payload, events } of world.batches) {
    const address = { tenant: 'demo', store, till: name };
    const ack = encodeMessage({ epoch: 1_795_000_000, contiguous: events.at(-1)?.seq ?? 0, missing: [] });
    sum.up += published(tillTopic(address, 'up'), payload.byteLength) + 4;
    sum.down += published(tillTopic(address, 'ack'), ack.byteLength) + 4;
  }
  return sum;
}

export function tellWire(what: string, { sales, up, down }: Wire) {
  if (asJson) console.log(JSON.stringify({ what, sales, bytesUp: up / sales, bytesDown: down / sales }));
  else
    console.log(
      `on the wire, ${what}: ${(up / sales).toFixed(0)} bytes a sale up, ${(down / sales).toFixed(0)} down (MQTT, without TLS and TCP)`,
    );
}
