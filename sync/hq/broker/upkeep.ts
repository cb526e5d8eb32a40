/**
 * What keeps a broker up to date with HQ, as files for systemd: the chain's, beside which HQ writes, takes its files over; a
 * store's fetches the list of the revoked from HQ, and starts again when it has grown.
 */
import { rabbitApply } from './rabbitmq.ts';

export interface Upkeep {
  /** By file name below /etc/systemd/system. */
  readonly units: Readonly<Record<string, string>>;
  /** A program beside the configuration; null: none is needed. */
  readonly program: { readonly name: string; readonly text: string } | null;
}

/** mosquitto reads certificates revoked and rights again at SIGHUP, and nobody's connection ends. */
export const centralUpkeep = (folder: string): Upkeep => ({
  units: {
    ...atChange(`${folder}/acl`, '/usr/bin/systemctl kill -s HUP mosquitto'),
    // A service of systemd has 1024 files unless told, and each till is one.
    'mosquitto.service.d/tillside.conf': lines('[Service]', 'LimitNOFILE=65536'),
  },
  program: null,
});

const applyName = 'apply';

export const rabbitUpkeep = (folder: string): Upkeep => ({
  units: atChange(`${folder}/definitions.json`, `${folder}/${applyName}`),
  program: { name: applyName, text: rabbitApply(folder) },
});

function atChange(file: string, command: string): Upkeep['units'] {
  return {
    'tillside-broker.path': lines(
      '[Unit]',
      'Description=HQ has enrolled or revoked a till',
      '[Path]',
      `PathChanged=${file}`,
      '[Install]',
      'WantedBy=multi-user.target',
    ),
    'tillside-broker.service': lines(
      '[Unit]',
      'Description=The broker takes over rights and revoked certificates',
      '# Fifty tills enrolled in a minute are fifty changes: systemd would give up after the fifth.',
      'StartLimitIntervalSec=0',
      '[Service]',
      'Type=oneshot',
      '# What is written within the second is read with it.',
      'ExecStartPre=/usr/bin/sleep 1',
      `ExecStart=${command}`,
    ),
  };
}

const fetchName = 'fetch-revoked';

/**
 * HQ cannot reach into a store's broker to end a connection: there a new start does, which costs its few tills a second.
 * @param door where HQ gives the list, https://HOST:PORT
 */
export function storeUpkeep(folder: string, door: string): Upkeep {
  return {
    units: {
      'tillside-store-broker.timer': lines(
        '[Unit]',
        'Description=Asks HQ whom the broker must shut out',
        '[Timer]',
        'OnBootSec=30',
        'OnUnitActiveSec=60',
        'RandomizedDelaySec=30',
        '[Install]',
        'WantedBy=timers.target',
      ),
      'tillside-store-broker.service': lines(
        '[Unit]',
        'Description=Fetches the list of revoked certificates; mosquitto starts again when it has grown',
        '[Service]',
        'Type=oneshot',
        `ExecStart=${folder}/${fetchName} /usr/bin/systemctl restart mosquitto`,
      ),
    },
    program: {
      name: fetchName,
      text: lines(
        '#!/bin/sh',
        '# Written by tillside. Fetches the list of revoked certificates; runs its arguments when it is another.',
        'set -eu',
        `cd '${folder}'`,
        `curl -fsS --max-time 30 --max-filesize 10000000 --cacert ca.pem -o crl.pem.new '${door}/v1/crl'`,
        '# HQ signs the same list anew each time: only its number says that somebody was revoked.',
        'number() { openssl crl -in "$1" -noout -crlnumber; }',
        'new=$(number crl.pem.new)',
        'if [ "$new" = "$(number crl.pem)" ]; then exit 0; fi',
        'mv crl.pem.new crl.pem',
        'exec "$@"',
      ),
    },
  };
}

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`;
