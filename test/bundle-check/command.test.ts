import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { findingCodes } from '../../agent/bundle-check/finding.ts';
import { bundleCommand } from '../../agent/cli/bundle.ts';
import { sampleBundle } from '../../agent/demo/shop/bundle.ts';
import { sampleMembers } from '../../agent/demo/shop/members.ts';
import { sampleProducts } from '../../agent/demo/shop/products.ts';
import { isTillsideError } from '../../errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'tillside-check-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function run(...args: string[]) {
  const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  let code: number | string;
  try {
    code = await bundleCommand(['check', ...args], io);
  } catch (error) {
    if (!isTillsideError(error)) throw error;
    code = error.code;
  }
  return { code, out: String(io.stdout.read() ?? ''), err: String(io.stderr.read() ?? '') };
}

const sample = sampleBundle('2026-11-21');
const bundle = file('bundle.json', JSON.stringify(sample));
const [breadEvening, ...others] = sample.offers;
assert.ok(breadEvening !== undefined);

test('a sound bundle ends with 0 against catalogue and members, as lists or one a line', async () => {
  const products = sampleProducts();
  const catalogue = file('products.json', JSON.stringify(products));
  const lines = sampleMembers('2026-11-21').map(member => JSON.stringify(member));
  const members = file('members.ndjson.gz', gzipSync(lines.join('\n')));
  const answer = await run(bundle, '--at', '2026-11-21', '--catalogue', catalogue, '--members', members);
  assert.deepEqual([answer.code, answer.err], [0, '']);
  assert.match(answer.out, /^weekly version 1: \d+ offers, no faults, no findings, good until \S+\n$/);
});

test('an error ends with 1, a warning alone with 0; each stands on a line with its place', async () => {
  const offers = [{ ...breadEvening, stores: { include: [] }, schedule: { to: '2026-11-01' } }, ...others];
  const wrong = file('wrong.json', JSON.stringify({ ...sample, offers }));
  const answer = await run(wrong, '--at', '2026-11-21');
  assert.equal(answer.code, 1);
  const [first, second, last] = answer.out.split('\n');
  assert.match(
    first ?? '',
    /^\/offers\/0\/schedule\/to: warning schedule-over: The schedule of offer bread-evening ended/,
  );
  assert.match(second ?? '', /^\/offers\/0\/stores: error never-matches: /);
  assert.match(last ?? '', /1 errors, 1 warnings, 0 hints/);

  const json = JSON.parse((await run(wrong, '--at', '2026-11-21', '--json')).out);
  assert.deepEqual([json.ok, json.errors, json.warnings, json.hints, json.offers], [false, 1, 1, 0, offers.length]);
  assert.deepEqual(Object.keys(json.findings[0]), ['pointer', 'severity', 'code', 'message']);

  const late = file(
    'late.json',
    JSON.stringify({ ...sample, offers: [{ ...breadEvening, schedule: { to: '2026-11-01' } }] }),
  );
  assert.equal((await run(late, '--at', '2026-11-21T23:30:00Z')).code, 0);
});

test('a fault of the contract ends with 2 and is no finding', async () => {
  const faulty = file('faulty.json', JSON.stringify({ ...sample, verson: 1 }));
  const answer = await run(faulty);
  assert.deepEqual([answer.code, answer.out], [2, '']);
  assert.match(answer.err, /^\/verson: unknown field, did you mean "version"\?\n$/);
});

test('wrong arguments and files that can not be read are wrong usage', async () => {
  const text = file('text.json', '{"not": "a list"}');
  const broken = file('broken.ndjson', '{"gtin":"1"}\n{"gtin":');
  for (const args of [
    [],
    [join(folder, 'nothing.json')],
    [bundle, bundle],
    [bundle, '--columns', '7'],
    [bundle, '--at', 'tomorrow'],
    [bundle, '--catalogue', text],
    [bundle, '--catalogue', broken],
    [bundle, '--catalogue', join(folder, 'nothing.ndjson')],
    [bundle, '--members', text, '--attributes', 'a'],
    [bundle, '--unknown'],
  ])
    assert.equal((await run(...args)).code, 'usage', args.join(' '));
});

test('help names every code of a finding', async () => {
  const { code, out } = await run('--help');
  assert.equal(code, 0);
  for (const name of Object.keys(findingCodes)) assert.ok(out.includes(`  ${name} `), name);
});
