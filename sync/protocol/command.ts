/**
 * What HQ tells one till on `down`: signed, addressed and dated, so that neither another till's command nor last year's
 * is obeyed. A pointer needs no cover of its own: it is signed itself.
 */
import { isCount, isInstant, isMatch, isRecord, isText, parseObject } from './fields.ts';
import { type KeySet, readKeySet } from './keyring.ts';
import { type LeaseCommand, readLeaseCommand, readLeaseReturn } from './lease.ts';
import { type MembersCommand, readMembersCommand } from './members-messages.ts';
import { maxMessageBytes } from './messages.ts';
import { readPointer } from './pointer.ts';
import { accept, type Result, refuse } from './result.ts';
import { isSigned, type SigningKey, signText, type TrustedKeys } from './signing.ts';
import type { BundlePointer, TillAddress } from './types.ts';

export type Command =
  /** Send every event of this epoch from this number on again: HQ was restored and lacks them. */
  { readonly kind: 'resend'; readonly epoch: number; readonly from: number } | MembersCommand | LeaseCommand;

export type DownMessage =
  | {
      readonly kind: 'pointers';
      readonly pointers: readonly BundlePointer[];
      /** What roots signed, so that the pointers can be verified. */
      readonly keys?: KeySet;
      /** HQ's time: not signed, nothing is decided by it. */
      readonly at?: string;
    }
  /** A new certificate of the till (PEM): HQ's authority signed it, so it needs no cover. */
  | { readonly kind: 'certificate'; readonly pem: string }
  | { readonly kind: 'command'; readonly text: string; readonly keyId: string; readonly signature: string };

/** The command with its address and dates; `text` is what is signed, to the byte. */
export function signCommand(
  key: SigningKey,
  to: TillAddress,
  command: Command,
  notBefore: string,
  notAfter: string,
): DownMessage {
  const text = JSON.stringify({ to: [to.tenant, to.store, to.till], notBefore, notAfter, command });
  return { kind: 'command', text, keyId: key.keyId, signature: signText(key, purpose + text) };
}

export function decodeDown(payload: Uint8Array): Result<DownMessage> {
  const parsed = parseObject(payload, maxMessageBytes);
  if (!parsed.ok) return parsed;
  const { kind, pointers, keys, at, pem, text, keyId, signature } = parsed.value;
  if (kind === 'pointers') {
    if (!Array.isArray(pointers) || pointers.length > 8) return refuse('pointers is no list of at most 8');
    const read: BundlePointer[] = [];
    for (const item of pointers) {
      const pointer = isRecord(item) ? readPointer(item) : refuse('is no object');
      if (!pointer.ok) return pointer;
      read.push(pointer.value);
    }
    const message = { kind, pointers: read, ...(isInstant(at) ? { at } : {}) } as const;
    if (keys === undefined) return accept(message);
    const set = readKeySet(keys);
    return set.ok ? accept({ ...message, keys: set.value }) : set;
  }
  if (kind === 'certificate') return isText(pem, 8192) ? accept({ kind, pem }) : refuse('pem is missing');
  if (kind === 'command') {
    if (!isText(text, maxMessageBytes) || !isText(keyId, 64) || !isText(signature, 128))
      return refuse('text, keyId or signature is missing');
    return accept({ kind, text, keyId, signature });
  }
  return refuse('kind is not known here');
}

/**
 * The command, if a trusted key signed it for this till and for now.
 * @param now milliseconds since 1970 UTC
 */
export function openCommand(
  message: DownMessage & { readonly kind: 'command' },
  trusted: TrustedKeys,
  self: TillAddress,
  now: number,
): Result<Command> {
  if (!isSigned(trusted, message.keyId, purpose + message.text, message.signature))
    return refuse('is not signed by a trusted key');
  const parsed = parseObject(Buffer.from(message.text), maxMessageBytes);
  if (!parsed.ok) return parsed;
  const { to, notBefore, notAfter, command } = parsed.value;
  if (!Array.isArray(to) || to[0] !== self.tenant || to[1] !== self.store || to[2] !== self.till)
    return refuse('is meant for another till');
  if (!isInstant(notBefore) || !isInstant(notAfter)) return refuse('has no dates');
  if (now < Date.parse(notBefore) || now > Date.parse(notAfter)) return refuse('is not valid now');
  if (!isRecord(command)) return refuse('has no command');
  const { kind, epoch, from } = command;
  if (isMatch(kind, /^resend$/) && isCount(epoch) && isCount(from) && from > 0)
    return accept({ kind: 'resend', epoch, from });
  if (isMatch(kind, /^(members|member|erase)$/)) return readMembersCommand(command);
  if (kind === 'lease') return readLeaseCommand(command);
  if (kind === 'lease.return') return readLeaseReturn(command);
  return refuse('kind is not known here');
}

const purpose = 'tillside/command/1\n';
