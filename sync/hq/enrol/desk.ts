/**
 * Enrolment as a part of HQ: the authority on disk, the HTTPS door for new tills, the files of the broker, and whom HQ hears.
 * Where `enrolment` is not configured there is none of it, and every till that the broker lets in is heard.
 */
import { type Cancel, type Clock, instant } from '../../../clock.ts';
import { isTillsideError, messageOf, TillsideError } from '../../../errors.ts';
import type { BrokerAddress, SyncLog } from '../../link/link.ts';
import type { DownMessage } from '../../protocol/command.ts';
import type { RenewAsk } from '../../protocol/renewal.ts';
import type { TillName } from '../ledger.ts';
import { alone, type Machines } from '../machines.ts';
import type { CertificateCount } from '../metrics.ts';
import { createAdmission, createRefusals, type Refusal, type Refusals } from './admission.ts';
import { behindMs, newKey, openAuthority, privatePem, publicOf } from './authority.ts';
import { isRabbit, writeBrokerFiles } from './broker-files.ts';
import { type Authority, issue } from './certificate.ts';
import { createEnrolment, type Enrolment, serviceNames } from './enrolment.ts';
import { createEviction, type Leaving } from './eviction.ts';
import type { Registry } from './registry.ts';
import { type EnrolServer, openEnrolServer } from './server.ts';

export interface EnrolmentConfig {
  readonly host: string;
  readonly port: number;
  readonly names: readonly string[];
  readonly broker?: string | undefined;
  readonly brokerFiles?: string | undefined;
}

export interface DeskOptions {
  readonly tenant: string;
  readonly broker: BrokerAddress;
  readonly machines: Machines;
  readonly dataDir: string;
  readonly config: EnrolmentConfig | null;
  readonly registry: Registry;
  /** The public key that tills obey (PEM). */
  readonly trust: string;
  readonly clock: Clock;
  readonly log: SyncLog;
  /** Counted: what of a till was refused, or how an enrolment ended. */
  readonly onRefused: (channel: string, reason: string) => void;
  readonly onEnrolment: (result: string) => void;
  /** This till, or service, is not heard any more. */
  readonly onRevoked: (name: string) => void;
}

export interface Desk {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Why this till is not heard; null: it is. A refusal is noted and counted. */
  refuses(till: TillName, channel: string): Refusal | null;
  /** Something of this till was refused for another reason. */
  note(till: TillName, channel: string, reason: string): void;
  readonly refusals: Refusals;
  /** Who was revoked and could still come back, for the broker has not read so. */
  leaving(): readonly Leaving[];
  /** The answer to a till that asks for a new certificate; null: none for it. */
  renew(till: TillName, ask: RenewAsk): Promise<DownMessage | null>;
  /** @throws TillsideError `not-found` where enrolment is not configured */
  readonly enrolment: Enrolment;
  /** Port of the HTTPS door; null: there is none. */
  readonly port: number | null;
  /** HQ's own way to the broker (see `hqAddress`). */
  readonly address: BrokerAddress;
  count(): Promise<CertificateCount>;
}

/** A till renews 30 days before the end: one that is nearer did not manage to. */
const endingMs = 20 * 86_400_000;
/** Who was revoked so lately is put off the line again at HQ's start. */
const lateMs = 7 * 86_400_000;
const lookMs = 15_000;

/** @throws TillsideError `config-invalid` where enrolment is configured and there is no authority */
export function createDesk(options: DeskOptions): Desk {
  const { tenant, machines, config, registry, clock, log } = options;
  const admission = createAdmission(config === null ? null : registry);
  const refusals = createRefusals(clock);
  const authority = config === null ? null : openAuthority(options.dataDir);
  const enrolment =
    authority === null
      ? null
      : createEnrolment({
          ...{ tenant, registry, authority, clock, trust: options.trust },
          broker: config?.broker ?? null,
          onChange,
          onRevoked(name) {
            eviction?.evict([name]);
            options.onRevoked(name);
          },
        });
  const eviction =
    authority === null || enrolment === null || !isSecure(options.broker)
      ? null
      : createEviction({
          ...{ tenant, broker: options.broker, authority, enrolment, clock, log },
          isWelcome: async name => (await registry.till(name))?.revokedAt === null,
          bindsClientId: () => config?.brokerFiles === undefined || !isRabbit(config.brokerFiles),
        });
  let server: EnrolServer | null = null;
  let cancelLook: Cancel = () => {};

  async function onChange() {
    server?.forgetList();
    await admission.refresh();
    if (config?.brokerFiles === undefined || enrolment === null) return;
    try {
      await writeBrokerFiles(config.brokerFiles, { tenant, machines }, enrolment);
    } catch (error) {
      // The till is enrolled or revoked all the same, and HQ acts by it; the broker has to be brought up to date.
      log.error(
        { folder: config.brokerFiles, error: messageOf(error) },
        'the files of the broker could not be written',
      );
    }
  }

  /** Other HQs enrol and revoke too. */
  function lookAgain() {
    cancelLook = clock.after(lookMs, () => {
      lookAgain();
      admission
        .refresh()
        .catch(error => log.warn({ error: messageOf(error) }, 'who is enrolled could not be looked up'));
    });
  }

  async function revokedOfLate(): Promise<readonly string[]> {
    const since = clock.now() - lateMs;
    const isLate = ({ revokedAt }: { readonly revokedAt: string | null }) =>
      revokedAt !== null && Date.parse(revokedAt) > since;
    const tills = (await registry.tills()).filter(isLate).map(({ till }) => till);
    const services = (await registry.certificates(instant(clock.now(), 'UTC')))
      .filter(one => one.till === null && one.name !== serviceNames.probe && isLate(one))
      .map(({ name }) => name);
    return [...new Set([...tills, ...services])];
  }

  function note(till: TillName, channel: string, reason: string) {
    refusals.note(till, channel, reason);
    options.onRefused(channel, reason);
  }

  return {
    refusals,
    note,
    async start() {
      await onChange();
      if (config === null || authority === null || enrolment === null) return;
      server = await openEnrolServer({
        ...{ tenant, authority, enrolment, clock, log },
        ...{ host: config.host, port: config.port, names: config.names },
        onRefused: options.onEnrolment,
        onEnrolled: () => options.onEnrolment('enrolled'),
      });
      // HQ may have been ended before they were.
      eviction?.evict(await revokedOfLate());
      if (machines.count > 1) lookAgain();
    },
    async stop() {
      cancelLook();
      await eviction?.stop();
      await server?.close();
      server = null;
    },
    refuses(till, channel) {
      const reason = admission.check(till);
      if (reason !== null) note(till, channel, reason);
      return reason;
    },
    async renew(till, ask) {
      if (enrolment === null) return null;
      try {
        const pem = await enrolment.renew(till, ask);
        options.onEnrolment('renewed');
        return { kind: 'certificate', pem };
      } catch (error) {
        if (!isTillsideError(error, 'enrol-refused')) throw error;
        log.warn({ ...till, reason: error.message }, 'no new certificate');
        note(till, 'ask', 'renewal');
        return null;
      }
    },
    get enrolment() {
      if (enrolment === null)
        throw new TillsideError('not-found', 'This HQ enrols no tills: "enrolment" is missing in its configuration.');
      return enrolment;
    },
    get port() {
      return server?.port ?? null;
    },
    leaving: () => eviction?.leaving() ?? [],
    address: authority === null ? options.broker : hqAddress(options.broker, tenant, authority, clock, machines),
    async count() {
      const [at, soon] = [instant(clock.now(), 'UTC'), instant(clock.now() + endingMs, 'UTC')];
      const none = { good: 0, ending: 0, revoked: 0 };
      const tills = enrolment === null ? none : await registry.countTills(at, soon);
      return { ...tills, leaving: eviction?.leaving().length ?? 0 };
    },
  };
}

const isSecure = ({ url }: BrokerAddress): boolean => /^(mqtts|wss):/.test(url);

/** HQ's way to the broker: with a certificate of its own authority, where no other is configured. */
export function hqAddress(
  broker: BrokerAddress,
  tenant: string,
  authority: Authority,
  clock: Clock,
  machines: Machines = alone,
): BrokerAddress {
  if (broker.cert !== undefined || !isSecure(broker)) return broker;
  const { key, pem } = clientCertificate(tenant, authority, clock, machines);
  return { ...broker, ca: broker.ca ?? authority.pem, key, cert: pem };
}

const yearMs = 365 * 86_400_000;

/** Made at each start and kept in memory only; HQ has the authority's key at hand anyway. */
function clientCertificate(
  tenant: string,
  authority: Authority,
  clock: Clock,
  machines: Machines,
): { key: string; pem: string } {
  const key = newKey();
  const { pem } = issue(authority, {
    purpose: 'hq',
    name: { tenant, common: serviceNames.hq(machines) },
    publicKey: publicOf(key),
    notBefore: clock.now() - behindMs,
    notAfter: clock.now() + 5 * yearMs,
  });
  return { key: privatePem(key), pem };
}
