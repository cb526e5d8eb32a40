/** What a mosquitto beside HQ reads: the authority, the revoked certificates and the rights, each replaced as a whole. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { centralRights, type HqPlace } from '../broker/mosquitto.ts';
import type { Enrolment } from './enrolment.ts';

/** Writes `ca.pem`, `crl.pem` and `acl` into `folder`; mosquitto takes them over at SIGHUP. */
export async function writeBrokerFiles(folder: string, hq: HqPlace, enrolment: Enrolment): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const tills = await enrolment.tills();
  const storeBrokers = new Set<string>();
  for (const { purpose, store, revokedAt } of await enrolment.certificates())
    if (purpose === 'store-broker' && store !== null && revokedAt === null) storeBrokers.add(store);
  // The list of the revoked first: should the next step fail, nobody has more rights than before.
  replaceFile(join(folder, 'crl.pem'), await enrolment.revocationList());
  replaceFile(join(folder, 'ca.pem'), enrolment.authority);
  replaceFile(join(folder, 'acl'), centralRights(hq, tills, [...storeBrokers]));
}

/** Whole or not at all. Nothing secret: mosquitto runs under a name of its own and must read it. */
export function replaceFile(file: string, content: string, mode = 0o644): void {
  writeFileSync(`${file}.new`, content, { mode, flush: true });
  renameSync(`${file}.new`, file);
}
