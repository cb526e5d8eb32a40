/**
 * A till joins: it checks by its code that it speaks with its own HQ, then sends the secret of the code with a request for
 * its key, and gets its certificate.
 *
 *   code ─► authority's fingerprint ─► GET /v1/ca matches? ─► POST /v1/enrol over TLS that this authority vouches for
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { type Clock, instant } from '../../clock.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import { makeCsr } from '../protocol/csr.ts';
import { type EnrolCode, readEnrolCode } from '../protocol/enrol-code.ts';
import { isMatch, isText, parseObject, topicId } from '../protocol/fields.ts';

export interface EnrolOptions {
  /** https:// address of HQ's door for enrolment. */
  readonly hq: string;
  /** As it was handed over. */
  readonly code: string;
  /** The till's private key (P-256). */
  readonly key: KeyObject;
  /** For a sentence about a wrong clock. */
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

export interface Enrolment {
  readonly tenant: string;
  readonly store: string;
  readonly till: string;
  /** PEM. */
  readonly certificate: string;
  readonly authority: string;
  /** Address of the broker; null: HQ does not say. */
  readonly broker: string | null;
  /** HQ's public root key (PEM). */
  readonly trust: string;
}

const mostAnswerBytes = 64 * 1024;
const defaultTimeoutMs = 20_000;

/**
 * @throws TillsideError `usage` (the code has a slip of the pen), `enrol-refused` (another HQ, a used code …),
 *   `broker-unreachable` (no HQ answers)
 */
export async function requestEnrolment(options: EnrolOptions): Promise<Enrolment> {
  const code = readEnrolCode(options.code);
  if (!code.ok) throw new TillsideError('usage', `The code ${code.reason}; look at it again.`);
  const authority = await authorityOf(options, code.value);
  const body = JSON.stringify({ secret: code.value.secret, csr: makeCsr(options.key, 'till') });
  const answer = await call(options, '/v1/enrol', { body, authority });
  if (answer.status !== 200) throw refusalOf(answer);
  return readAnswer(answer.body, authority, options.key);
}

/** The authority's certificate, if it is the one of which the code speaks. Nothing secret is said before. */
async function authorityOf(options: EnrolOptions, code: EnrolCode): Promise<string> {
  const { status, body } = await call(options, '/v1/ca', {});
  const pem = body.toString('latin1');
  let found: string;
  try {
    found = new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch (error) {
    throw new TillsideError('enrol-refused', `What answers at ${options.hq} is no HQ (HTTP ${status}).`, {
      cause: error,
    });
  }
  if (!found.startsWith(code.authority))
    throw new TillsideError(
      'enrol-refused',
      `What answers at ${options.hq} is not the HQ that made the code. Check the address; if it is right, somebody is between you and HQ.`,
    );
  return pem;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

function call(
  { hq, clock, timeoutMs = defaultTimeoutMs }: EnrolOptions,
  path: string,
  { body, authority }: { readonly body?: string; readonly authority?: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const unreachable = (error: unknown) =>
      reject(
        new TillsideError('broker-unreachable', `No HQ answers at ${hq}: ${reasonOf(error, clock)}`, { cause: error }),
      );
    const outgoing = request(
      new URL(path, hq),
      {
        method: body === undefined ? 'GET' : 'POST',
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
        // Without an authority only the authority's own certificate is fetched, which is then held against the code.
        ...(authority === undefined ? { rejectUnauthorized: false } : { ca: authority }),
        ...(body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }),
      },
      response => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.byteLength;
          if (size > mostAnswerBytes) outgoing.destroy(new Error('the answer is far too long'));
          else chunks.push(chunk);
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
        response.on('error', unreachable);
      },
    );
    outgoing.on('error', unreachable);
    outgoing.end(body);
  });
}

function reasonOf(error: unknown, clock: Clock): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED')
    return `by this till's clock (${instant(clock.now(), 'UTC')}) HQ's certificate is not good; set the clock.`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${messageOf(error)} Use a name that stands in "enrolment.names" of HQ's configuration.`;
  return error instanceof Error && error.name === 'TimeoutError' ? 'it is silent.' : messageOf(error);
}

function refusalOf({ status, body }: Answer): TillsideError {
  const problem = parseObject(body, mostAnswerBytes);
  const detail = problem.ok && isText(problem.value.detail, 1000) ? problem.value.detail : `HTTP ${status}`;
  return new TillsideError(status === 429 ? 'too-many-tries' : 'enrol-refused', `HQ refuses: ${detail}`);
}

function readAnswer(body: Buffer, authority: string, key: KeyObject): Enrolment {
  const parsed = parseObject(body, mostAnswerBytes);
  const refuse = (what: string) => new TillsideError('enrol-refused', `HQ's answer can't be used: ${what}.`);
  if (!parsed.ok) throw refuse(parsed.reason);
  const { tenant, store, till, certificate, broker, trust } = parsed.value;
  if (!isMatch(tenant, topicId) || !isMatch(store, topicId) || !isMatch(till, topicId))
    throw refuse('it names no till');
  if (!isText(certificate, 8192) || !isText(trust, 8192)) throw refuse('a certificate or a key is missing');
  if (broker !== null && !isMatch(broker, /^mqtts:\/\/[^\s/?#@]+$/)) throw refuse('the address of the broker is none');
  try {
    const own = new X509Certificate(certificate);
    const issuer = new X509Certificate(authority);
    if (!own.checkIssued(issuer) || !own.verify(issuer.publicKey)) throw new Error('its authority did not sign it');
    if (!own.checkPrivateKey(createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' }))))
      throw new Error('it is for another key');
  } catch (error) {
    throw refuse(`the certificate: ${messageOf(error)}`);
  }
  return { tenant, store, till, certificate, authority, broker, trust };
}
