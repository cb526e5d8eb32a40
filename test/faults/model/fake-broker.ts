/**
 * A broker at the level of messages, under a fake clock: topics, retained messages, Wills, QoS 1 with repeats, and a network
 * that takes its time and breaks. What it was handed proves nothing: a broken line loses what was under way, both ways.
 */
import type { Cancel, Clock } from '../../../clock.ts';
import type { Link, LinkOptions, LinkStatus, OpenLink } from '../../../sync/link/link.ts';
import type { Trace } from './trace.ts';

export interface FakeBroker {
  /** For one client; `name` is its place in the network. */
  linkOf(name: string): OpenLink;
  /** Cuts a client's cable or mends it. */
  cable(name: string, whole: boolean): void;
  isUp(name: string): boolean;
  /** True time since which the client has been on line without a break; null: it is not. */
  upSince(name: string): number | null;
  /** kill -9 and a new start: every line breaks, retained messages and queues are gone. */
  restart(): void;
  /** Messages under way. */
  readonly underWay: number;
}

type Message = { readonly topic: string; readonly payload: Uint8Array; readonly retained: boolean };
type Session = {
  readonly name: string;
  readonly options: LinkOptions;
  readonly will: { readonly topic: string; readonly payload: Uint8Array };
  readonly inbox: Message[];
  readonly unsent: Set<(taken: boolean) => void>;
  working: boolean;
  open: boolean;
  /** When the last message that was sent arrives: a connection keeps the order. */
  sentUntil: number;
};

const shortestMs = 1;
const longestMs = 40;
const connectMs = 300;
/** A broker may deliver a QoS 1 message again. */
const repeatedShare = 0.05;
/** A Will comes late: the broker has to miss the client first. */
const willMs = 3000;

export function createFakeBroker(clock: Clock, random: () => number, trace: Trace): FakeBroker {
  const cut = new Set<string>();
  const retained = new Map<string, Uint8Array>();
  const sessions = new Map<string, Session>();
  const since = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  let underWay = 0;

  function route(topic: string, payload: Uint8Array, retain: boolean) {
    trace.note(clock.monotonic(), topic, payload);
    if (retain) {
      if (payload.length === 0) retained.delete(topic);
      else retained.set(topic, payload);
    }
    for (const session of sessions.values())
      if (session.options.subscriptions.some(filter => matches(filter, topic))) {
        hand(session, { topic, payload, retained: false });
        if (random() < repeatedShare) hand(session, { topic, payload, retained: false });
      }
  }

  function hand(session: Session, message: Message) {
    session.inbox.push(message);
    underWay += 1;
    if (session.working) return;
    session.working = true;
    clock.after(shortestMs + random() * (longestMs - shortestMs), () => void work(session));
  }

  /** One after the other, as a connection brings them; a slow reader holds up those behind. */
  async function work(session: Session) {
    for (let next = session.inbox.shift(); next !== undefined; next = session.inbox.shift()) {
      underWay -= 1;
      if (!session.open) continue;
      await session.options.onMessage(next.topic, next.payload, next.retained);
    }
    session.working = false;
  }

  function drop(session: Session, withWill: boolean) {
    if (!session.open) return;
    session.open = false;
    sessions.delete(session.name);
    since.delete(session.name);
    underWay -= session.inbox.length;
    session.inbox.length = 0;
    for (const settle of [...session.unsent]) settle(false);
    if (withWill) clock.after(random() * willMs, () => route(session.will.topic, session.will.payload, true));
  }

  return {
    get underWay() {
      return underWay;
    },
    isUp: name => sessions.has(name),
    upSince: name => since.get(name) ?? null,
    cable(name, whole) {
      if (whole) {
        cut.delete(name);
        waiting.get(name)?.();
        return;
      }
      cut.add(name);
      const session = sessions.get(name);
      if (session === undefined) return;
      drop(session, true);
      session.options.onDown();
    },
    restart() {
      const broken = [...sessions.values()];
      retained.clear();
      for (const session of broken) drop(session, false);
      for (const session of broken) session.options.onDown();
      for (const retry of [...waiting.values()]) retry();
    },
    linkOf: name => options => {
      const listeners = new Set<(status: LinkStatus) => void>();
      let own: Session | null = null;
      let running = false;
      let count = 0;
      let cancel: Cancel = () => {};

      function connect() {
        cancel();
        if (!running || cut.has(name) || own?.open === true) return;
        cancel = options.clock.after(random() * connectMs, () => {
          if (!running || cut.has(name)) return;
          count += 1;
          const former = sessions.get(name);
          // The same client id: the broker throws the older session out.
          if (former !== undefined) drop(former, true);
          const session: Session = {
            name,
            options: { ...options, onDown: lost },
            will: options.will(count),
            inbox: [],
            unsent: new Set(),
            working: false,
            open: true,
            sentUntil: 0,
          };
          own = session;
          sessions.set(name, session);
          since.set(name, clock.monotonic());
          for (const [topic, payload] of retained)
            if (options.subscriptions.some(filter => matches(filter, topic)))
              hand(session, { topic, payload, retained: true });
          tell();
          options.onUp(count);
        });
      }

      function lost() {
        options.onDown();
        tell();
        connect();
      }

      const status = (): LinkStatus => ({ connected: own?.open === true, since: '', problem: null });
      const tell = () => {
        for (const listener of [...listeners]) listener(status());
      };

      const link: Link = {
        start() {
          running = true;
          waiting.set(name, connect);
          connect();
        },
        async stop(farewell) {
          running = false;
          cancel();
          if (waiting.get(name) === connect) waiting.delete(name);
          if (own?.open !== true) return;
          if (farewell !== undefined) route(farewell.topic, farewell.payload, true);
          drop(own, false);
          own = null;
        },
        get up() {
          return own?.open === true;
        },
        publish(topic, payload, retain = false) {
          const session = own;
          if (session?.open !== true) return Promise.resolve(false);
          return new Promise(resolve => {
            const settle = (taken: boolean) => {
              session.unsent.delete(settle);
              resolve(taken);
            };
            session.unsent.add(settle);
            const delay = shortestMs + random() * (longestMs - shortestMs);
            session.sentUntil = Math.max(session.sentUntil, clock.monotonic() + delay);
            clock.after(session.sentUntil - clock.monotonic(), () => {
              // A line that broke meanwhile may have broken before the message or after it.
              if (!session.open) return;
              route(topic, payload, retain);
              settle(true);
            });
          });
        },
        status,
        onStatus(listener) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      };
      return link;
    },
  };
}

function matches(filter: string, topic: string): boolean {
  if (!filter.includes('+')) return filter === topic;
  const wanted = filter.split('/');
  const given = topic.split('/');
  return wanted.length === given.length && wanted.every((level, at) => level === '+' || level === given[at]);
}
