import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MembersPort } from '../../../agent/ports.ts';
import { createMembersLine } from '../../../sync/edge/members-line.ts';
import type { MemberFacts } from '../../../sync/protocol/members-facts.ts';
import { hashOfCard } from '../../../sync/protocol/members-keys.ts';
import type { AskMessage } from '../../../sync/protocol/messages.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const card = '2501000000017';
const anna: MemberFacts = { id: 'm-anna', asOf: 1, points: 120, cards: [hashOfCard(card)], firstName: 'Anna' };

function line(change: Partial<MembersPort> = {}) {
  const clock = new FakeClock();
  const asked: AskMessage[] = [];
  const state = { heard: true, missing: [] as number[] };
  let changed = () => {};
  const members: MembersPort = {
    have: () => ({ version: 0, content: null }),
    offered: () => {},
    wanted: most =>
      state.missing.length === 0 ? null : { sha256: 'f'.repeat(64), indexes: state.missing.slice(0, most) },
    block(_, index) {
      const isWanted = state.missing.includes(index);
      state.missing = state.missing.filter(one => one !== index);
      return isWanted;
    },
    erase: () => {},
    onChange(listener) {
      changed = listener;
      return () => {};
    },
    ...change,
  };
  const made = createMembersLine({
    members,
    clock,
    random: () => 0.5,
    ask: message => void asked.push(message),
    isHeard: () => state.heard,
  });
  made.up();
  return {
    clock,
    asked,
    state,
    members,
    line: made,
    changed: () => changed(),
    kinds: () => asked.map(({ kind }) => kind),
  };
}

/** Longer than a till listens before it asks. */
const listened = 400;
const answer = (member: MemberFacts | null) => ({ kind: 'member', card: hashOfCard(card), member }) as const;

test('a card that HQ names within 300 ms is answered with its member, and asked for once', async () => {
  const { line: made, clock, asked } = line();
  const late: unknown[] = [];
  const answers = Promise.all([made.askMember(card, facts => late.push(facts)), made.askMember(card, () => {})]);
  await clock.advance(299);
  made.command(answer(anna));
  assert.deepEqual(await answers, [anna, anna]);
  assert.deepEqual(
    asked.filter(({ kind }) => kind === 'member'),
    [{ kind: 'member', card: hashOfCard(card) }],
    'the number itself is not told',
  );
  await clock.advance(1000);
  assert.deepEqual(late, []);
});

test('after 300 ms the customer is a guest; who is named later is handed on once, after two minutes not at all', async () => {
  const { line: made, clock } = line();
  const late: MemberFacts[] = [];
  const first = made.askMember(card, facts => late.push(facts));
  await clock.advance(300);
  assert.equal(await first, null);
  made.command(answer(anna));
  made.command(answer(anna));
  assert.deepEqual(late, [anna]);
  const second = made.askMember(card, facts => late.push(facts));
  await clock.advance(120_001);
  assert.equal(await second, null);
  made.command(answer(anna));
  assert.equal(late.length, 1);
});

test('without a line, or with HQ away, nobody waits; a card that HQ does not know ends the wait', async () => {
  const { line: made, clock, state, kinds } = line();
  state.heard = false;
  assert.equal(await made.askMember(card, () => assert.fail()), null);
  assert.deepEqual(kinds(), ['members']);
  state.heard = true;
  const asked = made.askMember(card, () => assert.fail());
  made.command(answer(null));
  assert.equal(await asked, null);
  assert.equal(clock.waiting, 1, 'only the next question for files');
});

test('an answer that was lost with the line is asked for again when it is back', async () => {
  const { line: made, clock, asked } = line();
  const late: MemberFacts[] = [];
  const first = made.askMember(card, facts => late.push(facts));
  await clock.advance(300);
  assert.equal(await first, null);
  made.down();
  made.up();
  assert.equal(asked.filter(({ kind }) => kind === 'member').length, 2);
  made.command(answer(anna));
  assert.deepEqual(late, [anna]);
});

test('files are asked for at every connection and each quarter of an hour, blocks until they are here', async () => {
  const { line: made, clock, state, asked, changed } = line();
  assert.deepEqual(asked, [{ kind: 'members', version: 0, content: null }]);
  state.missing = Array.from({ length: 100 }, (_, index) => index);
  changed();
  await clock.advance(listened);
  const blocks = () => asked.filter(({ kind }) => kind === 'blocks') as (AskMessage & { kind: 'blocks' })[];
  assert.equal(blocks().at(-1)?.indexes.length, 64);
  for (let index = 0; index < 64; index++) made.block({ sha256: 'f'.repeat(64), index, bytes: Buffer.alloc(1) });
  assert.equal(blocks().length, 1, 'another till may ask first');
  await clock.advance(listened);
  assert.deepEqual(blocks().at(-1)?.indexes, state.missing, 'the rest');
  made.block({ sha256: 'f'.repeat(64), index: 64, bytes: Buffer.alloc(1) });
  await clock.advance(2000);
  assert.equal(blocks().at(-1)?.indexes[0], 65);
  made.down();
  const before = asked.length;
  await clock.advance(3_600_000);
  assert.equal(asked.length, before, 'silence without a line');
  made.up();
  state.missing = [];
  await clock.advance(15 * 60_000);
  assert.ok(asked.filter(({ kind }) => kind === 'members').length >= 3);
  made.stop();
  assert.equal(clock.waiting, 0);
});

test('blocks that another till of the store asked for are not asked for again', async () => {
  const { line: made, clock, state, asked, changed } = line();
  state.missing = Array.from({ length: 100 }, (_, index) => index);
  changed();
  await clock.advance(100);
  for (let index = 0; index < 100; index++) {
    made.block({ sha256: 'f'.repeat(64), index, bytes: Buffer.alloc(1) });
    await clock.advance(50);
  }
  await clock.advance(60_000);
  assert.deepEqual(
    asked.filter(({ kind }) => kind === 'blocks'),
    [],
  );
});
