/** The part of HQ's API that enrols and revokes: on loopback, with HQ's token. */
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { TillsideError } from '../../../errors.ts';
import { type EnrolmentAnswer, Id } from '../wire.ts';
import type { Desk } from './desk.ts';

const CodeRequest = Type.Object(
  {
    store: Id,
    till: Id,
    hours: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 744 })),
    broker: Type.Optional(Type.String({ pattern: '^mqtts://[^\\s/?#@]+$', maxLength: 300 })),
  },
  { additionalProperties: false },
);

const RevokeRequest = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 253 }), reason: Type.Optional(Type.String({ maxLength: 300 })) },
  { additionalProperties: false },
);

export const EnrolCodeAnswer = Type.Object({ code: Type.String(), expiresAt: Type.String() });
export type EnrolCodeAnswer = Static<typeof EnrolCodeAnswer>;

const defaultHours = 24;

export function enrolmentRoutes(app: FastifyInstance, desk: Desk): void {
  // Bodies are bytes here, as everywhere in HQ's API; read by the schema below.
  app.post('/v1/enrolment/codes', { bodyLimit: 4096 }, async (request, reply): Promise<EnrolCodeAnswer> => {
    const { store, till, hours = defaultHours, broker = null } = read(CodeRequest, request.body);
    reply.code(201);
    return desk.enrolment.makeCode({ store, till }, hours, broker);
  });
  app.post('/v1/enrolment/revoke', { bodyLimit: 4096 }, async (request): Promise<{ revoked: string }> => {
    const { name, reason = null } = read(RevokeRequest, request.body);
    await desk.enrolment.revoke(name, reason);
    return { revoked: name };
  });
  app.get('/v1/enrolment', async (): Promise<EnrolmentAnswer> => {
    const tills = await desk.enrolment.tills();
    const services = (await desk.enrolment.certificates()).filter(
      ({ till, revokedAt }) => till === null && revokedAt === null,
    );
    return {
      tills: tills.map(({ certificate, ...till }) => ({
        ...till,
        certificate: certificate === null ? null : { serial: certificate.serial, notAfter: certificate.notAfter },
      })),
      services: services.map(({ name, purpose, serial, notAfter }) => ({ name, purpose, serial, notAfter })),
      leaving: [...desk.leaving()],
      refused: [...desk.refusals.list()],
    };
  });
}

function read<T extends Type.TSchema>(schema: T, body: unknown): Static<T> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
  } catch {
    throw new TillsideError('request-invalid', 'The body must be JSON.');
  }
  if (Value.Check(schema, value)) return value;
  const [first] = Value.Errors(schema, value);
  throw new TillsideError('request-invalid', `${first?.instancePath ?? ''}: ${first?.message ?? 'is wrong'}`);
}
