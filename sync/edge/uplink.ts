/**
 * Sends the outbox to HQ: at most eight batches on their way, and nothing counts as delivered before HQ says that it is
 * committed. After a break, a time-out or HQ's word everything unconfirmed is simply sent again; HQ counts it once.
 */
import type { OutboxPort } from '../../agent/ports.ts';
import type { Cancel, Clock } from '../../clock.ts';
import type { SyncLog } from '../link/link.ts';
import { encodeBatch } from '../protocol/batch.ts';
import type { Ack, TillEvent } from '../protocol/types.ts';

export interface UplinkOptions {
  readonly outbox: OutboxPort;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: SyncLog;
  /** Hands a batch to the broker; what becomes of it shows in HQ's acknowledgement. */
  readonly send: (payload: Uint8Array) => void;
  /** HQ has everything that the till has. */
  readonly onDrained: () => void;
}

export interface Uplink {
  /** The line is up: all that is unconfirmed goes out. */
  up(): void;
  down(): void;
  /** HQ came or went; while it is away only a probe is sent now and then. */
  hq(online: boolean): void;
  /** Nobody heard what was sent: all that is unconfirmed goes out again. */
  restart(): void;
  acknowledged(ack: Ack): void;
  /** HQ lacks what it once confirmed: send everything from `from` on again. */
  resend(epoch: number, from: number): void;
  pump(): void;
}

const window = 8;
const batchEvents = 200;
/** JSON bytes; one event alone may be larger. */
const batchBytes = 256 * 1024;
/** Without word from HQ everything unconfirmed is sent again, one batch at a time until HQ answers. */
const answerMs = 10_000;
const answerMaxMs = 120_000;
const probeMs = 60_000;

type InFlight = { readonly last: number; readonly sentAt: number };

export function createUplink(options: UplinkOptions): Uplink {
  const { outbox, clock, random, log } = options;
  let open = false;
  let hqAway = false;
  /** HQ has everything up to here, as far as this connection knows. */
  let base = 0;
  /** The number to be sent next. */
  let next = 1;
  let inFlight: InFlight[] = [];
  /** Numbers that HQ asked for, and when they were sent again. */
  const resent = new Map<number, number>();
  let strikes = 0;
  let cancelTimer: Cancel = () => {};

  function pump() {
    if (!open) return;
    const room = hqAway || strikes > 0 ? 1 : window;
    while (inFlight.length < room) {
      const events = nextEvents(outbox, next - 1);
      const last = events.at(-1);
      if (last === undefined) break;
      if (!transmit(events)) return;
      next = last.seq + 1;
      inFlight.push({ last: last.seq, sentAt: clock.monotonic() });
    }
    watch();
  }

  function transmit(events: readonly TillEvent[]): boolean {
    const { till, store } = outbox.address;
    const payload = encodeBatch({ till, store, epoch: outbox.epoch, boot: outbox.boot, events });
    if (payload.ok) {
      options.send(payload.value);
      return true;
    }
    log.error({ seq: events[0]?.seq, reason: payload.reason }, 'an event is too large to be sent; the uplink stands');
    return false;
  }

  function watch() {
    cancelTimer();
    cancelTimer = () => {};
    if (inFlight.length === 0) return;
    const patience = hqAway ? probeMs : Math.min(answerMaxMs, answerMs * 2 ** strikes);
    cancelTimer = clock.after(patience * (0.75 + random() / 2), () => {
      strikes += 1;
      log.warn({ from: base + 1, strikes }, 'no word from HQ; sending again');
      rewind();
      pump();
    });
  }

  function rewind() {
    inFlight = [];
    resent.clear();
    next = base + 1;
  }

  function restart() {
    strikes = 0;
    rewind();
    pump();
  }

  function sendMissing(missing: readonly number[]) {
    const now = clock.monotonic();
    const wanted = missing.filter(seq => {
      const at = resent.get(seq);
      // What is not even sent yet comes by itself; what was just sent again is on its way.
      return seq < next && (at === undefined || now - at >= answerMs);
    });
    const events: TillEvent[] = [];
    for (const seq of wanted.slice(0, batchEvents)) {
      const event = outbox.read(seq - 1, 1)[0];
      if (event?.seq !== seq) continue;
      events.push(event);
      resent.set(seq, now);
    }
    if (events.length > 0) transmit(events);
  }

  return {
    up() {
      open = true;
      base = outbox.acknowledged();
      restart();
    },
    down() {
      open = false;
      cancelTimer();
      inFlight = [];
    },
    hq(online) {
      // Behind a store's broker HQ's word comes again when the line between the brokers is back.
      const back = online && (hqAway || strikes > 0);
      hqAway = !online;
      if (back) restart();
    },
    restart,
    acknowledged(ack) {
      if (ack.epoch !== outbox.epoch || !open) return;
      if (ack.contiguous >= next && ack.contiguous > outbox.acknowledged() + outbox.depth().waiting)
        return log.error({ contiguous: ack.contiguous }, 'HQ confirms events that were never made; not believed');
      hqAway = false;
      strikes = 0;
      outbox.acknowledge(ack.epoch, ack.contiguous);
      if (ack.contiguous > base) {
        base = ack.contiguous;
        inFlight = inFlight.filter(batch => batch.last > base);
        next = Math.max(next, base + 1);
        for (const seq of resent.keys()) if (seq <= base) resent.delete(seq);
      }
      sendMissing(ack.missing);
      pump();
      if (inFlight.length === 0) options.onDrained();
    },
    resend(epoch, from) {
      if (epoch !== outbox.epoch || from > base) return;
      log.warn({ from }, 'HQ asks for events again');
      base = from - 1;
      rewind();
      pump();
    },
    pump,
  };
}

/** The next events after `after`, cut so that a batch stays small. */
function nextEvents(outbox: OutboxPort, after: number): readonly TillEvent[] {
  const events = outbox.read(after, batchEvents);
  let bytes = 0;
  const end = events.findIndex(event => {
    bytes += JSON.stringify(event).length;
    return bytes > batchBytes;
  });
  return end === -1 ? events : events.slice(0, Math.max(1, end));
}
