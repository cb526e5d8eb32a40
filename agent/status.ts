/** What the till says of itself: devices with their evidence, bundle, outbox, line, disk, database. */
import { statfsSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { PrinterStatus } from '../drivers/printer/types.ts';
import type { ScannerStatus } from '../drivers/scanner/types.ts';
import type { Language } from './api/till-service.ts';
import type { ServerEvents, StatusView } from './api/wire.ts';
import type { LineStatus } from './ports.ts';
import type { PrintQueue } from './printing/queue.ts';
import type { ActiveBundle } from './sale/active-bundle.ts';
import { lineSentence, printerSentence, sentencesIn } from './sale/sentences.ts';
import type { Store } from './store/index.ts';

export type StatusParts = {
  readonly version: string;
  readonly languages: readonly Language[];
  readonly screenSells: boolean;
  readonly simulator: boolean;
  readonly wedge: { readonly layout: string; readonly prefix: string | null } | null;
  /** While no bundle says it. */
  readonly currency: string;
  readonly store: Store;
  readonly bundles: ActiveBundle;
  readonly queue: PrintQueue;
  /** Null: no printer is configured. */
  readonly printer: (() => PrinterStatus) | null;
  /** Why coupons are printed without the logo that is configured; null: they are not. */
  readonly logoProblem: () => string | null;
  readonly scanners: () => readonly ScannerStatus[];
  /** Null: no broker is configured. */
  readonly line: (() => LineStatus) | null;
  /** How far the till's clock is ahead of HQ's; null: HQ has not said. */
  readonly aheadMs: () => number | null;
  readonly clock: Clock;
};

export interface TillStatus {
  view(language: Language): StatusView;
  printer(language: Language): StatusView['printer'];
  sync(language: Language): ServerEvents['sync'];
  bundle(): { readonly bundle: StatusView['bundle']; readonly refused: StatusView['bundleRefused'] };
}

/** A busy till writes about 20 MB a day; with less than this it is time for someone to come. */
const lowDiskBytes = 200e6;

export function createStatus(parts: StatusParts): TillStatus {
  const { store, bundles, queue, clock } = parts;

  const printer = (language: Language): StatusView['printer'] => {
    const sentences = sentencesIn(language);
    const queued = queue.queued();
    if (parts.printer === null) {
      const message = queued > 0 ? sentences.printer.missing : null;
      const none = { device: '', problem: 'missing', paperNearEnd: false, evidence: null, printing: false };
      return { ...none, message, queued };
    }
    const { device, problem, paperNearEnd, evidence } = parts.printer();
    const wish = queue.givenUp() !== null ? sentences.couponNotPrinted : paperNearEnd ? sentences.paperNearEnd : null;
    const message = printerSentence(problem, language) ?? wish;
    return {
      device,
      problem,
      message,
      paperNearEnd,
      evidence,
      printing: queue.printing(),
      queued,
      logoProblem: parts.logoProblem(),
    };
  };

  const storage = (language: Language): Pick<StatusView, 'disk' | 'database'> => {
    const sentences = sentencesIn(language);
    const freeBytes = freeBytesAt(store.path);
    const { damaged } = store;
    return {
      disk: { freeBytes, message: freeBytes < lowDiskBytes ? sentences.diskFull : null },
      database: {
        ok: damaged === null,
        problem: damaged?.problem ?? null,
        message: damaged === null ? null : sentences.storeDamaged,
      },
    };
  };

  const sync: TillStatus['sync'] = language => {
    const depth = store.outbox.depth();
    const outbox = { waiting: depth.waiting, oldestAt: depth.oldestAt, salesWaiting: store.outbox.salesWaiting() };
    if (parts.line === null)
      return {
        line: { connected: false, since: '', message: null, problem: 'none configured' },
        outbox,
        ...storage(language),
      };
    const { connected, since, problem } = parts.line();
    const told = {
      sinceMs: Date.parse(since),
      nowMs: clock.now(),
      salesWaiting: outbox.salesWaiting,
      timeZone: store.timeZone,
    };
    const line = { connected, since, problem, message: connected ? null : lineSentence(told, language) };
    return { line, outbox, ...storage(language) };
  };

  const bundle: TillStatus['bundle'] = () => {
    const active = bundles.active();
    const refused = bundles.refused();
    const ended = bundles.ended();
    return {
      bundle: active && {
        ...active.ref,
        activatedAt: active.activatedAt,
        notAfter: active.notAfter,
        expired: ended !== null,
        revoked: ended === 'revoked',
      },
      refused: refused && {
        id: refused.id,
        version: refused.version,
        code: refused.code,
        faults: refused.faults.length,
      },
    };
  };

  return {
    printer,
    sync,
    bundle,
    view(language) {
      const { address } = store;
      const known = bundle();
      const aheadMs = parts.aheadMs();
      return {
        ...address,
        version: parts.version,
        currency: bundles.active()?.bundle.currency ?? parts.currency,
        languages: [...parts.languages],
        screenSells: parts.screenSells,
        wedge: parts.wedge && { ...parts.wedge },
        simulator: parts.simulator,
        printer: printer(language),
        scanners: parts
          .scanners()
          .map(({ device, connected, state, problem }) => ({ device, connected, state, problem })),
        bundle: known.bundle,
        bundleRefused: known.refused,
        clock: aheadMs === null ? null : { aheadSeconds: Math.round(aheadMs / 1000) },
        ...sync(language),
      };
    },
  };
}

function freeBytesAt(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
