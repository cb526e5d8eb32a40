/** What HQ knows of codes, tills and certificates, in either database: single statements that are whole by themselves. */
import type { Change, Parameter } from '../query.ts';

export interface CodeRecord {
  readonly hash: string;
  readonly store: string;
  readonly till: string;
  /** Address of the broker that this till is told; null: the usual one. */
  readonly broker: string | null;
  readonly madeAt: string;
  readonly expiresAt: string;
}

export interface EnrolledTill {
  readonly till: string;
  readonly store: string;
  readonly enrolledAt: string;
  readonly revokedAt: string | null;
  readonly reason: string | null;
}

export interface CertificateRecord {
  /** Hex. */
  readonly serial: string;
  /** The common name: the till's id, or that of a service. */
  readonly name: string;
  readonly purpose: string;
  readonly store: string | null;
  /** Null: a service's. */
  readonly till: string | null;
  /** Hex SHA-256 of the public key in DER. */
  readonly keySha256: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly pem: string;
  readonly revokedAt: string | null;
}

export interface Registry {
  /** Codes of the same till end with it, used ones too: who has one must not come back over whoever got the new one. */
  addCode(code: CodeRecord): Promise<void>;
  /** The code, used by this key from now on; null: none such, ended, or used by another key. */
  claimCode(hash: string, keySha256: string, at: string): Promise<Pick<CodeRecord, 'store' | 'till' | 'broker'> | null>;
  /** False: the id belongs to a till of another store that is not revoked. */
  enrol(till: string, store: string, at: string): Promise<boolean>;
  tills(): Promise<readonly EnrolledTill[]>;
  till(id: string): Promise<EnrolledTill | null>;
  /** The till, its certificates and its codes are out. False: no such till. */
  revokeTill(till: string, reason: string | null, at: string): Promise<boolean>;
  addCertificate(record: CertificateRecord): Promise<void>;
  /** The certificate of this key that lasts longest and is not revoked. */
  certificateOf(keySha256: string): Promise<CertificateRecord | null>;
  /** Certificates that have not ended at `at`, revoked ones too. */
  certificates(at: string): Promise<readonly CertificateRecord[]>;
  /** Enrolled tills by their certificates: good at `at`, of these near their end (before `soon`), and tills that are revoked. */
  countTills(
    at: string,
    soon: string,
  ): Promise<{ readonly good: number; readonly ending: number; readonly revoked: number }>;
  /** A till's certificates of other keys are out. Answers how many. */
  revokeOthers(till: string, keySha256: string, at: string): Promise<number>;
  /** Certificates of a service by its name. Answers how many. */
  revokeService(name: string, at: string): Promise<number>;
  /** How many certificates were ever revoked: the number of the list. */
  revokedEver(): Promise<number>;
}

/** @param change the writers' way: what was written before is seen at once */
export function createRegistry(change: Change): Registry {
  const query = async <Row>(sql: string, parameters: readonly Parameter[] = []) =>
    (await change<Row>(sql, parameters)).rows;
  return {
    async addCode({ hash, store, till, broker, madeAt, expiresAt }) {
      await query(END_CODES, [madeAt, till, madeAt]);
      await query(ADD_CODE, [hash, store, till, broker, madeAt, expiresAt]);
    },
    async claimCode(hash, keySha256, at) {
      const [row] = await query<Pick<CodeRecord, 'store' | 'till' | 'broker'>>(CLAIM, [
        at,
        keySha256,
        hash,
        at,
        keySha256,
      ]);
      return row ?? null;
    },
    async enrol(till, store, at) {
      return (await query(ENROL, [till, store, at])).length > 0;
    },
    tills: () => query<EnrolledTill>(TILLS),
    async till(id) {
      return (await query<EnrolledTill>(TILL, [id]))[0] ?? null;
    },
    async revokeTill(till, reason, at) {
      // The till last: what HQ lists as revoked has nothing left, wherever HQ may have ended before.
      await query(END_CODES, [at, till, at]);
      await query(REVOKE_CERTIFICATES, [at, till]);
      return (await query(REVOKE_TILL, [at, reason, till])).length > 0;
    },
    async addCertificate({ serial, name, purpose, store, till, keySha256, notBefore, notAfter, pem, revokedAt }) {
      await query(ADD_CERTIFICATE, [
        serial,
        name,
        purpose,
        store,
        till,
        keySha256,
        notBefore,
        notAfter,
        pem,
        revokedAt,
      ]);
    },
    async certificateOf(keySha256) {
      return (await query<CertificateRecord>(CERTIFICATE_OF, [keySha256]))[0] ?? null;
    },
    certificates: at => query<CertificateRecord>(CERTIFICATES, [at]),
    async countTills(at, soon) {
      const [row] = await query<Record<'good' | 'ending' | 'revoked', number | string | null>>(COUNT_TILLS, [at, soon]);
      return { good: Number(row?.good ?? 0), ending: Number(row?.ending ?? 0), revoked: Number(row?.revoked ?? 0) };
    },
    async revokeOthers(till, keySha256, at) {
      return (await query(REVOKE_OTHERS, [at, till, keySha256])).length;
    },
    async revokeService(name, at) {
      return (await query(REVOKE_SERVICE, [at, name])).length;
    },
    async revokedEver() {
      const [row] = await query<{ revoked: number | string }>(REVOKED_EVER);
      return Number(row?.revoked ?? 0);
    },
  };
}

const ADD_CODE = `
INSERT INTO enrol_code (hash, store, till, broker, made_at, expires_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING hash`;
const END_CODES = `
UPDATE enrol_code SET expires_at = ? WHERE till = ? AND expires_at > ? RETURNING hash`;
const CLAIM = `
UPDATE enrol_code SET used_at = coalesce(used_at, ?), key_sha256 = coalesce(key_sha256, ?)
WHERE hash = ? AND expires_at > ? AND (key_sha256 IS NULL OR key_sha256 = ?)
RETURNING store, till, broker`;
const ENROL = `
INSERT INTO enrolled (till, store, enrolled_at) VALUES (?, ?, ?)
ON CONFLICT (till) DO UPDATE SET store = excluded.store, enrolled_at = excluded.enrolled_at, revoked_at = NULL, reason = NULL
WHERE enrolled.store = excluded.store OR enrolled.revoked_at IS NOT NULL
RETURNING till`;
const tillColumns = 'till, store, enrolled_at AS "enrolledAt", revoked_at AS "revokedAt", reason';
const TILLS = `SELECT ${tillColumns} FROM enrolled ORDER BY store, till`;
const TILL = `SELECT ${tillColumns} FROM enrolled WHERE till = ?`;
const COUNT_TILLS = `
WITH own AS (
  SELECT till, max(not_after) AS until FROM certificate
  WHERE till IS NOT NULL AND revoked_at IS NULL AND not_after > ? GROUP BY till)
SELECT sum(CASE WHEN e.revoked_at IS NULL AND o.until IS NOT NULL THEN 1 ELSE 0 END) AS good,
  sum(CASE WHEN e.revoked_at IS NULL AND o.until < ? THEN 1 ELSE 0 END) AS ending,
  sum(CASE WHEN e.revoked_at IS NOT NULL THEN 1 ELSE 0 END) AS revoked
FROM enrolled e LEFT JOIN own o ON o.till = e.till`;
const REVOKE_TILL = `
UPDATE enrolled SET revoked_at = coalesce(revoked_at, ?), reason = coalesce(reason, ?) WHERE till = ? RETURNING till`;
const REVOKE_CERTIFICATES = `
UPDATE certificate SET revoked_at = ? WHERE till = ? AND revoked_at IS NULL RETURNING serial`;
const REVOKE_OTHERS = `
UPDATE certificate SET revoked_at = ? WHERE till = ? AND key_sha256 <> ? AND revoked_at IS NULL RETURNING serial`;
const REVOKE_SERVICE = `
UPDATE certificate SET revoked_at = ? WHERE name = ? AND till IS NULL AND revoked_at IS NULL RETURNING serial`;
const REVOKED_EVER = 'SELECT count(*) AS revoked FROM certificate WHERE revoked_at IS NOT NULL';
const ADD_CERTIFICATE = `
INSERT INTO certificate (serial, name, purpose, store, till, key_sha256, not_before, not_after, pem, revoked_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING serial`;
const certificateColumns = `serial, name, purpose, store, till, key_sha256 AS "keySha256", not_before AS "notBefore",
  not_after AS "notAfter", pem, revoked_at AS "revokedAt"`;
const CERTIFICATE_OF = `
SELECT ${certificateColumns} FROM certificate WHERE key_sha256 = ? AND revoked_at IS NULL ORDER BY not_after DESC LIMIT 1`;
const CERTIFICATES = `SELECT ${certificateColumns} FROM certificate WHERE not_after > ? ORDER BY name, not_after`;
