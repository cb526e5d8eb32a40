/** `tillside bundle keys`: what is done with the root key, off line, and what HQ is told of it. */
import { createPublicKey } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { instant } from '../../clock.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import { loadSigningKey, writeSecret } from '../../sync/hq/files.ts';
import { readKeys, saveKeys } from '../../sync/hq/keys.ts';
import type { KeysAnswer } from '../../sync/hq/wire.ts';
import { certify, createKeyring, emptyKeySet, publicKeyOf, revoke } from '../../sync/protocol/keyring.ts';
import { keyIdOf, makeSigningKey, readSigningKey, readTrustedKeys } from '../../sync/protocol/signing.ts';
import type { CommandIo } from './command.ts';
import { askHq, demoToken, demoUrl } from './hq-client.ts';
import { readOptions } from './options.ts';

const help = `tillside bundle keys: who may sign for HQ

usage: tillside bundle keys root --out FILE
       tillside bundle keys certify --root FILE --keys FILE (--key FILE | --make FILE) [--days N]
       tillside bundle keys revoke KEYID… --root FILE --keys FILE
       tillside bundle keys show --keys FILE [--trust FILE] [--json]
       tillside bundle keys publish --keys FILE [--hq URL] [--token-file FILE]
       tillside bundle keys status [--hq URL] [--token-file FILE] [--json]

  root     makes a root key: FILE (to be kept off line) and FILE.pub, which tills name as trust.root
  certify  lets a signing key sign for HQ for N days (365); writes it into the keys FILE
  revoke   takes keys back, for ever; raises the number of the list in the keys FILE
  show     what stands in a keys FILE, checked against a root where --trust names one
  publish  hands the keys FILE to a running HQ, which tells every till
  status   which key HQ signs with, until when, and what is revoked

  --root FILE    private root key, PEM     --trust FILE  public root key, PEM
  --keys FILE    keys.json: certificates and revoked keys; made where it is missing
  --key FILE     signing key, private or public, PEM
  --make FILE    makes a new signing key there

See docs/rollout.md, "Keys". Exit codes: 0 done, 1 failed, 2 wrong usage or input.
`;

const dayMs = 86_400_000;

export async function bundleKeysCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = readOptions(
    'bundle keys',
    args,
    {
      ...{ out: text, root: text, keys: text, key: text, make: text, days: text, trust: text, hq: text },
      ...{ 'token-file': text, json: flag, help: { ...flag, short: 'h' } },
    },
    1000,
  );
  const [action, ...ids] = positionals;
  if (values.help === true || action === undefined) {
    (values.help === true ? io.stdout : io.stderr).write(help);
    return values.help === true ? 0 : 2;
  }
  if (ids.length > 0 && action !== 'revoke')
    throw new TillsideError('usage', `"${ids[0]}" is one argument too many; see tillside bundle keys --help`);
  const need = (name: 'out' | 'root' | 'keys'): string => {
    const value = values[name];
    if (value === undefined)
      throw new TillsideError('usage', `${action} needs --${name} FILE; see tillside bundle keys --help`);
    return value;
  };
  const address = { url: values.hq ?? demoUrl, tokenFile: values['token-file'] ?? demoToken };
  switch (action) {
    case 'root':
      return makeRoot(need('out'), io);
    case 'certify':
      return certifyKey(need('root'), need('keys'), values, io);
    case 'revoke':
      return revokeKeys(need('root'), need('keys'), ids, io);
    case 'show':
      return show(need('keys'), values.trust, values.json === true, io);
    case 'publish':
      return told(await askHq(address, 'POST', '/v1/keys', bytesOf(need('keys'))), values.json === true, io);
    case 'status':
      return told(await askHq(address, 'GET', '/v1/keys'), values.json === true, io);
    default:
      throw new TillsideError('usage', `no command "bundle keys ${action}"; see tillside bundle keys --help`);
  }
}

function makeRoot(file: string, io: CommandIo): number {
  mustBeNew(file);
  const made = makeSigningKey();
  writeSecret(file, made.privatePem);
  writeFileSync(`${file}.pub`, made.publicPem, { flush: true });
  io.stdout.write(
    `${file}      the root key ${idOf(made.publicPem)}: keep it off line, twice, where nobody reaches it alone\n` +
      `${file}.pub  for the tills: "trust": {"root": "file:…"}, and for HQ: "signing": {"root": "file:…"}\n`,
  );
  return 0;
}

type CertifyValues = {
  readonly key?: string | undefined;
  readonly make?: string | undefined;
  readonly days?: string | undefined;
};

function certifyKey(
  rootFile: string,
  keysFile: string,
  { key, make, days: wanted }: CertifyValues,
  io: CommandIo,
): number {
  if ((key === undefined) === (make === undefined))
    throw new TillsideError('usage', 'certify needs either --key FILE or --make FILE');
  const days = wanted === undefined ? 365 : Number(wanted);
  if (!Number.isInteger(days) || days < 1 || days > 3650)
    throw new TillsideError('usage', `--days is "${wanted}"; it is a number from 1 to 3650.`);
  const root = loadSigningKey(rootFile);
  const set = existsSync(keysFile) ? readKeys(keysFile) : emptyKeySet;
  if (make !== undefined) {
    mustBeNew(make);
    writeSecret(make, makeSigningKey().privatePem);
  }
  const publicKey = publicOf(make ?? key ?? '');
  const keyId = keyIdOf(publicKey);
  if (keyId === root.keyId) throw new TillsideError('usage', 'The root key needs no certificate; name a signing key.');
  if (set.revocations.some(list => list.revoked.includes(keyId)))
    throw new TillsideError('usage', `Key ${keyId} was revoked; make a new one with --make FILE.`);
  const now = Date.now();
  // A till's clock may be behind.
  const made = certify(root, publicKey, instant(now - dayMs, 'UTC'), instant(now + days * dayMs, 'UTC'));
  saveKeys(keysFile, { ...set, certificates: [...set.certificates, made] });
  io.stdout.write(`key ${keyId} may sign until ${made.notAfter}; ${keysFile} says so\n`);
  return 0;
}

function revokeKeys(rootFile: string, keysFile: string, ids: readonly string[], io: CommandIo): number {
  const wrong = ids.find(id => !/^[0-9a-f]{16}$/.test(id));
  if (ids.length === 0 || wrong !== undefined)
    throw new TillsideError(
      'usage',
      `revoke needs key ids of 16 digits 0-9 a-f${wrong === undefined ? '' : `, not "${wrong}"`}; see bundle keys show`,
    );
  const root = loadSigningKey(rootFile);
  const set = existsSync(keysFile) ? readKeys(keysFile) : emptyKeySet;
  const last =
    set.revocations.filter(list => list.rootId === root.keyId).sort((a, b) => b.number - a.number)[0] ?? null;
  const list = revoke(root, last, ids, instant(Date.now(), 'UTC'));
  const others = set.revocations.filter(one => one.rootId !== root.keyId);
  saveKeys(keysFile, { ...set, revocations: [...others, list] });
  io.stdout.write(
    `list ${list.number} revokes ${list.revoked.join(', ')}\nnow: tillside bundle keys publish --keys ${keysFile}\n`,
  );
  return 0;
}

function show(keysFile: string, trust: string | undefined, json: boolean, io: CommandIo): number {
  const set = readKeys(keysFile);
  const roots = trust === undefined ? null : readTrustedKeys([textOf(trust)]);
  if (roots !== null && !roots.ok) throw new TillsideError('usage', `${trust} ${roots.reason}.`);
  const ring = roots === null ? null : createKeyring(roots.value);
  const taken = ring?.take(set) ?? null;
  const problem = taken === null || taken.ok ? null : taken.reason;
  const now = Date.now();
  const keys = set.certificates.map(({ key, notBefore, notAfter, rootId }) => {
    const publicKey = publicKeyOf(key);
    const keyId = publicKey === null ? '' : keyIdOf(publicKey);
    const revoked = set.revocations.some(list => list.revoked.includes(keyId));
    return { keyId, notBefore, notAfter, rootId, revoked, problem: ring === null ? null : ring.whyNot(keyId, now) };
  });
  const lists = set.revocations.map(({ number, issuedAt, revoked, rootId }) => ({ number, issuedAt, revoked, rootId }));
  if (json) io.stdout.write(`${JSON.stringify({ keys, lists, problem })}\n`);
  else {
    for (const key of keys)
      io.stdout.write(
        `key ${key.keyId}  ${key.notBefore} to ${key.notAfter}  by root ${key.rootId}${key.revoked ? '  revoked' : ''}${key.problem === null || key.revoked ? '' : `  (${key.problem})`}\n`,
      );
    for (const list of lists)
      io.stdout.write(
        `revoked, list ${list.number} of ${list.issuedAt} by root ${list.rootId}: ${list.revoked.join(', ')}\n`,
      );
    if (keys.length === 0 && lists.length === 0) io.stdout.write('no key is certified, none is revoked\n');
    if (problem !== null) io.stdout.write(`not to be trusted: ${problem}\n`);
  }
  return problem === null ? 0 : 1;
}

function told(answer: unknown, json: boolean, io: CommandIo): number {
  const { keyId, until, problem, rootFile, revocations, revoked } = answer as KeysAnswer;
  if (json) io.stdout.write(`${JSON.stringify(answer)}\n`);
  else {
    io.stdout.write(
      `HQ signs with key ${keyId}, ${until === null ? 'which is its own root' : `certified until ${until}`}\n`,
    );
    io.stdout.write(revocations === 0 ? 'no key is revoked\n' : `list ${revocations} revokes ${revoked.join(', ')}\n`);
    if (rootFile !== null) io.stdout.write(`the root key lies beside HQ: move ${rootFile} off line\n`);
    if (problem !== null) io.stdout.write(`HQ can't sign: ${problem}\n`);
  }
  return problem === null ? 0 : 1;
}

function mustBeNew(file: string) {
  if (existsSync(file)) throw new TillsideError('usage', `${file} is there already and is not overwritten.`);
}

function publicOf(file: string) {
  const pem = textOf(file);
  const key = readSigningKey(pem);
  if (key.ok) return createPublicKey(key.value.privateKey);
  const trusted = readTrustedKeys([pem]);
  const [first] = trusted.ok ? [...trusted.value.values()] : [];
  if (first === undefined) throw new TillsideError('usage', `${file} is no Ed25519 key in PEM form.`);
  return first;
}

function idOf(pem: string): string {
  const read = readTrustedKeys([pem]);
  return read.ok ? ([...read.value.keys()][0] ?? '') : '';
}

const bytesOf = (file: string): Buffer => Buffer.from(textOf(file));

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new TillsideError('usage', `The file ${file} can't be read: ${messageOf(error)}`);
  }
}
