/**
 * A till, composed: devices, store, sale, printing, API and the line to HQ. Parts that are missing (printer, broker, bundle,
 * members) are missing in the status, never in the way of a sale.
 *
 *   scanners ──► sales ◄── api ◄── POS, screen          edge ──► bundles, other tills' facts
 *                  │ one transaction                      ▲
 *                store ──► queue ──► printer    outbox ───┘
 */
import { join } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import { createPrinter } from '../drivers/printer/printer.ts';
import { resolveProfile } from '../drivers/printer/profiles.ts';
import { openTransport } from '../drivers/printer/transports/open.ts';
import type { Printer } from '../drivers/printer/types.ts';
import { symbologyNamed } from '../drivers/scanner/aim.ts';
import { openScanner } from '../drivers/scanner/index.ts';
import type { Scanner } from '../drivers/scanner/types.ts';
import { createVirtualPrinter, type VirtualPrinter } from '../drivers/virtual/printer.ts';
import { createVirtualScanner, type VirtualScanner } from '../drivers/virtual/scanner.ts';
import { isTillsideError, messageOf } from '../errors.ts';
import { createBlockStore } from '../sync/edge/block-store.ts';
import { createEdge, type Edge } from '../sync/edge/edge.ts';
import { absentPrinter } from './absent-printer.ts';
import { createApi } from './api/server.ts';
import type { TillService } from './api/till-service.ts';
import { openTokens } from './api/tokens.ts';
import type { SimulatorView } from './api/wire.ts';
import type { BrokerConfig, TillConfig } from './config/till-config.ts';
import { createCouponBook, createTokens, loadCouponKeys } from './coupons/index.ts';
import { openIdentity } from './identity.ts';
import { brokerAddress, heardIn, openTillTrust, trustMissing } from './line.ts';
import type { Log } from './log.ts';
import { importMembers } from './member-import.ts';
import { createMembersKeeper } from './members/keeper.ts';
import { createTillMetrics } from './metrics.ts';
import { layoutCoupon } from './printing/layout.ts';
import { createLogo, type Logo } from './printing/layout-logo.ts';
import { onPaper, paperNotes } from './printing/layout-paper.ts';
import { createPrintQueue } from './printing/queue.ts';
import { createActiveBundle, createSaleLeases, createSales, type Sales } from './sale/index.ts';
import { createSimulator } from './simulator.ts';
import { createStatus } from './status.ts';
import { loadCatalogue, type Members, openMembers, openStore, type Random } from './store/index.ts';
import { version } from './version.ts';

/** What a till is given from outside; everything has a default that is the real thing. */
export type AgentPorts = {
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Jitter of reconnecting: uniform in [0, 1). */
  readonly jitter?: () => number;
  /** Simulated printer behind the configured device (the demo's listens on TCP). */
  readonly virtualPrinter?: VirtualPrinter;
  /** Cards that the simulator's drawer offers. */
  readonly cards?: SimulatorView['cards'];
  /** How often HQ is told the till's own totals while sales go on; ms. */
  readonly totalsEveryMs?: number;
  /** Folder of the built screen; null: none is served. */
  readonly uiDir?: string | null;
};

export interface Agent {
  /** Opens the API; devices and line follow by themselves. */
  start(): Promise<{ readonly url: string; readonly port: number }>;
  stop(): Promise<void>;
  readonly service: TillService;
  readonly tokens: { readonly pos: string; readonly ui: string };
  /** HQ's version of the members that is here; null: none. */
  membersVersion(): number | null;
}

const screenFolder = join(import.meta.dirname, '..', 'ui', 'dist', 'till');
/** Days of totals that HQ is told: more than a till is usually off line. */
const totalledDays = 7;
const pruneEveryMs = 6 * 3_600_000;

/**
 * @throws TillsideError `config-invalid`, `store-newer`, `disk-full`: what must be put right before a till can sell
 */
export function createAgent(config: TillConfig, ports: AgentPorts): Agent {
  const { log, clock = systemClock } = ports;
  const onFault = (fault: unknown) => log.error({ fault: faultOf(fault) }, 'something failed; selling goes on');
  const store = openStore({
    path: join(config.dataDir, 'till.sqlite'),
    address: { tenant: config.tenant, store: config.store, till: config.till },
    clock,
    ...(ports.random === undefined ? {} : { random: ports.random }),
    ...(config.timezone === null ? {} : { timeZone: config.timezone }),
  });
  const members = openMembers(join(config.dataDir, 'members.sqlite'), onFault);
  if (config.members !== null) importMembers(config.members, members, store, clock);
  // A shop that has them in a file gets none from HQ.
  const membersKeeper = config.members === null ? createMembersKeeper({ members, store, clock, log }) : null;
  const tokens = openTokens(config.dataDir, log);
  const trust = openTillTrust(config, clock, log);
  const bundles = createActiveBundle({ store, clock, onFault, ...(trust === null ? {} : { trust }) });
  const keyFile = config.coupons?.key ?? join(config.dataDir, 'coupon.key');
  const couponTokens = createTokens(loadCouponKeys(keyFile, config.coupons === null));
  const book = createCouponBook(store, couponTokens);
  const leases = createSaleLeases({ store, bundles, clock, onFault });

  const virtualPrinter =
    ports.virtualPrinter ?? (config.printer?.device.startsWith('virtual:') ? createVirtualPrinter({ clock }) : null);
  const profile = resolveProfile(config.printer?.profile ?? 'auto', config.printer?.paper ?? 80);
  const printer =
    config.printer === null
      ? null
      : createPrinter({
          transport: openTransport(config.printer.device, { virtual: () => virtualPrinter?.transport() }),
          profile,
          clock,
          log,
        });

  let virtualScanner: VirtualScanner | null = null;
  const scanners: Scanner[] = config.scanners.map(({ device, layout, prefix }) => {
    if (!device.startsWith('virtual:'))
      return openScanner(
        { device, ...(layout === null ? {} : { layout }), ...(prefix === null ? {} : { prefix }) },
        { clock, log },
      );
    virtualScanner = createVirtualScanner({ clock, device, log });
    return virtualScanner.scanner;
  });
  const wedge = config.scanners.find(({ device }) => device === 'wedge');

  const edge = config.broker === null ? null : openEdge(config, config.broker);
  const queue = createPrintQueue({
    store,
    book,
    printer: printer ?? absentPrinter,
    clock,
    layout: (content, reprint) =>
      layoutCoupon(
        { ...onPaper(content, reprint, profile), ...(logo === null ? {} : { logo: logo.current() }) },
        profile.columns,
      ),
    notes: content => paperNotes(content, profile),
    onCoupon: serial => sales.couponChanged(serial),
    onState: () => tellPrinter(),
    onFault,
  });
  let logoProblem: string | null = null;
  const logo = printer === null ? null : openLogo(printer);
  const sales: Sales = createSales({
    store,
    members,
    catalogue: config.catalogue === null ? null : loadCatalogue(config.catalogue),
    bundles,
    book,
    tokens: couponTokens,
    peers: edge?.peers ?? null,
    leases,
    clock,
    weighed: config.weighed,
    currency: 'CHF',
    wakePrinter: () => queue.wake(),
    onFault,
    ...(edge?.askMember ? { askMember: edge.askMember } : {}),
  });
  const status = createStatus({
    version,
    languages: config.languages,
    screenSells: config.screenSells,
    simulator: virtualPrinter !== null || virtualScanner !== null,
    wedge: wedge === undefined ? null : { layout: wedge.layout ?? 'us', prefix: wedge.prefix },
    currency: 'CHF',
    store,
    bundles,
    queue,
    printer: printer === null ? null : () => printer.status(),
    logoProblem: () => logoProblem,
    scanners: () => scanners.map(scanner => scanner.status()),
    line: edge === null ? null : () => edge.line(),
    aheadMs: () => edge?.aheadMs() ?? null,
    clock,
  });
  const metrics = createTillMetrics(() => status.view('en'), clock);

  const listeners = new Set<Parameters<TillService['onEvent']>[0]>();
  const tell: Parameters<TillService['onEvent']>[0] = (name, render) => {
    for (const listener of [...listeners]) listener(name, render);
  };
  const tellPrinter = () => {
    tell('printer', language => status.printer(language));
    edge?.touch();
  };
  const tellSync = () => tell('sync', language => status.sync(language));
  const tellBundle = () => {
    tell('bundle', () => status.bundle());
    edge?.touch();
  };

  /** A logo that can't be used is no reason not to sell: coupons are printed without it. */
  function openLogo(printer: Printer): Logo | null {
    const { device = '', logo: file = null } = config.printer ?? {};
    if (file === null) return null;
    try {
      return createLogo({
        file,
        device,
        profile,
        printer,
        settings: store.settings,
        busy: () => queue.queued() > 0,
        onFault,
      });
    } catch (error) {
      onFault(error);
      logoProblem = messageOf(error);
      return null;
    }
  }

  function openEdge(till: TillConfig, broker: BrokerConfig): Edge {
    if (trust === null) throw trustMissing();
    const { ca, cert, key } = broker;
    const identity = cert === null || key === null ? null : openIdentity({ ca, cert, key }, log.warn.bind(log));
    return createEdge({
      outbox: store.outbox,
      bundles,
      leases: leases.port,
      members: membersKeeper ?? undefined,
      broker: brokerAddress(broker, identity),
      ...(identity === null || ca === null ? {} : { identity }),
      trust,
      blocks: createBlockStore(join(config.dataDir, 'blocks', 'bundle'), log),
      ring: till.ring,
      clock,
      random: ports.jitter ?? Math.random,
      log,
      timeZone: store.timeZone,
      heard: heardIn(store),
      ...(ports.totalsEveryMs === undefined ? {} : { totalsEveryMs: ports.totalsEveryMs }),
      stateOf: () => {
        const { acknowledged, depth } = store.outbox;
        const own = printer?.status();
        return {
          agent: version,
          printer: { problem: own === undefined ? 'none' : own.problem, evidence: own?.evidence ?? null },
          scanner: { problem: scanners.find(scanner => !scanner.status().connected)?.status().problem ?? null },
          members: membersOf(members),
          totals: {
            upTo: acknowledged() + depth().waiting,
            days: store.dayTotals(clock.now() - totalledDays * 86_400_000),
          },
        };
      },
    });
  }

  const service: TillService = {
    ...sales,
    complete(saleId, post, language) {
      const answer = sales.complete(saleId, post, language);
      metrics.saleCompleted();
      return answer;
    },
    status: language => status.view(language),
    metrics: () => metrics.text(),
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    wedge:
      wedge === undefined
        ? null
        : ({ code, symbology }) =>
            deviceScan({ text: code, aim: null, symbology: symbologyNamed(symbology), source: 'wedge' }),
    simulator:
      virtualPrinter === null && virtualScanner === null
        ? null
        : createSimulator({ printer: virtualPrinter, scanner: virtualScanner, cards: ports.cards ?? [] }),
  };

  function deviceScan(scan: Parameters<Sales['deviceScan']>[0]): void {
    sales.deviceScan(scan).then(outcome => metrics.scanned(outcome.kind), onFault);
  }

  const api = createApi({
    service,
    tokens,
    host: config.api.host,
    port: config.api.port,
    uiDir: ports.uiDir === undefined ? screenFolder : ports.uiDir,
    log,
    version,
    clock,
    language: config.languages[0] ?? 'en',
    boot: `${store.epoch.toString(36)}-${store.boot}`,
  });

  const forget: (() => void)[] = [];
  let running = false;
  const prune = () => {
    if (!running) return;
    try {
      store.prune();
    } catch (error) {
      onFault(error);
    }
    clock.after(pruneEveryMs, prune);
  };

  return {
    service,
    tokens,
    membersVersion: () => members.version()?.version ?? null,
    async start() {
      running = true;
      forget.push(sales.onEvent(tell), bundles.onChange(tellBundle), store.outbox.onAppend(tellSync));
      const { port, url } = await api.listen();
      for (const scanner of scanners) {
        forget.push(
          scanner.on('scan', deviceScan),
          scanner.on('error', fault => log.warn({ fault: fault.code }, fault.message)),
          scanner.on('status', ({ device, connected, state, problem }) => {
            tell('scanner', () => ({ device, connected, state, problem }));
            edge?.touch();
          }),
        );
        scanner.start();
      }
      if (printer !== null) {
        forget.push(printer.onStatus(tellPrinter));
        printer.start();
      }
      queue.start();
      membersKeeper?.start();
      if (edge !== null) {
        if (membersKeeper !== null) forget.push(membersKeeper.onChange(() => edge.touch()));
        forget.push(edge.onLine(tellSync));
        edge.start();
      }
      leases.start();
      prune();
      log.info({ store: config.store, till: config.till, port, epoch: store.epoch, boot: store.boot }, 'till is ready');
      return { url, port };
    },
    async stop() {
      running = false;
      await api.close();
      await Promise.all(scanners.map(scanner => scanner.stop()));
      logo?.stop();
      await queue.stop();
      await printer?.stop();
      await edge?.stop();
      leases.stop();
      sales.stop();
      for (const end of forget.splice(0)) end();
      await membersKeeper?.stop();
      members.close();
      bundles.close();
      store.close();
    },
  };
}

function membersOf(members: Members): { readonly version: number; readonly count: number } | null {
  const version = members.version();
  return version === null ? null : { version: version.version, count: version.count };
}

function faultOf(fault: unknown): string {
  return isTillsideError(fault)
    ? `${fault.code}: ${fault.message}`
    : fault instanceof Error
      ? (fault.stack ?? fault.message)
      : String(fault);
}
