/**
 * Who belongs to this HQ: makes one-time codes, gives tills their certificates and renews them, takes them back.
 *
 *   code ──redeem(key)──► enrolled, certificate of 90 days ──renew(next key, signed by the present one)──► … ──revoke──► on the list, not heard any more
 */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { type Clock, instant } from '../../../clock.ts';
import { TillsideError } from '../../../errors.ts';
import { readCsr } from '../../protocol/csr.ts';
import { formatEnrolCode, hashOfSecret, newEnrolCode } from '../../protocol/enrol-code.ts';
import { isSignedByTill, type RenewAsk } from '../../protocol/renewal.ts';
import { isTopicId } from '../../protocol/topics.ts';
import type { TillName } from '../ledger.ts';
import { alone, type Machines } from '../machines.ts';
import { behindMs, newKey, privatePem, publicOf } from './authority.ts';
import {
  type Authority,
  fingerprintOf,
  issue,
  makeRevocationList,
  type Purpose,
  revocationListName,
} from './certificate.ts';
import type { CertificateRecord, EnrolledTill, Registry } from './registry.ts';

export interface EnrolmentOptions {
  readonly tenant: string;
  readonly registry: Registry;
  readonly authority: Authority;
  readonly clock: Clock;
  /** Address of the broker that tills are told, unless their code names another. */
  readonly broker: string | null;
  /** The public key that tills obey (PEM). */
  readonly trust: string;
  /** Tills or revoked certificates changed. */
  readonly onChange: () => Promise<void>;
  /** What this name was given is worth nothing any more; told after `onChange`. */
  readonly onRevoked?: (name: string) => void;
}

/** What a till gets for its code. */
export interface Enrolled extends TillName {
  readonly tenant: string;
  readonly certificate: string;
  readonly authority: string;
  readonly broker: string | null;
  readonly trust: string;
}

export interface ServiceOrder {
  readonly purpose: Exclude<Purpose, 'till'>;
  readonly publicKey: KeyObject;
  readonly store?: string | undefined;
  readonly hosts: readonly string[];
}

export interface Enrolment {
  /** @throws TillsideError `conflict` where the till's id belongs to another store, `request-invalid` */
  makeCode(
    till: TillName,
    hours: number,
    broker: string | null,
  ): Promise<{ readonly code: string; readonly expiresAt: string }>;
  /** @throws TillsideError `enrol-refused` */
  redeem(secret: string, csr: string): Promise<Enrolled>;
  /** The certificate that this till is to use next; the one it has, as long as that is young. @throws TillsideError `enrol-refused` */
  renew(till: TillName, ask: RenewAsk): Promise<string>;
  /** A till by its id, or a service by its certificate's name. @throws TillsideError `not-found` */
  revoke(name: string, reason: string | null): Promise<void>;
  /** A certificate that is revoked as it is made: a broker that lets it in has not read the list. */
  issueRevoked(): Promise<{ readonly name: string; readonly pem: string; readonly key: string }>;
  tills(): Promise<readonly (EnrolledTill & { readonly certificate: CertificateRecord | null })[]>;
  certificates(): Promise<readonly CertificateRecord[]>;
  /** PEM. */
  revocationList(): Promise<string>;
  readonly authority: string;
  /** What the list is called in a folder of lists. */
  readonly revocationListName: string;
}

const dayMs = 86_400_000;
/** Contract sync.md, section 6. */
export const tillDays = 90;
const serviceDays = 825;
const probeDays = 7;
const mostHours = 31 * 24;
const renewAgainMs = 3_600_000;

/** What brokers take for the user of a service; no till can be called so, for its id has no dot. */
export const serviceNames = {
  /** HQs that share the stores have a name each: brokers that bind it to the client id would throw them off in turns. */
  hq: ({ count, number }: Machines = alone) => (count === 1 ? 'hq.tillside' : `${number}.hq.tillside`),
  probe: 'probe.tillside',
  storeBroker: (store: string) => `${store}.store.tillside`,
} as const;

export function createEnrolment(options: EnrolmentOptions): Enrolment {
  const { tenant, registry, authority, clock } = options;
  const at = (ms = clock.now()) => instant(ms, 'UTC');
  const renewedAt = new Map<string, number>();

  async function issueTill({ store, till }: TillName, publicKey: KeyObject, keySha256: string): Promise<string> {
    const notBefore = clock.now() - behindMs;
    const notAfter = clock.now() + tillDays * dayMs;
    const name = { tenant, store, common: till };
    const { serial, pem } = issue(authority, { purpose: 'till', name, publicKey, notBefore, notAfter });
    const dates = { notBefore: at(notBefore), notAfter: at(notAfter), revokedAt: null };
    await registry.addCertificate({ serial, name: till, purpose: 'till', store, till, keySha256, pem, ...dates });
    return pem;
  }

  /** The certificate of the key that signed the request. */
  async function signerOf(ask: RenewAsk): Promise<CertificateRecord | null> {
    const known = ask.by === undefined ? null : await registry.certificateOf(ask.by.key);
    return known !== null && isSignedByTill(ask, new X509Certificate(known.pem).publicKey) ? known : null;
  }

  return {
    authority: authority.pem,
    revocationListName: revocationListName(authority),
    async makeCode({ store, till }, hours, broker) {
      if (!isTopicId(store) || !isTopicId(till))
        throw new TillsideError('request-invalid', 'Ids of stores and tills are made of a-z, 0-9 and -, at most 64.');
      if (!(hours > 0 && hours <= mostHours))
        throw new TillsideError('request-invalid', `A code is good for at most ${mostHours} hours.`);
      checkFree(await registry.till(till), store);
      const code = newEnrolCode(fingerprintOf(authority.certificate));
      const expiresAt = at(clock.now() + hours * 3_600_000);
      await registry.addCode({ hash: hashOfSecret(code.secret), store, till, broker, madeAt: at(), expiresAt });
      return { code: formatEnrolCode(code), expiresAt };
    },
    async redeem(secret, csr) {
      const request = readCsr(csr);
      if (!request.ok) throw new TillsideError('enrol-refused', `The request ${request.reason}.`);
      const keySha256 = sha256(request.value.spki);
      const claimed = await registry.claimCode(hashOfSecret(secret), keySha256, at());
      if (claimed === null)
        throw new TillsideError('enrol-refused', 'The code is unknown, used or out of date; ask HQ for a new one.');
      const { store, till, broker } = claimed;
      // The answer was lost on the way: the same key gets it again.
      const known = await registry.certificateOf(keySha256);
      let certificate = known?.till === till && known.store === store ? known.pem : null;
      if (certificate === null) {
        if (!(await registry.enrol(till, store, at()))) checkFree(await registry.till(till), store);
        certificate = await issueTill({ store, till }, request.value.publicKey, keySha256);
      }
      // Asked again too, for HQ may have ended before it came to this. The till has a new computer or a new key: what the old one was given is worth nothing any more.
      const isReplaced = (await registry.revokeOthers(till, keySha256, at())) > 0;
      await options.onChange();
      if (isReplaced) options.onRevoked?.(till);
      return {
        ...{ tenant, store, till, certificate, authority: authority.pem },
        ...{ broker: broker ?? options.broker, trust: options.trust },
      };
    },
    async renew({ store, till }, ask) {
      const request = readCsr(ask.csr);
      if (!request.ok) throw new TillsideError('enrol-refused', `The request ${request.reason}.`);
      const keySha256 = sha256(request.value.spki);
      // A key that has a certificate already gets that one: the answer was lost, or somebody repeats an old request.
      const known = (await registry.certificateOf(keySha256)) ?? (await signerOf(ask));
      const enrolled = await registry.till(till);
      const isOwn = known !== null && known.till === till && known.store === store && enrolled?.store === store;
      if (!isOwn || enrolled.revokedAt !== null)
        throw new TillsideError('enrol-refused', 'The key is not that of a certificate of this till.');
      if (Date.parse(known.notAfter) < clock.now())
        throw new TillsideError('enrol-refused', 'The certificate has ended; the till needs a new code.');
      const isYoung = Date.parse(known.notAfter) - clock.now() > (tillDays * dayMs) / 2;
      if (isYoung && known.keySha256 === keySha256) return known.pem;
      if (isYoung) throw new TillsideError('enrol-refused', 'The certificate is good for long; no other is made yet.');
      // A till that was broken into could have thousands made.
      const last = renewedAt.get(till);
      if (last !== undefined && clock.monotonic() - last < renewAgainMs)
        throw new TillsideError('enrol-refused', 'The till got a certificate within the hour.');
      renewedAt.set(till, clock.monotonic());
      return issueTill({ store, till }, request.value.publicKey, keySha256);
    },
    async revoke(name, reason) {
      const isTill = await registry.revokeTill(name, reason, at());
      if (!isTill && (await registry.revokeService(name, at())) === 0)
        throw new TillsideError('not-found', `No till and no certificate has the name "${name}".`);
      await options.onChange();
      options.onRevoked?.(name);
    },
    async issueRevoked() {
      const key = newKey();
      const [notBefore, notAfter] = [clock.now() - behindMs, clock.now() + probeDays * dayMs];
      const name = serviceNames.probe;
      const publicKey = publicOf(key);
      const { serial, pem } = issue(authority, {
        ...{ purpose: 'till', name: { tenant, common: name }, publicKey, notBefore, notAfter },
      });
      await registry.addCertificate({
        ...{ serial, name, purpose: 'probe', store: null, till: null, keySha256: keyHash(publicKey), pem },
        ...{ notBefore: at(notBefore), notAfter: at(notAfter), revokedAt: at() },
      });
      await options.onChange();
      return { name, pem, key: privatePem(key) };
    },
    async tills() {
      const newest = new Map<string, CertificateRecord>();
      // Ordered by their end: the last of a till stays.
      for (const one of await registry.certificates(at()))
        if (one.till !== null && one.revokedAt === null) newest.set(one.till, one);
      return (await registry.tills()).map(till => ({ ...till, certificate: newest.get(till.till) ?? null }));
    },
    certificates: () => registry.certificates(at()),
    async revocationList() {
      const revoked = (await registry.certificates(at())).flatMap(({ serial, revokedAt }) =>
        revokedAt === null ? [] : [{ serial, at: Date.parse(revokedAt) }],
      );
      return makeRevocationList(authority, revoked, (await registry.revokedEver()) + 1, clock.now());
    },
  };
}

/** A certificate for a broker, for HQ or for a store's broker; recorded, so that it can be revoked by its name. */
export async function issueService(
  { tenant, registry, authority, clock }: Pick<EnrolmentOptions, 'tenant' | 'registry' | 'authority' | 'clock'>,
  { purpose, publicKey, store, hosts }: ServiceOrder,
): Promise<CertificateRecord> {
  const common =
    purpose === 'hq'
      ? serviceNames.hq()
      : store === undefined
        ? (hosts[0] ?? purpose)
        : serviceNames.storeBroker(store);
  const notBefore = clock.now() - behindMs;
  const notAfter = clock.now() + serviceDays * dayMs;
  const { serial, pem } = issue(authority, {
    ...{ purpose, publicKey, hosts, notBefore, notAfter },
    name: { tenant, store, common },
  });
  const record: CertificateRecord = {
    ...{ serial, pem, purpose, name: common, store: store ?? null, till: null, revokedAt: null },
    keySha256: keyHash(publicKey),
    notBefore: instant(notBefore, 'UTC'),
    notAfter: instant(notAfter, 'UTC'),
  };
  await registry.addCertificate(record);
  return record;
}

function checkFree(known: EnrolledTill | null, store: string) {
  if (known === null || known.store === store || known.revokedAt !== null) return;
  throw new TillsideError(
    'conflict',
    `"${known.till}" is a till of store ${known.store}. A certificate bears the till's id alone, so ids must be unique ` +
      `among all stores: call this one "${store}-${known.till}", or revoke the other first.`,
  );
}

const keyHash = (key: KeyObject): string => sha256(key.export({ type: 'spki', format: 'der' }));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
