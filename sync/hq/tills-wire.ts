/** The shapes of what HQ's API answers about many tills at once; a till itself is in wire.ts. */
import Type, { type Static } from 'typebox';
import { Id, nullable, TillAilment, TillView } from './wire.ts';

/**
 * `GET /v1/tills?store=&till=&online=&why=&limit=&after=`, ordered by store, till; `why` is a code of an ailment, or `any`.
 * `next` is the `after` of the page that follows; null: there is none.
 */
export const TillsQuery = Type.Object({
  store: Type.Optional(Id),
  till: Type.Optional(Id),
  online: Type.Optional(Type.Boolean()),
  why: Type.Optional(Type.Union([Type.Literal('any'), ...TillAilment.properties.code.anyOf])),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  after: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,64}/[a-z0-9-]{1,64}$' })),
});
export type TillsQuery = Static<typeof TillsQuery>;

export const TillsAnswer = Type.Object({ tills: Type.Array(TillView), next: nullable(Type.String()) });
export type TillsAnswer = Static<typeof TillsAnswer>;

/** `GET /v1/tills/summary`: of all tills at once, which are behind, by how much, why. */
export const TillsSummary = Type.Object({
  known: Type.Integer(),
  online: Type.Integer(),
  /** Nothing ails them. */
  well: Type.Integer(),
  /** Facts that tills have and HQ has not; since when the oldest waits, and where. */
  waiting: Type.Object({
    tills: Type.Integer(),
    facts: Type.Integer(),
    oldest: nullable(Type.Object({ store: Type.String(), till: Type.String(), since: Type.String() })),
  }),
  /** Facts that HQ knows of and lacks. */
  missing: Type.Object({ tills: Type.Integer(), facts: Type.Integer() }),
  /** Most tills first; a till that several things ail counts for each. */
  why: Type.Array(Type.Object({ code: TillAilment.properties.code, tills: Type.Integer(), stores: Type.Integer() })),
});
export type TillsSummary = Static<typeof TillsSummary>;

/** `GET /v1/tills/members`: how many tills of each store have which version of the members; null: none, or they never said. */
export const TillMembersAnswer = Type.Object({
  stores: Type.Array(Type.Object({ store: Type.String(), version: nullable(Type.Integer()), tills: Type.Integer() })),
});
export type TillMembersAnswer = Static<typeof TillMembersAnswer>;
