/**
 * A till asks for its next certificate, with a request for a new key. The key of the certificate that it has signs the request:
 * so nobody on the way, not even the broker, gets a certificate for a key of his own.
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { makeCsr, maxCsrBytes } from './csr.ts';
import { isMatch, isText, type Json, sha256Hex } from './fields.ts';
import { accept, type Result, refuse } from './result.ts';

export interface RenewAsk {
  readonly kind: 'renew';
  /** For the next key (PEM). */
  readonly csr: string;
  /** Absent: the request is for the key that the till has, as tills asked before. */
  readonly by?: {
    /** Hex SHA-256 of the public key of the certificate in use (SPKI, DER). */
    readonly key: string;
    /** Base64, ECDSA with SHA-256 over the purpose and the request. */
    readonly signature: string;
  };
}

const signed = (csr: string): Buffer => Buffer.from(`tillside/renew/1\n${csr}`);

/** @param current private key of the certificate in use; @param next that of the one to come */
export function makeRenewAsk(current: KeyObject, next: KeyObject, till: string): RenewAsk {
  const csr = makeCsr(next, till);
  const spki = createPublicKey(current).export({ type: 'spki', format: 'der' });
  const key = createHash('sha256').update(spki).digest('hex');
  return { kind: 'renew', csr, by: { key, signature: sign('sha256', signed(csr), current).toString('base64') } };
}

export function readRenewAsk({ csr, by }: Json): Result<RenewAsk> {
  if (!isText(csr, maxCsrBytes)) return refuse('csr is missing');
  if (by === undefined) return accept({ kind: 'renew', csr });
  const { key, signature } = (by ?? {}) as Json;
  if (!isMatch(key, sha256Hex) || !isText(signature, 200)) return refuse('by is no {key, signature}');
  return accept({ kind: 'renew', csr, by: { key, signature } });
}

/** @param key of the certificate that the till has */
export function isSignedByTill(ask: RenewAsk, key: KeyObject): boolean {
  try {
    return ask.by !== undefined && verify('sha256', signed(ask.csr), key, Buffer.from(ask.by.signature, 'base64'));
  } catch {
    return false;
  }
}
