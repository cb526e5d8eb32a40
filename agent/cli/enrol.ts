/** `tillside enrol`: makes this till's key, gets its certificate for a one-time code, writes both and the configuration. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { systemClock } from '../../clock.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import { parseJsonText } from '../../json-text.ts';
import { type Enrolment, requestEnrolment } from '../../sync/edge/enrol.ts';
import { makeKey, moveFile, readKey, replaceFile } from '../identity.ts';
import type { Command } from './command.ts';
import { readOptions } from './options.ts';

const help = `tillside enrol: keys and certificate of a till

usage: tillside enrol --hq URL --code CODE [--config FILE] [--json]

  --hq URL       HQ's door for enrolment, for example https://hq.example:4793
  --code CODE    the one-time code from "tillside hq enrol-code"; it also tells which HQ is the right one
  --config FILE  the till's configuration (default till.json): made where it is missing, else its broker, trust and names
                 are set and the rest is left as it is

Beside the configuration it writes till.key (made here, never leaves this machine, mode 0600), till.pem, ca.pem, root.pub, till.code.
Run again with the same code if it was interrupted. Exit codes: 0 done, 1 refused or no HQ, 2 wrong usage.
`;

export const enrolCommand: Command = async (args, io) => {
  const { values } = readOptions('enrol', args, {
    hq: { type: 'string' },
    code: { type: 'string' },
    config: { type: 'string', default: 'till.json' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    io.stdout.write(help);
    return 0;
  }
  const { hq, code } = values;
  if (hq === undefined || code === undefined)
    throw new TillsideError('usage', 'Give HQ and the code: --hq URL --code CODE. See: tillside enrol --help');
  if (!URL.canParse(hq) || new URL(hq).protocol !== 'https:')
    throw new TillsideError('usage', `--hq must be an address like https://hq.example:4793, not "${hq}".`);
  const file = resolve(values.config);
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  const before = readDocument(file);
  const files = {
    pending: join(folder, 'till.key.pending'),
    code: join(folder, 'till.code'),
    key: join(folder, 'till.key'),
    certificate: join(folder, 'till.pem'),
    authority: join(folder, 'ca.pem'),
    trust: join(folder, 'root.pub'),
  };
  const hash = createHash('sha256').update(code).digest('hex');
  const key =
    readKey(files.pending) ?? (isUsed(files.code, hash) ? readKey(files.key) : null) ?? makeKey(files.pending);
  const enrolled = await requestEnrolment({ hq, code, key, clock: systemClock });
  replaceFile(files.authority, enrolled.authority, 0o644);
  replaceFile(files.trust, enrolled.trust, 0o644);
  replaceFile(files.certificate, enrolled.certificate, 0o644);
  replaceFile(file, `${JSON.stringify(merged(before, enrolled), null, 2)}\n`, 0o644);
  // Whoever was interrupted and asks again gets the same: with the pending key, or, once it is in its place, with that.
  replaceFile(files.code, `${hash}\n`, 0o600);
  if (existsSync(files.pending)) moveFile(files.pending, files.key);
  const { tenant, store, till, broker } = enrolled;
  if (values.json) io.stdout.write(`${JSON.stringify({ tenant, store, till, broker, config: file })}\n`);
  else
    io.stdout.write(
      `This is till ${till} of store ${store} (${tenant}) from now on. ${file} and the files beside it are written.\n` +
        (broker === null ? 'HQ does not say which broker to use: set broker.url.\n' : `Broker: ${broker}\n`) +
        `Start it with: tillside agent --config ${values.config}\n`,
    );
  return 0;
};

type Document = Readonly<Record<string, unknown>>;

const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The configuration as it stands; empty where there is none. */
function readDocument(file: string): Document {
  if (!existsSync(file)) return {};
  try {
    const value = parseJsonText(readFileSync(file, 'utf8'));
    if (isDocument(value)) return value;
  } catch (error) {
    throw new TillsideError('config-invalid', `${file} is not JSON: ${messageOf(error)}. Put it right first.`, {
      cause: error,
    });
  }
  throw new TillsideError('config-invalid', `${file} is no object in braces. Put it right first.`);
}

/** Everything that the enrolment does not know stays; user names and passwords go, for the certificate is in their place. */
function merged(before: Document, { tenant, store, till, broker }: Enrolment): Document {
  const known = isDocument(before.broker) ? before.broker : {};
  const { username: _user, password: _password, ...rest } = known;
  return {
    ...{ tenant, store, till, dataDir: './data' },
    ...before,
    ...{ tenant, store, till },
    broker: {
      ...rest,
      ...(broker === null ? {} : { url: broker }),
      ...{ ca: 'file:ca.pem', cert: 'file:till.pem', key: 'file:till.key' },
    },
    trust: { root: 'file:root.pub' },
  };
}

/** Was it this code that the key in its place was made for? */
const isUsed = (file: string, hash: string): boolean => existsSync(file) && readFileSync(file, 'utf8').trim() === hash;
