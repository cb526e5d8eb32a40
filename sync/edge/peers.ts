/**
 * Talks to the other tills of the store. Reservations go out at once and may be lost; facts come from the outbox behind a
 * cursor of their own, in ranges, so that a till that was away notices the hole and asks for what it missed.
 */
import type { OutboxPort, PeerPort } from '../../agent/ports.ts';
import type { Cancel, Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { decodePeer, encodePeer, type Heard, isPeerFact, type PeerEnvelope } from '../protocol/peer.ts';
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
/** Bound what names and coupons made up by someone can fill. No store has as many tills. */
const mostTills = 500;
const mostDoubted = 1000;
const mostReleased = 5000;
/** A claim ends by itself after two hours; two clocks may be wrong by a day each, in either direction. */
const mostClaimAgeMs = 3 * 86_400_000;
/**
 * What the topic may cost this till, whoever writes there: a message one, each of its facts one more, an unreadable one a hundred.
 * Twenty tills that come back together tell 40,000 facts at once and two a second from then on.
 */
const mostBudget = 50_000;
const budgetASecond = 50;
const unreadableCost = 100;

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
  /** When a sale of another till gave a coupon back, by that till's word. */
  const released = new Map<string, number>();
  let budget = mostBudget;
  let budgetAt = clock.monotonic();
  let isFlooded = false;
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
    if (payload.ok) return options.send(payload.value);
    if (events.length === 1) {
      log.error({ seq: last.seq }, 'a fact is too large for the other tills; HQ tells it');
      return true;
    }
    const half = Math.ceil(events.length / 2);
    const middle = events[half - 1];
    if (middle === undefined || !(await sendFacts(after, events.slice(0, half)))) return false;
    return sendFacts(middle.seq, events.slice(half));
  }

  function say(message: PeerEnvelope) {
    const payload = encodePeer(message);
    if (payload.ok) void options.send(payload.value);
  }

  const tellMe = () => say({ kind: 'tell-again', till: self, heard: Object.fromEntries(heard) });

  function askAgain() {
    if (cancelAsk !== null) return;
    cancelAsk = clock.after(askAgainMs * (0.5 + random()), () => {
      cancelAsk = null;
      if (options.isUp()) tellMe();
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
    if (epoch > clock.now() / 1000 + epochAheadS) return doubt(till, epoch, 'is dated far ahead of this clock');
    const known = heard.get(till);
    if (known === undefined && heard.size + failures.size >= mostTills)
      return doubt(till, epoch, 'is one more than any store has');
    if (known !== undefined && epoch < known.epoch) return;
    const seq = known?.epoch === epoch ? known.seq : null;
    let isWhole = true;
    for (const event of events)
      if ((seq === null || event.seq > seq) && !deliver({ kind: 'fact', till, epoch, event })) isWhole = false;
    // Only a range that joins what was heard before moves the mark; a hole is asked for.
    if (after > (seq ?? 0)) return askAgain();
    if (seq !== null && upTo <= seq) return;
    const tries = isWhole ? 0 : (failures.get(till) ?? 0) + 1;
    if (tries > 0 && tries < mostTries) {
      failures.set(till, tries);
      return askAgain();
    }
    failures.delete(till);
    heard.set(till, { epoch, seq: upTo });
    options.heard?.write(till, epoch, upTo);
  }

  function doubt(till: string, epoch: number, reason: string) {
    if (doubted.has(till) || doubted.size >= mostDoubted) return;
    doubted.add(till);
    log.warn({ till, epoch, reason }, 'the facts of a till are not believed');
  }

  /**
   * Is it news? What was recorded and comes again must not take a coupon that the sale has given back since. A claim that is long
   * over is none.
   */
  function isNews({ kind, till, serial, saleId, at }: Exclude<PeerMessage, { readonly kind: 'fact' }>): boolean {
    const atMs = Date.parse(at);
    if (kind === 'coupon.reserved' && Math.abs(clock.now() - atMs) > mostClaimAgeMs) return false;
    const key = `${till} ${saleId} ${serial}`;
    const releasedMs = released.get(key);
    if (kind === 'coupon.reserved') return releasedMs === undefined || atMs > releasedMs;
    released.delete(key);
    released.set(key, Math.max(atMs, releasedMs ?? atMs));
    for (const oldest of released.keys()) {
      if (released.size <= mostReleased) break;
      released.delete(oldest);
    }
    return true;
  }

  /** False: the store's topic has brought more than tills ever say; what is left out is asked for later. */
  function isWithinBudget(): boolean {
    const now = clock.monotonic();
    budget = Math.min(mostBudget, budget + ((now - budgetAt) / 1000) * budgetASecond);
    budgetAt = now;
    if (budget > 0) {
      isFlooded = false;
      return true;
    }
    if (!isFlooded) log.warn({}, 'the store’s tills say more than tills ever do; some of it is left out for now');
    isFlooded = true;
    askAgain();
    return false;
  }

  return {
    port: {
      get online() {
        return options.isUp();
      },
      send(message) {
        if (!options.isUp()) return;
        if (message.kind === 'fact') return void tell();
        say(message);
      },
      onMessage(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    up() {
      tellMe();
      // Where this till stands: one that came back while this one was away sees by it that it missed something.
      const told = outbox.told();
      const { epoch } = outbox;
      if (told > 0) say({ kind: 'facts', till: self, epoch, after: told, upTo: told, events: [] });
      void tell();
    },
    down() {
      cancelGather();
      cancelAsk?.();
      cancelAsk = null;
    },
    tell: () => void tell(),
    receive(payload) {
      if (!isWithinBudget()) return;
      const message = decodePeer(payload);
      if (!message.ok) {
        budget -= unreadableCost;
        return log.warn({ reason: message.reason }, 'unreadable message from a till of the store');
      }
      const { value } = message;
      if (value.till === self) return;
      budget -= 1 + (value.kind === 'facts' ? value.events.length : 0);
      switch (value.kind) {
        case 'coupon.reserved':
        case 'coupon.released':
          if (isNews(value)) deliver(value);
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
