/** The OpenAPI document, made from the table of calls and the schemas that the server itself validates with. */
import type Type from 'typebox';
import { type Call, calls, ownCalls } from './calls.ts';
import * as wire from './wire.ts';

type Json = { readonly [key: string]: unknown };

/** @param version the agent's version */
export function openApiDocument(version: string): Json {
  const names = componentNames();
  const paths: Record<string, Record<string, Json>> = {};
  const add = (path: string, method: string, operation: Json) => {
    const methods = paths[path] ?? {};
    methods[method.toLowerCase()] = operation;
    paths[path] = methods;
  };
  for (const call of calls) add(call.path, call.method, operationOf(call, names));
  for (const own of ownCalls) add(own.path, 'GET', ownOperation(own));
  return {
    openapi: '3.1.0',
    info: {
      title: 'tillside local API',
      version,
      description:
        'Check-out coupons for grocery tills, on loopback. Every write is idempotent: the caller’s own id is the key; a repeat is answered as the first time, a repeat with other content is 409 conflict.',
    },
    servers: [{ url: 'http://127.0.0.1:4780' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'dataDir/tokens/pos or …/ui' } },
      schemas: Object.fromEntries([...names].map(([text, name]) => [name, referring(JSON.parse(text), names, text)])),
    },
  };
}

function operationOf(call: Call, names: Names): Json {
  const content =
    call.answer.type === 'application/json'
      ? { schema: referring(plain(call.answer.schema), names) }
      : { schema: { type: 'string' } };
  return {
    operationId: call.name,
    summary: call.summary,
    ...(call.access === 'open' ? { security: [] } : {}),
    parameters: [...parametersOf(call), language],
    ...(call.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: referring(plain(call.body), names) } },
          },
        }),
    responses: { 200: { description: call.summary, content: { [call.answer.type]: content } }, default: problem },
  };
}

function ownOperation(own: (typeof ownCalls)[number]): Json {
  const events = own.name === 'events';
  const type = events ? 'text/event-stream' : 'application/json';
  const resume = {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description: 'the id of the last event received; `reset` is sent where the events after it are no longer kept',
    schema: { type: 'string' },
  };
  return {
    operationId: own.name,
    summary: own.summary,
    parameters: events ? [resume, language] : [],
    responses: {
      200: { description: own.summary, content: { [type]: { schema: { type: events ? 'string' : 'object' } } } },
      default: problem,
    },
  };
}

const language = {
  name: 'Accept-Language',
  in: 'header',
  required: false,
  description: 'language of `message` and other sentences: de, fr, it, en',
  schema: { type: 'string' },
};

const problem = {
  description: 'What is wrong, with a stable code',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

function parametersOf(call: Call): readonly Json[] {
  return Object.entries(call.params?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'path',
    required: true,
    schema: plain(schema),
  }));
}

/** Text of a schema → its name in wire.ts. */
type Names = ReadonlyMap<string, string>;

function componentNames(): Names {
  const names = new Map<string, string>();
  for (const [name, schema] of Object.entries(wire)) names.set(JSON.stringify(schema), name);
  return names;
}

function plain(schema: Type.TSchema): unknown {
  return JSON.parse(JSON.stringify(schema));
}

/** Writes references where a named schema stands; `self` is the text of the one that is being defined. */
function referring(node: unknown, names: Names, self?: string): unknown {
  if (typeof node !== 'object' || node === null) return node;
  const text = JSON.stringify(node);
  const name = text === self ? undefined : names.get(text);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(node)) return node.map(item => referring(item, names));
  return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, referring(item, names)]));
}
