/** Printers found in a made-up sysfs, and who holds them. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { holders, isPrinterTaken, listPrinters } from '../../../drivers/printer/list.ts';
import { usbTransport } from '../../../drivers/printer/transports/usb.ts';
import { isTillsideError } from '../../../errors.ts';

function tree(t: TestContext, files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'sys-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target.startsWith('/') ? target : join(root, target), join(root, path));
  }
  return root;
}

test('a printer at /dev/usb/lp0 is listed by the name that it gives itself, with who has it open', async t => {
  const root = tree(
    t,
    {
      'sys/devices/1-1/1-1:1.0/ieee1284_id': 'MFG:EPSON;CMD:ESC/POS;MDL:TM-T88VI;CLS:PRINTER;\n',
      'sys/devices/1-1/1-1:1.0/bInterfaceClass': '07\n',
      'dev/usb/lp0': '',
      'proc/812/comm': 'cupsd\n',
      'proc/813/comm': 'bash\n',
    },
    {
      'sys/class/usbmisc/lp0/device': 'sys/devices/1-1/1-1:1.0',
      'sys/bus/usb/devices/1-1:1.0': 'sys/devices/1-1/1-1:1.0',
      'sys/devices/1-1/1-1:1.0/driver': 'sys/bus/usb/drivers/usblp',
      'proc/812/fd/5': 'dev/usb/lp0',
      'proc/813/fd/1': '/dev/null',
    },
  );
  const at = (path: string) => join(root, path);
  assert.deepEqual(await listPrinters(at('sys'), at('dev'), at('proc')), [
    {
      device: `usb:${at('dev/usb/lp0')}`,
      name: 'EPSON TM-T88VI',
      heldBy: ['cupsd (812)'],
      advice: 'cupsd (812) has it open; only one program can.',
    },
  ]);
  assert.equal(await isPrinterTaken(at('sys')), false);
  assert.deepEqual(await holders('', at('proc')), []);
});

test('a printer that a program took from the kernel is listed with what to do, and its missing file means busy', async t => {
  const root = tree(
    t,
    {
      'sys/devices/1-2/product': 'TM-m30\n',
      'sys/devices/1-2/1-2:1.0/bInterfaceClass': '07\n',
      'sys/devices/1-3/product': 'Hub\n',
      'sys/devices/1-3/1-3:1.0/bInterfaceClass': '09\n',
    },
    {
      'sys/bus/usb/devices/1-2:1.0': 'sys/devices/1-2/1-2:1.0',
      'sys/bus/usb/devices/1-3:1.0': 'sys/devices/1-3/1-3:1.0',
      'sys/devices/1-2/1-2:1.0/driver': 'sys/bus/usb/drivers/usbfs',
    },
  );
  const sys = join(root, 'sys');
  const [found, ...more] = await listPrinters(sys, join(root, 'dev'), join(root, 'proc'));
  assert.deepEqual(more, []);
  assert.deepEqual([found?.device, found?.name], [null, 'TM-m30']);
  assert.match(found?.advice ?? '', /CUPS/);
  const path = join(root, 'dev/usb/lp0');
  const open = (isTaken: () => Promise<boolean>) => usbTransport({ device: `usb:${path}`, path, isTaken }).open();
  await assert.rejects(
    open(() => isPrinterTaken(sys)),
    error => isTillsideError(error, 'device-busy'),
  );
  await assert.rejects(
    open(() => Promise.resolve(false)),
    error => isTillsideError(error, 'device-missing'),
  );
});

test('where there is no sysfs nothing is found', async () => {
  assert.deepEqual(await listPrinters('/none', '/none', '/none'), []);
});
