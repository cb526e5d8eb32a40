/**
 * Keeps what tills say of themselves. At HQ's start all of them speak at once (retained states), so they are written in sets;
 * and who stays silent after HQ came on line, though the ledger has it on line, is off line: its Will was lost with a broker.
 */
import { type Cancel, type Clock, instant, pause } from '../../clock.ts';
import { isTillsideError, messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { compareSessions, decodeState } from '../protocol/messages.ts';
import type { Ledger, TillName, TillRecord } from './ledger.ts';

export interface RollCallOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: SyncLog;
  /** Tills of other HQs' stores are theirs to mark; absent: all are this one's. */
  readonly isMine?: (till: TillName) => boolean;
  /** The till's state is written. */
  readonly onState: (record: TillRecord) => Promise<void>;
  readonly onSilent: (tills: readonly TillName[]) => void;
  readonly onUnreadable?: (till: TillName) => void;
  /** A till speaks now, and this is its time. @param at RFC 3339 */
  readonly onTold?: (till: TillName, at: string) => void;
}

export interface RollCall {
  /** @param kept by the broker: it may have been said long ago */
  receive(till: TillName, payload: Uint8Array, kept?: boolean): void;
  /** This till is not heard any more: what it last said of itself is over. */
  leave(name: string): Promise<readonly TillName[]>;
  /** HQ is on line: the tills have until now to speak. */
  up(): void;
  down(): void;
  /** Ends what is being written; what is not yet will be said again at the next start. */
  stop(): Promise<void>;
}

const gatherMs = 20;
const againMs = 5000;
/** Longer than a till's longest pause between two attempts to connect. */
const silentMs = 150_000;

export function createRollCall(options: RollCallOptions): RollCall {
  const { ledger, clock, log } = options;
  const waiting = new Map<string, TillRecord>();
  const heard = new Set<string>();
  let writing = false;
  let stopped = false;
  let cancelSilent: Cancel = () => {};
  /** What the ledger is busy with. */
  const atLedger = new Set<Promise<unknown>>();

  const now = () => instant(clock.now(), 'UTC');

  function during<T>(step: Promise<T>): Promise<T> {
    const ended: Promise<unknown> = step.catch(() => {}).finally(() => atLedger.delete(ended));
    atLedger.add(ended);
    return step;
  }

  async function take(records: readonly TillRecord[]) {
    for (const record of await ledger.saveStates(records, now())) await options.onState(record);
  }

  async function write() {
    while (waiting.size > 0 && !stopped) {
      const records = [...waiting.values()];
      waiting.clear();
      try {
        await during(take(records));
      } catch (error) {
        log.error({ tills: records.length, error: messageOf(error) }, 'states of tills could not be written');
        if (!isTillsideError(error, 'database-unavailable')) continue;
        // Nobody says them again: they are kept until the database is back, where nothing newer came.
        for (const record of records) {
          const name = `${record.store}/${record.till}`;
          if (!waiting.has(name)) waiting.set(name, record);
        }
        await pause(clock, againMs);
      }
    }
    writing = false;
  }

  return {
    receive(till, payload, kept = false) {
      // An empty retained message is a state taken back.
      if (payload.byteLength === 0) return;
      const state = decodeState(payload);
      if (!state.ok) {
        options.onUnreadable?.(till);
        return log.warn({ ...till, reason: state.reason }, 'unreadable state');
      }
      // A Will was written when its connection began.
      if (!kept && state.value.online) options.onTold?.(till, state.value.at);
      const name = `${till.store}/${till.till}`;
      heard.add(name);
      const before = waiting.get(name)?.state;
      const order = before === undefined ? 1 : compareSessions(state.value, before);
      if (order < 0) return;
      // Of two states of one connection in a set the short Will must not hide the birth that says more.
      waiting.set(name, { ...till, state: order === 0 ? { ...before, ...state.value } : state.value });
      if (writing) return;
      writing = true;
      clock.after(gatherMs, () => void write());
    },
    leave: name => during(ledger.markSilent(new Set(), now(), ({ till }) => till === name)),
    up() {
      // The line may come up once more while HQ ends: nobody is looked for then.
      if (stopped) return;
      heard.clear();
      cancelSilent();
      cancelSilent = clock.after(silentMs, () => {
        const marked = ledger
          .markSilent(heard, now(), options.isMine)
          .then(options.onSilent, error => log.error({ error: messageOf(error) }, 'silent tills could not be marked'));
        void during(marked);
      });
    },
    down() {
      cancelSilent();
    },
    async stop() {
      stopped = true;
      cancelSilent();
      await Promise.all(atLedger);
    },
  };
}
