/** Codes, certificates, renewal and revocation at HQ, on both databases, by a clock that the test moves. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRenewal } from '../../../sync/edge/renewal.ts';
import { createAdmission, createRefusals } from '../../../sync/hq/enrol/admission.ts';
import { privatePem } from '../../../sync/hq/enrol/authority.ts';
import { makeAuthority } from '../../../sync/hq/enrol/certificate.ts';
import { createEnrolment, type Enrolment } from '../../../sync/hq/enrol/enrolment.ts';
import type { Registry } from '../../../sync/hq/enrol/registry.ts';
import { createQuarantine } from '../../../sync/hq/quarantine.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { makeCsr } from '../../../sync/protocol/csr.ts';
import { formatEnrolCode, newEnrolCode, readEnrolCode } from '../../../sync/protocol/enrol-code.ts';
import type { AskMessage } from '../../../sync/protocol/messages.ts';
import { makeRenewAsk } from '../../../sync/protocol/renewal.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { onBoth, usePostgres } from '../hq/ledgers.ts';

usePostgres();
const dayMs = 86_400_000;
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const till = { store: '0042', till: '0042-1' };

function desk(registry: Registry, clock: FakeClock) {
  const authority = makeAuthority(newKey(), 'demo', clock.now() - dayMs, clock.now() + 7000 * dayMs);
  let changes = 0;
  const enrolment = createEnrolment({
    ...{ tenant: 'demo', registry, authority, clock, broker: 'mqtts://broker.example', trust: 'root' },
    async onChange() {
      changes += 1;
    },
  });
  return { enrolment, authority, changes: () => changes };
}

const secretOf = (code: string) => {
  const read = readEnrolCode(code);
  assert(read.ok);
  return read.value.secret;
};
const codeFor = async (enrolment: Enrolment, name = till, hours = 24) =>
  secretOf((await enrolment.makeCode(name, hours, null)).code);
const refused = { code: 'enrol-refused' };

onBoth('a code is good once, for one key, until it ends, and the same key gets the same answer again', ledgerWith =>
  ledgerWith(async ({ registry }) => {
    const clock = new FakeClock();
    const { enrolment } = desk(registry, clock);
    const secret = await codeFor(enrolment);
    const csr = makeCsr(newKey(), 'x');
    await assert.rejects(enrolment.redeem('0'.repeat(20), csr), refused);
    const got = await enrolment.redeem(secret, csr);
    assert.equal(new X509Certificate(got.certificate).subject, 'O=demo\nOU=0042\nCN=0042-1');
    assert.deepEqual([got.store, got.till, got.broker], ['0042', '0042-1', 'mqtts://broker.example']);
    // The answer was lost on its way.
    assert.deepEqual(await enrolment.redeem(secret, csr), got);
    await assert.rejects(enrolment.redeem(secret, makeCsr(newKey(), 'x')), refused);
    const late = await codeFor(enrolment, till, 1);
    await clock.advance(3_600_001);
    await assert.rejects(enrolment.redeem(late, makeCsr(newKey(), 'x')), refused);
    // A new code ends the one before that nobody used.
    const [before, after] = [await codeFor(enrolment), await codeFor(enrolment)];
    await assert.rejects(enrolment.redeem(before, makeCsr(newKey(), 'x')), refused);
    await enrolment.redeem(after, makeCsr(newKey(), 'x'));
  }),
);

onBoth('HQ that ended within an enrolment does the rest of it when the till asks again', ledgerWith =>
  ledgerWith(async ({ registry }) => {
    const clock = new FakeClock();
    const old = makeCsr(newKey(), 'x');
    const first = desk(registry, clock);
    await first.enrolment.redeem(await codeFor(first.enrolment), old);
    // Another computer for the same till; HQ ends before it takes back what the old one had.
    const ends: Registry = { ...registry, revokeOthers: () => Promise.reject(new Error('kill -9')) };
    const secret = await codeFor(first.enrolment);
    const csr = makeCsr(newKey(), 'x');
    await assert.rejects(desk(ends, clock).enrolment.redeem(secret, csr), /kill -9/);
    const again = desk(registry, clock);
    await again.enrolment.redeem(secret, csr);
    const good = (await again.enrolment.certificates()).filter(({ revokedAt }) => revokedAt === null);
    assert.equal(good.length, 1);
    assert.equal(again.changes(), 1, 'the broker is told as well');
  }),
);

onBoth('who has a used code does not come back over the computer that took its place', ledgerWith =>
  ledgerWith(async ({ registry }) => {
    const { enrolment } = desk(registry, new FakeClock());
    const [oldCode, oldCsr] = [await codeFor(enrolment), makeCsr(newKey(), 'x')];
    await enrolment.redeem(oldCode, oldCsr);
    const got = await enrolment.redeem(await codeFor(enrolment), makeCsr(newKey(), 'x'));
    await assert.rejects(enrolment.redeem(oldCode, oldCsr), refused);
    const [only, ...others] = (await enrolment.certificates()).filter(({ revokedAt }) => revokedAt === null);
    assert.deepEqual([only?.pem, others.length], [got.certificate, 0]);
  }),
);

onBoth('two that use one code at the same time: one gets it', ledgerWith =>
  ledgerWith(async ({ registry }) => {
    const { enrolment } = desk(registry, new FakeClock());
    const secret = await codeFor(enrolment);
    const answers = await Promise.allSettled(
      Array.from({ length: 6 }, () => enrolment.redeem(secret, makeCsr(newKey(), 'x'))),
    );
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
  }),
);

onBoth('a till’s id belongs to one store, for a certificate says no more', ledgerWith =>
  ledgerWith(async ({ registry }) => {
    const { enrolment } = desk(registry, new FakeClock());
    await enrolment.redeem(await codeFor(enrolment), makeCsr(newKey(), 'x'));
    const moved = { store: '0043', till: till.till };
    await assert.rejects(enrolment.makeCode(moved, 24, null), { code: 'conflict', message: /"0043-0042-1"/ });
    const admission = createAdmission(registry);
    await admission.refresh();
    assert.equal(admission.check(till), null);
    assert.equal(admission.check(moved), 'other-store');
    assert.equal(admission.check({ store: '0042', till: 'nobody' }), 'not-enrolled');
    await enrolment.revoke(till.till, 'moved');
    await enrolment.redeem(await codeFor(enrolment, moved), makeCsr(newKey(), 'x'));
    await admission.refresh();
    assert.deepEqual([admission.check(moved), admission.check(till)], [null, 'other-store']);
  }),
);

onBoth(
  'what is revoked is on the list, can’t be renewed, and its codes are dead; a new key shuts the old one out',
  ledgerWith =>
    ledgerWith(async ({ registry }) => {
      const clock = new FakeClock();
      const { enrolment, changes } = desk(registry, clock);
      const serials = async () => {
        const list = await enrolment.revocationList();
        return (await enrolment.certificates()).filter(({ revokedAt }) => revokedAt !== null && list.length > 0).length;
      };
      const [old, fresh] = [newKey(), newKey()];
      await enrolment.redeem(await codeFor(enrolment), makeCsr(old, 'x'));
      const second = await codeFor(enrolment);
      await enrolment.redeem(second, makeCsr(fresh, 'x'));
      assert.equal(await serials(), 1);
      await clock.advance(70 * dayMs);
      await assert.rejects(enrolment.renew(till, asking(makeCsr(old, 'x'))), refused);
      await enrolment.renew(till, asking(makeCsr(fresh, 'x')));
      const open = await codeFor(enrolment);
      await enrolment.revoke(till.till, 'stolen');
      assert.equal(await serials(), 3);
      for (const secret of [second, open]) await assert.rejects(enrolment.redeem(secret, makeCsr(fresh, 'x')), refused);
      await assert.rejects(enrolment.renew(till, asking(makeCsr(fresh, 'x'))), refused);
      await assert.rejects(enrolment.revoke('nobody', null), { code: 'not-found' });
      assert.equal(changes(), 3);
      const [known] = await enrolment.tills();
      assert.deepEqual([known?.reason, known?.certificate], ['stolen', null]);
    }),
);

const asking = (csr: string) => ({ kind: 'renew', csr }) as const;

onBoth(
  'a till renews at two thirds by itself, for a new key; a request repeated or of another till brings nothing new',
  ledgerWith =>
    ledgerWith(async ({ registry }) => {
      const clock = new FakeClock();
      const { enrolment, authority } = desk(registry, clock);
      let key = newKey();
      let nextKey = newKey();
      let certificate = (await enrolment.redeem(await codeFor(enrolment), makeCsr(key, 'x'))).certificate;
      const first = certificate;
      const asked: AskMessage[] = [];
      const renewal = createRenewal({
        identity: {
          certificate: () => certificate,
          key: () => privatePem(key),
          nextKey: () => privatePem(nextKey),
          authority: () => authority.pem,
          replace(pem) {
            certificate = pem;
            [key, nextKey] = [nextKey, newKey()];
          },
        },
        ...{ till: till.till, clock, random: () => 0.5, log: silentLog },
        ask: message => asked.push(message),
      });
      renewal.up();
      await clock.advance(59 * dayMs);
      assert.equal(asked.length, 0);
      await clock.advance(2 * dayMs);
      const [request] = asked;
      assert(request?.kind === 'renew');
      assert.equal(await registry.certificateOf('nothing'), null);
      // Certificates of others are not taken, however well they are signed.
      const other = await enrolment.redeem(
        await codeFor(enrolment, { store: '0042', till: '0042-2' }),
        makeCsr(newKey(), 'x'),
      );
      for (const pem of ['', 'rubbish', other.certificate, first]) renewal.certificate(pem);
      assert.equal(certificate, first);
      await assert.rejects(enrolment.renew({ store: '0042', till: '0042-2' }, request), refused);
      await assert.rejects(enrolment.renew({ store: '0043', till: till.till }, request), refused);
      // Somebody on the way puts a key of his own into it.
      const own = makeCsr(newKey(), till.till);
      for (const forged of [{ ...request, csr: own }, asking(own), makeRenewAsk(newKey(), newKey(), till.till)])
        await assert.rejects(enrolment.renew(till, forged), refused);
      const former = key;
      const next = await enrolment.renew(till, request);
      // What the till was sent is for the key that it made for this; another new key has to wait.
      await assert.rejects(enrolment.renew(till, makeRenewAsk(former, newKey(), till.till)), {
        message: /within the hour/,
      });
      renewal.certificate(next);
      assert.notEqual(key, former);
      assert(new X509Certificate(next).checkPrivateKey(key));
      assert.equal(certificate, next);
      assert(Date.parse(new X509Certificate(next).validTo) > Date.parse(new X509Certificate(first).validTo));
      // The old request once more: the certificate that there is.
      assert.equal(await enrolment.renew(till, request), next);
      // The new key asks for no further one yet.
      await assert.rejects(enrolment.renew(till, makeRenewAsk(key, newKey(), till.till)), { message: /good for long/ });
      // As tills asked that renewed for the key that they had.
      assert.equal(await enrolment.renew(till, asking(makeCsr(key, 'x'))), next);
      const times = asked.length;
      await clock.advance(30 * dayMs);
      assert.equal(asked.length, times);
      renewal.down();
      await clock.advance(200 * dayMs);
      await assert.rejects(enrolment.renew(till, request), { message: /has ended/ });
    }),
);

test('a code survives small letters, lost hyphens and O for 0; one wrong letter is found before anybody is asked', () => {
  fc.assert(
    fc.property(fc.nat(43), fc.nat(30), (at, shift) => {
      const code = newEnrolCode('ab'.repeat(32));
      const text = formatEnrolCode(code);
      const same = readEnrolCode(text.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l'));
      assert.deepEqual(same, { ok: true, value: code });
      const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
      const plain = text.replaceAll('-', '');
      const wrong = letters[(letters.indexOf(plain[at] ?? '') + 1 + shift) % 32] ?? '';
      const read = readEnrolCode(plain.slice(0, at) + wrong + plain.slice(at + 1));
      // 12 bits of check: one in 4,096 slips is left for HQ to refuse.
      return !read.ok || read.value.secret !== code.secret || read.value.authority !== code.authority;
    }),
  );
  fc.assert(fc.property(fc.string({ maxLength: 250 }), text => !readEnrolCode(text).ok));
});

test('what one till can put into quarantine in an hour is bounded, and so are the names that are remembered', async () => {
  const clock = new FakeClock();
  let kept = 0;
  const quarantine = createQuarantine(
    {
      async quarantine() {
        kept += 1;
      },
    },
    clock,
    silentLog,
  );
  const put = (name: string) => quarantine.put({ store: '1', till: name, reason: 'x', payload: Buffer.alloc(1000) });
  for (let n = 0; n < 1000; n++) await put('mad');
  assert.equal(kept, 400);
  assert.equal(await put('other'), true);
  await clock.advance(3_600_000);
  assert.equal(await put('mad'), true);
  const refusals = createRefusals(clock);
  for (let n = 0; n < 5000; n++) refusals.note({ store: '1', till: `made-up-${n}` }, 'up', 'not-enrolled');
  assert.equal(refusals.list().length, 1000);
  assert.equal(refusals.list()[0]?.till, 'made-up-4999');
});
