/** Why a device could not be opened, by what the operating system says. */
import { messageOf, TillsideError } from '../../../errors.ts';

/** serialport says it in words only. */
const denied = /EACCES|EPERM|permission denied|access denied/i;
/** A network printer that serves another host accepts and resets at once. */
const busy = /ECONNRESET|EBUSY|EAGAIN|resource busy|temporarily unavailable|cannot lock/i;

export function openError(device: string, cause: unknown): TillsideError {
  const text = `${codeOf(cause)} ${messageOf(cause)}`;
  const details = { cause, context: { device } };
  if (denied.test(text)) return new TillsideError('device-denied', `no right to open the printer ${device}`, details);
  if (busy.test(text))
    return new TillsideError('device-busy', `another program or till holds the printer ${device}`, details);
  return new TillsideError('device-missing', `the printer ${device} is not there (${messageOf(cause)})`, details);
}

export function lostError(device: string, cause: unknown): TillsideError {
  return new TillsideError('device-lost', `the link to the printer ${device} is gone (${messageOf(cause)})`, {
    cause,
    context: { device },
  });
}

export function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}
