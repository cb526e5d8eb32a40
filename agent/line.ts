/** The line to HQ as the till's configuration says it: whom to trust, how to reach the broker, what was heard of the other tills. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { messageOf, TillsideError } from '../errors.ts';
import type { HeardStore } from '../sync/edge/peers.ts';
import { openTrust } from '../sync/edge/trust.ts';
import type { BrokerAddress } from '../sync/link/link.ts';
import type { BrokerConfig, TillConfig } from './config/till-config.ts';
import type { Log } from './log.ts';
import type { IdentityPort } from './ports.ts';
import type { Store } from './store/index.ts';

/** Null where nothing says whose bundles to obey: a till without a broker needs nobody. */
export function openTillTrust({ trust, dataDir }: TillConfig, clock: Clock, log: Log) {
  if (trust === null) return null;
  return openTrust({ roots: readSecret(trust.root, 'trust.root'), file: join(dataDir, 'trust.json'), clock, log });
}

export function trustMissing(): TillsideError {
  const message = 'is missing; the file with HQ\'s public key, for example "file:root.pub"';
  return new TillsideError(
    'config-invalid',
    'trust.root is missing: a till with a broker must know whose bundles it obeys.',
    { faults: [{ pointer: '/trust/root', message }] },
  );
}

export function brokerAddress(
  { url, ca, username, password }: BrokerConfig,
  identity: IdentityPort | null,
): BrokerAddress {
  return {
    url,
    ...(ca === null ? {} : { ca: readSecret(ca, 'broker.ca') }),
    // Read for each connection: the certificate is renewed now and then.
    get cert() {
      return identity?.certificate();
    },
    get key() {
      return identity?.key();
    },
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password: readSecret(password, 'broker.password').trim() }),
  };
}

/** The peers' cursors, kept with the till's own settings. */
export function heardIn(store: Store): HeardStore {
  const read = () => JSON.parse(store.settings.get('peers.heard') ?? '{}') as ReturnType<HeardStore['read']>;
  return {
    read,
    write(till, epoch, seq) {
      store.transaction(() => store.settings.set('peers.heard', JSON.stringify({ ...read(), [till]: { epoch, seq } })));
    },
  };
}

/** @throws TillsideError `config-invalid` naming the key and the file */
function readSecret(file: string, key: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new TillsideError('config-invalid', `${key}: the file ${file} can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
