/** HQ's figures for Prometheus. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Committed } from './ledger.ts';
import type { StatusView } from './wire.ts';

export interface HqMetrics {
  committed(committed: Committed): void;
  refused(reason: string): void;
  /** Prometheus text, with the gauges as they are now. */
  text(status: StatusView): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(): HqMetrics {
  const registry = new Registry();
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const events = counter('tillside_hq_events_total', 'Events committed since start');
  const quarantined = counter('tillside_hq_quarantined_total', 'Events put into quarantine since start');
  const refused = counter('tillside_hq_batches_refused_total', 'Batches not committed since start', ['reason']);
  const online = gauge('tillside_hq_tills_online', 'Tills that are online');
  const known = gauge('tillside_hq_tills_known', 'Tills that ever spoke');
  const behind = gauge('tillside_hq_tills_behind', 'Tills with events that HQ lacks');
  const missing = gauge('tillside_hq_events_missing', 'Events that HQ knows of and lacks');
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
    async text(status) {
      online.set(status.tills.online);
      known.set(status.tills.known);
      behind.set(status.tills.behind);
      missing.set(status.events.missing);
      broker.set(status.broker.connected ? 1 : 0);
      return registry.metrics();
    },
  };
}
