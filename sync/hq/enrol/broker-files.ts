/** What a broker beside HQ reads: the authority, the revoked certificates and the rights, each replaced as a whole. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { centralRights, type HqPlace } from '../broker/mosquitto.ts';
import { rabbitDefinitions, rabbitRevoked } from '../broker/rabbitmq.ts';
import type { Enrolment } from './enrolment.ts';

/** Of which make the broker is, its configuration says that stands there. */
export const isRabbit = (folder: string): boolean => existsSync(join(folder, 'rabbitmq.conf'));

/** Writes what changes with each till into `folder`; docs/brokers.md says how the broker takes it over. */
export async function writeBrokerFiles(folder: string, hq: HqPlace, enrolment: Enrolment): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const tills = await enrolment.tills();
  const ofStores = (await enrolment.certificates()).filter(({ purpose }) => purpose === 'store-broker');
  const storesOf = (isRevoked: boolean) =>
    ofStores.flatMap(({ store, revokedAt }) => (store !== null && (revokedAt !== null) === isRevoked ? [store] : []));
  const storeBrokers = [...new Set(storesOf(false))];
  // The list of the revoked first: should the next step fail, nobody has more rights than before.
  const list = await enrolment.revocationList();
  replaceFile(join(folder, 'crl.pem'), list);
  replaceFile(join(folder, 'ca.pem'), enrolment.authority);
  if (!isRabbit(folder)) return replaceFile(join(folder, 'acl'), centralRights(hq, tills, storeBrokers));
  mkdirSync(join(folder, 'crls'), { recursive: true, mode: 0o755 });
  replaceFile(join(folder, 'crls', enrolment.revocationListName), list);
  const gone = storesOf(true).filter(store => !storeBrokers.includes(store));
  replaceFile(join(folder, 'revoked'), rabbitRevoked(tills, [...new Set(gone)]));
  replaceFile(join(folder, 'definitions.json'), rabbitDefinitions(hq, tills, storeBrokers));
}

/** Whole or not at all. Nothing secret: the broker runs under a name of its own and must read it. */
export function replaceFile(file: string, content: string, mode = 0o644): void {
  writeFileSync(`${file}.new`, content, { mode, flush: true });
  renameSync(`${file}.new`, file);
}
