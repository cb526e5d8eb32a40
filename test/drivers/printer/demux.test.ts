/** The demultiplexer: split, glued, interrupted and broken messages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDemux, longestMessage, type PrinterReport } from '../../../drivers/printer/escpos/demux.ts';

function read(bytes: readonly number[]): readonly PrinterReport[] {
  return createDemux().push(Uint8Array.from(bytes));
}

test('every kind of answer is told apart', () => {
  assert.deepEqual(read([0x12]), [{ kind: 'realtime', status: 0x12 }]);
  assert.deepEqual(read([0x18, 0x00, 0x0c, 0x0f]), [{ kind: 'asb', status: [0x18, 0x00, 0x0c, 0x0f] }]);
  assert.deepEqual(read([0x00]), [{ kind: 'fence', status: 0 }]);
  assert.deepEqual(read([0x37, 0x22, 0x41, 0x42, 0x43, 0x7e, 0]), [{ kind: 'process-id', id: 'ABC~' }]);
  assert.deepEqual(read([0x37, 0x25, 0]), [{ kind: 'cleared' }]);
  assert.deepEqual(read([0x37, 0x23, 0x41, 0x44, 0]), [{ kind: 'offline', causes: [0x41, 0x44] }]);
  assert.deepEqual(read([0x5f, 0x54, 0x4d, 0]), [{ kind: 'printer-id', text: 'TM' }]);
  assert.deepEqual(read([0x11, 0x13]), [
    { kind: 'flow', on: true },
    { kind: 'flow', on: false },
  ]);
});

test('the later bytes of automatic status are not taken for fences, nor an ID that looks like status', () => {
  assert.deepEqual(
    read([0x10, 0x00, 0x00, 0x00, 0x00, 0x37, 0x22, 0x32, 0x36, 0x37, 0x7e, 0x00, 0x16]).map(({ kind }) => kind),
    ['asb', 'fence', 'process-id', 'realtime'],
  );
});

test('XOFF and XON inside a block belong to the line, not to the block', () => {
  assert.deepEqual(
    read([0x37, 0x13, 0x22, 0x41, 0x11, 0x42, 0x43, 0x13, 0x44, 0x11, 0]).filter(({ kind }) => kind !== 'flow'),
    [{ kind: 'process-id', id: 'ABCD' }],
  );
});

test('status that interrupts a block is read, and the block too', () => {
  assert.deepEqual(read([0x37, 0x22, 0x41, 0x42, 0x16, 0x18, 0x00, 0x0c, 0x00, 0x43, 0x44, 0]), [
    { kind: 'realtime', status: 0x16 },
    { kind: 'asb', status: [0x18, 0x00, 0x0c, 0x00] },
    { kind: 'process-id', id: 'ABCD' },
  ]);
});

test('after a block that was cut short the next one is read', () => {
  const reports = read([0x37, 0x22, 0x41, 0x37, 0x22, 0x41, 0x42, 0x43, 0x44, 0]);
  assert.deepEqual(reports.at(-1), { kind: 'process-id', id: 'ABCD' });
  assert.ok(!reports.some(({ kind }) => kind === 'fence'), 'its rest is noise, not fences');
});

test('whatever a printer sends, nothing is thrown and nothing grows', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 40 }), chunks => {
      const demux = createDemux();
      for (const chunk of chunks) {
        const reports = demux.push(chunk);
        assert.ok(demux.pending <= longestMessage);
        assert.ok(reports.length <= chunk.length + longestMessage);
      }
    }),
    { numRuns: 2000 },
  );
});

test('an endless block of any kind never holds more than one message', () => {
  for (const head of [[0x5f], [0x37, 0x23], [0x37, 0x22], [0x10]]) {
    const demux = createDemux();
    demux.push(Uint8Array.from(head));
    for (let bytes = 0; bytes < 10_000; bytes++) {
      demux.push(Uint8Array.of(0x41));
      assert.ok(demux.pending <= longestMessage);
    }
  }
});

const message = fc.oneof(
  fc.constantFrom<number[][]>([0x12], [0x16], [0x32], [0x1e]),
  fc
    .tuple(
      fc.constantFrom(0x10, 0x14, 0x18, 0x30, 0x38),
      ...Array.from({ length: 3 }, () => fc.integer({ min: 0, max: 15 })),
    )
    .map(bytes => [...bytes]),
  fc.integer({ min: 0, max: 15 }).map(status => [status]),
  fc.array(fc.integer({ min: 0x20, max: 0x7e }), { minLength: 4, maxLength: 4 }).map(id => [0x37, 0x22, ...id, 0]),
  fc.constant([0x37, 0x25, 0]),
);

test('how the line splits the messages, and XON/XOFF between any two bytes, changes nothing', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 20 }), fc.infiniteStream(fc.nat({ max: 9 })), (messages, dice) => {
      const whole = read(messages.flat());
      assert.equal(whole.length, messages.length);
      const demux = createDemux();
      const split: PrinterReport[] = [];
      for (const byte of messages.flat()) {
        const roll = dice.next().value;
        if (roll === 0) split.push(...demux.push(Uint8Array.of(0x13)));
        split.push(...demux.push(Uint8Array.of(byte)));
        if (roll === 1) split.push(...demux.push(Uint8Array.of(0x11)));
      }
      assert.deepEqual(
        split.filter(({ kind }) => kind !== 'flow'),
        whole,
      );
    }),
    { numRuns: 500 },
  );
});
