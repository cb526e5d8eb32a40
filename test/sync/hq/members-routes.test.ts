/** What `tillside hq members` and a customer system call: HQ's routes of members, over HTTP. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MembersAnswer, Problem } from '../../../sync/hq/wire.ts';
import { type Line, onLine } from '../support/line.ts';

type Ask = <T>(method: string, path: string, body?: string) => Promise<{ readonly status: number; readonly body: T }>;

const withMembers = (run: (ask: Ask, url: string) => Promise<void>) =>
  onLine('aedes', async (line: Line) => {
    const hq = line.hq();
    await hq.start();
    await run(async <T>(method: string, path: string, body?: string) => {
      const headers = { authorization: `Bearer ${hq.token}`, 'content-type': 'application/octet-stream' };
      const response = await fetch(hq.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
      return { status: response.status, body: (await response.json()) as T };
    }, hq.url);
  });

const member = (id: string, more: object = {}) =>
  JSON.stringify({ id, cards: [`25010000${id}`], points: 100, home: '0042', ...more });

test('members come in by pieces, a bad line is named, and who is not in a whole import is taken out', () =>
  withMembers(async ask => {
    const first = (await ask<{ import: number }>('POST', '/v1/members/imports')).body.import;
    const lines = [member('1001'), member('1002'), member('1003', { email: 'a@b.ch' })].join('\n');
    const taken = await ask<{ taken: number; refused: number; faults: readonly { pointer: string }[] }>(
      'POST',
      `/v1/members?import=${first}`,
      lines,
    );
    assert.deepEqual([taken.status, taken.body.taken, taken.body.refused], [200, 2, 1]);
    assert.deepEqual(
      taken.body.faults.map(({ pointer }) => pointer),
      ['/3'],
    );
    assert.deepEqual((await ask('POST', `/v1/members?import=${first}`, member('1004'))).status, 200);
    assert.equal((await ask<MembersAnswer>('GET', '/v1/members')).body.members, 3);

    const second = (await ask<{ import: number }>('POST', '/v1/members/imports')).body.import;
    assert.ok(second > first);
    await ask('POST', `/v1/members?import=${second}`, member('1002'));
    const replaced = await ask<{ removed: number }>('POST', `/v1/members/replace?import=${second}`);
    assert.deepEqual([replaced.status, replaced.body], [200, { removed: 2 }]);
    assert.equal((await ask<MembersAnswer>('GET', '/v1/members')).body.members, 1);
  }));

test('an erasure is counted until every till has done it; nobody of that name is not found', () =>
  withMembers(async ask => {
    await ask('POST', '/v1/members', member('1001'));
    const published = await ask<{ published: number }>('POST', '/v1/members/publish');
    assert.equal(published.status, 200);
    const erased = await ask<{ erasure: number }>('POST', '/v1/members/erase', JSON.stringify({ member: '1001' }));
    assert.deepEqual([erased.status, Number.isSafeInteger(erased.body.erasure)], [200, true]);
    const view = (await ask<MembersAnswer>('GET', '/v1/members')).body;
    assert.deepEqual([view.members, view.erasures.length], [0, 1]);
    const again = await ask<Problem>('POST', '/v1/members/erase', JSON.stringify({ member: 'nobody' }));
    assert.deepEqual([again.status, again.body.code], [404, 'not-found']);
  }));

test('what is no request of members is refused by a code, and nothing of it is taken', () =>
  withMembers(async (ask, url) => {
    for (const [path, body] of [
      ['/v1/members?import=0', member('1001')],
      ['/v1/members?import=first', member('1001')],
      ['/v1/members/replace', undefined],
      ['/v1/members/erase', '{"member": 7}'],
      ['/v1/members/erase', '{"member": ""}'],
      ['/v1/members/erase', 'who?'],
    ] as const) {
      const { status, body: problem } = await ask<Problem>('POST', path, body);
      assert.deepEqual([status, problem.code], [400, 'request-invalid'], `${path} ${body}`);
    }
    assert.equal((await ask<MembersAnswer>('GET', '/v1/members')).body.members, 0);
    for (const [method, path] of [
      ['GET', '/v1/members'],
      ['POST', '/v1/members'],
      ['POST', '/v1/members/imports'],
      ['POST', '/v1/members/replace?import=1'],
      ['POST', '/v1/members/publish'],
      ['POST', '/v1/members/erase'],
    ] as const)
      assert.equal((await fetch(url + path, { method })).status, 401, `${method} ${path}`);
  }));
