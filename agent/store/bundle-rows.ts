/** The bundle as published, byte for byte, so that a till that starts without network decides at once; and how far trust went. */
import type { BundlePointer } from '../../sync/protocol/types.ts';
import type { Database } from './database.ts';

export type BundleRow = {
  readonly id: string;
  readonly version: number;
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly pointer: BundlePointer | null;
  readonly activatedAt: string;
};

export interface BundleRows {
  current(): BundleRow | null;
  previous(): BundleRow | null;
  /** Makes it the current one; the one before becomes the previous one. Raises the highest version trusted. */
  swap(bundle: BundleRow): void;
  /** The previous one becomes current again; the highest version trusted stays. False if there is none. */
  revert(): boolean;
  /** @param isRevoked versions signed by such a key do not count */
  highest(id: string, isRevoked?: (keyId: string) => boolean): number;
  /** The current one was signed anew. */
  renew(pointer: BundlePointer): void;
}

type RawBundle = Omit<BundleRow, 'pointer'> & { readonly pointer: string | null };

const GET = `SELECT id, version, sha256, bytes, pointer, activated_at AS activatedAt FROM bundle WHERE slot = ?`;
const DROP = 'DELETE FROM bundle WHERE slot = ?';
const MOVE = 'UPDATE bundle SET slot = ? WHERE slot = ?';
const ADD = `INSERT INTO bundle (slot, id, version, sha256, bytes, pointer, activated_at)
  VALUES ('current', ?, ?, ?, ?, ?, ?)`;
const HIGHEST = 'SELECT key_id AS keyId, highest FROM trusted_key WHERE id = ?';
const RENEW = "UPDATE bundle SET pointer = ? WHERE slot = 'current'";
const TRUST = `INSERT INTO trusted_key (id, key_id, highest) VALUES (?, ?, ?)
  ON CONFLICT (id, key_id) DO UPDATE SET highest = max(highest, excluded.highest)`;

export function createBundleRows(database: Database): BundleRows {
  const get = database.prepare<[string], RawBundle>(GET);
  const drop = database.prepare<[string]>(DROP);
  const move = database.prepare<[string, string]>(MOVE);
  const add = database.prepare<[string, number, string, Uint8Array, string | null, string]>(ADD);
  const highest = database.prepare<[string], { readonly keyId: string; readonly highest: number }>(HIGHEST);
  const trust = database.prepare<[string, string, number]>(TRUST);
  const renew = database.prepare<[string]>(RENEW);
  const row = (slot: string): BundleRow | null => {
    const raw = get.get(slot);
    if (raw === undefined) return null;
    return { ...raw, pointer: raw.pointer === null ? null : (JSON.parse(raw.pointer) as BundlePointer) };
  };
  return {
    current: () => row('current'),
    previous: () => row('previous'),
    swap(bundle) {
      drop.run('previous');
      move.run('previous', 'current');
      const pointer = bundle.pointer === null ? null : JSON.stringify(bundle.pointer);
      add.run(bundle.id, bundle.version, bundle.sha256, bundle.bytes, pointer, bundle.activatedAt);
      trust.run(bundle.id, bundle.pointer?.keyId ?? '', bundle.version);
    },
    revert() {
      if (get.get('previous') === undefined) return false;
      drop.run('current');
      move.run('current', 'previous');
      return true;
    },
    highest(id, isRevoked = () => false) {
      const rows = highest.all(id).filter(({ keyId }) => !isRevoked(keyId));
      return Math.max(0, ...rows.map(row => row.highest));
    },
    renew(pointer) {
      renew.run(JSON.stringify(pointer));
      trust.run(pointer.id, pointer.keyId, pointer.version);
    },
  };
}
