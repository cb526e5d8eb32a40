/**
 * The signed pointer to a bundle's bytes (contract sync.md, section 4). Its signature covers the SHA-256 of the file as
 * published and every field of the pointer, so that nobody can give an old file a new version or a longer life.
 */
import { documentId, isCount, isInstant, isMatch, isRecord, parseObject, sha256Hex } from './fields.ts';
import { accept, type Result, refuse } from './result.ts';
import { isSigned, type SigningKey, signText, type TrustedKeys } from './signing.ts';
import type { BundlePointer } from './types.ts';

export const maxPointerBytes = 4096;
export const maxBlockBytes = 128 * 1024;
/** Larger files are no bundles. */
export const maxBundleBytes = 64 * 1024 * 1024;

const ringForm = /^(store\/)?[a-z0-9-]{1,64}$/;
const keyIdForm = /^[0-9a-f]{16}$/;
const signatureForm = /^[A-Za-z0-9+/]{86}==$/;

/** `ring` of a pointer that is meant for one store only. */
export const storeRing = (store: string): string => `store/${store}`;

export type UnsignedPointer = Omit<BundlePointer, 'signature' | 'keyId'>;

/** The bytes that are signed, as text: one value a line, none of which can hold a line break. */
export function pointerText(pointer: Omit<BundlePointer, 'signature'>): string {
  return [
    'tillside/pointer/1',
    pointer.sha256,
    pointer.size,
    pointer.block,
    pointer.id,
    pointer.version,
    pointer.notBefore,
    pointer.notAfter,
    pointer.ring,
    pointer.base ?? '',
    pointer.keyId,
    ...(pointer.delta === undefined ? [] : [pointer.delta.sha256, pointer.delta.size]),
    '',
  ].join('\n');
}

export function signPointer(key: SigningKey, pointer: UnsignedPointer): BundlePointer {
  const named = { ...pointer, keyId: key.keyId };
  return { ...named, signature: signText(key, pointerText(named)) };
}

export const isPointerSigned = (pointer: BundlePointer, trusted: TrustedKeys): boolean =>
  isSigned(trusted, pointer.keyId, pointerText(pointer), pointer.signature);

export function decodePointer(payload: Uint8Array): Result<BundlePointer> {
  const parsed = parseObject(payload, maxPointerBytes);
  return parsed.ok ? readPointer(parsed.value) : parsed;
}

/** Every field in its form; says nothing about the signature. */
export function readPointer(value: Readonly<Record<string, unknown>>): Result<BundlePointer> {
  const { id, version, sha256, size, block, notBefore, notAfter, ring, base, delta, keyId, signature } = value;
  if (!isMatch(id, documentId)) return refuse('id is no bundle id');
  if (!isCount(version) || version === 0) return refuse('version is no number from 1');
  if (!isMatch(sha256, sha256Hex)) return refuse('sha256 is no SHA-256');
  if (!isCount(size) || size === 0 || size > maxBundleBytes) return refuse(`size is not 1 to ${maxBundleBytes}`);
  if (!isCount(block) || block < 1024 || block > maxBlockBytes) return refuse(`block is not 1024 to ${maxBlockBytes}`);
  if (!isInstant(notBefore) || !isInstant(notAfter)) return refuse('notBefore or notAfter is no RFC 3339 instant');
  if (!isMatch(ring, ringForm)) return refuse('ring is no ring');
  if (base !== undefined && !isMatch(base, sha256Hex)) return refuse('base is no SHA-256');
  if (!isMatch(keyId, keyIdForm)) return refuse('keyId is no key id');
  if (!isMatch(signature, signatureForm)) return refuse('signature is no Ed25519 signature in Base64');
  const pointer = { id, version, sha256, size, block, notBefore, notAfter, ring, keyId, signature };
  if (delta === undefined) return accept(base === undefined ? pointer : { ...pointer, base });
  if (base === undefined || !isRecord(delta)) return refuse('delta is no object, or has no base');
  if (!isMatch(delta.sha256, sha256Hex)) return refuse('delta.sha256 is no SHA-256');
  if (!isCount(delta.size) || delta.size === 0 || delta.size > size) return refuse('delta.size is not 1 to size');
  return accept({ ...pointer, base, delta: { sha256: delta.sha256, size: delta.size } });
}
