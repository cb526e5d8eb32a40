/** `tillside bundle check`: faults against the contract, then what is legal but surely or probably wrong. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf, TillsideError } from '../../errors.ts';
import { Catalogue } from '../bundle-check/catalogue.ts';
import { checkBundle } from '../bundle-check/check.ts';
import { type Finding, findingCodes, type Severity } from '../bundle-check/finding.ts';
import { type KnownMembers, MemberFacts } from '../bundle-check/members.ts';
import { localDateOf, parseBundle } from '../offers/index.ts';
import type { Bundle, LocalDate, Member } from '../offers/types.ts';
import type { CommandIo } from './command.ts';
import { readOptions } from './options.ts';
import { recordsOf } from './records.ts';

export const bundleCheckHelp = `tillside bundle check: is this bundle valid, and does it mean what its author wants?

usage: tillside bundle check FILE [--catalogue FILE] [--members FILE | --attributes LIST] [--columns 32|42|48]
                             [--languages LIST] [--at DATE] [--json]

  --catalogue FILE   products of the shop (gtin, category, brand), a JSON list or one a line (.ndjson[.gz]):
                     finds GTINs, categories and brands that are not sold
  --members FILE     members (segments, attributes, consents, tier), likewise: finds what nobody has
  --attributes LIST  only the names of the members' attributes, a,b,c
  --columns N        characters a line of the narrowest printer (42)
  --languages LIST   languages that every coupon must have, de,fr,it (those that any coupon has)
  --at DATE          the day on which the bundle is looked at (today)

Faults against the contract go to standard error, "pointer: fault" a line. Findings go to standard output,
"pointer: severity code: sentence" a line:

${Object.entries(findingCodes)
  .map(([code, meaning]) => `  ${code.padEnd(22)}  ${meaning}`)
  .join('\n')}

Exit codes: 0 fit to publish (warnings and hints at most), 1 a finding of severity error, 2 wrong usage or a fault.
`;

export async function bundleCheckCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions(
    'bundle check',
    args,
    {
      catalogue: { type: 'string' },
      members: { type: 'string' },
      attributes: { type: 'string' },
      columns: { type: 'string' },
      languages: { type: 'string' },
      at: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
    1,
  );
  if (values.help === true) {
    io.stdout.write(bundleCheckHelp);
    return 0;
  }
  const [file] = positionals;
  if (file === undefined) throw new TillsideError('usage', 'needs one FILE. See: tillside bundle check --help');
  if (values.members !== undefined && values.attributes !== undefined)
    throw new TillsideError('usage', 'takes --members or --attributes, not both. See: tillside bundle check --help');
  const columns = Number(values.columns ?? 42);
  if (!(Number.isInteger(columns) && columns >= 24 && columns <= 96))
    throw new TillsideError('usage', `--columns is "${values.columns}"; paper has 32, 42 or 48.`);

  const bytes = readBytes(file);
  const parsed = parseBundle(bytes);
  if (!parsed.ok) {
    for (const { pointer, message } of parsed.faults) io.stderr.write(`${pointer}: ${message}\n`);
    if (values.json) io.stdout.write(`${JSON.stringify({ ok: false, faults: parsed.faults })}\n`);
    return 2;
  }
  const { bundle } = parsed;
  const findings = checkBundle(bundle, {
    at: dayOf(values.at, bundle),
    columns,
    languages: values.languages === undefined ? null : listOf(values.languages),
    catalogue: values.catalogue === undefined ? null : await readCatalogue(values.catalogue),
    members: await readMembers(values.members, values.attributes),
    text: new TextDecoder().decode(bytes),
  });
  report(bundle, bytes, findings, values.json === true, io);
  return countOf(findings, 'error') > 0 ? 1 : 0;
}

function report(bundle: Bundle, bytes: Uint8Array, findings: readonly Finding[], json: boolean, io: CommandIo): void {
  const { id, version, notAfter, offers } = bundle;
  const [errors, warnings, hints] = [
    countOf(findings, 'error'),
    countOf(findings, 'warning'),
    countOf(findings, 'hint'),
  ];
  if (json) {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const facts = { ok: errors === 0, id, version, notAfter, offers: offers.length, sha256, size: bytes.byteLength };
    io.stdout.write(`${JSON.stringify({ ...facts, errors, warnings, hints, findings })}\n`);
    return;
  }
  for (const { pointer, severity, code, message } of findings)
    io.stdout.write(`${pointer}: ${severity} ${code}: ${message}\n`);
  const found = findings.length === 0 ? 'no findings' : `${errors} errors, ${warnings} warnings, ${hints} hints`;
  io.stdout.write(`${id} version ${version}: ${offers.length} offers, no faults, ${found}, good until ${notAfter}\n`);
}

const countOf = (findings: readonly Finding[], severity: Severity): number =>
  findings.filter(finding => finding.severity === severity).length;

/** @throws TillsideError `usage` */
function dayOf(text: string | undefined, bundle: Bundle): LocalDate {
  if (text === undefined) return localDateOf(Date.now(), bundle.timezone);
  try {
    return localDateOf(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T12:00:00Z` : text, bundle.timezone);
  } catch {
    throw new TillsideError('usage', `--at is "${text}"; it is a date like 2026-11-21.`);
  }
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new TillsideError('usage', `The bundle ${file} can't be read: ${messageOf(error)}`, { cause: error });
  }
}

async function readCatalogue(file: string): Promise<Catalogue> {
  const catalogue = new Catalogue();
  for await (const { gtin, category, brand } of recordsOf(file, 'catalogue'))
    catalogue.add({ ...text('gtin', gtin), ...text('category', category), ...text('brand', brand) });
  return catalogue;
}

const text = (name: string, value: unknown) => (typeof value === 'string' ? { [name]: value } : {});

async function readMembers(file: string | undefined, names: string | undefined): Promise<KnownMembers | null> {
  if (names !== undefined) return { attributes: new Set(listOf(names)) };
  if (file === undefined) return null;
  const members = new MemberFacts();
  for await (const { segments, consents, tier, attributes } of recordsOf(file, 'member file'))
    members.add({
      segments: textsIn(segments),
      consents: textsIn(consents),
      ...(typeof tier === 'string' ? { tier } : {}),
      attributes: (typeof attributes === 'object' && attributes !== null ? attributes : {}) as NonNullable<
        Member['attributes']
      >,
    });
  return { members };
}

const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(entry => typeof entry === 'string') : [];

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '');
