/** `tillside hq members`: imports members into a running HQ, publishes, erases one, shows who has what. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createGunzip } from 'node:zlib';
import { messageOf, TillsideError } from '../../errors.ts';
import { loadHqConfig } from '../../sync/hq/config.ts';
import type { ImportAnswer } from '../../sync/hq/members-desk.ts';
import type { MembersAnswer } from '../../sync/hq/wire.ts';
import type { CommandIo } from './command.ts';
import { askHq, demoToken, demoUrl, type HqAddress } from './hq-client.ts';
import { linesOf } from './lines.ts';
import { readOptions } from './options.ts';

const help = `tillside hq members: the members that tills know

usage: tillside hq members import FILE.ndjson[.gz] [--replace]
       tillside hq members publish
       tillside hq members erase MEMBER
       tillside hq members status

  --config FILE      hq.json of the HQ to ask
  --hq URL           a running HQ (default ${demoUrl})
  --token-file FILE  its token (default ${demoToken})
  --replace          who is not in the file is taken out
  --json             answers as JSON

import takes one member a line (docs/members.md) and publishes. A line with a fault is named and left out, the others are
taken. erase deletes a member here and at every till: MEMBER is the id that was imported. status shows which till has not
yet acknowledged that.
Exit codes: 0 done; 1 some lines were refused, or failed; 2 wrong usage or input.
`;

/** Bytes of one request. */
const chunk = 4 * 1024 * 1024;

export async function membersCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(
    'hq members',
    args,
    {
      config: { type: 'string' },
      hq: { type: 'string' },
      'token-file': { type: 'string' },
      replace: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
    2,
  );
  if (values.help === true) {
    io.stdout.write(help);
    return 0;
  }
  const [action, what] = positionals;
  const address = addressOf(values);
  const say = (answer: unknown, text: string) =>
    void io.stdout.write(values.json === true ? `${JSON.stringify(answer)}\n` : text);
  if (action === 'import' && what !== undefined) return importFile(what, values.replace === true, address, io, say);
  if (action === 'publish' && what === undefined) {
    const answer = (await askHq(address, 'POST', '/v1/members/publish')) as { published: number };
    say(answer, `${answer.published} new versions published\n`);
    return 0;
  }
  if (action === 'erase' && what !== undefined) {
    const body = Buffer.from(JSON.stringify({ member: what }));
    const answer = (await askHq(address, 'POST', '/v1/members/erase', body)) as { erasure: number };
    say(
      answer,
      `Erasure ${answer.erasure}: deleted at HQ; each till tells when it is done (tillside hq members status).\n`,
    );
    return 0;
  }
  if (action === 'status' && what === undefined) {
    const view = (await askHq(address, 'GET', '/v1/members')) as MembersAnswer;
    say(view, shown(view));
    return 0;
  }
  throw new TillsideError(
    'usage',
    'needs import FILE, publish, erase MEMBER or status; see tillside hq members --help',
  );
}

function addressOf(values: { readonly [name: string]: string | boolean | undefined }): HqAddress {
  const config = typeof values.config === 'string' ? loadHqConfig(values.config, process.env) : null;
  const own = config === null ? null : `http://127.0.0.1:${config.api.port}`;
  const token = config === null ? demoToken : join(config.dataDir, 'tokens', 'hq');
  const text = (value: string | boolean | undefined) => (typeof value === 'string' ? value : undefined);
  return { url: text(values.hq) ?? own ?? demoUrl, tokenFile: text(values['token-file']) ?? token };
}

type Say = (answer: unknown, text: string) => void;

async function importFile(file: string, replace: boolean, hq: HqAddress, io: CommandIo, say: Say): Promise<number> {
  const { import: imported } = (await askHq(hq, 'POST', '/v1/members/imports')) as { import: number };
  const sum = { taken: 0, refused: 0 };
  const seen = 'isTTY' in io.stderr && io.stderr.isTTY === true;
  let line = 0;
  let first = 0;
  let part: string[] = [];
  let size = 0;
  const send = async () => {
    if (part.length === 0) return;
    const body = Buffer.from(`${part.join('\n')}\n`);
    const answer = (await askHq(hq, 'POST', `/v1/members?import=${imported}`, body)) as ImportAnswer;
    sum.taken += answer.taken;
    sum.refused += answer.refused;
    for (const { pointer, message } of answer.faults)
      io.stderr.write(`line ${first + Number(pointer.slice(1))}: ${message}\n`);
    if (seen) io.stderr.write(`\r${sum.taken.toLocaleString('en')} members`);
    first = line;
    part = [];
    size = 0;
  };
  try {
    for await (const { text, cut } of linesOf(streamOf(file))) {
      line += 1;
      part.push(cut ? '' : text);
      size += text.length;
      if (cut) {
        io.stderr.write(`line ${line}: is too long\n`);
        sum.refused += 1;
      }
      if (size >= chunk) await send();
    }
    await send();
  } catch (error) {
    if (error instanceof TillsideError) throw error;
    throw new TillsideError('usage', `The members ${file} can't be read: ${messageOf(error)}`);
  }
  if (seen) io.stderr.write('\r');
  // Half a file must not take out the other half.
  const isWhole = replace && sum.refused === 0;
  const { removed } = isWhole
    ? ((await askHq(hq, 'POST', `/v1/members/replace?import=${imported}`)) as { removed: number })
    : { removed: 0 };
  if (replace && !isWhole) io.stderr.write('Nobody was taken out, as lines were refused.\n');
  const { published } = (await askHq(hq, 'POST', '/v1/members/publish')) as { published: number };
  say(
    { ...sum, removed, published },
    `${sum.taken} members taken, ${sum.refused} lines refused, ${removed} taken out, ${published} new versions published\n`,
  );
  return sum.refused > 0 ? 1 : 0;
}

function streamOf(file: string): NodeJS.ReadableStream {
  const raw = createReadStream(file, { highWaterMark: 1 << 18 });
  if (!file.endsWith('.gz')) return raw;
  const plain = createGunzip();
  raw.on('error', error => plain.destroy(error));
  return raw.pipe(plain);
}

function shown({ members, scopes, erasures }: MembersAnswer): string {
  const lines = [`${members} members at HQ`];
  for (const { scope, version, count, size, publishedAt, changes } of scopes)
    lines.push(
      `${scope}: version ${version}, ${count} members, ${(size / 1024).toFixed(0)} KiB, ${changes} changes, ${publishedAt}`,
    );
  for (const { erasure, at, acknowledged, waiting, waitingCount } of erasures) {
    const tills = waiting.map(({ store, till }) => `${store}/${till}`).join(', ');
    const rest = waitingCount > waiting.length ? ` and ${waitingCount - waiting.length} more` : '';
    const open = waitingCount === 0 ? 'done everywhere' : `waiting for ${tills}${rest}`;
    lines.push(`erasure ${erasure} of ${at}: ${acknowledged} tills acknowledged, ${open}`);
  }
  return `${lines.join('\n')}\n`;
}
