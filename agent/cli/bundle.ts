/** `tillside bundle`: checks, signs and publishes bundles of offers, and shows which till decides with which. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { instant } from '../../clock.ts';
import { type Fault, isTillsideError, messageOf, TillsideError } from '../../errors.ts';
import { loadSigningKey } from '../../sync/hq/files.ts';
import type { BundlesAnswer, PublishAnswer } from '../../sync/hq/wire.ts';
import { maxBlockBytes, signPointer } from '../../sync/protocol/pointer.ts';
import type { Bundle } from '../offers/types.ts';
import { parseBundle } from '../offers/validate/bundle.ts';
import { bundleCheckCommand } from './bundle-check.ts';
import { bundleKeysCommand } from './bundle-keys.ts';
import { readRollouts, rollBack, rollOut, rolloutText } from './bundle-rollout.ts';
import type { CommandIo } from './command.ts';
import { askHq, demoToken, demoUrl } from './hq-client.ts';

const help = `tillside bundle: the offers that tills decide with

usage: tillside bundle check FILE [--catalogue FILE] [--members FILE | --attributes LIST] [--json] …
       tillside bundle sign FILE --key FILE [--ring RING] [--out FILE]
       tillside bundle publish FILE [--ring RING] [--hq URL] [--token-file FILE] [--json]
       tillside bundle rollout FILE [--first STORE] [--soak MINUTES] [--hq URL] [--token-file FILE] [--json]
       tillside bundle rollout --stop | --resume [--hq URL] [--token-file FILE] [--json]
       tillside bundle rollback [--to VERSION] [--id ID] [--hq URL] [--token-file FILE] [--json]
       tillside bundle status [--hq URL] [--token-file FILE] [--json]
       tillside bundle keys root|certify|revoke|show|publish|status …

  check    holds the file against the offer contract, and finds what is legal but surely wrong:
           see tillside bundle check --help
  sign     writes the signed pointer to the file's bytes (Ed25519), as tills verify it
  publish  hands the file to HQ, which checks, signs and points all tills of the ring to it at once
  rollout  the same by and by: one store, then 1, 10, 50 and 100 % of the stores; goes on while 95 % of a ring's
           tills have it and stops by itself when 0.5 % refused it or went back
  rollback publishes what an earlier version held under a new, higher version, to all at once
  status   what is published and rolled out, which till has it, which refused it and why
  keys     who may sign for HQ: see tillside bundle keys --help

  --key FILE         private key, PEM
  --ring RING        all (default), another ring, or store/ID
  --first STORE      the store that goes first (otherwise always the same one)
  --soak MINUTES     how long a ring is watched before the next one opens (10)
  --to VERSION       whose content is wanted back (the version before)
  --id ID            of which bundle
  --hq URL           default ${demoUrl}
  --token-file FILE  default ${demoToken}

Exit codes: 0 done, 1 failed (check: a finding of severity error), 2 wrong usage or a bundle with faults.
`;

export async function bundleCommand(args: readonly string[], io: CommandIo): Promise<number> {
  if (args[0] === 'check') return bundleCheckCommand(args.slice(1), io);
  if (args[0] === 'keys') return bundleKeysCommand(args.slice(1), io);
  const { values, positionals } = parse(args);
  const [action, file, ...more] = positionals;
  if (values.help === true || action === undefined) {
    (values.help === true ? io.stdout : io.stderr).write(help);
    return values.help === true ? 0 : 2;
  }
  const address = { url: values.hq ?? demoUrl, tokenFile: values['token-file'] ?? demoToken };
  const json = values.json === true;
  if (file === undefined) {
    if (action === 'status') return status(address, json, io);
    if (action === 'rollback') return rollBack(values.id, values.to, address, json, io);
    if (action === 'rollout') return rollOut(null, values, address, json, io);
  }
  if (file === undefined || more.length > 0 || !['sign', 'publish', 'rollout'].includes(action))
    throw new TillsideError(
      'usage',
      'needs check, sign, publish or rollout with one FILE, or rollback, status or keys; see tillside bundle --help',
    );
  const bytes = readBundleFile(file);
  const parsed = parseBundle(bytes);
  if (!parsed.ok) return faulty(parsed.faults, json, io);
  if (action === 'sign') return sign(parsed.bundle, bytes, values, io);
  try {
    return action === 'rollout'
      ? await rollOut(bytes, values, address, json, io)
      : await publish(bytes, values.ring ?? 'all', address, json, io);
  } catch (error) {
    // HQ may know faults that this version does not.
    if (isTillsideError(error) && error.faults.length > 0) return faulty(error.faults, json, io);
    throw error;
  }
}

type Values = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        key: { type: 'string' },
        out: { type: 'string' },
        ring: { type: 'string' },
        first: { type: 'string' },
        soak: { type: 'string' },
        to: { type: 'string' },
        id: { type: 'string' },
        stop: { type: 'boolean' },
        resume: { type: 'boolean' },
        hq: { type: 'string' },
        'token-file': { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new TillsideError('usage', `${messageOf(error)}; see tillside bundle --help`);
  }
}

function readBundleFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new TillsideError('usage', `The bundle ${file} can't be read: ${messageOf(error)}`);
  }
}

function faulty(faults: readonly Fault[], json: boolean, io: CommandIo): number {
  for (const { pointer, message } of faults) io.stderr.write(`${pointer}: ${message}\n`);
  if (json) io.stdout.write(`${JSON.stringify({ ok: false, faults })}\n`);
  return 2;
}

function sign(bundle: Bundle, bytes: Uint8Array, values: Values, io: CommandIo): number {
  if (values.key === undefined) throw new TillsideError('usage', 'sign needs --key FILE');
  const pointer = signPointer(loadSigningKey(values.key), {
    id: bundle.id,
    version: bundle.version,
    sha256: sha256Of(bytes),
    size: bytes.byteLength,
    block: maxBlockBytes,
    notBefore: instant(Date.now(), bundle.timezone),
    notAfter: bundle.notAfter,
    ring: values.ring ?? 'all',
  });
  const text = `${JSON.stringify(pointer, null, 2)}\n`;
  if (values.out === undefined) io.stdout.write(text);
  else writeFileSync(values.out, text);
  return 0;
}

type Address = { readonly url: string; readonly tokenFile: string };

async function publish(
  bytes: Uint8Array,
  ring: string,
  address: Address,
  json: boolean,
  io: CommandIo,
): Promise<number> {
  const path = `/v1/bundles?ring=${encodeURIComponent(ring)}`;
  const answer = (await askHq(address, 'POST', path, bytes)) as PublishAnswer;
  io.stdout.write(
    json
      ? `${JSON.stringify(answer)}\n`
      : `${answer.id} version ${answer.version} is published to ring ${answer.ring}\n`,
  );
  return 0;
}

async function status(address: Address, json: boolean, io: CommandIo): Promise<number> {
  const answer = (await askHq(address, 'GET', '/v1/bundles')) as BundlesAnswer;
  const { rollouts, alarms } = await readRollouts(address);
  if (json) {
    io.stdout.write(`${JSON.stringify({ ...answer, rollouts, alarms })}\n`);
    return 0;
  }
  // Of those that ended long ago nobody asks any more.
  for (const rollout of rollouts.filter(({ state }, index) => index === 0 || state === 'running'))
    io.stdout.write(rolloutText(rollout));
  for (const { store, till, code, message } of alarms) io.stdout.write(`! ${store}/${till}  ${code}: ${message}\n`);
  if (answer.bundles.length === 0) io.stdout.write('no bundle is published\n');
  else
    for (const bundle of answer.bundles) {
      const since = `${bundle.id} version ${bundle.version}  ring ${bundle.ring}  published ${bundle.publishedAt}`;
      io.stdout.write(`${since}${bundle.current ? '' : '  (replaced)'}\n`);
      for (const { store, till, state, version } of bundle.tills)
        io.stdout.write(
          `  ${store}/${till}  ${state}${state === 'active' || version === null ? '' : ` (has version ${version})`}\n`,
        );
    }
  return 0;
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
