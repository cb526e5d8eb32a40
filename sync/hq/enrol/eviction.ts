/**
 * Puts whoever was revoked off the line at once, with no right at the broker but the authority's own: who connects under
 * another's name takes its place and ends its connection (MQTT 3.1.1, 3.1.4-2), so HQ makes itself a certificate of that name.
 * The revoked comes back as long as the broker has not read the list of the revoked. A probe says when it has: a certificate
 * that was on the list before it was ever used.
 *
 *   revoked ──► take its place ──► probe let in ──(pause)──► take its place …
 *                              └─► probe refused ──► take its place once more ──► out for good
 */
import { type Clock, instant } from '../../../clock.ts';
import { messageOf } from '../../../errors.ts';
import type { BrokerAddress, SyncLog } from '../../link/link.ts';
import { refusalOf, visitBroker } from '../../link/visit.ts';
import { behindMs, newKey, privatePem, publicOf } from './authority.ts';
import { type Authority, issue } from './certificate.ts';
import type { Enrolment } from './enrolment.ts';

export interface Leaving {
  readonly name: string;
  /** Since when the broker is asked to shut it out. RFC 3339. */
  readonly since: string;
}

export interface Eviction {
  /** By the names of their certificates. Goes on in the background until the broker shuts them out by itself. */
  evict(names: readonly string[]): void;
  /** Whom the broker would still let in, as far as HQ knows. */
  leaving(): readonly Leaving[];
  stop(): Promise<void>;
}

export interface EvictionOptions {
  readonly tenant: string;
  /** Its `cert` and `key` are HQ's own and not used. */
  readonly broker: BrokerAddress;
  /**
   * False (RabbitMQ): a till may take any client id, so that nobody can take its place. Its connection ends when its name is
   * taken away at the broker, and that alone is waited for.
   */
  readonly bindsClientId: () => boolean;
  /** A till that is enrolled (again): only a certificate of its former computer was revoked, and its name stays. */
  readonly isWelcome: (name: string) => Promise<boolean>;
  readonly authority: Authority;
  readonly enrolment: Pick<Enrolment, 'issueRevoked'>;
  readonly clock: Clock;
  readonly log: SyncLog;
}

const firstMs = 1000;
const longestMs = 60_000;
/** How long HQ's certificate of the other's name is good: it is used at once. */
const visitMs = 60_000;

export function createEviction(options: EvictionOptions): Eviction {
  const { tenant, broker, bindsClientId, isWelcome, authority, enrolment, clock, log } = options;
  const leaving = new Map<string, Leaving>();
  const tasks = new Set<Promise<void>>();
  const resting = new Set<() => void>();
  let stopped = false;

  const visit = (name: string, cert: string, key: string) =>
    visitBroker({ url: broker.url, ca: broker.ca ?? authority.pem, cert, key }, [], null, clock, name);

  /** Its connection ends. True: the broker does not let the name in at all, whatever the certificate, or should. */
  async function takePlace(name: string): Promise<boolean> {
    if (!bindsClientId() && (await isWelcome(name))) return true;
    const key = newKey();
    const { pem } = issue(authority, {
      ...{ purpose: 'till', name: { tenant, common: name }, publicKey: publicOf(key) },
      ...{ notBefore: clock.now() - behindMs, notAfter: clock.now() + visitMs },
    });
    return refusalOf(await visit(name, pem, privatePem(key))) !== null;
  }

  async function takePlaces(names: readonly string[]): Promise<boolean> {
    let areOut = true;
    for (const name of names) if (!stopped) areOut = (await takePlace(name)) && areOut;
    return areOut && !stopped;
  }

  async function shutOut(names: readonly string[]) {
    const own = new Map(names.map(name => [name, { name, since: instant(clock.now(), 'UTC') }]));
    for (const [name, one] of own) leaving.set(name, one);
    const first = takePlaces(names);
    const probe = await enrolment.issueRevoked();
    let areOut = await first;
    for (let wait = firstMs; !areOut && !stopped; wait = Math.min(2 * wait, longestMs)) {
      if (bindsClientId() && refusalOf(await visit(probe.name, probe.pem, probe.key)) === 'revoked') {
        await takePlaces(names);
        break;
      }
      if (wait === longestMs) log.warn({ names: names.length }, 'the broker has not read the list of the revoked');
      await rest(wait);
      areOut = await takePlaces(names);
    }
    if (stopped) return;
    for (const [name, one] of own) if (leaving.get(name) === one) leaving.delete(name);
    log.info({ names: names.length }, 'who was revoked is off the line');
  }

  function rest(ms: number): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        cancel();
        resting.delete(wake);
        resolve();
      };
      const cancel = clock.after(ms, wake);
      resting.add(wake);
    });
  }

  return {
    evict(names) {
      if (stopped || names.length === 0) return;
      const task = shutOut(names)
        .catch(error => log.error({ error: messageOf(error) }, 'who was revoked could not be put off the line'))
        .finally(() => tasks.delete(task));
      tasks.add(task);
    },
    leaving: () => [...leaving.values()],
    async stop() {
      stopped = true;
      for (const wake of [...resting]) wake();
      await Promise.all(tasks);
    },
  };
}
