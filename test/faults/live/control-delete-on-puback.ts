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

const { publish } = mqtt.MqttClient.prototype;
mqtt.MqttClient.prototype.publish = function (this: mqtt.MqttClient, topic: string, ...rest: unknown[]) {
  const heard = rest.at(-1);
  if (topic.endsWith('/up') && typeof heard === 'function')
    rest[rest.length - 1] = (error?: Error) => {
      if (!error) forget(rest[0] as Buffer);
      heard(error);
    };
  return Reflect.apply(publish, this, [topic, ...rest]) as mqtt.MqttClient;
} as typeof publish;

function forget(payload: Buffer): void {
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
