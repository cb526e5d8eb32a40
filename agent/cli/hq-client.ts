/** Asks a running HQ over its API, on behalf of a command. */
import { readFileSync } from 'node:fs';
import { type ErrorCode, errorCodes, type Fault, messageOf, TillsideError } from '../../errors.ts';

/** Where the demo serves HQ and keeps its token. */
export const demoUrl = 'http://127.0.0.1:4790';
export const demoToken = './.tillside/hq/tokens/hq';

export type HqAddress = { readonly url: string; readonly tokenFile: string };

/**
 * One request; the answer's JSON.
 * @throws TillsideError with HQ's own code, message and faults; `not-found` where none answers
 */
export async function askHq(
  { url, tokenFile }: HqAddress,
  method: 'GET' | 'POST',
  path: string,
  body?: Uint8Array,
  signal?: AbortSignal,
): Promise<unknown> {
  let token: string;
  try {
    token = readFileSync(tokenFile, 'utf8').trim();
  } catch (error) {
    throw new TillsideError(
      'unauthorized',
      `HQ's token can't be read from ${tokenFile}: ${messageOf(error)}. Start HQ, or name the file with --token-file.`,
    );
  }
  let response: Response;
  try {
    response = await fetch(new URL(path, url), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new TillsideError('not-found', `No HQ answers at ${url}: ${messageOf(cause)}. Is it running?`);
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer;
  const problem = (answer ?? {}) as { code?: string; detail?: string; faults?: Fault[] };
  throw new TillsideError(codeOf(problem.code), problem.detail ?? `HQ answered ${response.status}.`, {
    faults: problem.faults ?? [],
  });
}

const codeOf = (code: string | undefined): ErrorCode =>
  code !== undefined && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'internal';
