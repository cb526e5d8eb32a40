/** Publishes bundles: checked whole, signed, stored, pointed to; and hands out their blocks to the stores that ask. */
import { createHash } from 'node:crypto';
import { parseBundle } from '../../agent/offers/validate/bundle.ts';
import { type Clock, instant } from '../../clock.ts';
import { TillsideError } from '../../errors.ts';
import { cutBlock, encodeBlock } from '../protocol/blocks.ts';
import { encodeMessage } from '../protocol/messages.ts';
import { maxBlockBytes, maxBundleBytes, signPointer, storeRing } from '../protocol/pointer.ts';
import type { SigningKey } from '../protocol/signing.ts';
import { isTopicId, storeTopic, topicOf } from '../protocol/topics.ts';
import type { BundlePointer } from '../protocol/types.ts';
import type { Ledger, StoredBundle } from './ledger.ts';
import type { PublishAnswer } from './wire.ts';

export interface PublisherOptions {
  readonly tenant: string;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly key: SigningKey;
  /** False where the line is down; every pointer goes out again when it is back. */
  readonly send: (topic: string, payload: Uint8Array, retain: boolean) => void;
}

export interface Publisher {
  /**
   * Publishes a bundle's file to a ring (`all`, `pilot`, …) or one store (`store/0042`). The same file again is no fault.
   * @throws TillsideError `bundle-invalid` with every fault, `conflict` if the version is not above the last
   */
  publish(bytes: Uint8Array, ring?: string): Promise<{ readonly answer: PublishAnswer; readonly isNew: boolean }>;
  /** All retained pointers, for a broker that may have forgotten them. */
  announce(): Promise<void>;
  /** The pointers that a till of this store and ring should follow. */
  pointersFor(store: string, ring: string): Promise<readonly BundlePointer[]>;
  /** Sends the asked blocks of a file to the store; those just sent are not sent again. */
  sendBlocks(store: string, sha256: string, indexes: readonly number[]): Promise<void>;
}

/** One answer serves every till of the store that asked at the same time. */
const sharedMs = 250;
/** Tills' clocks may be behind. */
const clockSkewMs = 3_600_000;

export function createPublisher(options: PublisherOptions): Publisher {
  const { tenant, ledger, clock, key } = options;
  const files = new Map<string, StoredBundle>();
  const justSent = new Map<string, number>();

  function announceOne(pointer: BundlePointer) {
    const topic = pointer.ring.startsWith('store/')
      ? storeTopic({ tenant, store: pointer.ring.slice('store/'.length) }, 'pointer')
      : topicOf({ kind: 'ring', tenant, ring: pointer.ring });
    options.send(topic, encodeMessage(pointer), true);
  }

  async function file(sha256: string): Promise<StoredBundle | null> {
    const known = files.get(sha256) ?? (await ledger.bundle(sha256));
    if (known === null) return null;
    files.delete(sha256);
    files.set(sha256, known);
    // The last two are what a roll-out needs; the rest is in the database.
    for (const old of [...files.keys()].slice(0, -2)) files.delete(old);
    return known;
  }

  return {
    async publish(bytes, ring = 'all') {
      if (!isTopicId(ring.startsWith('store/') ? ring.slice('store/'.length) : ring))
        throw new TillsideError('request-invalid', `"${ring}" is no ring: use a-z, 0-9 and -, or store/ID.`);
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
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const publishedAt = instant(now, bundle.timezone);
      const answer = { id: bundle.id, version: bundle.version, sha256, size: bytes.byteLength, ring };
      const current = (await ledger.pointers()).find(({ pointer, current }) => current && pointer.ring === ring);
      if (current?.pointer.sha256 === sha256) {
        announceOne(current.pointer);
        return { answer: { ...answer, publishedAt: current.publishedAt }, isNew: false };
      }
      const highest = await ledger.highestVersion(bundle.id);
      // The same file may go on to a further ring; other content needs a version of its own.
      if (bundle.version < highest || (bundle.version === highest && (await ledger.bundle(sha256)) === null))
        throw new TillsideError(
          'conflict',
          `Version ${bundle.version} of bundle ${bundle.id} is not above ${highest}, the last one published. Raise "version" and publish again.`,
          { faults: [{ pointer: '/version', message: `must be above ${highest}` }] },
        );
      const pointer = signPointer(key, {
        id: bundle.id,
        version: bundle.version,
        sha256,
        size: bytes.byteLength,
        block: maxBlockBytes,
        notBefore: instant(now - clockSkewMs, bundle.timezone),
        notAfter: bundle.notAfter,
        ring,
      });
      const stored = {
        id: bundle.id,
        version: bundle.version,
        sha256,
        bytes,
        offers: bundle.offers.length,
        publishedAt,
      };
      await ledger.publish(stored, pointer);
      files.set(sha256, stored);
      announceOne(pointer);
      return { answer: { ...answer, publishedAt }, isNew: true };
    },

    async announce() {
      for (const { pointer, current } of await ledger.pointers()) if (current) announceOne(pointer);
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
        const bytes = cutBlock(found.bytes, maxBlockBytes, index);
        if (bytes === null || justSent.has(name)) continue;
        justSent.set(name, now);
        options.send(storeTopic({ tenant, store }, 'blocks'), encodeBlock({ sha256, index, bytes }), false);
      }
    },
  };
}
