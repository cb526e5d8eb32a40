/** Every conformance case of the contract, through the library and through `tillside decide`. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decideCommand } from '../../agent/cli/decide.ts';
import { compileBundle, decide, validateBundle, validateSale } from '../../agent/offers/index.ts';
import { mismatches } from '../offers/match.ts';

const folders = ['../../../shared/conformance', './cases'].map(path => fileURLToPath(new URL(path, import.meta.url)));

interface Case {
  readonly name: string;
  readonly note: string;
  readonly bundle: unknown;
  readonly sale: unknown;
  readonly expect: Readonly<Record<string, unknown>>;
}

const scratch = mkdtempSync(join(tmpdir(), 'tillside-conformance-'));
after(() => rmSync(scratch, { recursive: true }));

for (const folder of folders) {
  // A missing folder throws here: the cases must run, everywhere.
  const files = readdirSync(folder).filter(file => file.endsWith('.json'));
  describe(`the ${files.length} cases of ${folder.split('/').slice(-2).join('/')}`, () => {
    test('are there', () => assert.ok(files.length > 0));
    for (const file of files) {
      const { name, note, bundle, sale, expect } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Case;
      test(`${name}: ${note} (library)`, () => {
        const read = [validateBundle(bundle), validateSale(sale)] as const;
        const [checked, basket] = read;
        if (isStringList(expect.fault)) {
          const faults = read.flatMap(result => (result.ok ? [] : result.faults));
          assertFaults(
            faults.map(fault => fault.pointer),
            expect.fault,
          );
          return;
        }
        assert.ok(checked.ok && basket.ok, JSON.stringify(read));
        assert.deepEqual(mismatches(expect, decide(compileBundle(checked.bundle), basket.sale)), []);
      });
      test(`${name}: ${note} (command)`, async () => {
        const path = join(scratch, file);
        writeFileSync(path, JSON.stringify(bundle));
        const run = await runDecide(['--bundle', path, '--sale', '-'], JSON.stringify(sale));
        if (isStringList(expect.fault)) {
          assert.equal(run.code, 2);
          assert.equal(run.stdout, '');
          const lines = run.stderr.trimEnd().split('\n');
          assertFaults(
            lines.map(line => line.slice(0, line.indexOf(': '))),
            expect.fault,
          );
          return;
        }
        assert.equal(run.code, 0, run.stderr);
        assert.equal(run.stderr, '');
        assert.deepEqual(mismatches(expect, JSON.parse(run.stdout)), []);
      });
    }
  });
}

/** Each expected place is named, or one below it; nothing else is. */
function assertFaults(found: readonly string[], expected: readonly string[]): void {
  const covers = (place: string, pointer: string) => pointer === place || pointer.startsWith(`${place}/`);
  for (const place of expected)
    assert.ok(
      found.some(pointer => covers(place, pointer)),
      `${place} is not named: ${found}`,
    );
  for (const pointer of found)
    assert.ok(
      expected.some(place => covers(place, pointer)),
      `${pointer} is no fault`,
    );
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}

async function runDecide(args: readonly string[], input: string) {
  const output = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        output[name] += chunk.toString('utf8');
        done();
      },
    });
  const io = { stdin: Readable.from([Buffer.from(input)]), stdout: sink('stdout'), stderr: sink('stderr') };
  const code = await decideCommand(args, io);
  return { code, ...output };
}
