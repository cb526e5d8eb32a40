/** The tenant's coupon key on disk: hex in a file of mode 0600, the same on every till of the retailer. */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { TillsideError } from '../../errors.ts';

const KEY_BYTES = 32;

/**
 * Reads the key; each further line is an older key that is still accepted.
 * @param create make one where there is none: for a first start of the demo, whose tills share the folder
 * @throws TillsideError `config-invalid`
 */
export function loadCouponKeys(path: string, create: boolean): readonly [Uint8Array, ...Uint8Array[]] {
  if (create) createKey(path);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new TillsideError(
      'config-invalid',
      `coupons.key: ${path} can't be read. Put the retailer's coupon key there (64 hex digits).`,
      { cause: error },
    );
  }
  const [first, ...others] = text.split('\n').flatMap(line => (line.trim() === '' ? [] : [keyOf(line.trim(), path)]));
  if (first === undefined)
    throw new TillsideError('config-invalid', `coupons.key: ${path} is empty; want 64 hex digits.`);
  return [first, ...others];
}

function keyOf(line: string, path: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/i.test(line))
    throw new TillsideError('config-invalid', `coupons.key: ${path} holds a line that is not 64 hex digits.`);
  return Buffer.from(line, 'hex');
}

/** Two tills of the demo may start at once: a link is made by one of them only. */
function createKey(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600 });
  try {
    linkSync(mine, path);
  } catch {
    // It is there already.
  } finally {
    rmSync(mine, { force: true });
  }
}
