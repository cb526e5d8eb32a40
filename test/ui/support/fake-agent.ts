/**
 * A small stand-in for the agent's HTTP API, for the states that a healthy agent can't be brought into by hand (bundle
 * expired, storage faulty, agent gone and back). It keeps the wire shapes, but decides nothing clever: a member gets 20 %
 * off coffee, and a coupon from 10.00.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { PNG } from 'pngjs';
import type {
  CompletePost,
  CouponView,
  MemberView,
  ProductView,
  SalePut,
  SaleView,
  ScanAnswer,
  SimulatorView,
  StatusView,
} from '../../../agent/api/wire.ts';

const token = 'fake-token';
const uiDir = new URL('../../../ui/dist/till/', import.meta.url).pathname;
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'";
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const member: MemberView = { firstName: 'Anna', tier: 'silver', points: 4960, language: 'de', messages: [] };
const guestCard = '2501000000017';

export const fakeProducts: readonly ProductView[] = [
  product('7610000000011', 'Kaffee Crema Bohnen 1 kg', 1495, 'ea', 'food/drinks/coffee'),
  product('7610000000028', 'Vollmilch 1 l', 175, 'ea', 'food/dairy/milk'),
  product('7610000000035', 'Ruchbrot 500 g', 260, 'ea', 'food/bakery/bread'),
  product('7610000000042', 'Bananen', 320, 'kg', 'food/fruit-veg/fruit'),
  product('7610000000059', 'Gruyère AOP rezent 250 g', 640, 'ea', 'food/dairy/cheese'),
  product('7610000000066', 'Milchschokolade mit ganzen Haselnüssen 300 g', 495, 'ea', 'food/sweets/chocolate'),
  product('7610000000073', 'Mineralwasser 6 × 1,5 l', 570, 'ea', 'food/drinks/water'),
  product('7610000000080', 'Spaghetti 500 g', 190, 'ea', 'food/pantry/pasta'),
];

export type FakeAgent = {
  readonly url: string;
  readonly token: string;
  /** Changes the status and tells it. */
  change(change: Partial<StatusView>): void;
  readonly sales: ReadonlyMap<string, SaleView>;
  /** `Last-Event-ID` of each reader of the stream, in order; null where it sent none. */
  readonly resumed: readonly (string | null)[];
  /** How often each sale was asked to complete. */
  readonly completions: ReadonlyMap<string, number>;
  /** What a POS does: tells a basket. */
  put(saleId: string, put: SalePut): void;
  complete(saleId: string): void;
  /** Answers to `complete` get lost on the way, as when the process dies after the commit. */
  loseAnswers(lose: boolean): void;
  /** The process goes away: every connection breaks. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
};

export async function startFakeAgent(first: Partial<StatusView> = {}): Promise<FakeAgent> {
  const sales = new Map<string, SaleView>();
  const resumed: (string | null)[] = [];
  const completions = new Map<string, number>();
  let losesAnswers = false;
  const streams = new Set<ServerResponse>();
  const waiting: CouponView[] = [];
  const printer = { paper: true, cover: 'closed' as 'closed' | 'open', cable: true };
  const slips: SimulatorView['slips'] = [];
  let status: StatusView = { ...well(), ...first };
  let serials = 0;
  let eventId = 0;

  function tell(event: string, data: unknown) {
    eventId++;
    for (const stream of streams) stream.write(`event: ${event}\nid: f-${eventId}\ndata: ${JSON.stringify(data)}\n\n`);
  }
  function change(part: Partial<StatusView>) {
    status = { ...status, ...part };
    if (part.printer !== undefined) tell('printer', status.printer);
    if (part.line !== undefined || part.outbox !== undefined)
      tell('sync', { line: status.line, outbox: status.outbox });
    if (part.bundle !== undefined || part.bundleRefused !== undefined)
      tell('bundle', { bundle: status.bundle, refused: status.bundleRefused });
    for (const scanner of part.scanners ?? []) tell('scanner', scanner);
  }

  function view(saleId: string, put: SalePut, known: SaleView | undefined): SaleView {
    const who = known?.member ?? null;
    const lines = put.lines.map(line => {
      const discount = who !== null && line.category?.includes('coffee') ? Math.round(line.amount * 0.2) : 0;
      return {
        lineId: line.lineId,
        gtin: line.gtin ?? null,
        name: line.name ?? null,
        quantity: line.quantity,
        unit: line.unit ?? 'ea',
        amount: line.amount,
        discount,
        net: line.amount - discount,
      };
    });
    const sum = (key: 'amount' | 'discount' | 'net') => lines.reduce((total, line) => total + line[key], 0);
    const total = { initial: sum('amount'), discount: sum('discount'), net: sum('net') };
    const earned = Math.floor(total.net / 20);
    return {
      saleId,
      state: 'open',
      startedAt: put.startedAt,
      currency: status.currency,
      lines,
      total,
      applied:
        total.discount === 0
          ? []
          : [{ offer: 'coffee', name: 'Kaffee 20 % für Mitglieder', amount: total.discount, serial: null }],
      member: who,
      points:
        who === null
          ? null
          : {
              earned,
              balance: who.points + earned,
              tierBefore: who.tier,
              tierAfter: who.points + earned >= 5000 ? 'gold' : who.tier,
            },
      presented: known?.presented ?? [],
      willPrint:
        who === null || total.net < 1000
          ? []
          : [
              {
                offer: 'next',
                title: '3.00 auf Früchte und Gemüse',
                validFrom: '2026-11-22',
                validTo: '2026-12-05',
              },
            ],
      coupons: [],
      bundle: { id: 'weekly', version: 47 },
    };
  }

  function scan(saleId: string | null, code: string): ScanAnswer {
    const found = fakeProducts.find(known => known.gtin === code);
    if (found !== undefined) return { kind: 'product', message: found.name, product: found };
    const sale = saleId === null ? undefined : sales.get(saleId);
    if (code === guestCard) {
      if (sale !== undefined && saleId !== null) {
        const lines = sale.lines.map(line => ({
          lineId: line.lineId,
          quantity: line.quantity,
          unit: line.unit,
          amount: line.amount,
          ...(line.gtin === null ? {} : { gtin: line.gtin }),
          ...(line.name === null ? {} : { name: line.name }),
          category: fakeProducts.find(known => known.gtin === line.gtin)?.category ?? '',
        }));
        sales.set(saleId, view(saleId, { startedAt: sale.startedAt, lines }, { ...sale, member }));
        tell('sale', sales.get(saleId));
      }
      return { kind: 'member', message: 'Anna, Silber.', member, sale: sales.get(saleId ?? '') ?? null };
    }
    if (code.startsWith('USED'))
      return {
        kind: 'refused',
        message: 'Dieser Coupon wurde am 12. November an Kasse 2 eingelöst.',
        reason: 'coupon-used',
      };
    return { kind: 'unknown', message: 'Diesen Code kennt niemand.', reason: 'product-unknown' };
  }

  function coupon(saleId: string): CouponView {
    serials++;
    return {
      serial: `B${serials}`,
      offer: 'next',
      title: '3.00 auf Früchte und Gemüse',
      state: 'issued',
      print: 'queued',
      validFrom: '2026-11-22',
      validTo: '2026-12-05',
      saleId,
      issuedAt: new Date().toISOString(),
      redeemedAt: null,
      replacedBy: null,
      reprints: 0,
    };
  }

  /** Prints what waits, if the printer is well. */
  function print() {
    const problem = !printer.cable
      ? 'offline'
      : printer.cover === 'open'
        ? 'cover-open'
        : printer.paper
          ? null
          : 'paper-out';
    change({ printer: { ...status.printer, problem, queued: waiting.length, printing: false } });
    while (problem === null) {
      const next = waiting.shift();
      if (next === undefined) break;
      slips.push({ id: slips.length + 1, width: 300, height: 400, bytes: 600, codes: [next.serial] });
      const done = { ...next, print: 'confirmed' as const };
      const sale = sales.get(next.saleId);
      if (sale !== undefined)
        sales.set(next.saleId, {
          ...sale,
          coupons: sale.coupons.map(known => (known.serial === done.serial ? done : known)),
        });
      tell('coupon', done);
      change({ printer: { ...status.printer, queued: waiting.length } });
    }
  }

  function put(saleId: string, body: SalePut): SaleView {
    const next = view(saleId, body, sales.get(saleId));
    sales.set(saleId, next);
    tell('sale', next);
    return next;
  }

  function complete(saleId: string, known: SaleView) {
    const coupons = known.willPrint.map(() => coupon(saleId));
    waiting.push(...coupons);
    sales.set(saleId, { ...known, state: 'completed', willPrint: [], coupons });
    if (!losesAnswers) tell('sale', sales.get(saleId));
    setTimeout(print, 0);
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', 'http://till');
    if (!url.pathname.startsWith('/v1/')) return file(url.pathname, response);
    if (request.headers.authorization !== `Bearer ${token}`) return json(response, 401, problem(401, 'unauthorized'));
    const body = await read(request);
    const [, , kind = '', id = '', what = ''] = url.pathname.split('/');
    const called = `${request.method} ${kind}`;
    if (called === 'GET status') return json(response, 200, status);
    if (called === 'GET products') return json(response, 200, fakeProducts);
    if (called === 'GET events') {
      resumed.push(request.headers['last-event-id']?.toString() ?? null);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`id: f-${eventId}\n\n`);
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return;
    }
    if (kind === 'simulator') {
      if (id === 'scan') {
        tell('scan', { ...scan(null, (body as { code: string }).code), source: 'hid:fake' });
        return json(response, 202, { accepted: true });
      }
      if (id === 'printer') {
        Object.assign(printer, body);
        print();
      }
      if (id === 'slips') {
        response.writeHead(200, { 'content-type': 'image/png' });
        return response.end(PNG.sync.write(new PNG({ width: 300, height: 400 })));
      }
      const simulator: SimulatorView = { printer, slips, cards: [{ code: guestCard, label: 'Anna · Silber' }] };
      return json(response, 200, simulator);
    }
    const known = sales.get(id);
    if (called === 'PUT sales') return json(response, 200, put(id, body as SalePut));
    if (known === undefined) return json(response, 404, problem(404, 'not-found'));
    if (what === '') return json(response, 200, known);
    if (what === 'scan') return json(response, 200, scan(id, (body as { code: string }).code));
    if (what === 'void') {
      const next: SaleView = { ...known, state: 'voided' };
      sales.set(id, next);
      tell('sale', next);
      return json(response, 200, next);
    }
    completions.set(id, 1 + (completions.get(id) ?? 0));
    if (known.state === 'open') {
      if ((body as CompletePost).total !== known.total.net) return json(response, 409, problem(409, 'total-mismatch'));
      complete(id, known);
    }
    if (losesAnswers) return response.destroy();
    const sale = sales.get(id) ?? known;
    return json(response, 200, { decision: {}, serials: sale.coupons.map(({ serial }) => serial), sale });
  }

  const server = createServer((request, response) => void answer(request, response));
  const listen = (port: number) => new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const down = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    change,
    sales,
    resumed,
    completions,
    put,
    complete(saleId) {
      const sale = sales.get(saleId);
      if (sale !== undefined) complete(saleId, sale);
    },
    loseAnswers(lose) {
      losesAnswers = lose;
    },
    down,
    up: () => listen(port),
    stop: down,
  };
}

function well(): StatusView {
  return {
    tenant: 'demo',
    store: '0042',
    till: '1',
    version: '0',
    currency: 'CHF',
    languages: ['de', 'fr', 'it', 'en'],
    screenSells: true,
    simulator: true,
    printer: {
      device: 'virtual:',
      problem: null,
      message: null,
      paperNearEnd: false,
      evidence: 'confirmed',
      printing: false,
      queued: 0,
    },
    scanners: [{ device: 'hid:fake', connected: true, state: 'enabled', problem: null }],
    bundle: {
      id: 'weekly',
      version: 47,
      activatedAt: '2026-11-16T04:00:00+01:00',
      notAfter: '2026-12-31T23:59:59+01:00',
      expired: false,
    },
    bundleRefused: null,
    outbox: { waiting: 0, oldestAt: null, salesWaiting: 0 },
    line: { connected: true, since: '2026-11-21T08:00:00+01:00', message: null, problem: null },
    disk: { freeBytes: 1e11 },
    database: { ok: true, problem: null },
  };
}

function product(gtin: string, name: string, price: number, unit: string, category: string): ProductView {
  return { gtin, name, price, unit, category, discountable: true };
}

function problem(status: number, code: string) {
  return { type: 'about:blank', title: code, status, code, detail: code };
}

function json(response: ServerResponse, status: number, body: unknown) {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return text === '' ? null : JSON.parse(text);
}

function file(path: string, response: ServerResponse) {
  try {
    const bytes = readFileSync(join(uiDir, normalize(path === '/' ? '/index.html' : path)));
    response.writeHead(200, {
      'content-type': types[extname(path)] ?? 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy,
    });
    response.end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}
