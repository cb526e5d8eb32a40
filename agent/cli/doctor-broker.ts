/** What `tillside doctor` finds on the way to the broker, in words: who is not let in, and what to do about it. */
import { systemClock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { BrokerAddress } from '../../sync/link/link.ts';
import { visitBroker } from '../../sync/link/visit.ts';
import { decodeHqState } from '../../sync/protocol/messages.ts';
import { type Finding, ill, warn, well } from './doctor-checks.ts';

export interface BrokerVisit {
  readonly broker: BrokerAddress;
  /** What it listens to. */
  readonly subscriptions: readonly string[];
  /** The topic under which the broker keeps HQ's word; null: it need not be there (HQ itself asks). */
  readonly hqState: string | null;
}

export async function checkBroker({ broker, subscriptions, hqState }: BrokerVisit): Promise<Finding> {
  const visit = await visitBroker(broker, subscriptions, hqState, systemClock);
  const letIn = `${broker.url} lets ${nameOf(broker)} in`;
  switch (visit.kind) {
    case 'let-in': {
      if (visit.kept === null) return well('broker', letIn);
      const said = decodeHqState(visit.kept);
      return said.ok && !said.value.online
        ? warn('broker', `${letIn}; HQ is off the line`, 'Look at HQ: tillside doctor there.')
        : well('broker', `${letIn}, and HQ is on the line`);
    }
    case 'unheard':
      return ill(
        'broker',
        `${letIn}, but nothing of HQ is to be heard there`,
        'Either the till has no rights at the broker (revoked, or acl not read again since it was enrolled: docs/brokers.md), or HQ was never on this broker.',
      );
    case 'deaf':
      return ill(
        'broker',
        `${letIn}, but not hear ${visit.topic}`,
        'Its rights at the broker (acl) do not fit: docs/brokers.md says which it needs.',
      );
    case 'closed':
      return ill('broker', `${broker.url} ends the connection without a word`, 'See the broker’s log: it says why.');
    case 'failed':
      return explain(broker, visit.error);
  }
}

/** Whose certificate or name it is. */
const nameOf = ({ cert, username }: BrokerAddress): string =>
  cert !== undefined ? 'this certificate' : username !== undefined ? `user "${username}"` : 'anybody';

const enrolAgain = 'Enrol again: tillside enrol --hq URL --code CODE';
/** By the alert that the broker's TLS gives (RFC 8446, section 6.2; OpenSSL's names). */
const refusals: readonly [RegExp, found: string, fix: string][] = [
  [/CERTIFICATE_REVOKED/i, 'this certificate is revoked', `HQ shut it out; if that was a mistake: ${enrolAgain}`],
  [/CERTIFICATE_EXPIRED/i, 'this certificate is past its end', `Look at this machine’s clock. ${enrolAgain}`],
  [
    /CERTIFICATE_REQUIRED/i,
    'the broker wants a certificate and got none',
    `broker.cert and broker.key are missing. ${enrolAgain}`,
  ],
  [
    /UNKNOWN_CA|CERTIFICATE_UNKNOWN|BAD_CERTIFICATE|DECRYPT_ERROR/i,
    'the broker does not take this certificate',
    `It is not of the authority that the broker trusts. ${enrolAgain}`,
  ],
];

function explain({ url, username }: BrokerAddress, error: unknown): Finding {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  for (const [pattern, found, fix] of refusals)
    if (pattern.test(String(code).replaceAll(' ', '_')) && /ALERT/.test(String(code)))
      return ill('broker', `${url}: ${found}`, fix);
  // CONNACK of MQTT 3.1.1: 4 bad user name or password, 5 not authorized; brokers tell them apart as they like.
  if (code === 4 || code === 5)
    return ill(
      'broker',
      `${url} does not let ${username === undefined ? 'anybody in without a name' : `user "${username}" in`}`,
      username === undefined
        ? 'Enrol this till for a certificate (docs/enrol.md), or set broker.username and broker.password.'
        : 'broker.username or the password in broker.password is not what the broker has.',
    );
  if (code === 3) return ill('broker', `${url} says that it can’t serve now`, 'See the broker’s log.');
  if (typeof code === 'string' && /^ERR_TLS_CERT_ALTNAME|SELF_SIGNED|UNABLE_TO|^CERT_/.test(code))
    return ill(
      'broker',
      `${url}: ${messageOf(error)}`,
      'broker.ca must be the authority that signed the broker’s certificate, and the name in the address one that it bears.',
    );
  if (code === 'ECONNRESET')
    return ill(
      'broker',
      `${url} ends the connection`,
      /^(mqtt|ws):/.test(url)
        ? 'The broker may want TLS: mqtts:// in broker.url. Else see its log.'
        : 'See the broker’s log: it says why.',
    );
  const isSilent = /timeout/i.test(messageOf(error)) || code === 'ETIMEDOUT';
  return ill(
    'broker',
    isSilent ? `${url} does not answer` : `${url}: ${messageOf(error)}`,
    'Look at the address in the configuration, the network, the firewall, and whether the broker runs.',
  );
}
