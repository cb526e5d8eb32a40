import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openScanner } from '../../../drivers/scanner/index.ts';
import type { Scan } from '../../../drivers/scanner/types.ts';
import { createVirtualScanner } from '../../../drivers/virtual/scanner.ts';
import { isTillsideError } from '../../../errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function started() {
  const clock = new FakeClock();
  const virtual = createVirtualScanner({ clock });
  const scans: Scan[] = [];
  virtual.scanner.on('scan', scan => scans.push(scan));
  virtual.scanner.start();
  return { clock, virtual, scans };
}

test('a played card arrives as one scan with its AIM identifier, symbology and source', async () => {
  const { clock, virtual, scans } = started();
  await clock.advance(0);
  virtual.play('2501000000017');
  assert.equal(scans.length, 1);
  assert.deepEqual(
    { text: scans[0]?.text, aim: scans[0]?.aim, symbology: scans[0]?.symbology, source: scans[0]?.source },
    { text: '2501000000017', aim: ']E0', symbology: 'EAN13', source: 'virtual:' },
  );
});

test('a code longer than one report arrives whole', async () => {
  const { clock, virtual, scans } = started();
  await clock.advance(0);
  const token = `TS1.${'a'.repeat(300)}`;
  virtual.play(token, 'QR');
  assert.deepEqual(
    scans.map(scan => scan.text),
    [token],
  );
});

test('an unplugged simulated scanner is missing until it is plugged in, then found within two seconds', async () => {
  const { clock, virtual, scans } = started();
  await clock.advance(0);
  virtual.unplug();
  await clock.advance(3000);
  assert.equal(virtual.scanner.status().connected, false);
  assert.throws(
    () => virtual.play('2501000000017'),
    error => isTillsideError(error, 'device-missing'),
  );
  virtual.plug();
  await clock.advance(2000);
  assert.equal(virtual.scanner.status().connected, true);
  virtual.play('2501000000017');
  assert.equal(scans.length, 1);
});

test('openScanner takes every kind of device that the configuration knows and names what it does not', () => {
  const clock = new FakeClock();
  for (const device of ['hid:05e0:1900', 'hid:/dev/hidraw0', 'serial:/dev/ttyACM0?baud=9600', 'wedge', 'virtual:'])
    assert.equal(openScanner({ device }, { clock }).status().state, 'open');
  for (const device of ['hid:5e0:1900', 'usb:1', 'serial:/dev/ttyACM0?speed=1', 'serial:/dev/ttyS0?baud=fast'])
    assert.throws(
      () => openScanner({ device }, { clock }),
      error => isTillsideError(error, 'config-invalid'),
    );
});
