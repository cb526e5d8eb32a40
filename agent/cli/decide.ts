/**
 * `tillside decide` (contract/offers.md section 9): a bundle and a sale in, the decision out. Nothing but decisions on
 * standard output; `--sales` goes line by line, whatever the length of the file.
 */
import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf } from '../../errors.ts';
import { type CompiledBundle, compileBundle, decide, type Fault, parseBundle, parseSale } from '../offers/index.ts';
import type { Command, CommandIo, ExitCode } from './command.ts';
import { linesOf } from './lines.ts';

const help = `usage: tillside decide --bundle FILE --sale FILE|-
       tillside decide --bundle FILE --sales FILE.ndjson|-

Reads a bundle and a sale and writes what a till would decide, as one JSON object: discounts, points, coupons, and for
every other offer the reason why not. "-" is standard input. Nothing is stored or printed.

  --bundle FILE   the bundle (JSON)
  --sale FILE     one sale (JSON); an invalid one is told as "pointer: fault" lines on standard error
  --sales FILE    many sales, one JSON object a line; a bad line is answered by its faults, the others go on

Exit codes: 0 decided, 2 wrong usage, or an invalid bundle or sale.
`;

export const decideCommand: Command = async (args, io): Promise<ExitCode> => {
  const options = read(args);
  if ('problem' in options) return refuse(io, `${options.problem} (tillside decide --help)\n`);
  if (options.help) {
    io.stdout.write(help);
    return 0;
  }
  const text = await contentOf(options.bundle, io);
  if (text === null) return 2;
  const bundle = parseBundle(text);
  if (options.sales !== null) {
    if (bundle.ok) return decideLines(compileBundle(bundle.bundle), options.sales, io);
    return refuse(io, faultLines(bundle.faults));
  }
  const saleText = await contentOf(options.sale, io);
  if (saleText === null) return 2;
  const sale = parseSale(saleText);
  if (bundle.ok && sale.ok) {
    await write(io.stdout, `${JSON.stringify(decide(compileBundle(bundle.bundle), sale.sale))}\n`);
    return 0;
  }
  return refuse(io, faultLines(bundle.ok ? [] : bundle.faults) + faultLines(sale.ok ? [] : sale.faults));
};

type Options =
  | { readonly help: true }
  | { readonly help: false; readonly bundle: string; readonly sale: string; readonly sales: null }
  | { readonly help: false; readonly bundle: string; readonly sale: null; readonly sales: string };

function read(args: readonly string[]): Options | { readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        bundle: { type: 'string' },
        sale: { type: 'string' },
        sales: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const { bundle, sale, sales } = values;
    if (values.help) return { help: true };
    if (bundle === undefined) return { problem: 'tillside decide: --bundle is missing' };
    if (bundle === '-' && (sale === '-' || sales === '-'))
      return { problem: 'tillside decide: only one of bundle and sale can come from standard input' };
    if (sale !== undefined && sales === undefined) return { help: false, bundle, sale, sales: null };
    if (sale === undefined && sales !== undefined) return { help: false, bundle, sale: null, sales };
    return { problem: 'tillside decide: needs either --sale or --sales' };
  } catch (error) {
    return { problem: `tillside decide: ${messageOf(error)}` };
  }
}

async function decideLines(compiled: CompiledBundle, path: string, io: CommandIo): Promise<ExitCode> {
  let code: ExitCode = 0;
  let number = 0;
  try {
    for await (const line of linesOf(open(path, io))) {
      number++;
      if (line.text.trim() === '' && !line.cut) continue;
      const sale = line.cut
        ? { ok: false as const, faults: [{ pointer: '', message: 'is too long for one line (16 MiB)' }] }
        : parseSale(line.bytes);
      if (sale.ok) await write(io.stdout, `${JSON.stringify(decide(compiled, sale.sale))}\n`);
      else {
        code = 2;
        const error = { code: 'sale-invalid', faults: sale.faults };
        await write(io.stdout, `${JSON.stringify({ line: number, error })}\n`);
      }
    }
    return code;
  } catch (error) {
    return refuse(io, `tillside decide: ${path} cannot be read: ${messageOf(error)}\n`);
  }
}

/** The bytes of a file or of standard input; null, with the reason on standard error, if they can't be had. */
async function contentOf(path: string, io: CommandIo): Promise<Uint8Array | null> {
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of open(path, io)) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    return Buffer.concat(chunks);
  } catch (error) {
    refuse(io, `tillside decide: ${path} cannot be read: ${messageOf(error)}\n`);
    return null;
  }
}

function open(path: string, io: CommandIo): NodeJS.ReadableStream {
  return path === '-' ? io.stdin : createReadStream(path);
}

function faultLines(faults: readonly Fault[]): string {
  return faults.map(({ pointer, message }) => `${oneLine(`${pointer}: ${message}`)}\n`).join('');
}

/** A hostile key must not look like a second line, nor steer the terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function refuse(io: CommandIo, text: string): 2 {
  io.stderr.write(text);
  return 2;
}

/** Waits while the reader is slower than we are. */
function write(stream: NodeJS.WritableStream, text: string): Promise<void> | void {
  if (!stream.write(text)) return new Promise(resolve => stream.once('drain', () => resolve()));
}
