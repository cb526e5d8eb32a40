import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { listScanners } from '../../../drivers/scanner/list.ts';
import { keyboard, type TestScanner, zebra } from './descriptors.ts';

function hidraw(root: string, node: string, device: TestScanner, vendor: string): void {
  const folder = join(root, 'sys/class/hidraw', node, 'device');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'uevent'),
    `DRIVER=hid-generic\nHID_ID=0003:0000${vendor}:00001900\nHID_NAME=Model ${node}\n`,
  );
  writeFileSync(join(folder, 'report_descriptor'), device.descriptor);
}

test('scanners are listed with the name for the configuration and what keeps them from working', async () => {
  const root = mkdtempSync(join(tmpdir(), 'tillside-list-'));
  try {
    mkdirSync(join(root, 'dev'));
    hidraw(root, 'hidraw0', zebra, '05E0');
    hidraw(root, 'hidraw1', keyboard, '05E0');
    hidraw(root, 'hidraw2', keyboard, '046D');
    writeFileSync(join(root, 'dev/hidraw0'), '');
    writeFileSync(join(root, 'dev/hidraw1'), '');
    const usb = join(root, 'sys/devices/usb1/1-1');
    mkdirSync(join(usb, '1-1:1.0'), { recursive: true });
    writeFileSync(join(usb, 'product'), 'CDC scanner\n');
    for (const tty of ['ttyACM0', 'ttyS0']) mkdirSync(join(root, 'sys/class/tty', tty), { recursive: true });
    symlinkSync(join(usb, '1-1:1.0'), join(root, 'sys/class/tty/ttyACM0/device'));
    const found = await listScanners(join(root, 'sys'), join(root, 'dev'));
    assert.deepEqual(
      found.map(({ device, name, kind, allowed, advice }) => [
        device,
        name,
        kind,
        allowed,
        advice?.slice(0, 21) ?? null,
      ]),
      [
        ['hid:05e0:1900', 'Model hidraw0', 'hid-pos', true, null],
        ['hid:05e0:1900', 'Model hidraw1', 'keyboard', true, 'It types as a keyboar'],
        [`serial:${join(root, 'dev/ttyACM0')}`, 'CDC scanner', 'serial', false, 'It may not be opened.'],
      ],
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('where there is no sysfs, nothing is found and nothing fails', async () => {
  assert.deepEqual(await listScanners('/nowhere/sys', '/nowhere/dev'), []);
});
