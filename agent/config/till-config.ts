/** Loads a till's configuration: the document with every default filled in and every path absolute. */
import { type Environment, readConfiguration } from '../../configuration.ts';
import type { WeighedPrefix } from '../../drivers/scanner/codes.ts';
import type { Fault } from '../../errors.ts';
import { type ScreenLanguage, TillConfigDocument } from './schema.ts';

/** Paths are absolute; null where a part is not configured. */
export type TillConfig = {
  readonly tenant: string;
  readonly store: string;
  readonly till: string;
  readonly dataDir: string;
  /** IANA name; null: the bundle's. */
  readonly timezone: string | null;
  readonly api: { readonly host: string; readonly port: number };
  /** Null: a till without HQ; it sells. */
  readonly broker: BrokerConfig | null;
  /** Path of the public root key. */
  readonly trust: { readonly root: string } | null;
  readonly ring: string;
  readonly printer: PrinterConfig | null;
  readonly scanners: readonly ScannerConfig[];
  /** Codes that the store's scales print. */
  readonly weighed: readonly WeighedPrefix[];
  readonly languages: readonly ScreenLanguage[];
  readonly window: { readonly kiosk: boolean };
  readonly screenSells: boolean;
  /** Path of the products file. */
  readonly catalogue: string | null;
  /** Path of the members file. */
  readonly members: string | null;
  /** Path of the secret that coupon tokens are made with. */
  readonly coupons: { readonly key: string } | null;
  readonly log: { readonly level: LogLevel };
};

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** `ca`, `cert`, `key` and `password` are paths of files that hold them. */
export type BrokerConfig = {
  readonly url: string;
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  readonly username: string | null;
  readonly password: string | null;
};

export type PrinterConfig = {
  readonly device: string;
  readonly profile: string;
  readonly paper: 58 | 80;
  /** Path of the shop's logo (PNG). */
  readonly logo: string | null;
};

export type ScannerConfig = {
  readonly device: string;
  /** Wedge only. */
  readonly layout: 'us' | 'de-CH' | 'de' | 'fr' | 'fr-CH' | null;
  readonly prefix: string | null;
};

/**
 * Reads `till.json`.
 * @throws TillsideError `config-invalid` naming every key that is wrong, what was found and what would be right
 */
export function loadTillConfig(file: string, env: Environment): TillConfig {
  const document = readConfiguration(TillConfigDocument, { file, env, check: relations });
  return withDefaults(document);
}

function withDefaults(document: TillConfigDocument): TillConfig {
  const { broker, printer } = document;
  return {
    tenant: document.tenant,
    store: document.store,
    till: document.till,
    dataDir: document.dataDir,
    timezone: document.timezone ?? null,
    api: { host: document.api?.host ?? '127.0.0.1', port: document.api?.port ?? 4780 },
    broker:
      broker === undefined
        ? null
        : {
            url: broker.url,
            ca: broker.ca ?? null,
            cert: broker.cert ?? null,
            key: broker.key ?? null,
            username: broker.username ?? null,
            password: broker.password ?? null,
          },
    trust: document.trust ?? null,
    ring: document.ring ?? 'all',
    printer:
      printer === undefined
        ? null
        : {
            device: printer.device,
            profile: printer.profile ?? 'auto',
            paper: printer.paper === 58 ? 58 : 80,
            logo: printer.logo ?? null,
          },
    scanners: (document.scanners ?? []).map(scanner => ({
      device: scanner.device,
      layout: scanner.layout ?? null,
      prefix: scanner.prefix ?? null,
    })),
    weighed: document.weighed ?? [],
    languages: document.languages ?? ['de', 'fr', 'it', 'en'],
    window: { kiosk: document.window?.kiosk ?? false },
    screenSells: document.screenSells ?? false,
    catalogue: document.catalogue ?? null,
    members: document.members ?? null,
    coupons: document.coupons ?? null,
    log: { level: document.log?.level ?? 'info' },
  };
}

/** What the schema can't say. */
function relations(document: TillConfigDocument): readonly Fault[] {
  const faults: Fault[] = [];
  const fault = (pointer: string, message: string) => faults.push({ pointer, message });
  if (document.timezone !== undefined && !isTimeZone(document.timezone))
    fault('/timezone', `found "${document.timezone}", must be an IANA time zone, for example "Europe/Zurich"`);
  for (const [index, scanner] of (document.scanners ?? []).entries()) {
    if (scanner.device === 'wedge') continue;
    for (const key of ['layout', 'prefix'] as const)
      if (scanner[key] !== undefined)
        fault(`/scanners/${index}/${key}`, `only a "wedge" has a ${key}; this scanner is "${scanner.device}"`);
  }
  for (const [index, { prefix, value, digits, decimals }] of (document.weighed ?? []).entries()) {
    if (value === 'weight' && decimals > digits)
      fault(
        `/weighed/${index}/decimals`,
        `found ${decimals}, must not be more than the ${digits} digits of the weight`,
      );
    if (prefix.length + digits > 11)
      fault(
        `/weighed/${index}/digits`,
        `prefix and value have ${prefix.length + digits} digits, must leave one for the article`,
      );
    if (document.weighed?.findIndex(row => row.prefix === prefix) !== index)
      fault(`/weighed/${index}/prefix`, `"${prefix}" is there twice`);
  }
  const port = portOf(document.printer?.device);
  if (port !== null && (port < 1 || port > 65535))
    fault('/printer/device', `found port ${port}, must be from 1 to 65535`);
  const { broker } = document;
  if (broker === undefined) return faults;
  if ((broker.cert === undefined) !== (broker.key === undefined))
    fault(broker.cert === undefined ? '/broker/cert' : '/broker/key', 'is missing: cert and key go together');
  if (!/^(mqtts|wss):/.test(broker.url))
    for (const key of ['ca', 'cert', 'key'] as const)
      if (broker[key] !== undefined)
        fault(`/broker/${key}`, `has no use with "${broker.url}"; must be mqtts:// or wss:// to be encrypted`);
  if (broker.password !== undefined && broker.username === undefined)
    fault('/broker/username', 'is missing: a password needs a user name');
  return faults;
}

function portOf(device: string | undefined): number | null {
  const port = device?.startsWith('tcp://') ? /:(\d+)$/.exec(device)?.[1] : undefined;
  return port === undefined ? null : Number(port);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
