/** `tillside simulate` as it is typed: files, streams, exit codes, progress, hostile input, memory. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Readable, Writable } from 'node:stream';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { simulateCommand } from '../../agent/cli/simulate.ts';
import { progressBar } from '../../agent/cli/simulate-progress.ts';
import { pieceBytes } from '../../agent/simulate/pieces.ts';
import { ahead, simulate } from '../../agent/simulate/simulate.ts';
import { isTillsideError } from '../../errors.ts';
import { bundleOf, issue, offers, salesOf } from './support/shop.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tillside-simulate-'));
after(() => rmSync(scratch, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, content);
  return path;
}

/** Keeps what is written to it; a terminal or not. */
class Sink extends Writable {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

async function run(args: readonly string[], { input = [] as Iterable<string | Buffer>, isTTY = false } = {}) {
  const [stdout, stderr] = [new Sink(false), new Sink(isTTY)];
  const code = await simulateCommand(args, { stdin: Readable.from(input), stdout, stderr });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

const lines = salesOf(300).map(sale => JSON.stringify(sale));
const ndjson = `${lines.join('\n')}\n`;
const bundle = file('bundle.json', JSON.stringify(bundleOf(offers)));
const before = file('before.json', JSON.stringify(bundleOf(offers.slice(1))));
const sales = file('sales.ndjson', ndjson);

/** Without what depends on the machine. */
function timeless(json: string): object {
  const { seconds, salesPerSecond, processorSeconds, ...rest } = JSON.parse(json);
  assert.ok(seconds >= 0 && salesPerSecond > 0 && processorSeconds >= 0);
  return rest;
}

test('a table on standard output, nothing on standard error, exit code 0', async () => {
  const { code, stdout, stderr } = await run(['--bundle', bundle, '--sales', sales, '--workers', '1']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^b 1: 300 sales \(258 with a member\) in /);
  for (const { id } of offers) assert.match(stdout, new RegExp(`^${id} `, 'm'));
  assert.doesNotMatch(stdout, /Against/);
});

test('a gzipped file, the same one plain and on standard input come to the same', async () => {
  const args = ['--bundle', bundle, '--json', '--workers', '2', '--sales'];
  const plain = await run([...args, sales]);
  const packed = await run([...args, file('sales.ndjson.gz', gzipSync(ndjson))]);
  const piped = await run([...args, '-'], { input: [ndjson.slice(0, 1000), Buffer.from(ndjson.slice(1000))] });
  assert.deepEqual([plain.code, packed.code, piped.code], [0, 0, 0]);
  assert.deepEqual(timeless(packed.stdout), timeless(plain.stdout));
  assert.deepEqual(timeless(piped.stdout), timeless(plain.stdout));
});

test('a gzipped file that is cut short or damaged is told, not counted', async () => {
  const whole = gzipSync(ndjson);
  const damaged = Buffer.from(whole);
  damaged.fill(0x55, 200, 400);
  for (const [name, bytes] of [
    ['cut.gz', whole.subarray(0, whole.length / 2)],
    ['damaged.gz', damaged],
    ['text.gz', Buffer.from(ndjson)],
  ] as const) {
    const path = file(name, bytes);
    await assert.rejects(
      run(['--bundle', bundle, '--sales', path, '--workers', '1']),
      error => isTillsideError(error) && error.code === 'usage' && error.message.includes(path),
    );
  }
});

test('lines that are no sales are told by number, the others are counted, and the exit code is 2', async () => {
  const mixed = file('mixed.ndjson', `${lines[0]}\nnonsense\n\n{"saleId":"x"}\n${lines[1]}\n`);
  const table = await run(['--bundle', bundle, '--sales', mixed, '--workers', '1']);
  assert.equal(table.code, 2);
  assert.match(table.stdout, /2 sales/);
  assert.match(table.stdout, /2 lines are no sales and were left out/);
  assert.match(table.stderr, /^line 2: .*JSON.*\nline 4: .*\/storeId: is missing.*\n$/);
  const json = await run(['--bundle', bundle, '--sales', mixed, '--workers', '1', '--json']);
  assert.deepEqual([json.code, json.stderr], [2, '']);
  const { badLines, bad } = JSON.parse(json.stdout);
  assert.deepEqual([badLines, bad.map(({ line }: { line: number }) => line)], [2, [2, 4]]);
});

test('JSON has everything, with --against what was before and each difference with ten sales', async () => {
  const { code, stdout } = await run(['--bundle', bundle, '--against', before, '--sales', sales, '--json']);
  assert.equal(code, 0);
  const report = JSON.parse(stdout);
  assert.deepEqual(
    [report.bundle, report.against, report.sales],
    [{ id: 'b', version: 1 }, { id: 'b', version: 1 }, 300],
  );
  for (const row of report.offers) {
    assert.equal(row.eligible, row.issued + row.suppressed + (row.reasons['not-selected'] ?? 0));
    const refused = Object.values<number>(row.reasons).reduce((sum, n) => sum + n, 0);
    assert.equal(row.issued + row.suppressed + refused, 300, row.offer);
    assert.equal('before' in row, row.offer !== 'coffee');
  }
  const [coffee] = report.differences;
  assert.deepEqual([coffee.offer, coffee.from, coffee.to, coffee.examples.length], ['coffee', 'absent', 'issued', 10]);
  const { stdout: table } = await run(['--bundle', bundle, '--against', before, '--sales', sales]);
  assert.match(table, /^Against b 1:\n {2}coffee: absent → issued in \d+ sales, for example S\d+( S\d+){9}$/m);
});

test('with --reasons every reason of every offer is in the table', async () => {
  const { stdout } = await run(['--bundle', bundle, '--sales', sales, '--reasons', '--workers', '1']);
  const { stdout: json } = await run(['--bundle', bundle, '--sales', sales, '--json', '--workers', '1']);
  const [head = '', , ...rows] = stdout.slice(stdout.lastIndexOf('offer ')).split('\n');
  const report = JSON.parse(json) as { offers: { offer: string; reasons: Record<string, number> }[] };
  for (const { offer, reasons } of report.offers) {
    const row = rows.find(each => each.startsWith(`${offer} `)) ?? '';
    for (const [reason, count] of Object.entries(reasons)) {
      // Numbers end where their head ends.
      const end = head.search(new RegExp(`\\b${reason}(?= |$)`)) + reason.length;
      assert.equal(row.slice(0, end).split(' ').at(-1), count.toLocaleString('en'), `${offer} ${reason}`);
    }
  }
});

test('a coupon worth more, and one that is no longer accepted, are differences', async () => {
  const [first] = salesOf(1);
  const sale = { ...first, coupons: [{ offer: 'a', serial: 'x' }] };
  const path = file('coupon.ndjson', JSON.stringify(sale));
  const then = issue('a', {});
  const now = issue('a', {
    benefit: { amount: { off: 120 } },
    coupon: { ...then.coupon, redeemStores: { include: ['9999'] } } as typeof then.coupon & object,
  });
  const { stdout } = await run([
    ...['--bundle', file('now.json', JSON.stringify(bundleOf([now])))],
    ...['--against', file('then.json', JSON.stringify(bundleOf([then])))],
    ...['--sales', path, '--json', '--workers', '1'],
  ]);
  const { differences } = JSON.parse(stdout);
  assert.deepEqual(
    differences.map(({ from, to }: { from: string; to: string }) => `${from} → ${to}`),
    ['issued → issued for more', 'redeemed → coupon-store'],
  );
});

test('what is missing or unreadable is said, with the code for wrong usage', async () => {
  const faulty = file('faulty.json', JSON.stringify({ ...bundleOf(offers), currency: 'chf' }));
  for (const args of [
    [],
    ['--bundle', bundle],
    ['--bundle', bundle, '--sales', sales, '--workers', '0'],
    ['--bundle', bundle, '--sales', sales, '--workers', '1.5'],
    ['--bundle', bundle, '--sales', sales, '--colour'],
    ['--bundle', bundle, '--sales', join(scratch, 'nowhere.ndjson')],
    ['--bundle', bundle, '--sales', scratch],
    ['--bundle', join(scratch, 'nowhere.json'), '--sales', sales],
    ['--bundle', faulty, '--sales', sales],
    ['--bundle', bundle, '--against', faulty, '--sales', sales],
  ])
    await assert.rejects(run(args), error => isTillsideError(error) && error.code === 'usage', args.join(' '));
  assert.match((await run(['--help'])).stdout, /usage: tillside simulate/);
});

test('as a process it ends with the code that it says', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const command = async (path: string) => {
    const args = ['tillside.ts', 'simulate', '--bundle', path, '--sales', '-', '--workers', '1'];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
    try {
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', text => {
        stdout += text;
      });
      child.stderr.setEncoding('utf8').on('data', text => {
        stderr += text;
      });
      child.stdin.on('error', () => {});
      child.stdin.end(`${lines[0]}\n{}\n`);
      const code = await new Promise<number | null>(resolve => child.on('close', resolve));
      return { code, stdout, stderr };
    } finally {
      child.kill();
    }
  };
  const bad = await command(bundle);
  assert.equal(bad.code, 2);
  assert.match(bad.stdout, /1 sales/);
  assert.match(bad.stderr, /^line 2: \/saleId: is missing/);
  const faulty = await command(file('wrong.json', '{"format":"tillside/bundle/1"}'));
  assert.deepEqual([faulty.code, faulty.stdout], [2, '']);
  assert.match(faulty.stderr, /\/offers: is missing/);
});

/** Back to the start of the line, and that cleared. */
const gone = '\r\u001b[K';

test('a terminal sees a bar that is gone at the end; a log sees none', async () => {
  const seen = await run(['--bundle', bundle, '--sales', sales, '--workers', '1'], { isTTY: true });
  assert.equal(seen.stderr, `\r${'█'.repeat(30)} 100 %  300 sales${gone}`);
  const piped = await run(['--bundle', bundle, '--sales', '-', '--workers', '1'], { isTTY: true, input: [ndjson] });
  assert.equal(piped.stderr, `\r300 sales${gone}`);
  // Also where it ends badly.
  const sink = new Sink(true);
  const cut = file('short.gz', gzipSync(Buffer.from(ndjson.repeat(40))).subarray(0, -20));
  const io = { stdin: Readable.from([]), stdout: new Sink(false), stderr: sink };
  await assert.rejects(simulateCommand(['--bundle', bundle, '--sales', cut, '--workers', '1'], io));
  assert.ok(sink.text === '' || sink.text.endsWith(`sales${gone}`), sink.text);
});

test('the bar is drawn at most ten times a second, and never beyond its end', () => {
  const out = new Sink(true);
  let [at, read] = [5000, 0];
  const bar = progressBar(
    out,
    1000,
    () => read,
    () => at,
  );
  bar.end();
  assert.equal(out.text, '');
  for (; at < 6000; at += 10) {
    read += 15;
    bar.show(read);
  }
  const drawn = out.text.split('\r').slice(1);
  assert.equal(drawn.length, 10);
  assert.match(drawn[0] ?? '', /^░{30} {3}1 % {2}15 sales$/u);
  assert.match(drawn.at(-1) ?? '', /^█{30} 100 % {2}1,365 sales$/u);
});

test('hostile lines are refused one by one, with their place, and never counted wrongly', async () => {
  const [good = ''] = lines;
  const hostile = [
    good.replace('"quantity":"1"', '"quantity":1'),
    good.replace(/"amount":\d+/, '"amount":"150"'),
    good.replace(/"amount":\d+/, '"amount":NaN'),
    good.replace(/"amount":\d+/, '"amount":1e999'),
    good.replace(/"amount":\d+/, '"amount":9007199254740993'),
    good.replace('"quantity":"1"', '"quantity":"NaN"'),
    good.replace('"quantity":"1"', '"quantity":"999999"'),
    good.replace('"lines":[', '"lines":{"length":1},"zz":['),
    good.replace('"member":{', '"member":[],"zz":{'),
    good.replace('"at":"', '"at":"9'),
    '{"__proto__":{"saleId":"S","storeId":"1","at":"2026-11-21T08:15:00+01:00","lines":[]}}',
    '{"constructor":{"prototype":{"saleId":"S"}}}',
    `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    `"${'x'.repeat(1_000_000)}"`,
    '\u0000',
  ];
  const path = file(
    'hostile.ndjson',
    [good, ...hostile, good.replace('{', '{"__proto__":{"storeId":"9"},')].join('\n'),
  );
  const { code, stdout } = await run(['--bundle', bundle, '--sales', path, '--json', '--workers', '2']);
  const { sales: counted, badLines, bad } = JSON.parse(stdout);
  assert.deepEqual([code, counted, badLines], [2, 2, hostile.length]);
  assert.deepEqual(
    bad.map(({ line }: { line: number }) => line),
    hostile.map((_, i) => i + 2),
  );
  for (const { code: told, faults } of bad) {
    assert.equal(told, 'sale-invalid');
    assert.ok(faults.length > 0 && faults.every(({ message }: { message: string }) => message.length < 400));
  }
  assert.equal(Object.hasOwn(Object.prototype, 'saleId'), false);
});

test('however long the file is, no more than a few pieces of it are under way', async () => {
  const workers = 2;
  const [line = ''] = lines;
  const bytes = Buffer.from(`${line}\n`);
  // 16 MB, handed out as fast as it is taken.
  const perChunk = Math.ceil(65_536 / bytes.length);
  const chunk = Buffer.concat(Array.from({ length: perChunk }, () => bytes));
  const chunks = 256;
  let [given, played, most] = [0, 0, 0];
  async function* source(): AsyncIterable<Uint8Array> {
    for (let i = 0; i < chunks; i++) {
      given += perChunk;
      most = Math.max(most, given - played);
      yield chunk;
    }
  }
  const result = await simulate({
    bundle: bundleOf(offers),
    against: null,
    source: source(),
    carry: false,
    workers,
    onProgress: sales => {
      played = sales;
    },
  });
  assert.equal(result.tally.sales, chunks * perChunk);
  // Each worker has `ahead` pieces, one waits for a worker, one is being filled; a piece is at most a chunk too long.
  const bound = ((workers * ahead + 2) * (pieceBytes + chunk.length)) / bytes.length;
  assert.ok(most <= bound, `${most} sales under way, ${bound} allowed`);
  assert.ok(bound < (chunks * perChunk) / 4, 'the file is far longer than that');
});
