/** A disk that is full or fails under a till that sells: strace makes the kernel's answers, the till and SQLite are real (docs/faults.md). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import test, { type TestContext } from 'node:test';
import { isTillsideError } from '../../../errors.ts';
import { coffee, coreTill, discard } from '../../sale/core-till.ts';
import { onLine } from '../../sync/support/line.ts';
import { memoryOutbox, saleBody, until } from '../../sync/support/till-end.ts';
import { noStrace } from '../power/trace.ts';
import { brokenPromises } from '../till-checks.ts';
import { fillUp, smallDisk } from './small-disk.ts';

const program = join(import.meta.dirname, 'selling-till.ts');

type Trouble = { readonly name: string; readonly inject: string; readonly code: string };
/** Calls from `when` on fail, so many of them; then the disk is good again. */
const troubles: readonly Trouble[] = [
  { name: 'a full disk', inject: 'pwrite64:error=ENOSPC:when=120..150', code: 'disk-full' },
  { name: 'a disk that fails to write', inject: 'pwrite64:error=EIO:when=130..133', code: 'disk-failed' },
  { name: 'a disk that fails to sync', inject: 'fsync,fdatasync:error=EIO:when=20..23', code: 'disk-failed' },
];

for (const { name, inject, code } of troubles)
  test(`under ${name} a sale is refused with ${code}, nothing is half written, and the till goes on when it is over`, {
    skip: noStrace,
  }, async t => {
    const dir = mkdtempSync(join(tmpdir(), 'tillside-disk-'));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    const wal = join(dir, 'till.sqlite-wal');
    // strace knows a file by its path once it is there: a first life makes it.
    await discardLog(dir);
    const flags = ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-P', wal, '-e', `inject=${inject}`];
    const lines = await sell(t, 'strace', [...flags, process.execPath, '--no-warnings', program, dir]);
    const answered = new Map<string, readonly string[]>();
    for (const line of lines) {
      const [what, id = '', ...serials] = line.split(' ');
      if (what === 'answered') answered.set(id, serials);
    }
    const refused = lines.filter(line => line.startsWith('refused'));
    t.diagnostic(`${answered.size} answered, ${refused.length} refused`);
    assert(refused.length > 0, lines.join('\n'));
    assert.deepEqual(new Set(refused), new Set([`refused ${code}`]));
    assert.equal(lines.at(-1), 'closed');
    assert.deepEqual(brokenPromises(join(dir, 'till.sqlite'), { answered, voided: new Set(), paper: [] }), []);
  });

/** Makes the till's files, with a log that stays: its last connection is killed and not closed. */
async function discardLog(dir: string): Promise<void> {
  const till = await coreTill({ dir: join(dir, 'first') });
  for (const file of ['till.sqlite', 'till.sqlite-wal', 'members.sqlite', 'members.sqlite-wal'])
    if (existsSync(join(till.dir, file))) cpSync(join(till.dir, file), join(dir, file));
  await discard(till);
}

function sell(t: TestContext, command: string, args: readonly string[]): Promise<readonly string[]> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  return new Promise(resolve => child.once('close', () => resolve(out.trimEnd().split('\n'))));
}

test('on a disk of four megabytes a till sells until it is full, refuses with disk-full, and sells on when there is room', async t => {
  const disk = smallDisk(t);
  if (disk === null) return t.skip('this user may not mount');
  const dir = join(disk, 'till');
  mkdirSync(dir);
  const till = await coreTill({ dir });
  const answered = new Map<string, readonly string[]>();
  answered.set('S-first', await till.sell('S-first', [coffee], '2501000000017'));
  const makeRoom = fillUp(disk);
  const refused: unknown[] = [];
  for (let sale = 0; refused.length === 0 && sale < 2000; sale++)
    try {
      answered.set(`S${sale}`, await till.sell(`S${sale}`, [coffee], '2501000000017'));
    } catch (error) {
      refused.push(error);
    }
  assert(isTillsideError(refused[0], 'disk-full'), String(refused[0]));
  makeRoom();
  for (let sale = 0; sale < 5; sale++) answered.set(`T${sale}`, await till.sell(`T${sale}`, [coffee], '2501000000017'));
  await till.close();
  assert.deepEqual(brokenPromises(join(dir, 'till.sqlite'), { answered, voided: new Set(), paper: [] }), []);
});

test("a full disk under HQ's word ends neither the till nor its line: the word comes again", () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    const outbox = memoryOutbox({ tenant: 'demo', store: '0042', till: '1' });
    const { acknowledge } = outbox;
    let refusals = 0;
    outbox.acknowledge = (epoch, contiguous) => {
      if (refusals++ === 0) throw new Error('database or disk is full');
      acknowledge(epoch, contiguous);
    };
    const { edge } = line.till('1', hq, { outbox });
    edge.start();
    await until(() => edge.line().connected, 'the line');
    outbox.append('sale.completed', saleBody('S1', 100));
    await until(() => refusals > 0, 'a word that can not be written');
    outbox.append('sale.completed', saleBody('S2', 100));
    await until(() => outbox.acknowledged() === 2, 'the next word');
    assert.equal(edge.line().connected, true);
  }));
