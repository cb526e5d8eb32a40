/**
 * `tillside device logo`: the shop's logo into the memory of a printer that can't confirm it (`FS q`), by a technician who looks at the slip. Printers that
 * can are given theirs by the till itself.
 */
import { join } from 'node:path';
import process from 'node:process';
import { pause, systemClock } from '../../clock.ts';
import { encodeSlip } from '../../drivers/printer/escpos/encode.ts';
import { createImageKeeper } from '../../drivers/printer/escpos/image-keeper.ts';
import { createPrinter } from '../../drivers/printer/printer.ts';
import { type PrinterProfile, resolveProfile } from '../../drivers/printer/profiles.ts';
import { openTransport } from '../../drivers/printer/transports/open.ts';
import type { PrintOutcome, SlipImage } from '../../drivers/printer/types.ts';
import { TillsideError } from '../../errors.ts';
import { absentPrinter } from '../absent-printer.ts';
import { loadTillConfig, type TillConfig } from '../config/till-config.ts';
import { imageRecords, readLogo } from '../printing/layout-logo.ts';
import { openStore } from '../store/index.ts';
import type { CommandIo } from './command.ts';

export type LogoWish = 'upload' | 'seen' | 'forget';

/** Memories of numbered images hold one. */
const key = '01';
/** Behind `FS q` a printer starts anew and says nothing of it: whether it worked is seen on the slip. */
const restartMs = 2000;
const longestRestartMs = 40_000;

/** @throws TillsideError `config-invalid` where the configuration names no printer or no logo that can be used */
export async function logoCommand(file: string, wish: LogoWish, io: CommandIo): Promise<number> {
  const config = loadTillConfig(file, process.env);
  const { printer } = config;
  if (printer === null) throw new TillsideError('config-invalid', `${file} names no printer.`);
  const profile = resolveProfile(printer.profile, printer.paper);
  if (wish === 'forget') {
    withKeeper(config, printer.device, profile, keeper => keeper.forget());
    io.stdout.write('Forgotten: the next logo is sent anew.\n');
    return 0;
  }
  if (printer.logo === null) throw new TillsideError('config-invalid', `${file} names no printer.logo.`);
  const logo = readLogo(printer.logo, profile);
  if (profile.imageMemory !== 'numbered') {
    io.stdout.write(
      profile.imageMemory === 'keyed'
        ? `Nothing to do: the till puts the logo into a ${profile.name} by itself, and the printer confirms it.\n`
        : `Nothing to do: a ${profile.name} keeps no images, the logo goes out with each coupon.\n`,
    );
    return 0;
  }
  if (wish === 'upload') return upload(printer.device, profile, logo, file, io);
  withKeeper(config, printer.device, profile, keeper => keeper.seen(logo, key));
  io.stdout.write('Noted: coupons print the logo from the memory of the printer.\n');
  return 0;
}

async function upload(
  device: string,
  profile: PrinterProfile,
  logo: SlipImage,
  file: string,
  io: CommandIo,
): Promise<number> {
  io.stdout.write(`Putting the logo (${logo.width} × ${logo.height} dots) into the memory of ${device} …\n`);
  const transport = openTransport(device);
  const link = await transport.open();
  try {
    const { init, body } = encodeSlip([{ kind: 'store-image', key, image: logo }], profile);
    await link.write(Buffer.concat([init, body]));
    await pause(systemClock, restartMs);
  } finally {
    await link.close();
  }
  const printer = createPrinter({ transport, profile, clock: systemClock });
  // One that still starts would be taken for a printer that tells nothing.
  let givenUp = () => {};
  const awake = new Promise<void>(resolve => {
    givenUp = systemClock.after(longestRestartMs, resolve);
    printer.onStatus(({ evidence }) => {
      if (evidence === 'confirmed' || evidence === 'fenced') resolve();
    });
  });
  printer.start();
  let seen: PrintOutcome;
  try {
    await awake;
    givenUp();
    seen = await printer.print({
      id: 'logo',
      slip: [
        { kind: 'image', ...logo, storedAs: key },
        { kind: 'text', text: 'tillside', align: 'center' },
        { kind: 'cut' },
      ],
      abandon: AbortSignal.timeout(30_000),
    });
  } finally {
    await printer.stop();
  }
  io.stdout.write(`Printed from memory: ${seen.evidence}, ${seen.detail}\n`);
  if (seen.evidence === 'failed' || seen.evidence === 'unknown') return 1;
  io.stdout.write(`If the whole logo is on the slip: tillside device logo --config ${file} --seen\n`);
  return 0;
}

function withKeeper(
  config: TillConfig,
  device: string,
  profile: PrinterProfile,
  run: (keeper: ReturnType<typeof createImageKeeper>) => void,
): void {
  const { tenant, store: shop, till, dataDir, timezone } = config;
  const store = openStore({
    path: join(dataDir, 'till.sqlite'),
    address: { tenant, store: shop, till },
    clock: systemClock,
    timeZone: timezone ?? 'UTC',
  });
  try {
    run(createImageKeeper({ device, printer: absentPrinter, profile, records: imageRecords(store.settings) }));
  } finally {
    store.close();
  }
}
