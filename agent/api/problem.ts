/** Turns whatever was thrown into an answer: `application/problem+json` (RFC 9457) with a stable code. */
import type { FastifyError } from 'fastify';
import { type ErrorCode, errorCodes, type Fault, isTillsideError, TillsideError } from '../../errors.ts';
import type { Problem } from './wire.ts';

export const problemType = 'application/problem+json; charset=utf-8';

/** HTTP status of each code. What is not the caller's fault and not a device's is 500. */
const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  usage: 400,
  'request-invalid': 400,
  'protocol-invalid': 400,
  unauthorized: 401,
  'forbidden-host': 403,
  'forbidden-role': 403,
  'enrol-refused': 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'sale-state': 409,
  'total-mismatch': 409,
  'body-too-large': 413,
  'media-type': 415,
  'too-many-tries': 429,
  'sale-invalid': 422,
  'bundle-invalid': 422,
  'bundle-unsupported': 422,
  'bundle-untrusted': 422,
  'print-content': 422,
  'not-built': 501,
  'bundle-none': 503,
  'too-many-streams': 503,
  'device-missing': 503,
  'device-denied': 503,
  'device-lost': 503,
  'device-busy': 503,
  'broker-unreachable': 503,
  'database-unavailable': 503,
  'store-damaged': 503,
  'store-newer': 503,
  'store-busy': 503,
  'disk-failed': 503,
  'disk-full': 507,
};

/** Long lists of faults help nobody and cost time. */
const mostFaults = 50;

export function statusOf(code: ErrorCode): number {
  return statuses[code] ?? 500;
}

/** A fault of tillside itself tells its cause to the log, never to the caller. */
export function problemOf(error: unknown): Problem {
  const told = isTillsideError(error) ? error : fromFastify(error);
  if (told === null) return problem('internal', 'Something went wrong inside tillside; its log says what.');
  return problem(told.code, told.message, told.faults);
}

function problem(code: ErrorCode, detail: string, faults: readonly Fault[] = []): Problem {
  const body = { type: `urn:tillside:error:${code}`, title: errorCodes[code], status: statusOf(code), code, detail };
  return faults.length === 0 ? body : { ...body, faults: faults.slice(0, mostFaults).map(fault => ({ ...fault })) };
}

/** Fastify's own refusals: broken JSON, wrong schema, body too large, broken address. Null: not one of them. */
function fromFastify(thrown: unknown): TillsideError | null {
  if (!(thrown instanceof Error)) return null;
  const error: Partial<FastifyError> & Error = thrown;
  if (error.validation !== undefined) return schemaFault(error);
  switch (error.statusCode) {
    case 404:
      return new TillsideError('not-found', 'Nothing has this address.');
    case 413:
      return new TillsideError('body-too-large', 'The body is larger than this call takes.');
    case 415:
      return new TillsideError('media-type', 'The body must be JSON: Content-Type: application/json.');
    default:
      if (error.statusCode === undefined || error.statusCode < 400 || error.statusCode >= 500) return null;
      return new TillsideError('request-invalid', `The request can't be read: ${error.message}`);
  }
}

function schemaFault(error: Partial<FastifyError>): TillsideError {
  const part = error.validationContext ?? 'body';
  const faults = (error.validation ?? []).map(found => {
    const missing = found.keyword === 'required' ? `/${String(found.params.missingProperty)}` : '';
    return {
      pointer: `${found.instancePath}${missing}`,
      message: missing === '' ? (found.message ?? 'is not as the schema says') : 'is missing',
    };
  });
  const first = faults[0];
  const where = part === 'params' ? 'address' : part === 'querystring' ? 'query' : part;
  const detail = first === undefined ? '' : ` ${first.pointer === '' ? '/' : first.pointer}: ${first.message}.`;
  return new TillsideError('request-invalid', `The ${where} of the request breaks the schema:${detail}`, { faults });
}
