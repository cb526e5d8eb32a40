/** Rollouts and keys in HQ's API. */
import type { FastifyInstance } from 'fastify';
import { TillsideError } from '../../errors.ts';
import { decodeKeySet, type KeySet } from '../protocol/keyring.ts';
import type { Rollouts } from './rollout.ts';
import type { KeysAnswer, PublishAnswer, RolloutsAnswer, RolloutView } from './wire.ts';

export interface RolloutRoutes {
  readonly rollouts: Rollouts;
  readonly keys: () => KeysAnswer;
  /** @throws TillsideError `bundle-untrusted` where a signature is wrong */
  readonly takeKeys: (keys: KeySet) => Promise<KeysAnswer>;
}

const minute = 60_000;

export function rolloutRoutes(app: FastifyInstance, { rollouts, keys, takeKeys }: RolloutRoutes) {
  app.get('/v1/rollouts', async (): Promise<RolloutsAnswer> => rollouts.view());
  app.post<{ Querystring: { first?: string; soak?: string } }>(
    '/v1/rollouts',
    async ({ body, query }, reply): Promise<RolloutView> => {
      const soakMs = query.soak === undefined ? undefined : Math.round(whole('soak', query.soak, true) * minute);
      const begun = await rollouts.begin(fileOf(body), { first: query.first, soakMs });
      reply.code(201);
      return begun;
    },
  );
  app.post<{ Params: { number: string } }>(
    '/v1/rollouts/:number/stop',
    async ({ params }): Promise<RolloutView> => rollouts.halt(whole('number', params.number)),
  );
  app.post<{ Params: { number: string } }>(
    '/v1/rollouts/:number/resume',
    async ({ params }): Promise<RolloutView> => rollouts.resume(whole('number', params.number)),
  );
  app.post<{ Querystring: { id?: string; to?: string } }>(
    '/v1/rollback',
    async ({ query }, reply): Promise<PublishAnswer> => {
      const to = query.to === undefined ? undefined : whole('to', query.to);
      const answer = await rollouts.rollBack(query.id, to);
      reply.code(201);
      return answer;
    },
  );
  app.get('/v1/keys', async (): Promise<KeysAnswer> => keys());
  app.post('/v1/keys', async ({ body }): Promise<KeysAnswer> => {
    const set = decodeKeySet(fileOf(body));
    if (!set.ok) throw new TillsideError('request-invalid', `The body is no keys.json: ${set.reason}.`);
    return takeKeys(set.value);
  });
}

function fileOf(body: unknown): Buffer {
  if (!Buffer.isBuffer(body)) throw new TillsideError('request-invalid', 'The body must be the file.');
  return body;
}

function whole(name: string, text: string, isFraction = false): number {
  const value = Number(text);
  if (text.trim() === '' || !(isFraction ? Number.isFinite(value) : Number.isSafeInteger(value)) || value < 0)
    throw new TillsideError('request-invalid', `${name} is "${text}"; it must be a number from 0.`);
  return value;
}
