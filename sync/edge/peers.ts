/**
 * Talks to the other tills of the store. Reservations go out at once and may be lost; facts come from the outbox behind a
 * cursor of their own, in ranges, so that a till that was away notices the hole and asks for what it missed.
 */
import type { OutboxPort, PeerPort } from '../../agent/ports.ts';
import type { Cancel, Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { decodePeer, encodePeer, type Heard, isPeerFact, maxPeerBytes, type PeerEnvelope } from '../protocol/peer.ts';
import type { PeerMessage, TillEvent } from '../protocol/types.ts';

export interface PeersOptions {
  readonly outbox: OutboxPort;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: SyncLog;
  readonly isUp: () => boolean;
  /** True when the broker took it. */
  readonly send: (payload: Uint8Array) => Promise<boolean>;
  readonly heard?: HeardStore | undefined;
}

/** Where it is kept how far each other till was heard, so that a restart does not ask for everything again. */
export interface HeardStore {
  read(): Heard;
  write(till: string, epoch: number, seq: number): void;
}

export interface Peers {
  readonly port: PeerPort;
  up(): void;
  down(): void;
  /** Tells what the outbox has and the others have not heard. */
  tell(): void;
  receive(payload: Uint8Array): void;
}

const messageFacts = 100;
/** Facts older than this many events are HQ's to tell. */
const tellAgainAtMost = 2000;
/** Answers to several tills that come back together are one answer. */
const gatherMs = 500;
const askAgainMs = 5000;
/** An epoch is the second in which a till's database was made. One further ahead than a wrong clock explains is not believed. */
const epochAheadS = 24 * 3600;
/** A fact that cannot be taken in is asked for again; after so many tries it no longer holds up those behind it. */
const mostTries = 3;
/** Bounds what names made up by someone can fill. */
const mostDoubted = 1000;

/** Tell again what comes after `from`. What is older than that is HQ's to tell, so the range may claim to begin before it. */
type Wish = { readonly from: number; readonly claim: number };

export function createPeers(options: PeersOptions): Peers {
  const { outbox, clock, random, log } = options;
  const self = outbox.address.till;
  const listeners = new Set<(message: PeerMessage) => void>();
  const heard = new Map(Object.entries(options.heard?.read() ?? {}));
  /** Ranges of a till that joined and could not be taken in, one after the other. */
  const failures = new Map<string, number>();
  /** Tills whose epoch was refused: said once each. */
  const doubted = new Set<string>();
  let telling = false;
  /** What some till wants to be told again. */
  let wish: Wish | null = null;
  let cancelGather: Cancel = () => {};
  let cancelAsk: Cancel | null = null;

  async function tell() {
    if (telling) return;
    telling = true;
    /** Behind `told` while something is told again. */
    let again: Wish | null = null;
    try {
      while (options.isUp()) {
        // Taken before sending: a wish that comes while a message is under way may not have seen that message.
        if (wish !== null && (again === null || wish.from < again.from)) again = wish;
        wish = null;
        const told = outbox.told();
        const from: number = again?.from ?? told;
        const events = outbox.read(from, messageFacts);
        const last = events.at(-1);
        if (last === undefined) {
          again = null;
          if (wish === null) break;
          continue;
        }
        if (!(await sendFacts(again?.claim ?? from, events))) break;
        if (last.seq > told) outbox.tellUpTo(last.seq);
        if (again !== null) again = last.seq >= told ? null : { from: last.seq, claim: last.seq };
      }
    } finally {
      telling = false;
    }
  }

  /** Sends the facts among `events`, which cover every number after `after`; splits what is too large for one message. */
  async function sendFacts(after: number, events: readonly TillEvent[]): Promise<boolean> {
    const last = events.at(-1);
    if (last === undefined) return true;
    const facts = events.filter(event => isPeerFact(event.type));
    // A range without facts is told too: it joins the next one to the last.
    const message: PeerEnvelope = {
      kind: 'facts',
      till: self,
      epoch: outbox.epoch,
      after,
      upTo: last.seq,
      events: facts,
    };
    const payload = encodePeer(message);
    if (payload.byteLength <= maxPeerBytes) return options.send(payload);
    if (events.length === 1) {
      log.error({ seq: last.seq }, 'a fact is too large for the other tills; HQ tells it');
      return true;
    }
    const half = Math.ceil(events.length / 2);
    const middle = events[half - 1];
    if (middle === undefined || !(await sendFacts(after, events.slice(0, half)))) return false;
    return sendFacts(middle.seq, events.slice(half));
  }

  function askAgain(afterMs: number) {
    if (cancelAsk !== null) return;
    cancelAsk = clock.after(afterMs, () => {
      cancelAsk = null;
      if (options.isUp())
        void options.send(encodePeer({ kind: 'tell-again', till: self, heard: Object.fromEntries(heard) }));
    });
  }

  /** False: a listener could not take it. */
  function deliver(message: PeerMessage): boolean {
    let isTaken = true;
    for (const listener of [...listeners])
      try {
        listener(message);
      } catch (error) {
        isTaken = false;
        log.error({ till: message.till, kind: message.kind, error: messageOf(error) }, 'a till was heard in vain');
      }
    return isTaken;
  }

  function hear(till: string, epoch: number, after: number, upTo: number, events: readonly TillEvent[]) {
    if (epoch > clock.now() / 1000 + epochAheadS) return doubt(till, epoch);
    const known = heard.get(till);
    if (known !== undefined && epoch < known.epoch) return;
    const seq = known?.epoch === epoch ? known.seq : null;
    let isWhole = true;
    for (const event of events)
      if ((seq === null || event.seq > seq) && !deliver({ kind: 'fact', till, epoch, event })) isWhole = false;
    // Only a range that joins what was heard before moves the mark; a hole is asked for.
    if (after > (seq ?? 0)) return askAgain(askAgainMs * (0.5 + random()));
    if (seq !== null && upTo <= seq) return;
    const tries = isWhole ? 0 : (failures.get(till) ?? 0) + 1;
    if (tries > 0 && tries < mostTries) {
      failures.set(till, tries);
      return askAgain(askAgainMs * (0.5 + random()));
    }
    failures.delete(till);
    heard.set(till, { epoch, seq: upTo });
    options.heard?.write(till, epoch, upTo);
  }

  function doubt(till: string, epoch: number) {
    if (doubted.has(till) || doubted.size >= mostDoubted) return;
    doubted.add(till);
    log.warn({ till, epoch }, 'the facts of a till are dated far ahead of this clock and not believed');
  }

  return {
    port: {
      get online() {
        return options.isUp();
      },
      send(message) {
        if (!options.isUp()) return;
        if (message.kind === 'fact') return void tell();
        void options.send(encodePeer(message));
      },
      onMessage(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    up() {
      void options.send(encodePeer({ kind: 'tell-again', till: self, heard: Object.fromEntries(heard) }));
      // Where this till stands: one that came back while this one was away sees by it that it missed something.
      const told = outbox.told();
      const { epoch } = outbox;
      if (told > 0)
        void options.send(encodePeer({ kind: 'facts', till: self, epoch, after: told, upTo: told, events: [] }));
      void tell();
    },
    down() {
      cancelGather();
      cancelAsk?.();
      cancelAsk = null;
    },
    tell: () => void tell(),
    receive(payload) {
      const message = decodePeer(payload);
      if (!message.ok) return log.warn({ reason: message.reason }, 'unreadable message from a till of the store');
      const { value } = message;
      if (value.till === self) return;
      switch (value.kind) {
        case 'coupon.reserved':
        case 'coupon.released':
          deliver(value);
          return;
        case 'facts':
          return hear(value.till, value.epoch, value.after, value.upTo, value.events);
        case 'tell-again': {
          const of = value.heard[self];
          const last = outbox.acknowledged() + outbox.depth().waiting;
          const known = of?.epoch === outbox.epoch ? of.seq : 0;
          const from = Math.max(known, last - tellAgainAtMost);
          if (from >= last) return;
          if (wish === null || from < wish.from) wish = { from, claim: from > known ? 0 : from };
          cancelGather();
          cancelGather = clock.after(gatherMs * random(), () => void tell());
        }
      }
    },
  };
}
