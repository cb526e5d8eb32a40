/**
 * Ed25519 for what HQ says: keys, their ids, and the two things that are signed (docs/sync.md, "Signatures").
 *
 * Bytes are signed, not objects. What is signed is a text that begins with the name of its purpose, so that a signature
 * made for one thing can never be shown for another, and that has one value a line, so that it reads only one way.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { accept, type Result, refuse } from './result.ts';

export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/** The public keys that a till accepts, by key id. */
export type TrustedKeys = ReadonlyMap<string, KeyObject>;

/** First 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
export function keyIdOf(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 16);
}

/** A new key pair as PEM (PKCS #8 and SPKI). */
export function makeSigningKey(): { readonly privatePem: string; readonly publicPem: string } {
  const pair = generateKeyPairSync('ed25519');
  return {
    privatePem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

export function readSigningKey(pem: string): Result<SigningKey> {
  try {
    const privateKey = createPrivateKey(pem);
    if (privateKey.asymmetricKeyType !== 'ed25519') return refuse('is no Ed25519 key');
    return accept({ keyId: keyIdOf(privateKey), privateKey });
  } catch {
    return refuse('is no private key in PEM form');
  }
}

/** Public keys in PEM form, one or more in a text. */
export function readTrustedKeys(pems: readonly string[]): Result<TrustedKeys> {
  const keys = new Map<string, KeyObject>();
  for (const pem of pems.flatMap(text => text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [text])) {
    try {
      const key = createPublicKey(pem);
      if (key.asymmetricKeyType !== 'ed25519') return refuse('is no Ed25519 key');
      keys.set(keyIdOf(key), key);
    } catch {
      return refuse('is no public key in PEM form');
    }
  }
  return keys.size > 0 ? accept(keys) : refuse('has no key');
}

/** The public half as PEM, to be handed to tills. */
export const publicPemOf = (key: SigningKey): string =>
  createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' }).toString();

/** Base64 signature of a text. */
export const signText = (key: SigningKey, text: string): string =>
  sign(null, Buffer.from(text), key.privateKey).toString('base64');

export function isSigned(trusted: TrustedKeys, keyId: string, text: string, signature: string): boolean {
  const key = trusted.get(keyId);
  if (key === undefined) return false;
  const bytes = Buffer.from(signature, 'base64');
  return bytes.byteLength === 64 && verify(null, Buffer.from(text), key, bytes);
}
