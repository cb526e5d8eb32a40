import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { createTokens, loadCouponKeys, newSerial, type TokenContent } from '../../agent/coupons/index.ts';
import { isTillsideError } from '../../errors.ts';

const key = Buffer.alloc(32, 1);
const tokens = createTokens([key]);

const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const date = (first: string, last: string) =>
  fc.integer({ min: Date.parse(first) / 86_400_000, max: Date.parse(last) / 86_400_000 });
const contents: fc.Arbitrary<TokenContent> = fc
  .record({
    random: fc.uint8Array({ minLength: 15, maxLength: 15 }),
    offer: id,
    variant: fc.option(id),
    from: date('2020-01-01', '2180-01-01'),
    days: fc.nat(3000),
    binding: fc.option(fc.string({ minLength: 1 })),
  })
  .map(({ random, offer, variant, from, days, binding }) => ({
    serial: newSerial(length => (random.some(byte => byte % 32 > 9) ? random : new Uint8Array(length).fill(20))),
    offer,
    variant,
    validFrom: new Date(from * 86_400_000).toISOString().slice(0, 10),
    validTo: new Date((from + days) * 86_400_000).toISOString().slice(0, 10),
    binding: binding === null ? null : tokens.bindingOf(binding),
  }));

test('a token says all that another till has to know', () => {
  fc.assert(
    fc.property(contents, content => {
      const token = tokens.write(content);
      assert.match(token, /^TS1\.[0-9A-Z]+$/);
      assert.deepEqual(tokens.read(token), content);
      assert.deepEqual(tokens.read(token.toLowerCase()), content);
    }),
  );
});

test('a usual coupon takes at most 80 characters of a QR code', () => {
  const binding = tokens.bindingOf('household-0123456789');
  const content = { offer: 'coffee-20-next', variant: null, validFrom: '2026-11-22', validTo: '2026-12-05', binding };
  const { length } = tokens.write({ ...content, serial: newSerial(() => new Uint8Array(15).fill(21)) });
  assert(length <= 80, `${length} characters`);
});

test('a token with any bit changed, cut short or sealed with another key is nothing', () => {
  const foreign = createTokens([Buffer.alloc(32, 2)]);
  fc.assert(
    fc.property(contents, fc.nat(), fc.nat(31), fc.nat(100), (content, place, symbol, cut) => {
      const token = tokens.write(content);
      const at = 4 + (place % (token.length - 4));
      const changed = token.slice(0, at) + '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.charAt(symbol) + token.slice(at + 1);
      if (changed !== token) assert.equal(tokens.read(changed), null);
      assert.equal(tokens.read(token.slice(0, Math.max(0, token.length - 1 - cut))), null);
      assert.equal(tokens.read(`${token}0`), null);
      assert.equal(foreign.read(token), null);
    }),
    { numRuns: 500 },
  );
});

test('no text whatever makes the reader throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), text => {
      assert.equal(tokens.read(text), null);
      assert.equal(tokens.read(`TS1.${text}`), null);
    }),
  );
  const body = fc.string({ unit: fc.constantFrom(...'0123456789ABCDEFGHJKMNPQRSTVWXYZ'), maxLength: 500 });
  fc.assert(fc.property(body, text => tokens.read(`TS1.${text}`) === null));
});

test('an older key is still accepted, for the token and for whom it is bound to', () => {
  const newer = createTokens([Buffer.alloc(32, 3), key]);
  const content = {
    serial: newSerial(() => new Uint8Array(15).fill(21)),
    offer: 'o',
    variant: null,
    validFrom: '2026-11-22',
    validTo: '2026-12-05',
    binding: tokens.bindingOf('h-1'),
  };
  const read = newer.read(tokens.write(content));
  assert.deepEqual(read, content);
  assert.equal(newer.binds(content.binding, 'h-1'), true);
  assert.equal(newer.binds(content.binding, 'h-2'), false);
  assert.equal(tokens.read(newer.write(content)), null);
});

test('the key is made once, for the owner only, and what is no key is named', () => {
  const dir = mkdtempSync(join(tmpdir(), 'coupon-key-'));
  const path = join(dir, 'keys', 'coupons.key');
  const broken = (content: string) => {
    writeFileSync(path, content);
    return () => loadCouponKeys(path, false);
  };
  assert.throws(
    () => loadCouponKeys(path, false),
    error => isTillsideError(error, 'config-invalid') && error.message.includes(path),
  );
  assert.equal(existsSync(path), false);
  const [made] = loadCouponKeys(path, true);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(loadCouponKeys(path, true)[0], made);
  const text = readFileSync(path, 'utf8');
  assert.throws(broken(''), error => isTillsideError(error, 'config-invalid'));
  assert.throws(broken(`${text}xyz\n`), error => isTillsideError(error, 'config-invalid'));
  assert.equal(broken(`${text}${text}`)().length, 2);
  rmSync(dir, { recursive: true });
});
