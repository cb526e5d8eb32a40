/** HQ's figures for Prometheus. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Committed } from './ledger.ts';
import type { TillsSummary } from './tills-wire.ts';
import type { StatusView } from './wire.ts';

export interface HqMetrics {
  committed(committed: Committed): void;
  refused(reason: string): void;
  /** Something on a till's channel was not taken. */
  refusedFrom(channel: string, reason: string): void;
  /** How an enrolment or a renewal ended. */
  enrolment(result: string): void;
  /** Prometheus text, with the gauges as they are now. */
  text(status: StatusView, certificates: CertificateCount, tills: TillsSummary, leasesHeld: boolean): Promise<string>;
  readonly contentType: string;
}

/** Tills by their certificates: good, near their end though they should have been renewed, revoked. */
export interface CertificateCount {
  readonly good: number;
  readonly ending: number;
  readonly revoked: number;
  /** Revoked, and the broker has not read so. */
  readonly leaving: number;
}

export function createMetrics(): HqMetrics {
  const registry = new Registry();
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const events = counter('tillside_hq_events_total', 'Events committed since start');
  const quarantined = counter('tillside_hq_quarantined_total', 'Events put into quarantine since start');
  const refused = counter('tillside_hq_batches_refused_total', 'Batches not committed since start', ['reason']);
  const refusedFrom = counter('tillside_hq_refused_total', 'Messages not taken since start', ['channel', 'reason']);
  const enrolments = counter('tillside_hq_enrolments_total', 'Enrolments and renewals since start', ['result']);
  const good = gauge('tillside_hq_till_certificates', 'Enrolled tills with a certificate that is good');
  const ending = gauge('tillside_hq_till_certificates_ending', 'Tills whose certificate ends within 20 days');
  const revoked = gauge('tillside_hq_tills_revoked', 'Tills that were revoked');
  const leaving = gauge('tillside_hq_tills_leaving', 'Revoked, and the broker has not read so: it would let them in');
  const online = gauge('tillside_hq_tills_online', 'Tills that are online');
  const known = gauge('tillside_hq_tills_known', 'Tills that ever spoke');
  const behind = gauge('tillside_hq_tills_behind', 'Tills with events that HQ lacks');
  const missing = gauge('tillside_hq_events_missing', 'Events that HQ knows of and lacks');
  const waiting = gauge('tillside_hq_facts_waiting', 'Facts that tills have and HQ has not');
  const ailing = new Gauge({
    name: 'tillside_hq_tills_ailing',
    help: 'Tills that are behind or not well, by why (docs/operations.md)',
    labelNames: ['why'],
    registers: [registry],
  });
  const database = gauge('tillside_hq_database_ok', '0 while the database takes no facts');
  const held = gauge('tillside_hq_leases_held', '1 while no units of global caps are granted (docs/sync.md)');
  const broker = gauge('tillside_hq_broker_connected', '1 while the line to the broker is up');
  return {
    contentType: registry.contentType,
    committed(committed) {
      events.inc(committed.events);
      quarantined.inc(committed.quarantined);
    },
    refused(reason) {
      refused.inc({ reason });
    },
    refusedFrom(channel, reason) {
      refusedFrom.inc({ channel, reason });
    },
    enrolment(result) {
      enrolments.inc({ result });
    },
    async text(status, certificates, tills, leasesHeld) {
      ailing.reset();
      for (const { code, tills: count } of tills.why) ailing.set({ why: code }, count);
      waiting.set(tills.waiting.facts);
      good.set(certificates.good);
      ending.set(certificates.ending);
      revoked.set(certificates.revoked);
      leaving.set(certificates.leaving);
      online.set(status.tills.online);
      known.set(status.tills.known);
      behind.set(status.tills.behind);
      missing.set(status.events.missing);
      database.set(status.database.ok ? 1 : 0);
      held.set(leasesHeld ? 1 : 0);
      broker.set(status.broker.connected ? 1 : 0);
      return registry.metrics();
    },
  };
}
