/**
 * Tills that enrol, move to a new computer, renew and are revoked, while they and HQ are killed between any two things that
 * they write. In the end each is enrolled with the one certificate that counts, its code was good once, and no key has left it.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createAuthority } from '../../../sync/hq/enrol/authority.ts';
import type { CertificateRecord, EnrolledTill } from '../../../sync/hq/enrol/registry.ts';
import type { RenewAsk } from '../../../sync/protocol/renewal.ts';
import { seeded } from '../seeded.ts';
import type { HqCall } from './hq.ts';

export interface EnrolFound {
  readonly broken: readonly string[];
  readonly kills: number;
  readonly tills: number;
}

const program = (name: string) => join(import.meta.dirname, `${name}.ts`);
const dieAt = program('die-at');
const cache = join(tmpdir(), 'tillside-compile-cache');
const env = { ...process.env, NODE_COMPILE_CACHE: cache };
const args = ['--no-warnings', '--import', dieAt];
const renewalMs = 61 * 86_400_000;
/** A till's enrolment and a renewal write less than this often; a draw above it kills nobody. */
const tillMoments = 50;
const hqMoments = 35;
/** Nobody is killed more often than this in one thing that is done: it ends. */
const mostKills = 3;

type Answer = { readonly id: number; readonly said: unknown };
type Tills = readonly (EnrolledTill & { readonly certificate: CertificateRecord | null })[];

/** Goes on till by till until `kills` processes were killed, or a promise is broken. */
export async function enrolUnderKills(options: {
  readonly kills: number;
  readonly seed: number;
  readonly tell: (text: string) => void;
}): Promise<EnrolFound> {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-enrol-kills-'));
  const draw = seeded(options.seed);
  const below = (most: number) => Math.floor(draw() * most);
  const hqDir = join(dir, 'hq');
  mkdirSync(hqDir);
  createAuthority(hqDir, 'demo', Date.now());
  const hq = killableHq(hqDir);
  const broken: string[] = [];
  let kills = 0;
  let tills = 0;
  /** Last words of a till that did not reach its end. */
  let lastSaid = '';

  /** Runs what till and HQ do together until it is done; kills one or the other on its way, at most so often. */
  async function untilDone<T>(what: string, run: (tillDies: number | null) => Promise<T | null>): Promise<T> {
    for (let time = 0; ; time++) {
      const [tillDies, hqDies] = time < mostKills ? [below(tillMoments * 1.3), below(hqMoments * 1.3)] : [null, null];
      if (hqDies !== null && hqDies < hqMoments) await hq.call({ kind: 'dieAfter', writes: hqDies });
      const before = hq.deaths;
      const done = await run(tillDies !== null && tillDies < tillMoments ? tillDies : null);
      kills += hq.deaths - before;
      if (done !== null) {
        // It must not die of this order within the next thing.
        await hq.call({ kind: 'dieAfter', writes: Number.MAX_SAFE_INTEGER });
        return done;
      }
      if (time > mostKills + 3) throw new Error(`${what} does not come to an end: ${lastSaid}`);
    }
  }

  const askHq = async <T>(call: HqCall): Promise<T> =>
    untilDone(call.kind, () => hq.call(call)).then(({ said }) => said as T);

  async function enrol(folder: string, code: string): Promise<void> {
    await untilDone(`the enrolment in ${folder}`, async tillDies => {
      const door = await hq.door();
      const call = ['--hq', door, '--code', code, '--config', join(folder, 'till.json')];
      const {
        killed,
        code: exit,
        said,
      } = await ended(
        spawn(process.execPath, [...args, program('enrolling-till'), ...call], {
          env: { ...env, ...(tillDies === null ? {} : { DIE_AT: String(tillDies) }) },
          stdio: ['ignore', 'ignore', 'pipe'],
        }),
      );
      lastSaid = said;
      if (killed) kills++;
      else if (exit !== 0 && !said.includes('broker-unreachable')) throw new Error(`a till is locked out: ${said}`);
      return exit === 0 ? true : null;
    });
  }

  async function renew(folder: string, till: string): Promise<void> {
    await untilDone(`the renewal in ${folder}`, async tillDies => {
      const child = fork(program('renewing-till'), [folder, till, String(hq.aheadMs)], {
        execArgv: args,
        env: { ...env, ...(tillDies === null ? {} : { DIE_AT: String(tillDies) }) },
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      child.on('message', async (ask: RenewAsk) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const answer = await hq.call({ kind: 'renew', store: '0042', till, ask });
        // Killed before it answered, or busy with the same question: the till asks again.
        if (typeof answer?.said === 'string' && child.connected) child.send({ pem: answer.said }, () => {});
      });
      const { killed, said } = await ended(child);
      if (killed) kills++;
      if (said !== '') throw new Error(`a till can't renew: ${said}`);
      return killed ? null : true;
    });
  }

  /** Files of a till that has just been brought to an end, and what HQ says of it. */
  async function look(folder: string, till: string, good: number): Promise<void> {
    const fault = (text: string) => broken.push(`till ${till} in ${folder.slice(dir.length)}: ${text}`);
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    const certificate = new X509Certificate(read('till.pem'));
    const key = createPrivateKey(read('till.key'));
    if (!certificate.checkPrivateKey(key)) fault('certificate and key are not of one pair');
    if (!certificate.verify(new X509Certificate(read('ca.pem')).publicKey)) fault('another authority signed it');
    if ((statSync(join(folder, 'till.key')).mode & 0o077) !== 0) fault('others can read its key');
    const config = JSON.parse(read('till.json')) as { till: string; broker: { key: string } };
    if (config.till !== till || config.broker.key !== 'file:till.key')
      fault(`its configuration is ${read('till.json')}`);
    const left = readdirSync(folder).filter(name => /pending|\.next/.test(name));
    if (left.length > 0) fault(`there is ${left} left`);
    const known = (await askHq<Tills>({ kind: 'tills' })).find(one => one.till === till);
    if (known?.revokedAt !== null) fault('HQ says that it is revoked');
    if (known?.certificate?.serial !== certificate.serialNumber)
      fault(`HQ lists ${known?.certificate?.serial}, it has ${certificate.serialNumber}`);
    const all = await askHq<readonly CertificateRecord[]>({ kind: 'certificates' });
    const valid = all.filter(one => one.till === till && one.revokedAt === null);
    if (valid.length !== good) fault(`${valid.length} certificates are good, not ${good}`);
    const secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
    for (const name of readdirSync(hqDir, { recursive: true, withFileTypes: true }))
      if (name.isFile()) {
        const bytes = readFileSync(join(name.parentPath, name.name));
        if (bytes.includes(secret) || bytes.includes(read('till.key').split('\n')[1] ?? ''))
          fault(`its key is at HQ, in ${name.name}`);
      }
  }

  /** Whoever has the code afterwards gets nothing for it, and nobody loses anything by his trying. */
  async function tryAgain(code: string): Promise<void> {
    const folder = join(dir, 'somebody');
    mkdirSync(folder, { recursive: true });
    const { code: exit, said } = await ended(
      spawn(
        process.execPath,
        [
          ...args,
          program('enrolling-till'),
          '--hq',
          await hq.door(),
          '--code',
          code,
          '--config',
          join(folder, 'x.json'),
        ],
        { env, stdio: ['ignore', 'ignore', 'pipe'] },
      ),
    );
    if (exit === 0 || !said.includes('enrol-refused')) broken.push(`a used code: ${exit} ${said}`);
    if (existsSync(join(folder, 'till.pem'))) broken.push('somebody got a certificate for a used code');
    rmSync(folder, { recursive: true });
  }

  try {
    while (kills < options.kills && broken.length === 0) {
      tills++;
      const till = `0042-${tills}`;
      await hq.moveTo(0);
      const first = join(dir, `${till}-first`);
      mkdirSync(first);
      const code = await askHq<string>({ kind: 'code', store: '0042', till });
      await enrol(first, code);
      await look(first, till, 1);
      await tryAgain(code);
      // Interrupted after its last write, as far as the operator can tell.
      await enrol(first, code);
      await look(first, till, 1);
      let folder = first;
      if (below(2) === 0) {
        // A new computer: the old one is worth nothing from then on, whatever it still has.
        folder = join(dir, `${till}-second`);
        mkdirSync(folder);
        const next = await askHq<string>({ kind: 'code', store: '0042', till });
        await enrol(folder, next);
        await look(folder, till, 1);
        await tryAgain(code);
        await look(folder, till, 1);
      }
      await hq.moveTo(renewalMs);
      await renew(folder, till);
      // The one before ends by itself.
      await look(folder, till, 2);
      await askHq({ kind: 'revoke', till });
      const all = await askHq<readonly CertificateRecord[]>({ kind: 'certificates' });
      if (all.some(one => one.till === till && one.revokedAt === null))
        broken.push(`${till} is revoked, its certificates are not`);
      options.tell(`till ${till}: ${kills} kills so far`);
    }
  } catch (error) {
    broken.push(error instanceof Error ? error.message : String(error));
  } finally {
    await hq.close();
    rmSync(dir, { recursive: true, force: true });
  }
  return { broken, kills, tills };
}

/** HQ, which is started again whenever something is asked of it. */
function killableHq(dir: string) {
  let child: ChildProcess | null = null;
  let starting: Promise<ChildProcess> | null = null;
  let doorPort = 0;
  let deaths = 0;
  let aheadMs = 0;

  let calls = 0;
  /** The answer to this call; null: it ended before. */
  const answerOf = (of: ChildProcess, id: number) =>
    new Promise<Answer | null>(resolve => {
      const hear = (answer: Answer) => {
        if (answer.id === id) end(answer);
      };
      const over = () => end(null);
      const end = (answer: Answer | null) => {
        of.off('message', hear).off('exit', over);
        resolve(answer);
      };
      of.on('message', hear).once('exit', over);
    });

  /** Asked for by several at once it starts once. */
  function up(): Promise<ChildProcess> {
    starting ??= start();
    return starting;
  }

  async function start(): Promise<ChildProcess> {
    const started = fork(program('hq'), [dir, String(aheadMs)], {
      execArgv: args,
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    started.once('exit', (_code, signal) => {
      if (signal === 'SIGKILL') deaths++;
      if (child === started) child = starting = null;
    });
    // A till on a slow machine asks many times before it is answered.
    started.setMaxListeners(0);
    const door = await answerOf(started, 0);
    if (door === null) throw new Error('HQ does not start');
    doorPort = Number(door.said);
    child = started;
    return started;
  }

  async function stop() {
    await starting;
    const ending = child;
    child = starting = null;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const over = new Promise(resolve => ending.once('exit', resolve));
    ending.disconnect();
    await over;
  }

  return {
    get deaths() {
      return deaths;
    },
    get aheadMs() {
      return aheadMs;
    },
    door: async () => {
      await up();
      return `https://127.0.0.1:${doorPort}`;
    },
    /** Null: killed before it answered. */
    async call(call: HqCall) {
      const to = await up();
      const id = ++calls;
      const answer = answerOf(to, id);
      to.send({ id, call }, () => {});
      return answer;
    },
    /** Its clock, and that of tills, is ahead by so much from its next start on. */
    async moveTo(ms: number) {
      await stop();
      aheadMs = ms;
    },
    close: stop,
  };
}

function ended(
  child: ChildProcess,
): Promise<{ readonly killed: boolean; readonly code: number | null; readonly said: string }> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  // Not "close": that never comes for a child whose channel was disconnected (Node 24).
  const silent = child.stderr === null ? null : once(child.stderr, 'end');
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  return exit.then(async ([code, signal]) => {
    await silent;
    return { killed: signal === 'SIGKILL', code, said };
  });
}
