/**
 * Brings a new bundle to the till: a signed pointer, its blocks, the whole verified, then handed to the agent, which swaps
 * it in or refuses it. Whatever goes wrong on the way, the bundle that the till has stays.
 *
 *   pointer ─key, signature, ring, version, dates─► delta or whole file ─SHA-256─► BundlePort.activate ─► activated | refused
 */
import { createHash } from 'node:crypto';
import type { BundlePort } from '../../agent/ports.ts';
import type { Cancel, Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import type { Block } from '../protocol/blocks.ts';
import { applyDelta } from '../protocol/delta.ts';
import type { AskMessage, StateMessage } from '../protocol/messages.ts';
import { isPointerSigned, storeRing } from '../protocol/pointer.ts';
import type { BundlePointer } from '../protocol/types.ts';
import { createBlockFetch } from './block-fetch.ts';
import type { BlockStore, WantedFile } from './block-store.ts';
import type { Trust } from './trust.ts';

export type Refusal = NonNullable<StateMessage['bundleRefused']>;

export interface DownlinkOptions {
  readonly bundles: BundlePort;
  readonly trust: Trust;
  readonly store: string;
  readonly ring: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: SyncLog;
  readonly ask: (message: AskMessage) => void;
  /** HQ is to be asked for its pointers, with its keys. */
  readonly askPointers: () => void;
  /** A bundle was activated or refused, or one was pointed to. */
  readonly onChange: () => void;
  /** Blocks are kept there over a restart; null: in memory only. */
  readonly blocks?: BlockStore | null;
}

export interface Downlink {
  up(): void;
  down(): void;
  /** For good: a bundle of the future is not waited for any more. */
  stop(): void;
  /** @param fromHq answered on this till's own topic, after HQ's keys */
  pointer(pointer: BundlePointer, fromHq?: boolean): void;
  /** HQ has answered with its keys and pointers: what it did not vouch for is not its own. */
  settle(): void;
  block(block: Block): void;
  /** The last bundle that was refused, until a newer one is activated. */
  refused(): Refusal | null;
  /** The newest bundle that this till was pointed to and trusts. */
  told(): { readonly id: string; readonly version: number } | null;
}

/** A pointer of the future is looked at again at least this often: clocks jump. */
const recheckMs = 3_600_000;
/** Pointers signed by keys that HQ may not have told of yet. */
const maxHeld = 8;

/** A file on its way: the bundle itself, or what makes it of the one that is active. */
type Fetch = { readonly pointer: BundlePointer; readonly file: WantedFile; readonly isDelta: boolean };

export function createDownlink(options: DownlinkOptions): Downlink {
  const { bundles, trust, clock, log } = options;
  let fetch: Fetch | null = null;
  let activating: BundlePointer | null = null;
  let refused: Refusal | null = null;
  let told: BundlePointer | null = null;
  /** Files refused since start: the same bytes would be refused again. */
  const refusedFiles = new Set<string>();
  /** Pointers that are not valid yet, by bundle id. */
  const early = new Map<string, BundlePointer>();
  const held = new Map<string, BundlePointer>();
  let cancelEarly: Cancel = () => {};

  const blocks = createBlockFetch({
    clock,
    random: options.random,
    log,
    ask: options.ask,
    store: options.blocks ?? null,
    onWhole: (file, bytes) => void whole(file, bytes),
    onWrong: file => wrong(file),
    onSilent({ sha256 }) {
      // HQ may have lost the patch; the bundle itself it has.
      if (fetch?.isDelta === true && fetch.file.sha256 === sha256) begin(fetch.pointer, false);
    },
  });

  function settle() {
    const waiting = [...held.values()];
    held.clear();
    for (const pointer of waiting) consider(pointer, true);
  }

  trust.onKeys(() => {
    settle();
    const current = bundles.current();
    if (current?.keyId !== undefined && trust.isRevoked(current.keyId)) options.askPointers();
  });

  const floor = (id: string) => Math.max(bundles.highest(id, trust.isRevoked), trust.highest(id));

  function consider(pointer: BundlePointer, fromHq: boolean) {
    if (pointer.ring !== options.ring && pointer.ring !== storeRing(options.store)) return;
    const why = trust.whyNot(pointer.keyId);
    if (why !== null) {
      if (fromHq || !trust.isUnknown(pointer.keyId)) return distrust(pointer, why);
      // A new key of HQ, perhaps: it is asked, and answers with its keys first.
      if (held.size < maxHeld) held.set(`${pointer.ring} ${pointer.keyId}`, pointer);
      return options.askPointers();
    }
    if (!isPointerSigned(pointer, trust.keys())) return distrust(pointer, 'the signature is wrong');
    const { id, version } = pointer;
    const current = bundles.current();
    if (current?.id === id && current.version === version && current.sha256 === pointer.sha256) return renew(pointer);
    if (version <= floor(id)) {
      // Retained pointers of the past are normal; a lower version than one trusted before is never taken, unless it is
      // the highest one itself and was lost with a damaged database.
      const isLost = current === null && version === floor(id);
      if (!isLost) return log.debug({ id, version }, 'pointer to a bundle that is known or older');
    }
    if (trust.isBad(pointer.sha256) || refusedFiles.has(pointer.sha256)) return;
    const now = clock.now();
    if (Date.parse(pointer.notAfter) < now) {
      trust.alarm('pointer', `the pointer to ${id} ${version} ended at ${pointer.notAfter}`);
      return refuse(pointer, 'bundle-untrusted', `The pointer ended at ${pointer.notAfter}.`);
    }
    if (Date.parse(pointer.notBefore) > now) return wait(pointer);
    if (told === null || told.id !== id || told.version < version) {
      told = pointer;
      options.onChange();
    }
    if (activating?.sha256 === pointer.sha256) return;
    if (fetch !== null && fetch.pointer.id === id && fetch.pointer.version >= version) return;
    log.info({ id, version, size: pointer.size }, 'fetching a bundle');
    begin(pointer, pointer.delta !== undefined && current?.sha256 === pointer.base && bundles.file !== undefined);
  }

  function begin(pointer: BundlePointer, isDelta: boolean) {
    const { block } = pointer;
    const { sha256, size } = isDelta && pointer.delta !== undefined ? pointer.delta : pointer;
    fetch = { pointer, isDelta, file: { sha256, size, block } };
    blocks.want(fetch.file);
  }

  /** The same file, signed for longer or by another key. */
  function renew(pointer: BundlePointer) {
    if (Date.parse(pointer.notBefore) > clock.now()) return;
    trust.raise(pointer.id, pointer.version, pointer.keyId);
    if (bundles.renew?.(pointer) === true) options.onChange();
  }

  /** Anybody who can write to the broker can make this up, so it says nothing about the bundle that it names. */
  function distrust(pointer: BundlePointer, reason: string) {
    trust.alarm('pointer', `${pointer.id} ${pointer.version}: ${reason}`);
    options.onChange();
  }

  function wait(pointer: BundlePointer) {
    const known = early.get(pointer.id);
    if (known === undefined || known.version < pointer.version) early.set(pointer.id, pointer);
    cancelEarly();
    const first = Math.min(...[...early.values()].map(({ notBefore }) => Date.parse(notBefore) - clock.now()));
    cancelEarly = clock.after(Math.max(1000, Math.min(first, recheckMs)), () => {
      const waiting = [...early.values()];
      early.clear();
      for (const one of waiting) consider(one, false);
    });
  }

  function refuse(pointer: BundlePointer, code: string, message: string, faults = 0) {
    log.warn({ id: pointer.id, version: pointer.version, code, message }, 'bundle refused');
    refused = { id: pointer.id, version: pointer.version, code, message: message.slice(0, 500), faults };
    options.onChange();
  }

  function wrong({ sha256 }: WantedFile) {
    const given = fetch;
    if (given?.file.sha256 !== sha256) return;
    if (given.isDelta) return begin(given.pointer, false);
    fetch = null;
    trust.alarm(
      'file',
      `what arrives for ${given.pointer.id} ${given.pointer.version} is not the file that was signed`,
    );
    refuse(given.pointer, 'bundle-untrusted', 'The file that arrives is not the one that was signed.');
  }

  async function whole(file: WantedFile, bytes: Uint8Array) {
    const given = fetch;
    if (given?.file.sha256 !== file.sha256) return;
    const { pointer } = given;
    const made = given.isDelta ? patched(pointer, bytes) : bytes;
    if (made === null) {
      log.warn({ id: pointer.id, version: pointer.version }, 'the patch does not make the bundle; fetching it whole');
      blocks.drop(file);
      return begin(pointer, false);
    }
    fetch = null;
    activating = pointer;
    try {
      const result = await bundles.activate(made, pointer);
      blocks.drop(file);
      if (result.ok) {
        refused = null;
        trust.raise(pointer.id, pointer.version, pointer.keyId);
        log.info({ id: result.id, version: result.version }, 'bundle activated');
        options.onChange();
      } else {
        refusedFiles.add(pointer.sha256);
        refuse(pointer, result.code, result.message, result.faults.length);
      }
    } catch (error) {
      refuse(pointer, 'internal', messageOf(error));
    } finally {
      activating = null;
    }
  }

  /** The bundle of the active one and the patch; null where that is not the file that was signed. */
  function patched(pointer: BundlePointer, patch: Uint8Array): Uint8Array | null {
    const base = pointer.base === undefined ? null : (bundles.file?.(pointer.base) ?? null);
    if (base === null) return null;
    const made = applyDelta(base, patch, pointer.size);
    if (!made.ok) return null;
    return createHash('sha256').update(made.value).digest('hex') === pointer.sha256 ? made.value : null;
  }

  return {
    up: blocks.up,
    down: blocks.down,
    stop() {
      blocks.down();
      cancelEarly();
    },
    pointer: (pointer, fromHq = false) => consider(pointer, fromHq),
    settle,
    block: blocks.block,
    refused: () => refused ?? bundles.refusal?.() ?? null,
    told: () => (told === null ? null : { id: told.id, version: told.version }),
  };
}
