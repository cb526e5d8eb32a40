import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { TillConfigDocument } from '../../agent/config/schema.ts';
import { loadTillConfig, type TillConfig } from '../../agent/config/till-config.ts';
import { type Environment, environmentVariables } from '../../configuration.ts';
import { type Fault, isTillsideError } from '../../errors.ts';

/** The example of the contract, to the letter. */
const example = {
  $schema: '…/till.schema.json',
  tenant: 'demo',
  store: '0042',
  till: '3',
  dataDir: './data',
  api: { host: '127.0.0.1', port: 4780 },
  broker: {
    url: 'mqtts://broker.store.example:8883',
    ca: 'file:ca.pem',
    cert: 'file:till.pem',
    key: 'file:till.key',
  },
  trust: { root: 'file:root.pub' },
  printer: { device: 'tcp://192.0.2.10:9100', profile: 'auto', paper: 80 },
  scanners: [
    { device: 'hid:05e0:1900' },
    { device: 'serial:/dev/ttyACM0?baud=9600' },
    { device: 'wedge', layout: 'de-CH', prefix: 'F9' },
  ],
  languages: ['de', 'fr', 'it', 'en'],
  window: { kiosk: true },
};
const least = { tenant: 'demo', store: '0042', till: '3', dataDir: 'data' };

function folderOf(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'tillside-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'till.json');
  const load = (document: unknown, env: Environment = {}): TillConfig => {
    writeFileSync(file, typeof document === 'string' ? document : JSON.stringify(document));
    return loadTillConfig(file, env);
  };
  const refusal = (document: unknown, env: Environment = {}): { message: string; faults: readonly Fault[] } => {
    try {
      load(document, env);
    } catch (error) {
      if (isTillsideError(error, 'config-invalid')) return error;
      throw error;
    }
    throw new assert.AssertionError({ message: 'the configuration was accepted' });
  };
  const faults = (document: unknown, env: Environment = {}): readonly string[] =>
    refusal(document, env).faults.map(fault => `${fault.pointer}: ${fault.message}`);
  return { folder, file, load, refusal, faults };
}

test("the contract's example is read, with paths from the file's folder", t => {
  const { folder, load } = folderOf(t);
  const config = load(example);
  assert.equal(config.dataDir, join(folder, 'data'));
  assert.equal(config.broker?.key, join(folder, 'till.key'));
  assert.deepEqual(config.trust, { root: join(folder, 'root.pub') });
  assert.deepEqual(config.scanners[2], { device: 'wedge', layout: 'de-CH', prefix: 'F9' });
  assert.deepEqual(config.window, { kiosk: true });
});

test('a till needs four keys; all else has a default', t => {
  const { folder, load } = folderOf(t);
  assert.deepEqual(load(least), {
    tenant: 'demo',
    store: '0042',
    till: '3',
    dataDir: join(folder, 'data'),
    timezone: null,
    api: { host: '127.0.0.1', port: 4780 },
    broker: null,
    trust: null,
    ring: 'all',
    printer: null,
    scanners: [],
    weighed: [],
    languages: ['de', 'fr', 'it', 'en'],
    window: { kiosk: false },
    screenSells: false,
    catalogue: null,
    members: null,
    coupons: null,
    log: { level: 'info' },
  });
});

test('an absolute path stays as it is', t => {
  const { load } = folderOf(t);
  assert.equal(load({ ...least, dataDir: '/var/lib/tillside' }).dataDir, '/var/lib/tillside');
  assert.equal(load({ ...least, catalogue: 'file:/srv/products.json' }).catalogue, '/srv/products.json');
});

test('all faults are told at once, each with key, what was found and what would be right', t => {
  const { faults } = folderOf(t);
  assert.deepEqual(
    faults({
      tenant: 'Demo',
      store: 42,
      dataDir: './data',
      api: { port: '4780', hots: '127.0.0.1' },
      printer: { device: 'usb', paper: 70 },
      languages: ['de', 'de'],
      scaners: [],
    }),
    [
      '/tenant: found "Demo", must be a text (the retailer: small letters, digits and hyphens; a level of the MQTT topic), for example "demo"',
      '/store: found 42, must be a text (the store: small letters, digits and hyphens), for example "0042"',
      '/api/port: found "4780", must be a whole number from 0 to 65535 (TCP port of the local API; 0 takes a free one)',
      '/api/hots: unknown key; did you mean "host"?',
      '/printer/device: found "usb", must be a text (where the receipt printer is), for example "tcp://192.0.2.10:9100" or "serial:/dev/ttyS0?baud=115200&flow=dtr" or "usb:/dev/usb/lp0" or "virtual:"',
      '/printer/paper: found 70, must be one of 58, 80 (paper width in millimetres)',
      '/languages: found ["de","de"], must be a list of at least 1 without repetitions (languages of the screen, the usual one first), for example ["de","fr"]',
      '/scaners: unknown key; did you mean "scanners"?',
      '/till: is missing, must be a text (the till, unique in its store: small letters, digits and hyphens), for example "3"',
    ],
  );
});

test('an unknown key is answered with the nearest right one, or with all where none is near', t => {
  const { faults } = folderOf(t);
  const hint = (key: string) => faults({ ...least, [key]: {} })[0]?.replace(/^[^;]*; /, '');
  assert.equal(hint('datadir'), 'did you mean "dataDir"?');
  assert.equal(hint('Printer'), 'did you mean "printer"?');
  assert.equal(hint('pritner'), 'did you mean "printer"?');
  assert.equal(hint('language'), 'did you mean "languages"?');
  assert.match(hint('qqqqqqqqqqqq') ?? '', /^known here: tenant, store, till,/);
  assert.match(
    faults('{"tenant":"demo","store":"1","till":"1","dataDir":"d","__proto__":1}')[0] ?? '',
    /^\/__proto__: unknown/,
  );
});

test('what a schema cannot say is checked as well', t => {
  const { faults } = folderOf(t);
  assert.deepEqual(faults({ ...least, timezone: 'Europe/Zürich' }), [
    '/timezone: found "Europe/Zürich", must be an IANA time zone, for example "Europe/Zurich"',
  ]);
  assert.deepEqual(faults({ ...least, scanners: [{ device: 'hid:05e0:1900', layout: 'de' }] }), [
    '/scanners/0/layout: only a "wedge" has a layout; this scanner is "hid:05e0:1900"',
  ]);
  assert.deepEqual(faults({ ...least, printer: { device: 'tcp://printer:99999' } }), [
    '/printer/device: found port 99999, must be from 1 to 65535',
  ]);
  assert.deepEqual(faults({ ...least, broker: { url: 'mqtts://b', cert: 'file:a' } }), [
    '/broker/key: is missing: cert and key go together',
  ]);
  assert.deepEqual(faults({ ...least, broker: { url: 'mqtt://b', ca: 'file:a' } }), [
    '/broker/ca: has no use with "mqtt://b"; must be mqtts:// or wss:// to be encrypted',
  ]);
  assert.deepEqual(faults({ ...least, broker: { url: 'mqtt://b', password: 'file:a' } }), [
    '/broker/username: is missing: a password needs a user name',
  ]);
});

test('the API is never bound to the network', t => {
  const { faults } = folderOf(t);
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'till.example', ''])
    assert.equal(faults({ ...least, api: { host } }).length, 1);
});

test('a secret in the file is refused and not repeated', t => {
  const { refusal } = folderOf(t);
  const pem = '-----BEGIN PRIVATE KEY-----MC4CAQ';
  const message = toldBy(refusal({ ...least, broker: { url: 'mqtts://b', cert: 'file:a', key: pem } }));
  assert.match(message, /\/broker\/key: found a text without "file:"/);
  assert.doesNotMatch(message, /BEGIN|MC4CAQ/);
  assert.doesNotMatch(toldBy(refusal({ ...least, broker: { url: 'mqtt://till:hunter2@b' } })), /hunter2/);
});

test('every key can be overridden by a variable', t => {
  const { folder, load } = folderOf(t);
  const config = load(example, {
    TILLSIDE_STORE: '0043',
    TILLSIDE_DATA_DIR: 'elsewhere',
    TILLSIDE_API_PORT: '5000',
    TILLSIDE_WINDOW_KIOSK: 'false',
    TILLSIDE_PRINTER_DEVICE: 'usb:/dev/usb/lp1',
    TILLSIDE_BROKER: 'null',
    TILLSIDE_SCANNERS: '[{"device":"wedge"}]',
    TILLSIDE_LANGUAGES: '["fr"]',
    TILLSIDE_SCREEN_SELLS: 'true',
    TILLSIDE_LOG_LEVEL: 'debug',
    TILLSIDE_COUPONS_KEY: 'file:coupon.key',
    TILLSIDE_TILL: '',
  });
  assert.equal(config.store, '0043');
  assert.equal(config.till, '3', 'set to nothing counts as not set');
  assert.equal(config.dataDir, join(folder, 'elsewhere'));
  assert.deepEqual(config.api, { host: '127.0.0.1', port: 5000 });
  assert.deepEqual(config.window, { kiosk: false });
  assert.equal(config.printer?.device, 'usb:/dev/usb/lp1');
  assert.equal(config.broker, null);
  assert.deepEqual(config.scanners, [{ device: 'wedge', layout: null, prefix: null }]);
  assert.deepEqual(config.languages, ['fr']);
  assert.equal(config.screenSells, true);
  assert.equal(config.log.level, 'debug');
  assert.deepEqual(config.coupons, { key: join(folder, 'coupon.key') });
});

test('a variable of one key goes over the variable of the whole', t => {
  const { load } = folderOf(t);
  const config = load(least, { TILLSIDE_API_PORT: '5001', TILLSIDE_API: '{"port":5000}' });
  assert.equal(config.api.port, 5001);
});

test('a wrong variable is named', t => {
  const { faults } = folderOf(t);
  const port = 'must be a whole number from 0 to 65535 (TCP port of the local API; 0 takes a free one)';
  assert.deepEqual(faults(least, { TILLSIDE_API_PORT: '47x' }), [`/api/port: TILLSIDE_API_PORT: found "47x", ${port}`]);
  assert.deepEqual(faults(least, { TILLSIDE_API_PORT: '1e3' }), [`/api/port: TILLSIDE_API_PORT: found "1e3", ${port}`]);
  assert.match(faults(least, { TILLSIDE_SCREEN_SELLS: 'yes' })[0] ?? '', /found "yes", must be true or false/);
  assert.match(
    faults(least, { TILLSIDE_SCANNERS: 'wedge' })[0] ?? '',
    /^\/scanners: TILLSIDE_SCANNERS: found "wedge", must be JSON/,
  );
  assert.deepEqual(faults(least, { TILLSIDE_PRINTER_DEVISE: 'x' }), [
    '/printer/device: unknown variable TILLSIDE_PRINTER_DEVISE; did you mean TILLSIDE_PRINTER_DEVICE?',
  ]);
});

test('a variable of another part of the product is let alone', t => {
  const { load } = folderOf(t);
  assert.equal(load(least, { TILLSIDE_DATABASE: 'sqlite:x', TILLSIDE_SIGNING_KEY: 'file:k', PATH: '/bin' }).till, '3');
});

test('each key has one variable of its own', () => {
  const variables = environmentVariables(TillConfigDocument);
  assert.equal(new Set(variables.values()).size, variables.size);
  assert.equal(variables.get('TILLSIDE_DATA_DIR'), '/dataDir');
});

test('broken JSON is told with line and column, a missing file with its path', t => {
  const { refusal, file } = folderOf(t);
  const broken = refusal('{\n  "tenant": "demo",\n  "store": 42,\n}');
  assert.ok(broken.message.includes(`${file} is not JSON: line 3, column 14: a comma before "}" is one too many`));
  assert.match(refusal('[]').message, /must be an object in braces/);
  assert.throws(() => loadTillConfig('/nowhere/till.json', {}), {
    code: 'config-invalid',
    message: /\/nowhere\/till\.json can't be read/,
  });
});

const devices: readonly [good: boolean, key: 'printer' | 'scanner', device: string][] = [
  [true, 'printer', 'tcp://192.0.2.10:9100'],
  [true, 'printer', 'tcp://[2001:db8::1]:9100'],
  [true, 'printer', 'tcp://printer-3.store.example:9100'],
  [true, 'printer', 'serial:/dev/ttyS0'],
  [true, 'printer', 'serial:COM3?baud=38400&flow=xonxoff'],
  [true, 'printer', 'serial:/dev/ttyUSB0?flow=dtr'],
  [true, 'printer', 'usb:/dev/usb/lp0'],
  [true, 'printer', 'virtual:'],
  [false, 'printer', 'tcp://192.0.2.10'],
  [false, 'printer', 'tcp:192.0.2.10:9100'],
  [false, 'printer', 'serial:/dev/ttyS0?bauds=9600'],
  [false, 'printer', 'serial:/dev/ttyS0?flow=rts'],
  [false, 'printer', 'usb:'],
  [false, 'printer', '/dev/usb/lp0'],
  [true, 'scanner', 'hid:05e0:1900'],
  [true, 'scanner', 'hid:/dev/hidraw3'],
  [true, 'scanner', 'serial:/dev/ttyACM0?baud=9600'],
  [true, 'scanner', 'serial:/dev/ttyS1?baud=9600&data=7&parity=even&stop=2&flow=xonxoff&end=crlf&idle=50'],
  [false, 'scanner', 'serial:/dev/ttyS1?flow=dtr'],
  [false, 'scanner', 'serial:/dev/ttyS1?baud=9600&'],
  [true, 'scanner', 'wedge'],
  [true, 'scanner', 'virtual:'],
  [false, 'scanner', 'hid:5e0:1900'],
  [false, 'scanner', 'hid'],
  [false, 'scanner', 'wedge:'],
  [false, 'scanner', 'tcp://192.0.2.10:9100'],
];

test("codes of the scales are read as they are, and told where they can't be", t => {
  const { load } = folderOf(t);
  const price = { prefix: '21', value: 'price', digits: 5, decimals: 2 };
  assert.deepEqual(load({ ...least, weighed: [price] }).weighed, [price]);
  assert.deepEqual(load(least).weighed, []);
  for (const wrong of [
    [{ ...price, prefix: '31' }],
    [{ ...price, digits: 7 }],
    [{ ...price, value: 'length' }],
    [{ ...price, prefix: '2112345', digits: 6 }],
    [{ prefix: '22', value: 'weight', digits: 4, decimals: 5 }],
    [price, { ...price, digits: 4 }],
  ])
    assert.throws(() => load({ ...least, weighed: wrong }), { code: 'config-invalid' });
});

for (const [good, key, device] of devices) {
  test(`"${device}" is ${good ? 'a' : 'no'} ${key}`, t => {
    const { load } = folderOf(t);
    const document = key === 'printer' ? { ...least, printer: { device } } : { ...least, scanners: [{ device }] };
    if (good) load(document);
    else assert.throws(() => load(document), { code: 'config-invalid' });
  });
}

test('the reader refuses exactly what the published schema refuses', t => {
  const { load } = folderOf(t);
  const ajv = new Ajv2020({ strict: false });
  const valid = ajv.compile(JSON.parse(JSON.stringify(TillConfigDocument)));
  const odd = fc.constantFrom(
    null,
    0,
    80,
    58,
    65536,
    -1,
    1.5,
    '',
    'x',
    'Demo',
    'file:',
    'file:a',
    'de',
    true,
    [],
    {},
    ['de'],
    [1],
  );
  const key = fc.constantFrom(
    ...environmentVariables(TillConfigDocument).values(),
    '/zz',
    '/api/zz',
    '/scanners/0',
    '/scanners/0/zz',
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(key, odd), { minLength: 1, maxLength: 3 }), changes => {
      const document = structuredClone(example) as Record<string, unknown>;
      for (const [pointer, value] of changes) set(document, pointer.split('/').slice(1), structuredClone(value));
      let told: readonly Fault[] | null = null;
      try {
        load(document);
      } catch (error) {
        if (!isTillsideError(error, 'config-invalid')) throw error;
        told = error.faults;
      }
      if (!valid(document)) assert.ok(told !== null, JSON.stringify(document));
      // What relates keys to each other is the reader's alone.
      else
        for (const { message } of told ?? [])
          assert.match(message, /^is missing: |^only a "wedge"|^has no use|IANA time zone|^found port/);
    }),
    { numRuns: 1000 },
  );
});

/** All that a person is told. */
function toldBy({ message, faults }: { message: string; faults: readonly Fault[] }): string {
  return [message, ...faults.map(fault => `${fault.pointer}: ${fault.message}`)].join('\n');
}

function set(document: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at: Record<string, unknown> = document;
  for (const key of path.slice(0, -1)) {
    const next = at[key];
    if (typeof next !== 'object' || next === null) return;
    at = next as Record<string, unknown>;
  }
  at[path.at(-1) ?? ''] = value;
}
