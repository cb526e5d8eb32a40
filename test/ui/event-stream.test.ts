import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEventParser, type StreamEvent } from '../../ui/shared/event-stream.ts';

function parse(pieces: readonly string[]) {
  const events: StreamEvent[] = [];
  const ids: string[] = [];
  const take = createEventParser(
    event => events.push(event),
    id => ids.push(id),
  );
  for (const piece of pieces) take(piece);
  return { events, ids };
}

const stream = [
  'retry: 1000\nid: b-0\n\n',
  ': still here\n\n',
  'event: sale\nid: b-1\ndata: {"a":1}\n\n',
  'data: one\ndata: two\n\n',
  'event: empty\n\n',
  'event:scan\r\nid:b-2\r\ndata:{"b":2}\r\n\r\n',
].join('');

const expected = {
  events: [
    { event: 'sale', data: '{"a":1}' },
    { event: 'message', data: 'one\ntwo' },
    { event: 'scan', data: '{"b":2}' },
  ],
  ids: ['b-0', 'b-1', 'b-2'],
};

test('events, comments, ids without data, and data of several lines', () => {
  assert.deepEqual(parse([stream]), expected);
});

test('wherever the network cuts the stream, the same events come out', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 40 }), cuts => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
      assert.deepEqual(parse(at.slice(1).map((end, i) => stream.slice(at[i], end))), expected);
    }),
  );
});

test('an event that was not finished is not told', () => {
  assert.deepEqual(parse(['event: sale\ndata: {"a"']).events, []);
});
