/** One visit to the broker, as the till or HQ goes there: is it let in, may it listen, does it hear what the broker keeps? It says nothing there. */
import process from 'node:process';
import { connect } from 'mqtt';
import type { Cancel, Clock } from '../../clock.ts';
import type { BrokerAddress } from './link.ts';

export type Visit =
  /** `kept`: what the broker keeps under the topic asked for; null: none was asked for. */
  | { readonly kind: 'let-in'; readonly kept: Uint8Array | null }
  /** Let in, and nothing came of the topic asked for: brokers drop in silence what one may not read. */
  | { readonly kind: 'unheard' }
  | { readonly kind: 'deaf'; readonly topic: string }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The broker closed the connection and said nothing. */
  | { readonly kind: 'closed' };

const answerMs = 5000;

/** Why the broker shut the visitor out: his certificate is on its list (TLS), or his name may not come in (CONNACK 4, 5). */
export function refusalOf(visit: Visit): 'revoked' | 'name' | null {
  if (visit.kind !== 'failed' || typeof visit.error !== 'object' || visit.error === null) return null;
  const code = 'code' in visit.error ? visit.error.code : null;
  return code === 4 || code === 5 ? 'name' : /CERTIFICATE.REVOKED/i.test(String(code)) ? 'revoked' : null;
}

/**
 * Only for a program that does not run: brokers take the certificate's name for the client's, and push the first of two off the line.
 * @param wanted the topic under which something is kept for everybody; null: being let in is enough
 * @param clientId brokers that bind it to the certificate take that one's name instead
 */
export function visitBroker(
  { url, ...identity }: BrokerAddress,
  subscriptions: readonly string[],
  wanted: string | null,
  clock: Clock,
  clientId = `tillside-doctor-${process.pid}`,
): Promise<Visit> {
  return new Promise(resolve => {
    const client = connect(url, {
      ...identity,
      protocolVersion: 4,
      clientId,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: answerMs,
    });
    let cancelPatience: Cancel = () => {};
    let isOver = false;
    const end = (visit: Visit) => {
      if (isOver) return;
      isOver = true;
      cancelPatience();
      client.end(true, {}, () => resolve(visit));
    };
    client.on('error', error => end({ kind: 'failed', error }));
    client.on('close', () => end({ kind: 'closed' }));
    client.on('message', (topic, payload) => {
      if (topic === wanted) end({ kind: 'let-in', kept: payload });
    });
    client.on('connect', () => {
      client.subscribe([...subscriptions], { qos: 1 }, (error, granted) => {
        if (error) return end({ kind: 'failed', error });
        const refused = granted?.find(({ qos }) => qos === 128);
        if (refused !== undefined) return end({ kind: 'deaf', topic: refused.topic });
        if (wanted === null) return end({ kind: 'let-in', kept: null });
        cancelPatience = clock.after(answerMs, () => end({ kind: 'unheard' }));
      });
    });
  });
}
