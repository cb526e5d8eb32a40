/** `tillside device`: for technicians. What is plugged in, what a printer can say of itself, a test slip, a test scan. */
import { systemClock } from '../../clock.ts';
import { holders, listPrinters } from '../../drivers/printer/list.ts';
import { createPrinter } from '../../drivers/printer/printer.ts';
import { resolveProfile } from '../../drivers/printer/profiles.ts';
import { openTransport } from '../../drivers/printer/transports/open.ts';
import type { PrinterStatus, Slip } from '../../drivers/printer/types.ts';
import { openScanner } from '../../drivers/scanner/index.ts';
import { listScanners } from '../../drivers/scanner/list.ts';
import { TillsideError } from '../../errors.ts';
import type { Command, CommandIo } from './command.ts';
import { logoCommand } from './device-logo.ts';
import { readOptions } from './options.ts';

const help = `tillside device: printers and scanners

usage: tillside device list [--json]
       tillside device probe PRINTER [--profile NAME] [--paper 58|80] [--json]
       tillside device test-print PRINTER [--profile NAME] [--paper 58|80] [--json]
       tillside device test-scan SCANNER [--seconds N] [--json]
       tillside device logo --config FILE [--seen | --forget]

  list        what is plugged in
  probe       opens the printer and says what it can tell of its work
  test-print  prints a slip and says with which evidence
  test-scan   says what is scanned, until N seconds (30) are over
  logo        puts the configured logo into the printer's memory and prints it from there, where the till can't do so itself;
              --seen: it was on the slip, coupons print it from memory from now on; --forget: the printer was exchanged

PRINTER: tcp://HOST:PORT, serial:PATH?baud=9600&flow=none|xonxoff|dtr, usb:/dev/usb/lp0
SCANNER: hid:VVVV:PPPP, serial:PATH?baud=…
A printer has one owner: stop the till first (its own page shows the same status).
Exit codes: 0 done, 1 the device can't be had or did not print, 2 wrong usage.
`;

export const deviceCommand: Command = async (args, io) => {
  const { values, positionals } = readOptions(
    'device',
    args,
    {
      profile: { type: 'string' },
      paper: { type: 'string' },
      seconds: { type: 'string' },
      config: { type: 'string' },
      seen: { type: 'boolean' },
      forget: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
    2,
  );
  const [action, device] = positionals;
  if (values.help || action === undefined) {
    (values.help ? io.stdout : io.stderr).write(help);
    return values.help ? 0 : 2;
  }
  const json = values.json === true;
  if (action === 'list') return list(json, io);
  if (action === 'logo') {
    if (values.config === undefined)
      throw new TillsideError('usage', 'logo needs the configuration of the till. See: tillside device --help');
    return logoCommand(values.config, values.forget ? 'forget' : values.seen ? 'seen' : 'upload', io);
  }
  if (device === undefined) throw new TillsideError('usage', `${action} needs a device. See: tillside device --help`);
  if (values.paper !== undefined && values.paper !== '58' && values.paper !== '80')
    throw new TillsideError('usage', `--paper is "${values.paper}"; it is 58 or 80 (millimetres).`);
  const printer = { device, profile: values.profile ?? 'auto', paper: values.paper === '58' ? 58 : 80, json } as const;
  if (action === 'probe') return probe(printer, io);
  if (action === 'test-print') return testPrint(printer, io);
  if (action === 'test-scan') return testScan(device, Number(values.seconds ?? 30), json, io);
  throw new TillsideError('usage', `There is no "device ${action}". See: tillside device --help`);
};

async function list(json: boolean, io: CommandIo): Promise<number> {
  const [printers, scanners] = await Promise.all([listPrinters(), listScanners()]);
  if (json) {
    io.stdout.write(`${JSON.stringify({ printers, scanners })}\n`);
    return 0;
  }
  const show = (what: string, facts: readonly (string | null)[], advice: string | null) => {
    io.stdout.write(`${[what.padEnd(7), ...facts.filter(fact => fact !== null)].join('  ')}\n`);
    if (advice !== null) io.stdout.write(`         ${advice}\n`);
  };
  for (const { device, name, advice } of printers) show('printer', [device ?? 'taken', name], advice);
  // A serial port says nothing of what hangs on it.
  for (const { device, path, name, kind, advice } of scanners)
    show(kind === 'serial' ? 'serial' : 'scanner', [device, kind === 'serial' ? null : path, name], advice);
  if (printers.length + scanners.length === 0)
    io.stdout.write('Nothing found. Network printers are not listed: tillside device probe tcp://HOST:9100\n');
  return 0;
}

type PrinterChoice = {
  readonly device: string;
  readonly profile: string;
  readonly paper: 58 | 80;
  readonly json: boolean;
};

/** A printer on its own, with the status that it settles on within a few seconds. */
async function openPrinter({ device, profile, paper }: PrinterChoice) {
  const printer = createPrinter({
    transport: openTransport(device),
    profile: resolveProfile(profile, paper),
    clock: systemClock,
  });
  const settled = new Promise<PrinterStatus>(resolve => {
    // Long enough for one that is just being let go by another program, or starts.
    const timer = setTimeout(() => resolve(printer.status()), settleMs);
    printer.onStatus(status => {
      // Before it has been asked it is "ready" too; a missing one may come, as one that starts.
      if (closed.includes(status.problem ?? '') || (status.evidence === null && status.problem === null)) return;
      clearTimeout(timer);
      resolve(status);
    });
  });
  printer.start();
  return { printer, status: await settled };
}

const settleMs = 4000;
const closed: readonly string[] = ['missing', 'busy', 'denied'];

const problems = {
  missing: 'not there: check device name, cable and power',
  busy: 'another program or till has it; stop that first',
  denied: "it is there, but may not be opened: put this user into the file's group (lp, dialout)",
  'paper-out': 'no paper',
  'cover-open': 'its cover is open',
  cutter: 'its cutter is jammed: open the cover, take the paper out, close it',
  offline: 'it is offline or does not answer: press its feed button, or switch it off and on',
  error: 'it reports an error: switch it off and on',
} as const satisfies Record<NonNullable<PrinterStatus['problem']>, string>;

const meanings = {
  confirmed: 'it says of each slip that its last line was printed and cut',
  fenced: 'it says that it worked through all bytes; not that they are on paper',
  sent: 'it tells nothing back; slips are sent in good faith',
} as const;

async function probe(choice: PrinterChoice, io: CommandIo): Promise<number> {
  const { printer, status } = await openPrinter(choice);
  const others = await holders(pathOf(choice.device));
  await printer.stop();
  if (choice.json) io.stdout.write(`${JSON.stringify({ ...status, heldBy: others })}\n`);
  else {
    const near = status.paperNearEnd ? ', paper nearly out' : '';
    io.stdout.write(`${status.device}: ${status.problem === null ? 'ready' : problems[status.problem]}${near}\n`);
    if (status.evidence !== null) io.stdout.write(`evidence: ${status.evidence}, ${meanings[status.evidence]}\n`);
    if (others.length > 0) io.stdout.write(`also open in: ${others.join(', ')}\n`);
  }
  return closed.includes(status.problem ?? '') ? 1 : 0;
}

/** The file behind `usb:/dev/usb/lp0` and `serial:/dev/ttyUSB0?baud=…`; network printers have none. */
function pathOf(device: string): string {
  return device.startsWith('tcp:') ? '' : (device.replace(/^[a-z]+:/, '').split('?')[0] ?? '');
}

const testSlip: Slip = [
  { kind: 'text', text: 'tillside', align: 'center', size: 2, bold: true },
  { kind: 'rule' },
  { kind: 'text', text: 'äöü ÄÖÜ éèà ç ñ ß € £', align: 'center' },
  { kind: 'columns', left: 'Left', right: 'Right' },
  { kind: 'feed', lines: 1 },
  { kind: 'barcode', type: 'ean13', data: '7610200337450', human: '7610200337450' },
  { kind: 'barcode', type: 'qr', data: 'https://tillside.example/test' },
  { kind: 'cut' },
];

async function testPrint(choice: PrinterChoice, io: CommandIo): Promise<number> {
  const { printer, status } = await openPrinter(choice);
  if (status.problem !== null) {
    if (!choice.json) io.stdout.write(`${status.device}: ${problems[status.problem]}\n`);
    if (closed.includes(status.problem)) {
      await printer.stop();
      if (choice.json) io.stdout.write(`${JSON.stringify(status)}\n`);
      return 1;
    }
    // Paper, cover and cutter can be seen to now; the slip then prints by itself.
    if (!choice.json) io.stdout.write('waiting 30 s for someone to see to it …\n');
  }
  let told = status.problem;
  const forget = printer.onStatus(({ problem }) => {
    if (problem !== null && problem !== told && !choice.json)
      io.stdout.write(`${choice.device}: ${problems[problem]}\n`);
    told = problem;
  });
  // A slip that has begun waits for paper for ever; a technician does not.
  const limit = setTimeout(() => void printer.stop(), 120_000);
  const outcome = await printer.print({ id: 'test', slip: testSlip, abandon: AbortSignal.timeout(30_000) });
  clearTimeout(limit);
  forget();
  await printer.stop();
  io.stdout.write(choice.json ? `${JSON.stringify(outcome)}\n` : `${outcome.evidence}: ${outcome.detail}\n`);
  return outcome.evidence === 'failed' || outcome.evidence === 'unknown' ? 1 : 0;
}

async function testScan(device: string, seconds: number, json: boolean, io: CommandIo): Promise<number> {
  if (!(seconds > 0 && seconds <= 3600)) throw new TillsideError('usage', '--seconds is a number from 1 to 3600.');
  const scanner = openScanner({ device }, { clock: systemClock });
  let scans = 0;
  scanner.on('status', status => {
    if (!json)
      io.stdout.write(
        `${status.connected ? 'connected, scan something' : `waiting for the scanner${status.problem === null ? '' : `: ${status.problem}`}`}\n`,
      );
  });
  scanner.on('error', fault => io.stderr.write(`${fault.message} (${fault.code})\n`));
  scanner.on('scan', ({ text, aim, symbology }) => {
    scans++;
    io.stdout.write(
      json
        ? `${JSON.stringify({ text, aim, symbology })}\n`
        : `${symbology ?? 'unknown symbology'}  ${aim ?? ''}  ${text}\n`,
    );
  });
  scanner.start();
  await new Promise(resolve => setTimeout(resolve, seconds * 1000));
  await scanner.stop();
  return scans > 0 ? 0 : 1;
}
