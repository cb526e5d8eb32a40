/**
 * Asks HQ for units of global caps: when the line comes up, when a customer could have one, and now and then. One question is
 * under way at a time; HQ repeats what it granted until the till says that it has it.
 */
import type { LeasePort } from '../../agent/ports.ts';
import type { Cancel, Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import type { LeaseAsk, LeaseCommand } from '../protocol/lease.ts';

export interface LeaseAskingOptions {
  readonly port: LeasePort;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: SyncLog;
  readonly ask: (message: LeaseAsk) => void;
}

export interface LeaseAsking {
  up(): void;
  down(): void;
  /** HQ came or went. */
  hq(online: boolean): void;
  command(command: LeaseCommand): void;
}

/** Tills that come on line together do not all ask in the same second. */
const spreadMs = 5000;
const answerMs = 5000;
const answerMaxMs = 300_000;
/** Looked at again: demand changes, leases end, HQ may have units again. */
const lookMs = 60_000;

export function createLeaseAsking({ port, clock, random, log, ask }: LeaseAskingOptions): LeaseAsking {
  let isUp = false;
  let hqAway = false;
  let strikes = 0;
  let underWay = false;
  let cancel: Cancel = () => {};
  let forget: () => void = () => {};

  function later(ms: number) {
    cancel();
    cancel = clock.after(ms * (0.75 + random() / 2), () => {
      if (underWay) strikes += 1;
      underWay = false;
      look();
    });
  }

  function look() {
    if (!isUp || hqAway || underWay) return;
    let wanted: LeaseAsk | null = null;
    try {
      wanted = port.wants();
    } catch (error) {
      log.error({ error: messageOf(error) }, 'what the till needs of global caps could not be told');
    }
    if (wanted === null) {
      strikes = 0;
      return later(lookMs);
    }
    underWay = true;
    ask(wanted);
    later(Math.min(answerMaxMs, answerMs * 2 ** strikes));
  }

  return {
    up() {
      isUp = true;
      underWay = false;
      strikes = 0;
      forget();
      forget = port.onWant(look);
      cancel();
      cancel = clock.after(spreadMs * random(), look);
    },
    down() {
      isUp = false;
      underWay = false;
      forget();
      forget = () => {};
      cancel();
    },
    hq(online) {
      const back = hqAway && online;
      hqAway = !online;
      if (!back) return;
      underWay = false;
      strikes = 0;
      later(spreadMs);
    },
    command(command) {
      port.take(command);
      if (command.kind !== 'lease') return;
      underWay = false;
      strikes = 0;
      // What one answer had no room for is asked for at once.
      look();
    },
  };
}
