/** What a till tells Prometheus; read from its status when asked, plus counters of what happened since the start. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Clock } from '../clock.ts';
import type { StatusView } from './api/wire.ts';

export interface TillMetrics {
  saleCompleted(): void;
  scanned(kind: string): void;
  printed(evidence: string): void;
  /** Prometheus text format. */
  text(): Promise<string>;
}

export function createTillMetrics(status: () => StatusView, clock: Clock): TillMetrics {
  const registry = new Registry();
  const registers = [registry];
  const sales = new Counter({
    name: 'tillside_sales_completed_total',
    help: 'Sales completed since start.',
    registers,
  });
  const scans = new Counter({
    name: 'tillside_scans_total',
    help: 'Scans since start, by what they were.',
    labelNames: ['kind'],
    registers,
  });
  const prints = new Counter({
    name: 'tillside_coupons_printed_total',
    help: 'Coupons that left the print queue, by evidence.',
    labelNames: ['evidence'],
    registers,
  });

  const gauge = (name: string, help: string, read: (status: StatusView) => number) => {
    const made = new Gauge({ name: `tillside_${name}`, help, registers });
    return (now: StatusView) => made.set(read(now));
  };
  const one = (yes: boolean) => (yes ? 1 : 0);
  const gauges = [
    gauge('outbox_waiting', 'Facts that HQ has not committed yet.', now => now.outbox.waiting),
    gauge('outbox_sales_waiting', 'Sales that HQ has not committed yet.', now => now.outbox.salesWaiting),
    gauge('outbox_oldest_seconds', 'Age of the oldest fact that waits.', now => ageOf(now.outbox.oldestAt, clock)),
    gauge('line_connected', '1 while connected to the broker.', now => one(now.line.connected)),
    gauge('printer_ready', '1 while the printer can print.', now => one(now.printer.problem === null)),
    gauge('print_queue', 'Coupons that wait for the printer.', now => now.printer.queued),
    gauge(
      'scanners_connected',
      'Scanners that are connected.',
      now => now.scanners.filter(scanner => scanner.connected).length,
    ),
    gauge('bundle_version', 'Version of the active bundle; 0: none.', now => now.bundle?.version ?? 0),
    gauge('bundle_expired', '1 when the active bundle is past its end.', now => one(now.bundle?.expired ?? false)),
    gauge('disk_free_bytes', 'Free room where the database lies.', now => now.disk.freeBytes),
    gauge('database_ok', '1 when the database passed its check at start.', now => one(now.database.ok)),
  ];

  return {
    saleCompleted: () => sales.inc(),
    scanned: kind => scans.inc({ kind }),
    printed: evidence => prints.inc({ evidence }),
    async text() {
      const now = status();
      for (const set of gauges) set(now);
      return registry.metrics();
    },
  };
}

/** Seconds; a clock that was set back makes it 0, not negative. */
function ageOf(at: string | null, clock: Clock): number {
  return at === null ? 0 : Math.max(0, (clock.now() - Date.parse(at)) / 1000);
}
