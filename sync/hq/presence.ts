/** What HQ says of itself on `hq/state`, and what it does about what it hears there: words of its own past, or of another HQ. */
import { type Clock, instant } from '../../clock.ts';
import type { SyncLog } from '../link/link.ts';
import type { KeySet } from '../protocol/keyring.ts';
import { decodeHqState, encodeMessage, type HqStateMessage } from '../protocol/messages.ts';
import { topicOf } from '../protocol/topics.ts';
import type { Machines } from './machines.ts';

export interface PresenceOptions {
  readonly tenant: string;
  readonly machines: Machines;
  readonly clock: Clock;
  readonly log: SyncLog;
  readonly keySet: () => KeySet;
  readonly isUp: () => boolean;
  readonly send: (topic: string, payload: Uint8Array, retain: boolean) => void;
}

export interface Presence {
  /** How often HQ has started on its database. */
  started(boot: number): void;
  will(session: number): { readonly topic: string; readonly payload: Uint8Array };
  /** The line is up. */
  up(session: number): void;
  /** Says again that HQ is there, and its keys. */
  tell(): void;
  farewell(): { readonly topic: string; readonly payload: Uint8Array };
  heard(payload: Uint8Array): void;
}

export function createPresence({ tenant, machines, clock, log, keySet, isUp, send }: PresenceOptions): Presence {
  const topic = topicOf({ kind: 'hq', tenant });
  let boot = 0;
  let session = 0;

  const now = () => instant(clock.now(), 'UTC');
  const state = (online: boolean, ofSession = session) =>
    encodeMessage({ online, boot, session: ofSession, at: now(), keys: keySet() });
  const tell = () => send(topic, state(true), true);

  /** HQs that share the stores share the word that HQ is there: who goes does not take it along. */
  function heardOfMachine(seen: HqStateMessage) {
    if (seen.online || !isUp()) return;
    const still = { online: true, boot: Math.max(boot, seen.boot), session: seen.session + 1, at: now() };
    send(topic, encodeMessage(still), true);
  }

  return {
    started(times) {
      boot = times;
    },
    will: own => ({ topic, payload: state(false, own) }),
    up(own) {
      session = own;
      tell();
    },
    tell,
    farewell: () => ({ topic, payload: state(false) }),
    heard(payload) {
      const read = decodeHqState(payload);
      if (!read.ok) return;
      const seen = read.value;
      if (machines.count > 1) return heardOfMachine(seen);
      if (seen.boot > boot) return log.error({ boot, other: seen.boot }, 'another HQ of this tenant is on this broker');
      // A late Will of this HQ's former connection would tell the tills to wait: it is corrected.
      if ((!seen.online || seen.boot < boot || seen.session < session) && isUp()) tell();
    },
  };
}
