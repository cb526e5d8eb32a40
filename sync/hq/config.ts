/** The shape of `hq.json`, once: the reader validates with it, docs/hq.schema.json is made from it. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Type, { type Static } from 'typebox';
import { type Environment, FileReference, PathText, PatternText, readConfiguration } from '../../configuration.ts';
import { type Fault, messageOf, TillsideError } from '../../errors.ts';
import type { HqConfig } from './hq.ts';

const closed = { additionalProperties: false } as const;

export const HqConfigDocument = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'address of this schema, for editors' })),
    tenant: PatternText(
      '^[a-z0-9][a-z0-9-]{0,62}$',
      'the retailer: small letters, digits and hyphens; a level of the MQTT topic',
      ['demo'],
    ),
    dataDir: PathText('folder for the database, the signing key and the token'),
    api: Type.Optional(
      Type.Object(
        {
          port: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 65535,
              description: 'TCP port of API and console on loopback; 0 takes a free one',
            }),
          ),
        },
        closed,
      ),
    ),
    broker: Type.Object(
      {
        url: PatternText(
          '^(mqtt|mqtts|ws|wss)://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?(/[^\\s?#@]*)?$',
          'address of the MQTT broker, without user or password',
          ['mqtts://broker.example:8883'],
        ),
        ca: Type.Optional(FileReference('PEM certificate of the authority that signed the broker')),
        cert: Type.Optional(FileReference('PEM certificate of HQ')),
        key: Type.Optional(FileReference('PEM private key of HQ')),
        username: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'MQTT user name' })),
        password: Type.Optional(FileReference('file that holds the MQTT password')),
      },
      closed,
    ),
    database: Type.Optional(
      PatternText(
        '^(sqlite:.+|postgres(ql)?://.+)$',
        'where HQ keeps its facts; absent: what DATABASE_URL says, else hq.sqlite in dataDir',
        ['sqlite:hq.sqlite', 'postgres://tillside@localhost/tillside'],
      ),
    ),
    signing: Type.Optional(
      Type.Object(
        {
          key: FileReference('PEM private key (Ed25519) that signs bundles; absent: made in dataDir'),
          root: Type.Optional(
            FileReference('PEM public root key, which the tills trust; absent: the signing key is its own root'),
          ),
          keys: Type.Optional(FileReference('what the root signed (keys.json): certificates and revoked keys')),
        },
        closed,
      ),
    ),
    enrolment: Type.Optional(
      Type.Object(
        {
          host: Type.Optional(Type.String({ minLength: 1, description: 'address to listen on; absent: all' })),
          port: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 65535, description: 'TCP port (HTTPS) for tills that enrol' }),
          ),
          names: Type.Array(
            PatternText('^[A-Za-z0-9.:-]{1,253}$', 'a name or address under which tills reach this HQ', ['hq.example']),
            { minItems: 1 },
          ),
          broker: Type.Optional(
            PatternText('^mqtts://[^\\s/?#@]+$', 'address of the broker that tills are told', [
              'mqtts://broker.example:8883',
            ]),
          ),
          brokerFiles: Type.Optional(
            PathText("folder in which a mosquitto's ca.pem, crl.pem and acl are kept up to date"),
          ),
        },
        { ...closed, description: 'tills have certificates of this HQ; only those enrolled here are heard' },
      ),
    ),
    leases: Type.Optional(
      Type.Object(
        {
          days: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 90,
              description: 'days for which a till may use units of a global cap that it was granted',
            }),
          ),
        },
        closed,
      ),
    ),
    machines: Type.Optional(
      Type.Object(
        {
          count: Type.Integer({ minimum: 1, maximum: 64, description: 'HQs that share the stores of this tenant' }),
          number: Type.Integer({ minimum: 1, maximum: 64, description: 'which of them this is, from 1' }),
        },
        closed,
      ),
    ),
    members: Type.Optional(
      Type.Object(
        {
          share: Type.Optional(
            Type.Enum(['visitors', 'all'], {
              description: 'visitors: each store gets the members who shop there; all: every store gets everybody',
            }),
          ),
          visitedWithinDays: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 3650, description: 'days after which a visitor is none any more' }),
          ),
          leaseDays: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 365,
              description: 'days for which a till keeps members without hearing from HQ',
            }),
          ),
          names: Type.Optional(Type.Boolean({ description: 'false: tills get no first names' })),
          everyMinutes: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 1440,
              description: 'minutes between versions, where anything changed',
            }),
          ),
        },
        closed,
      ),
    ),
    log: Type.Optional(
      Type.Object(
        {
          level: Type.Optional(
            Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], { description: 'least level that is logged' }),
          ),
        },
        closed,
      ),
    ),
  },
  {
    ...closed,
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'tillside hq.json',
    description: 'Configuration of HQ. Every key can be overridden by a TILLSIDE_… environment variable.',
  },
);
export type HqConfigDocument = Static<typeof HqConfigDocument>;

export type LoadedHqConfig = HqConfig & { readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent' };

/**
 * Reads `hq.json` and the files that it names. Relative paths start at the file's folder.
 * @throws TillsideError `config-invalid` naming every key that is wrong, what was found and what would be right
 */
export function loadHqConfig(file: string, env: Environment): LoadedHqConfig {
  const document = readConfiguration(HqConfigDocument, { file, env, check: relations });
  const { broker, database, members, signing, enrolment } = document;
  const content = (key: string, path: string | undefined) => (path === undefined ? undefined : read(key, path));
  return {
    tenant: document.tenant,
    dataDir: document.dataDir,
    api: { port: document.api?.port ?? 4790 },
    broker: {
      url: broker.url,
      ca: content('/broker/ca', broker.ca),
      cert: content('/broker/cert', broker.cert),
      key: content('/broker/key', broker.key),
      username: broker.username,
      password: content('/broker/password', broker.password)?.trim(),
    },
    database: database?.startsWith('sqlite:')
      ? `sqlite:${resolve(dirname(resolve(file)), database.slice('sqlite:'.length))}`
      : database,
    signing,
    members,
    ...(enrolment === undefined
      ? {}
      : { enrolment: { ...enrolment, host: enrolment.host ?? '::', port: enrolment.port ?? 4793 } }),
    ...(document.leases?.days === undefined ? {} : { leaseDays: document.leases.days }),
    ...(document.machines === undefined ? {} : { machines: document.machines }),
    logLevel: document.log?.level ?? 'info',
  };
}

function relations({ broker, machines }: HqConfigDocument): readonly Fault[] {
  const faults: Fault[] = [];
  if (machines !== undefined && machines.number > machines.count)
    faults.push({ pointer: '/machines/number', message: `is above count, which is ${machines.count}` });
  if ((broker.cert === undefined) !== (broker.key === undefined))
    faults.push({
      pointer: broker.cert === undefined ? '/broker/cert' : '/broker/key',
      message: 'is missing: cert and key go together',
    });
  if (broker.password !== undefined && broker.username === undefined)
    faults.push({ pointer: '/broker/username', message: 'is missing: a password needs a user name' });
  return faults;
}

function read(pointer: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const message = `the file ${path} can't be read: ${messageOf(error)}`;
    throw new TillsideError('config-invalid', `${pointer}: ${message}`, {
      cause: error,
      faults: [{ pointer, message }],
    });
  }
}
