/**
 * Brings a new bundle to the till: a signed pointer, its blocks, the whole verified, then handed to the agent, which swaps
 * it in or refuses it. Whatever goes wrong on the way, the bundle that the till has stays.
 *
 *   pointer ─signature, ring, dates, version─► blocks ─size, SHA-256─► BundlePort.activate ─► activated | refused
 */
import { createHash } from 'node:crypto';
import type { BundlePort } from '../../agent/ports.ts';
import type { Cancel, Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { type Block, blockCount } from '../protocol/blocks.ts';
import { type AskMessage, maxAskedBlocks, type StateMessage } from '../protocol/messages.ts';
import { isPointerSigned, storeRing } from '../protocol/pointer.ts';
import type { TrustedKeys } from '../protocol/signing.ts';
import type { BundlePointer } from '../protocol/types.ts';

export type Refusal = NonNullable<StateMessage['bundleRefused']>;

export interface DownlinkOptions {
  readonly bundles: BundlePort;
  /** The keys that may sign now. */
  readonly trusted: () => TrustedKeys;
  readonly store: string;
  readonly ring: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: SyncLog;
  readonly ask: (message: AskMessage) => void;
  /** A bundle was activated or refused. */
  readonly onChange: () => void;
}

export interface Downlink {
  up(): void;
  down(): void;
  pointer(pointer: BundlePointer): void;
  block(block: Block): void;
  /** The last bundle that was refused, until a newer one is activated. */
  refused(): Refusal | null;
}

const answerMs = 2000;
const answerMaxMs = 60_000;
/** A file that came whole three times with the wrong content is given up until the next connection. */
const maxBadFiles = 3;
/** A pointer of the future is looked at again at least this often: clocks jump. */
const recheckMs = 3_600_000;

type Fetch = { readonly pointer: BundlePointer; readonly parts: Map<number, Uint8Array>; bad: number };

export function createDownlink(options: DownlinkOptions): Downlink {
  const { bundles, trusted, clock, random, log } = options;
  let online = false;
  let fetch: Fetch | null = null;
  let activating = false;
  let refused: Refusal | null = null;
  /** Files refused since start: the same bytes would be refused again. */
  const refusedFiles = new Set<string>();
  /** Pointers that are not valid yet, by bundle id. */
  const early = new Map<string, BundlePointer>();
  let waits = 0;
  let cancelWait: Cancel = () => {};
  let cancelEarly: Cancel = () => {};

  function consider(pointer: BundlePointer) {
    if (pointer.ring !== options.ring && pointer.ring !== storeRing(options.store)) return;
    if (!isPointerSigned(pointer, trusted()))
      return refuse(pointer, 'bundle-untrusted', 'The signature is not that of a trusted key.');
    if (pointer.version <= bundles.highest(pointer.id)) {
      // Retained pointers of the past are normal; a lower version than one trusted before is never taken.
      log.debug({ id: pointer.id, version: pointer.version }, 'pointer to a bundle that is known or older');
      return;
    }
    if (refusedFiles.has(pointer.sha256)) return;
    const now = clock.now();
    if (Date.parse(pointer.notAfter) < now)
      return refuse(pointer, 'bundle-untrusted', `The pointer ended at ${pointer.notAfter}.`);
    if (Date.parse(pointer.notBefore) > now) return wait(pointer);
    if (fetch !== null && fetch.pointer.version >= pointer.version && fetch.pointer.id === pointer.id) return;
    log.info({ id: pointer.id, version: pointer.version, size: pointer.size }, 'fetching a bundle');
    fetch = { pointer, parts: new Map(), bad: 0 };
    waits = 0;
    askForBlocks();
  }

  function wait(pointer: BundlePointer) {
    const known = early.get(pointer.id);
    if (known === undefined || known.version < pointer.version) early.set(pointer.id, pointer);
    cancelEarly();
    const first = Math.min(...[...early.values()].map(({ notBefore }) => Date.parse(notBefore) - clock.now()));
    cancelEarly = clock.after(Math.max(1000, Math.min(first, recheckMs)), () => {
      const waiting = [...early.values()];
      early.clear();
      for (const one of waiting) consider(one);
    });
  }

  function refuse(pointer: BundlePointer, code: string, message: string, faults = 0) {
    log.warn({ id: pointer.id, version: pointer.version, code, message }, 'bundle refused');
    refused = { id: pointer.id, version: pointer.version, code, message: message.slice(0, 500), faults };
    options.onChange();
  }

  function askForBlocks() {
    cancelWait();
    if (fetch === null || !online || activating) return;
    const { pointer, parts } = fetch;
    const indexes: number[] = [];
    for (let index = 0; index < blockCount(pointer.size, pointer.block) && indexes.length < maxAskedBlocks; index++)
      if (!parts.has(index)) indexes.push(index);
    options.ask({ kind: 'blocks', sha256: pointer.sha256, indexes });
    const patience = Math.min(answerMaxMs, answerMs * 2 ** waits) * (0.75 + random() / 2);
    cancelWait = clock.after(patience, () => {
      waits += 1;
      askForBlocks();
    });
  }

  async function complete(whole: Fetch) {
    const { pointer, parts } = whole;
    const bytes = Buffer.concat([...parts.entries()].sort(([a], [b]) => a - b).map(([, part]) => part));
    const found = createHash('sha256').update(bytes).digest('hex');
    if (bytes.byteLength !== pointer.size || found !== pointer.sha256) {
      whole.bad += 1;
      whole.parts.clear();
      log.warn({ id: pointer.id, version: pointer.version, times: whole.bad }, 'a bundle arrived with other content');
      if (whole.bad < maxBadFiles) return askForBlocks();
      fetch = null;
      return refuse(pointer, 'bundle-untrusted', 'The file that arrives is not the one that was signed.');
    }
    activating = true;
    cancelWait();
    try {
      const result = await bundles.activate(bytes, pointer);
      if (result.ok) {
        refused = null;
        log.info({ id: result.id, version: result.version }, 'bundle activated');
        options.onChange();
      } else {
        refusedFiles.add(pointer.sha256);
        refuse(pointer, result.code, result.message, result.faults.length);
      }
    } catch (error) {
      refuse(pointer, 'internal', messageOf(error));
    } finally {
      activating = false;
      // A newer pointer may have come meanwhile.
      if (fetch === whole) fetch = null;
      else if (fetch !== null) askForBlocks();
    }
  }

  return {
    up() {
      online = true;
      waits = 0;
      // What arrived before the break is kept; only the rest is asked for.
      askForBlocks();
    },
    down() {
      online = false;
      cancelWait();
    },
    pointer: consider,
    block({ sha256, index, bytes }) {
      if (fetch === null || activating || sha256 !== fetch.pointer.sha256 || fetch.parts.has(index)) return;
      const { pointer, parts } = fetch;
      const count = blockCount(pointer.size, pointer.block);
      const expected = index === count - 1 ? pointer.size - index * pointer.block : pointer.block;
      if (index >= count || bytes.byteLength !== expected) return;
      parts.set(index, bytes);
      waits = 0;
      if (parts.size === count) void complete(fetch);
      else if (parts.size % maxAskedBlocks === 0) askForBlocks();
    },
    refused: () => refused,
  };
}
