/**
 * Certificate requests (PKCS #10, RFC 2986) with keys of P-256: made by a till, read by HQ. What HQ takes from a request is
 * the public key and the proof that the sender has the private one; names it knows itself.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { bits, explicit, oid, readValue, readValues, sequence, setOf, tags, text, unsigned } from './der.ts';
import { accept, type Result, refuse } from './result.ts';

/** ecdsa-with-SHA256 (RFC 5758, 3.2): no parameters. */
export const ecdsaSha256: Buffer = sequence(oid('1.2.840.10045.4.3.2'));
const commonName = '2.5.4.3';
export const maxCsrBytes = 4096;

/** @param key private key of P-256; @param name the common name, of which HQ takes no notice */
export function makeCsr(key: KeyObject, name: string): string {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const subject = sequence(setOf(sequence(oid(commonName), text(name))));
  const info = sequence(unsigned(Buffer.from([0])), subject, spki, explicit(0));
  return pem('CERTIFICATE REQUEST', sequence(info, ecdsaSha256, bits(sign('sha256', info, key))));
}

export interface CertificateRequest {
  readonly publicKey: KeyObject;
  /** The key in DER, in the one form in which this program writes it. */
  readonly spki: Buffer;
}

/** The public key of a request whose sender has the private one. */
export function readCsr(pemText: string): Result<CertificateRequest> {
  if (pemText.length > maxCsrBytes) return refuse('is larger than any request');
  const base64 = requestForm.exec(pemText)?.[1];
  if (base64 === undefined) return refuse('is no certificate request in PEM form');
  const request = readValue(Buffer.from(base64, 'base64'));
  if (!request.ok) return request;
  const parts = readValues(request.value.content);
  if (!parts.ok) return parts;
  const [info, algorithm, signature, ...more] = parts.value;
  if (request.value.tag !== tags.sequence || !info || !algorithm || !signature || more.length > 0)
    return refuse('is no sequence of request, algorithm and signature');
  if (!ecdsaSha256.equals(algorithm.whole)) return refuse('is not signed with ECDSA and SHA-256');
  const fields = readValues(info.content);
  if (!fields.ok) return fields;
  const [, , key] = fields.value;
  if (key === undefined) return refuse('has no public key');
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: Buffer.from(key.whole), type: 'spki', format: 'der' });
  } catch {
    return refuse('has no public key that can be read');
  }
  if (publicKey.asymmetricKeyType !== 'ec' || publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    return refuse('has a public key that is not of the curve P-256');
  if (signature.tag !== tags.bitString || signature.content[0] !== 0) return refuse('has no signature');
  if (!isSignedBy(publicKey, info.whole, signature.content.subarray(1)))
    return refuse('is not signed with the key that it names');
  return accept({ publicKey, spki: publicKey.export({ type: 'spki', format: 'der' }) });
}

/** RFC 7468: lines of 64 characters. */
export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

const requestForm =
  /^\s*-----BEGIN CERTIFICATE REQUEST-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE REQUEST-----\s*$/;

function isSignedBy(key: KeyObject, signed: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify('sha256', signed, key, signature);
  } catch {
    return false;
  }
}
