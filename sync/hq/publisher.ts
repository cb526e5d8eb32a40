/** Publishes bundles: checked whole, signed, stored, pointed to; and hands out their blocks to the stores that ask. */
import { createHash } from 'node:crypto';
import { compileBundle } from '../../agent/offers/compile.ts';
import { runningGolden } from '../../agent/offers/golden.ts';
import { finish } from '../../agent/offers/steps.ts';
import type { Bundle } from '../../agent/offers/types.ts';
import { parseBundle } from '../../agent/offers/validate/bundle.ts';
import { type Clock, instant } from '../../clock.ts';
import { TillsideError } from '../../errors.ts';
import { cutBlock, encodeBlock } from '../protocol/blocks.ts';
import { makeDelta } from '../protocol/delta.ts';
import { encodeMessage } from '../protocol/messages.ts';
import { maxBlockBytes, maxBundleBytes, signPointer, storeRing } from '../protocol/pointer.ts';
import type { SigningKey } from '../protocol/signing.ts';
import { isTopicId, storeTopic, topicOf } from '../protocol/topics.ts';
import type { BundlePointer } from '../protocol/types.ts';
import type { Ledger, StoredBundle } from './ledger.ts';
import { versionOfMost } from './rings.ts';
import type { PublishAnswer } from './wire.ts';

export interface PublisherOptions {
  readonly tenant: string;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly key: SigningKey;
  /** Why the key may not sign now; null: it may. */
  readonly keyProblem?: () => string | null;
  /** False where the line is down; every pointer goes out again when it is back. */
  readonly send: (topic: string, payload: Uint8Array, retain: boolean) => void;
}

export interface Publisher {
  /**
   * Publishes a bundle's file to a ring (`all`, `pilot`, …) or one store (`store/0042`). The same file again is no fault.
   * @throws TillsideError `bundle-invalid` with every fault, `conflict` if the version is not above the last
   */
  publish(bytes: Uint8Array, ring?: string): Promise<{ readonly answer: PublishAnswer; readonly isNew: boolean }>;
  /**
   * The file, fit to be published: checked whole, its golden baskets decided, its version above all others of its id.
   * @throws TillsideError `bundle-invalid`, `bundle-golden`, `conflict`, `bundle-untrusted` where HQ's key may not sign
   */
  prepare(bytes: Uint8Array): Promise<StoredBundle & { readonly bundle: Bundle }>;
  /** A pointer to the file for a ring, with a patch from the file that its tills have where that spares much. */
  sign(stored: StoredBundle, ring: string): Promise<BundlePointer>;
  /** The same pointer for another ring, signed now. */
  readdress(pointer: BundlePointer, ring: string): BundlePointer;
  /** All retained pointers, for a broker that may have forgotten them; those that another key signed are signed anew. */
  announce(): Promise<void>;
  /** One pointer, retained; null takes back that of the ring. */
  point(ring: string, pointer: BundlePointer | null): void;
  /** The pointers that a till of this store and ring should follow. */
  pointersFor(store: string, ring: string): Promise<readonly BundlePointer[]>;
  /** Sends the asked blocks of a file to the store; those just sent are not sent again. */
  sendBlocks(store: string, sha256: string, indexes: readonly number[]): Promise<void>;
}

/** One answer serves every till of the store that asked meanwhile; shorter than a till waits before it asks again. */
const sharedMs = 1200;
/** Looking for what two larger files have in common would hold HQ up. */
const maxDeltaBytes = 8 * 1024 * 1024;
/** A patch is worth its while where it spares this much. */
const mostOfFile = 0.5;
/** Tills' clocks may be behind. */
const clockSkewMs = 3_600_000;

export function createPublisher(options: PublisherOptions): Publisher {
  const { tenant, ledger, clock, key } = options;
  const files = new Map<string, Uint8Array>();
  /** What the last patch was made of, and what the pointer says of it. */
  const patches = new Map<string, Pick<BundlePointer, 'base' | 'delta'>>();
  const justSent = new Map<string, number>();

  function point(ring: string, pointer: BundlePointer | null) {
    const topic = ring.startsWith('store/')
      ? storeTopic({ tenant, store: ring.slice('store/'.length) }, 'pointer')
      : topicOf({ kind: 'ring', tenant, ring });
    options.send(topic, pointer === null ? new Uint8Array() : encodeMessage(pointer), true);
  }

  async function file(sha256: string): Promise<Uint8Array | null> {
    const known = files.get(sha256) ?? (await ledger.bundle(sha256))?.bytes ?? (await ledger.patch(sha256));
    if (known === null) return null;
    files.delete(sha256);
    files.set(sha256, known);
    // What a roll-out needs; the rest is in the database.
    for (const old of [...files.keys()].slice(0, -4)) files.delete(old);
    return known;
  }

  const currentOf = async (ring: string) =>
    (await ledger.pointers()).find(({ pointer, current }) => current && pointer.ring === ring) ?? null;

  function mustSign() {
    const problem = options.keyProblem?.() ?? null;
    if (problem !== null)
      throw new TillsideError(
        'bundle-untrusted',
        `HQ's signing key may not sign: ${problem}. Certify a key with the root key (docs/rollout.md, "Keys").`,
      );
  }

  async function sign({ sha256, id, version, bytes }: StoredBundle, ring: string): Promise<BundlePointer> {
    mustSign();
    const parsed = parseBundle(bytes);
    if (!parsed.ok) throw new TillsideError('bundle-invalid', 'The bundle breaks the offer contract.', parsed);
    const { timezone, notAfter } = parsed.bundle;
    return signPointer(key, {
      id,
      version,
      sha256,
      size: bytes.byteLength,
      block: maxBlockBytes,
      notBefore: instant(clock.now() - clockSkewMs, timezone),
      notAfter,
      ring,
      ...(await patchTo(sha256, id, bytes)),
    });
  }

  function readdress({ signature: _, keyId: __, ...content }: BundlePointer, ring: string): BundlePointer {
    mustSign();
    return signPointer(key, { ...content, ring });
  }

  /** From what most tills have now. */
  async function patchTo(sha256: string, id: string, bytes: Uint8Array) {
    const base = ((await currentOf('all')) ?? (await ledger.pointers())[0])?.pointer;
    if (base === undefined || base.id !== id || base.sha256 === sha256) return {};
    const known = patches.get(`${base.sha256} ${sha256}`);
    if (known !== undefined) return known;
    const from = await file(base.sha256);
    if (from === null || Math.max(from.byteLength, bytes.byteLength) > maxDeltaBytes) return {};
    const patch = makeDelta(from, bytes);
    const isWorth = patch.byteLength <= bytes.byteLength * mostOfFile;
    const name = createHash('sha256').update(patch).digest('hex');
    if (isWorth) await ledger.storePatch(name, patch);
    const named = isWorth ? { base: base.sha256, delta: { sha256: name, size: patch.byteLength } } : {};
    patches.clear();
    patches.set(`${base.sha256} ${sha256}`, named);
    return named;
  }

  async function prepare(bytes: Uint8Array) {
    if (bytes.byteLength > maxBundleBytes)
      throw new TillsideError(
        'bundle-invalid',
        `The file has ${bytes.byteLength} bytes; at most ${maxBundleBytes} are allowed.`,
      );
    const parsed = parseBundle(bytes);
    if (!parsed.ok)
      throw new TillsideError('bundle-invalid', 'The bundle breaks the offer contract; nothing was published.', {
        faults: parsed.faults,
      });
    const { bundle } = parsed;
    const now = clock.now();
    if (Date.parse(bundle.notAfter) <= now)
      throw new TillsideError('bundle-invalid', 'The bundle has ended already; nothing was published.', {
        faults: [{ pointer: '/notAfter', message: `${bundle.notAfter} is in the past` }],
      });
    if (bundle.golden !== undefined) {
      const faults = finish(runningGolden(compileBundle(bundle)));
      if (faults.length > 0)
        throw new TillsideError(
          'bundle-golden',
          'Golden baskets are decided otherwise than the bundle expects; nothing was published.',
          { faults },
        );
    }
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const highest = await ledger.highestVersion(bundle.id);
    const told = versionOfMost(await ledger.seenTills(), bundle.id);
    // The very file that they have may be published again.
    if (bundle.version < told && told > highest)
      throw new TillsideError(
        'conflict',
        `Most tills have version ${told} of bundle ${bundle.id}, which this HQ does not know: was its database restored from a backup? They never go down to ${bundle.version}. Set "version" to ${told + 1} and publish again.`,
        {
          faults: [
            { pointer: '/version', message: `must be above ${told}, which tills have; the next one is ${told + 1}` },
          ],
        },
      );
    // The same file may go on to a further ring; other content needs a version of its own.
    if (bundle.version < highest || (bundle.version === highest && (await ledger.bundle(sha256)) === null))
      throw new TillsideError(
        'conflict',
        `Version ${bundle.version} of bundle ${bundle.id} is not above ${highest}, the last one published. Set "version" to ${highest + 1} and publish again.`,
        { faults: [{ pointer: '/version', message: `must be above ${highest}; the next one is ${highest + 1}` }] },
      );
    mustSign();
    const { id, version, offers } = bundle;
    return { id, version, sha256, bytes, offers: offers.length, publishedAt: instant(now, bundle.timezone), bundle };
  }

  return {
    prepare,
    sign,
    readdress,
    point,
    async publish(bytes, ring = 'all') {
      if (!isTopicId(ring.startsWith('store/') ? ring.slice('store/'.length) : ring))
        throw new TillsideError('request-invalid', `"${ring}" is no ring: use a-z, 0-9 and -, or store/ID.`);
      const current = await currentOf(ring);
      if (current?.pointer.sha256 === createHash('sha256').update(bytes).digest('hex')) {
        const { id, version, sha256, size } = current.pointer;
        point(ring, current.pointer);
        return { answer: { id, version, sha256, size, ring, publishedAt: current.publishedAt }, isNew: false };
      }
      const { bundle: _, ...stored } = await prepare(bytes);
      const { id, version, sha256, publishedAt } = stored;
      const answer = { id, version, sha256, size: bytes.byteLength, ring };
      const pointer = await sign(stored, ring);
      await ledger.publish(stored, pointer);
      files.set(sha256, bytes);
      point(ring, pointer);
      return { answer: { ...answer, publishedAt }, isNew: true };
    },

    async announce() {
      for (const { pointer, current } of await ledger.pointers()) {
        if (!current) continue;
        const stored = pointer.keyId === key.keyId ? null : await ledger.bundle(pointer.sha256);
        if (stored === null || (options.keyProblem?.() ?? null) !== null) point(pointer.ring, pointer);
        else {
          const anew = readdress(pointer, pointer.ring);
          await ledger.publish({ ...stored, publishedAt: instant(clock.now(), 'UTC') }, anew);
          point(pointer.ring, anew);
        }
      }
    },

    async pointersFor(store, ring) {
      const published = await ledger.pointers();
      return published
        .filter(({ pointer, current }) => current && (pointer.ring === ring || pointer.ring === storeRing(store)))
        .map(({ pointer }) => pointer);
    },

    async sendBlocks(store, sha256, indexes) {
      const found = await file(sha256);
      if (found === null) return;
      const now = clock.monotonic();
      for (const [name, at] of justSent) if (now - at >= sharedMs) justSent.delete(name);
      for (const index of indexes) {
        const name = `${store} ${sha256} ${index}`;
        const bytes = cutBlock(found, maxBlockBytes, index);
        if (bytes === null || justSent.has(name)) continue;
        justSent.set(name, now);
        options.send(storeTopic({ tenant, store }, 'blocks'), encodeBlock({ sha256, index, bytes }), false);
      }
    },
  };
}
