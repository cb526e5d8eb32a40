/**
 * Renews the till's certificate by itself: at two thirds of its life the till asks HQ over the line that it has, with a
 * request for a new key that the present one signs. HQ's authority signs the answer, so it matters not who carried it.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { IdentityPort } from '../../agent/ports.ts';
import type { Cancel, Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import type { AskMessage } from '../protocol/messages.ts';
import { makeRenewAsk } from '../protocol/renewal.ts';

export interface RenewalOptions {
  readonly identity: IdentityPort;
  readonly till: string;
  readonly clock: Clock;
  /** Uniform in [0, 1): tills that were enrolled on one day do not all ask in one second. */
  readonly random: () => number;
  readonly log: SyncLog;
  readonly ask: (message: AskMessage) => void;
}

export interface Renewal {
  up(): void;
  down(): void;
  /** HQ's answer (PEM). */
  certificate(pem: string): void;
}

/** How often it is looked at, and asked again while no answer comes; half to one and a half of it. */
const lookMs = 4 * 3_600_000;
/** After connecting: the facts first. */
const firstMs = 60_000;

export function createRenewal(options: RenewalOptions): Renewal {
  const { identity, till, clock, random, log } = options;
  let cancel: Cancel = () => {};

  function lookAfter(ms: number) {
    cancel();
    cancel = clock.after(ms * (0.5 + random()), () => {
      look();
      lookAfter(lookMs);
    });
  }

  function look() {
    try {
      const current = new X509Certificate(identity.certificate());
      if (!isOwn(current, till) || clock.now() < renewalAt(current)) return;
      log.info({ notAfter: current.validTo }, 'asking HQ for a new certificate');
      options.ask(makeRenewAsk(createPrivateKey(identity.key()), createPrivateKey(identity.nextKey()), till));
    } catch (error) {
      log.error({ error: messageOf(error) }, "the till's certificate or key can't be read, or no new key be kept");
    }
  }

  return {
    up() {
      lookAfter(firstMs);
    },
    down() {
      cancel();
    },
    certificate(pem) {
      try {
        const problem = faultOf(pem);
        if (problem !== null) return log.warn({ problem }, 'a certificate that HQ is said to have sent is not taken');
        identity.replace(pem);
        log.info(
          { notAfter: new X509Certificate(pem).validTo },
          'the certificate was renewed; good from the next connection',
        );
      } catch (error) {
        log.error({ error: messageOf(error) }, "the new certificate can't be kept; the old one stays");
      }
    },
  };

  function faultOf(pem: string): string | null {
    const next = new X509Certificate(pem);
    const authority = new X509Certificate(identity.authority());
    const current = new X509Certificate(identity.certificate());
    if (!next.checkIssued(authority) || !next.verify(authority.publicKey)) return 'it is not signed by the authority';
    if (next.subject !== current.subject || !isOwn(next, till)) return 'it is for another till';
    if (Date.parse(next.validTo) <= Date.parse(current.validTo)) return 'it does not last longer than the one in use';
    // Late: an answer that comes twice must not have a key made that nobody asked for.
    if (!next.checkPrivateKey(createPrivateKey(identity.nextKey()))) return 'it is for another key';
    if (clock.now() < Date.parse(next.validFrom)) return 'it is not good yet';
    return null;
  }
}

/** Two thirds of its life. Milliseconds since 1970 UTC. */
export const renewalAt = (certificate: X509Certificate): number => {
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  return from + ((to - from) * 2) / 3;
};

/** Certificates of another make are their makers' to renew. */
const isOwn = (certificate: X509Certificate, till: string): boolean =>
  certificate.subject.split('\n').includes(`CN=${till}`) &&
  certificate.issuer.split('\n').some(line => line.startsWith('CN=tillside '));
