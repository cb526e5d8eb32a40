/** The control that must fail, loaded before a till: it takes the broker's PUBACK for HQ's word and deletes what was sent. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import SqliteDatabase from 'better-sqlite3';
import mqtt from 'mqtt';
import { decodeBatch } from '../../../sync/protocol/batch.ts';

const config = process.argv[process.argv.indexOf('--config') + 1] ?? '';
const database = join(
  dirname(config),
  /till-[^./]+/.exec(config.slice(dirname(config).length))?.[0] ?? '',
  'till.sqlite',
);

const { emit } = mqtt.MqttClient.prototype;
mqtt.MqttClient.prototype.emit = function (this: mqtt.MqttClient, event: string, ...rest: unknown[]) {
  if (event === 'connect') watch(this);
  return Reflect.apply(emit, this, [event, ...rest]) as boolean;
} as typeof emit;

/** What of the till's facts goes out on this connection, and what of it the broker takes. */
function watch(client: mqtt.MqttClient): void {
  const underWay = new Map<number, Uint8Array>();
  const { stream } = client;
  const { write } = stream;
  stream.write = function (this: typeof stream, ...written: unknown[]) {
    const packet = written[0] instanceof Uint8Array ? readPublish(written[0]) : null;
    if (packet?.topic.endsWith('/up')) underWay.set(packet.id, packet.payload);
    return Reflect.apply(write, this, written) as boolean;
  } as typeof write;
  client.on('packetreceive', packet => {
    const payload = packet.cmd === 'puback' ? underWay.get(packet.messageId ?? 0) : undefined;
    if (payload !== undefined) forget(payload);
  });
}

/** A PUBLISH at QoS 1 (MQTT 3.1.1, section 3.3). */
function readPublish(bytes: Uint8Array): { topic: string; id: number; payload: Uint8Array } | null {
  if (bytes[0] !== 0x32) return null;
  const packet = Buffer.from(bytes);
  let at = 1;
  while ((packet[at] ?? 0) > 0x7f) at++;
  const from = at + 3;
  const to = from + packet.readUInt16BE(at + 1);
  return { topic: packet.toString('utf8', from, to), id: packet.readUInt16BE(to), payload: packet.subarray(to + 2) };
}

function forget(payload: Uint8Array): void {
  const batch = decodeBatch(payload);
  const last = batch.ok ? batch.value.events.at(-1)?.seq : undefined;
  if (last === undefined || !existsSync(database)) return;
  const file = new SqliteDatabase(database, { timeout: 2000 });
  try {
    file.transaction(() => {
      file
        .prepare(`INSERT INTO setting (name, value) VALUES ('outbox.acknowledged', ?)
          ON CONFLICT (name) DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))`)
        .run(String(last));
      // The last row stays, as it does in the till: the next one carries its hash.
      file.prepare('DELETE FROM outbox WHERE seq <= ? AND seq < (SELECT max(seq) FROM outbox)').run(last);
    })();
  } finally {
    file.close();
  }
}
