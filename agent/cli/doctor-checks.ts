/** What `tillside doctor` looks at, on a till and at HQ alike: files, disk, certificates, the way to a server. Nothing is changed. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { messageOf } from '../../errors.ts';

export interface Finding {
  readonly check: string;
  /** `warn`: will be ill before long, or could not be looked at. */
  readonly state: 'well' | 'warn' | 'ill';
  readonly found: string;
  /** What to do; null where all is well. */
  readonly fix: string | null;
}

export const well = (check: string, found: string): Finding => ({ check, state: 'well', found, fix: null });
export const warn = (check: string, found: string, fix: string): Finding => ({ check, state: 'warn', found, fix });
export const ill = (check: string, found: string, fix: string): Finding => ({ check, state: 'ill', found, fix });

const littleBytes = 200e6;
const soonBytes = 1e9;
const dayMs = 86_400_000;
/** Certificates renew themselves at two thirds of 90 days: with so little left that has failed for weeks. */
const soonDays = 14;

export function checkFolder(folder: string): Finding {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (!existsSync(folder)) {
      try {
        accessSync(dirname(folder), constants.W_OK);
        return well('data folder', `${folder} will be made at the first start`);
      } catch {
        return ill('data folder', `${folder} is not there and can't be made`, `Make it: mkdir -m 700 ${folder}`);
      }
    }
    return ill('data folder', messageOf(error), `Give it to the service's account: chown -R ACCOUNT ${folder}`);
  }
  const open = isOpen(folder);
  return open === null
    ? well('data folder', folder)
    : warn('data folder', `${folder} may be read by others (${open})`, `chmod 700 ${folder}`);
}

/** @param files by what they are */
export function checkSecrets(files: Readonly<Record<string, string | null | undefined>>): readonly Finding[] {
  const there = Object.entries(files).flatMap(([name, file]) => (file == null ? [] : [{ name, file }]));
  const findings = there.flatMap(({ name, file }): readonly Finding[] => {
    if (!existsSync(file)) return [];
    const open = isOpen(file);
    return open === null
      ? []
      : [ill('secrets', `${name} ${file} may be read by others (${open})`, `chmod 600 ${file}`)];
  });
  return findings.length > 0 ? findings : [well('secrets', 'readable by their account alone')];
}

function isOpen(path: string): string | null {
  const mode = statSync(path).mode & 0o777;
  return process.platform !== 'win32' && (mode & 0o077) !== 0 ? mode.toString(8) : null;
}

export function checkDisk(folder: string): Finding {
  let at = folder;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  const { bavail, bsize } = statfsSync(at);
  const free = bavail * bsize;
  const found = `${Math.round(free / 1e6)} MB free`;
  const fix = `Make room where ${at} lies: old logs, other programs' files. Nothing of tillside may be deleted.`;
  return free < littleBytes
    ? ill('disk', found, fix)
    : free < soonBytes
      ? warn('disk', found, fix)
      : well('disk', found);
}

export function checkCertificate(
  certFile: string | null | undefined,
  keyFile: string | null | undefined,
  nowMs: number,
): readonly Finding[] {
  if (certFile == null) return [];
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(readFileSync(certFile));
  } catch (error) {
    return [ill('certificate', `${certFile}: ${messageOf(error)}`, 'Enrol again: tillside enrol --hq URL --code CODE')];
  }
  const until = Date.parse(certificate.validTo);
  const days = Math.floor((until - nowMs) / dayMs);
  const subject = certificate.subject.replaceAll('\n', ', ');
  if (Date.parse(certificate.validFrom) > nowMs)
    return [ill('certificate', `${subject} begins ${certificate.validFrom}`, "Set this machine's clock.")];
  if (days < 0)
    return [
      ill('certificate', `${subject} ended ${certificate.validTo}`, 'Enrol again: tillside enrol --hq URL --code CODE'),
    ];
  if (keyFile != null && existsSync(keyFile)) {
    try {
      if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile))))
        return [
          ill('certificate', `${keyFile} is not the key of ${certFile}`, 'Enrol again, or put the right pair back.'),
        ];
    } catch (error) {
      return [ill('certificate', `${keyFile}: ${messageOf(error)}`, 'Enrol again, or put the right key back.')];
    }
  }
  return [
    days < soonDays
      ? warn(
          'certificate',
          `${subject} ends in ${days} days`,
          'It renews itself while the line is up; if it does not, enrol again.',
        )
      : well('certificate', `${subject}, ${days} days left`),
  ];
}

/** Worst first answers the exit code: 1 if anything is ill. */
export const exitCodeOf = (findings: readonly Finding[]): 0 | 1 =>
  findings.some(({ state }) => state === 'ill') ? 1 : 0;

export function render(findings: readonly Finding[]): string {
  const sign = { well: 'well', warn: 'soon', ill: 'ILL ' };
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.map(({ check, state, found, fix }) => {
    const line = `${sign[state]}  ${check.padEnd(width)}  ${found}\n`;
    return fix === null ? line : `${line}${' '.repeat(width + 8)}→ ${fix}\n`;
  });
  return lines.join('');
}
