/** `tillside decide`: exit codes, streams, faults, and files of any length. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { decideCommand } from '../../agent/cli/decide.ts';
import { linesOf } from '../../agent/cli/lines.ts';
import { fullBundle, fullSale, withValue } from './documents.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tillside-decide-'));
after(() => rmSync(scratch, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(scratch, name);
  writeFileSync(path, content);
  return path;
}

async function run(args: readonly string[], input: Iterable<string> = []) {
  const output = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') =>
    new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        output[name] += chunk.toString('utf8');
        setImmediate(done);
      },
    });
  const stdin = Readable.from(input);
  const code = await decideCommand(args, { stdin, stdout: sink('stdout'), stderr: sink('stderr') });
  return { code, ...output };
}

const bundle = file('bundle.json', JSON.stringify(fullBundle()));
const sale = file('sale.json', JSON.stringify(fullSale()));

test('one sale is one JSON object on standard output', async () => {
  const { code, stdout, stderr } = await run(['--bundle', bundle, '--sale', sale]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(JSON.parse(stdout).saleId, 'S1');
  assert.equal(stdout.trimEnd().split('\n').length, 1);
});

test('a dash is standard input', async () => {
  const { code, stdout } = await run(['--bundle', bundle, '--sale', '-'], [JSON.stringify(fullSale())]);
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).saleId, 'S1');
});

test('faults are one a line on standard error, with nothing on standard output', async () => {
  const broken = file(
    'broken.json',
    JSON.stringify(withValue(withValue(fullBundle(), ['currency'], 'chf'), ['zz\nzz'], 1)),
  );
  const { code, stdout, stderr } = await run(['--bundle', broken, '--sale', sale]);
  assert.deepEqual([code, stdout], [2, '']);
  assert.deepEqual(
    stderr
      .trimEnd()
      .split('\n')
      .map(line => line.slice(0, line.indexOf(': '))),
    ['/currency', '/zz\\u000azz'],
  );
  const text = file('text.json', 'not json');
  assert.match((await run(['--bundle', bundle, '--sale', text])).stderr, /^: is not JSON/);
});

describe('many sales', () => {
  test('are answered line by line; bad lines by their faults, and the exit code tells', async () => {
    const lines = [
      JSON.stringify(fullSale()),
      '{',
      '',
      JSON.stringify({ ...fullSale(), at: 5, saleId: 'S2' }),
      JSON.stringify({ ...fullSale(), saleId: 'S3' }),
    ];
    const path = file('sales.ndjson', lines.join('\n'));
    const { code, stdout, stderr } = await run(['--bundle', bundle, '--sales', path]);
    assert.deepEqual([code, stderr], [2, '']);
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    assert.equal(answers.length, 4);
    assert.equal(answers[0].saleId, 'S1');
    assert.equal(answers[1].line, 2);
    assert.equal(answers[1].error.code, 'sale-invalid');
    assert.deepEqual([answers[2].line, answers[2].error.faults[0].pointer], [4, '/at']);
    assert.equal(answers[3].saleId, 'S3');
  });
  test('that are all good exit with 0', async () => {
    const { code, stdout } = await run(
      ['--bundle', bundle, '--sales', '-'],
      [`${JSON.stringify(fullSale())}\r\n`.repeat(20)],
    );
    assert.equal(code, 0);
    assert.equal(stdout.trimEnd().split('\n').length, 20);
  });
});

describe('wrong usage exits with 2 and says what is wrong:', () => {
  for (const [name, args, message] of [
    ['no bundle', ['--sale', sale], /--bundle is missing/],
    ['no sale', ['--bundle', bundle], /--sale or --sales/],
    ['both', ['--bundle', bundle, '--sale', sale, '--sales', sale], /--sale or --sales/],
    ['an unknown option', ['--bundel', bundle], /--bundel/],
    ['a missing file', ['--bundle', join(scratch, 'none.json'), '--sale', sale], /none\.json cannot be read/],
    [
      'a missing file of sales',
      ['--bundle', bundle, '--sales', join(scratch, 'none.ndjson')],
      /none\.ndjson cannot be read/,
    ],
    ['standard input twice', ['--bundle', '-', '--sale', '-'], /standard input/],
  ] as const)
    test(name, async () => {
      const { code, stdout, stderr } = await run(args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, message);
    });
});

test('--help is told on standard output', async () => {
  const { code, stdout } = await run(['--help']);
  assert.equal(code, 0);
  assert.match(stdout, /usage: tillside decide/);
});

test('a line that is not UTF-8 is answered by a fault, as a whole file is', async () => {
  const line = JSON.stringify({ ...fullSale(), note: 'MARK' });
  const bytes = Buffer.from(`${line}\n${line}\n`);
  bytes[bytes.indexOf('MARK')] = 0xff;
  const path = join(scratch, 'latin1.ndjson');
  writeFileSync(path, bytes);
  const { code, stdout } = await run(['--bundle', bundle, '--sales', path]);
  const [first, second] = stdout
    .trimEnd()
    .split('\n')
    .map(text => JSON.parse(text));
  assert.equal(code, 2);
  assert.deepEqual([first.line, first.error.code, first.error.faults[0].pointer], [1, 'sale-invalid', '']);
  assert.equal(second.saleId, 'S1');
});

test('lines come whole however the bytes are cut, and one that is too long is marked', async () => {
  const bytes = Buffer.from('é1\n22\n333333\n\n4');
  for (let size = 1; size <= bytes.length; size++) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    const lines: string[] = [];
    for await (const { text, cut } of linesOf(Readable.from(chunks, { objectMode: true }), 5))
      lines.push(cut ? '…' : text);
    assert.deepEqual(lines, ['é1', '22', '…', '', '4']);
  }
});
