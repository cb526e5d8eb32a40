/** The till's log: JSON lines on standard error. No member data, no codes that were scanned, no tokens. */
import { type Logger, pino } from 'pino';

export type Log = Logger;

/** @param level the least that is written */
export function createLog(level: string, base: Readonly<Record<string, unknown>> = {}): Log {
  return pino(
    { level, base: { ...base }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
