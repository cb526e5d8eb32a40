/** Members over HQ's HTTP API: import, publish, erase, and how all of it stands (docs/members.md). */
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { TillsideError } from '../../errors.ts';
import type { ImportAnswer, MembersDesk } from './members-desk.ts';
import type { MembersAnswer } from './wire.ts';

const Import = Type.Object({ import: Type.Optional(Type.Integer({ minimum: 1 })) });
type Import = { readonly import?: number };

export function memberRoutes(app: FastifyInstance, desk: MembersDesk) {
  app.get('/v1/members', async (): Promise<MembersAnswer> => desk.view());
  app.post('/v1/members/imports', async (): Promise<{ import: number }> => ({ import: await desk.nextImport() }));
  app.post<{ Querystring: Import }>(
    '/v1/members',
    { schema: { querystring: Import } },
    async ({ body, query }): Promise<ImportAnswer> => {
      if (!Buffer.isBuffer(body))
        throw new TillsideError('request-invalid', 'The body must be one member a line, as JSON.');
      return desk.import(body.toString('utf8'), query.import ?? (await desk.nextImport()));
    },
  );
  app.post<{ Querystring: Import }>(
    '/v1/members/replace',
    { schema: { querystring: Import } },
    async ({ query }): Promise<{ removed: number }> => {
      if (query.import === undefined) throw new TillsideError('request-invalid', 'The request needs import=NUMBER.');
      return { removed: await desk.replace(query.import) };
    },
  );
  app.post('/v1/members/publish', async (): Promise<{ published: number }> => ({ published: await desk.publish() }));
  app.post('/v1/members/erase', async ({ body }): Promise<{ erasure: number }> => {
    const member = memberIn(body);
    if (member === null) throw new TillsideError('request-invalid', 'The body must be {"member": "ID"}.');
    return { erasure: await desk.erase(member) };
  });
}

function memberIn(body: unknown): string | null {
  try {
    const { member } = JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '') as { member?: unknown };
    return typeof member === 'string' && member !== '' && member.length <= 200 ? member : null;
  } catch {
    return null;
  }
}
