/**
 * Who may come in: a request must name this till as its Host, must not come from a page of another origin (DNS rebinding,
 * cross-site requests), and bears the token of the POS or of the screen.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { TillsideError } from '../../errors.ts';

/** `pos` may do everything that sells; `ui` is the screen. */
export type Role = 'pos' | 'ui';
export type Tokens = Readonly<Record<Role, string>>;

/** @throws TillsideError `forbidden-host` unless Host is this till's loopback address with its port */
export function checkHost(host: string | undefined, port: number): void {
  if (host !== undefined && authorities(port).includes(host.toLowerCase())) return;
  throw new TillsideError('forbidden-host', `The Host header must be 127.0.0.1:${port} or localhost:${port}.`);
}

/** @throws TillsideError `forbidden-host` if a page of another origin asks; no Origin header is fine (POS, same page) */
export function checkOrigin(origin: string | undefined, port: number): void {
  if (origin === undefined) return;
  if (authorities(port).some(authority => origin.toLowerCase() === `http://${authority}`)) return;
  throw new TillsideError('forbidden-host', 'Pages of other origins may not call this till.');
}

function authorities(port: number): readonly string[] {
  const names = ['127.0.0.1', 'localhost', '[::1]'];
  const withPort = names.map(name => `${name}:${port}`);
  // Clients leave the port out where it is the scheme's own.
  return port === 80 ? [...withPort, ...names] : withPort;
}

/** Compares digests, all of them, so that the time taken tells nothing about a token. */
export class TokenGate {
  readonly #digests: readonly (readonly [Role, Buffer])[];

  constructor(tokens: Tokens) {
    this.#digests = [
      ['pos', digest(tokens.pos)],
      ['ui', digest(tokens.ui)],
    ];
  }

  /**
   * The role that the Authorization header proves.
   * @throws TillsideError `unauthorized`
   */
  admit(authorization: string | undefined): Role {
    const token = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization ?? '')?.[1];
    if (token === undefined)
      throw new TillsideError('unauthorized', 'The request needs the header Authorization: Bearer TOKEN.');
    const given = digest(token);
    let role: Role | null = null;
    for (const [name, expected] of this.#digests) if (timingSafeEqual(given, expected)) role = name;
    if (role === null)
      throw new TillsideError('unauthorized', 'The bearer token is not one of this till; see dataDir/tokens.');
    return role;
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}
