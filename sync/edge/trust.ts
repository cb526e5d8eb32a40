/**
 * What a till trusts, kept on its disk beside the database, so that neither a restart nor a lost database makes it forget:
 * the keys that its roots certified and revoked, the highest version it trusted of each bundle and by whose key, the files that
 * it went back from, and the commands that count once. What was shown and not trusted is counted for status, HQ and metrics.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { type Clock, instant } from '../../clock.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { isCount, isMatch, isRecord, isText, parseObject, sha256Hex } from '../protocol/fields.ts';
import { createKeyring, emptyKeySet, type KeySet, readKeySet } from '../protocol/keyring.ts';
import type { Result } from '../protocol/result.ts';
import { readTrustedKeys, type TrustedKeys } from '../protocol/signing.ts';

export interface Trust {
  /** The keys that may sign now. */
  keys(): TrustedKeys;
  /** Why this key may not; null: it may. */
  whyNot(keyId: string): string | null;
  isRevoked(keyId: string): boolean;
  /** Is it neither trusted nor revoked nor out of date: may HQ only not have told of it yet? */
  isUnknown(keyId: string): boolean;
  take(keys: KeySet): Result<boolean>;
  onKeys(listener: () => void): () => void;
  /** Highest version trusted of this bundle id by a key that is not revoked: what a thief signed sets no floor. */
  highest(id: string): number;
  raise(id: string, version: number, keyId: string): void;
  /** The till went back from this file: it never takes it up again by itself. */
  isBad(sha256: string): boolean;
  markBad(sha256: string): void;
  /** A command that may be obeyed once only, by its signature. False: it was, perhaps before a restart. */
  obeyOnce(signature: string): boolean;
  /** Something was shown that is not to be trusted. */
  alarm(what: 'pointer' | 'command' | 'keys' | 'file', reason: string): void;
  view(): TrustView;
}

/** For the till's status and for HQ. */
export interface TrustView {
  readonly rootIds: readonly string[];
  /** Highest number of a list of revoked keys; 0: none is known. */
  readonly revocations: number;
  /** What was shown and not trusted since the start. */
  readonly untrusted: number;
  readonly last: { readonly what: string; readonly reason: string; readonly at: string } | null;
}

export interface TrustOptions {
  readonly roots: TrustedKeys;
  /** Usually `dataDir/trust.json`; null: in memory only. */
  readonly file: string | null;
  readonly clock: Clock;
  readonly log: SyncLog;
}

type Floor = { readonly id: string; readonly keyId: string; readonly version: number };

const maxFloors = 200;
const maxBad = 50;
/** Such commands are rare, and good for a day. */
const maxObeyed = 256;
const maxFileBytes = 256 * 1024;

/**
 * What the till trusts, of the PEM texts of its roots.
 * @throws TillsideError `config-invalid` where one is no public Ed25519 key
 */
export function openTrust({
  roots,
  ...others
}: Omit<TrustOptions, 'roots'> & { readonly roots: string | readonly string[] }): Trust {
  const keys = readTrustedKeys(typeof roots === 'string' ? [roots] : roots);
  if (!keys.ok) throw new TillsideError('config-invalid', `The trusted key ${keys.reason}.`);
  return createTrust({ roots: keys.value, ...others });
}

export function createTrust(options: TrustOptions): Trust {
  const { clock, log, file } = options;
  const ring = createKeyring(options.roots);
  const floors = new Map<string, Floor>();
  const bad = new Set<string>();
  const obeyed = new Set<string>();
  const listeners = new Set<() => void>();
  let untrusted = 0;
  let last: TrustView['last'] = null;

  if (file !== null) {
    const kept = readTrust(file, log);
    // What other roots signed is left: after a change of the root only what the new one signed counts.
    const taken = ring.take(kept.keys);
    if (!taken.ok) log.warn({ file, reason: taken.reason }, 'the keys kept on disk are not used');
    for (const floor of kept.floors) floors.set(`${floor.id} ${floor.keyId}`, floor);
    for (const sha256 of kept.bad) bad.add(sha256);
    for (const signature of kept.obeyed) obeyed.add(signature);
  }

  function save() {
    if (file === null) return;
    const kept = { format, keys: ring.keySet(), floors: [...floors.values()], bad: [...bad], obeyed: [...obeyed] };
    try {
      writeWhole(file, JSON.stringify(kept));
    } catch (error) {
      // A full disk: the database keeps the highest version too, and the next change writes everything.
      log.error({ file, error: messageOf(error) }, 'what the till trusts could not be written');
    }
  }

  const trust: Trust = {
    keys: () => ring.trusted(clock.now()),
    whyNot: keyId => ring.whyNot(keyId, clock.now()),
    isRevoked: ring.isRevoked,
    isUnknown: keyId => !ring.isRevoked(keyId) && !ring.isKnown(keyId),
    take(keys) {
      const taken = ring.take(keys);
      if (!taken.ok) trust.alarm('keys', taken.reason);
      if (taken.ok && taken.value) {
        save();
        for (const listener of [...listeners]) listener();
      }
      return taken;
    },
    onKeys(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    highest(id) {
      let highest = 0;
      for (const floor of floors.values())
        if (floor.id === id && !ring.isRevoked(floor.keyId)) highest = Math.max(highest, floor.version);
      return highest;
    },
    raise(id, version, keyId) {
      const name = `${id} ${keyId}`;
      if ((floors.get(name)?.version ?? 0) >= version) return;
      floors.delete(name);
      floors.set(name, { id, keyId, version });
      for (const oldest of [...floors.keys()].slice(0, -maxFloors)) floors.delete(oldest);
      save();
    },
    isBad: sha256 => bad.has(sha256),
    markBad(sha256) {
      if (bad.has(sha256)) return;
      bad.add(sha256);
      for (const oldest of [...bad].slice(0, -maxBad)) bad.delete(oldest);
      save();
    },
    obeyOnce(signature) {
      if (obeyed.has(signature)) return false;
      obeyed.add(signature);
      for (const oldest of [...obeyed].slice(0, -maxObeyed)) obeyed.delete(oldest);
      save();
      return true;
    },
    alarm(what, reason) {
      untrusted += 1;
      last = { what, reason: reason.slice(0, 300), at: instant(clock.now(), 'UTC') };
      log.warn({ what, reason, untrusted }, 'not trusted');
    },
    view: () => ({ rootIds: ring.rootIds, revocations: ring.revocationNumber, untrusted, last }),
  };
  return trust;
}

const format = 'tillside/trust/1';

type Kept = {
  readonly keys: KeySet;
  readonly floors: readonly Floor[];
  readonly bad: readonly string[];
  readonly obeyed: readonly string[];
};

/** A file that can't be read is no reason not to sell: the keys come again from HQ, the versions from the database. */
function readTrust(file: string, log: SyncLog): Kept {
  const none: Kept = { keys: emptyKeySet, floors: [], bad: [], obeyed: [] };
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch {
    return none;
  }
  const parsed = parseObject(bytes, maxFileBytes);
  if (!parsed.ok || parsed.value.format !== format) {
    log.error({ file }, 'what the till trusts can’t be read and is gathered anew');
    return none;
  }
  const { keys, floors, bad, obeyed } = parsed.value;
  const set = readKeySet(keys);
  return {
    keys: set.ok ? set.value : emptyKeySet,
    floors: Array.isArray(floors) ? floors.filter(isFloor) : [],
    bad: Array.isArray(bad) ? bad.filter(one => isMatch(one, sha256Hex)) : [],
    obeyed: Array.isArray(obeyed) ? obeyed.filter(one => isText(one, 128)) : [],
  };
}

const isFloor = (value: unknown): value is Floor =>
  isRecord(value) && typeof value.id === 'string' && typeof value.keyId === 'string' && isCount(value.version);

/** On disk when this returns, whole or not at all. */
function writeWhole(file: string, text: string) {
  const next = `${file}.new`;
  const handle = openSync(next, 'w', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(next, file);
}
