/** The rules of the tree: who may import whom, which package is used where, how files are named and how long they are. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Import, importsOf } from './support/imports.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Parts of the tree, first match holds; a part may import itself, and what `may` lists. */
type Part = {
  readonly name: string;
  readonly files: RegExp;
  readonly may: readonly RegExp[];
  /** For `import type` only. */
  readonly mayType?: readonly RegExp[];
};

const errors = /^errors\.ts$/;
const clock = /^clock\.ts$/;
const configuration = /^(configuration|json-text)\.ts$/;
const protocol = /^sync\/protocol\//;
const link = /^sync\/link\//;
const anything = /^/;

const parts: readonly Part[] = [
  { name: 'errors, clock, json-text', files: /^(errors|clock|json-text)\.ts$/, may: [] },
  { name: 'configuration', files: /^configuration\.ts$/, may: [errors, /^json-text\.ts$/] },
  {
    name: 'composition root',
    files: /^(tillside\.ts|agent\/(agent|line|main)\.ts|agent\/(cli|demo)\/.*|agent\/electron\/main\.ts)$/,
    may: [/^(agent|drivers|sync)\//, errors, clock, configuration],
  },
  { name: 'agent/offers', files: /^agent\/offers\//, may: [] },
  { name: 'sync/protocol', files: protocol, may: [] },
  { name: 'sync/link', files: link, may: [protocol, errors, clock] },
  { name: 'sync/edge', files: /^sync\/edge\//, may: [protocol, link, errors, clock], mayType: [/^agent\/ports\.ts$/] },
  {
    name: 'sync/hq',
    files: /^sync\/hq\//,
    may: [protocol, link, /^agent\/offers\//, errors, clock, configuration],
  },
  { name: 'drivers', files: /^drivers\//, may: [errors, clock] },
  {
    name: 'ui',
    files: /^ui\//,
    may: [],
    mayType: [/^agent\/api\/wire\.ts$/, /^sync\/hq\/(tills-)?wire\.ts$/],
  },
  {
    name: 'agent',
    files: /^agent\//,
    may: [/^drivers\//, protocol, errors, clock, configuration, /^package\.json$/],
  },
  { name: 'test and bench', files: /^(test|bench)\//, may: [anything] },
];

/** Packages that belong to one part of the product; all others may be used anywhere. */
const packages: readonly { readonly name: RegExp; readonly only: RegExp; readonly why: string }[] = [
  { name: /^better-sqlite3$/, only: /^(agent\/store|sync\/hq)\//, why: 'SQL stands in the store' },
  { name: /^node:sqlite$/, only: /^$/, why: 'the store uses better-sqlite3' },
  { name: /^(mqtt|aedes.*)$/, only: /^(sync|agent\/demo)\//, why: 'only sync knows MQTT' },
  { name: /^(fastify|@fastify\/.*)$/, only: /^(agent\/api|sync\/hq)\//, why: 'HTTP is served by the two APIs' },
  { name: /^electron$/, only: /^agent\/electron\//, why: 'the agent is a plain Node process' },
  { name: /^(node-hid|serialport)$/, only: /^drivers\//, why: 'devices are the drivers’ business' },
  { name: /^preact(\/.*)?$/, only: /^ui\//, why: 'only the screens draw' },
  {
    name: /^(?!node:crypto$|typebox(\/|$))/,
    only: /^(?!agent\/offers\/)/,
    why: 'offers are pure: no I/O, no clock, no package but typebox',
  },
];

/** Development tools that need them in any place: configurations of Vite, tests, benches. */
const tool = /(^|\/)(vite\.config|.*\.d)\.ts$|^(test|bench)\//;

function faultsOf(file: string, imports: readonly Import[]): readonly string[] {
  const part = parts.find(candidate => candidate.files.test(file));
  if (part === undefined) return [`${file}: stands in no part of the tree that the rules know`];
  return imports.flatMap(({ specifier, typeOnly, line }) => {
    const at = `${file}:${line}`;
    if (!specifier.startsWith('.')) {
      if (tool.test(file)) return [];
      const broken = packages.find(rule => rule.name.test(specifier) && !rule.only.test(file));
      return broken === undefined ? [] : [`${at}: imports ${specifier}, but ${broken.why}`];
    }
    const target = posix.join(posix.dirname(file), specifier).replace(/\?.*$/, '');
    if (target.startsWith('..')) return [`${at}: imports ${specifier}, which is outside of the project`];
    if (part.files.test(target) || part.may.some(rule => rule.test(target))) return [];
    if (part.mayType?.some(rule => rule.test(target)))
      return typeOnly ? [] : [`${at}: ${part.name} may import ${target} by "import type" only`];
    return [`${at}: ${part.name} may not import ${target}`];
  });
}

const files = globSync(
  '{*.ts,agent/**/*.{ts,tsx},drivers/**/*.{ts,tsx},sync/**/*.{ts,tsx},ui/**/*.{ts,tsx},test/**/*.{ts,tsx},bench/**/*.{ts,tsx}}',
  {
    cwd: root,
    exclude: name => name === 'node_modules' || name === 'dist' || name === 'artifacts',
  },
).sort();
const texts = new Map(files.map(file => [file, readFileSync(join(root, file), 'utf8')]));

test('every import goes in a direction that the architecture allows', () => {
  assert.ok(files.length > 50, 'the tree was found');
  const faults = [...texts].flatMap(([file, text]) => faultsOf(file, importsOf(file, text)));
  assert.deepEqual(faults, []);
});

test('no import is computed where the rules could not see it', () => {
  const computed = [...texts]
    .filter(([file]) => !tool.test(file))
    .flatMap(([file, text]) =>
      importsOf(file, text)
        .filter(found => found.specifier === '(computed)')
        .map(found => `${file}:${found.line}`),
    );
  assert.deepEqual(computed, []);
});

test('no file is named after nothing: utils, helpers, common, manager', () => {
  const empty = /^(utils?|helpers?|common|misc|shared|managers?)$|[-.](utils?|helpers?|common|manager)$/;
  const faults = files.filter(file =>
    file.split('/').some(name => empty.test(name.replace(/(\.test)?\.tsx?$/, '')) && !/^ui\/shared\//.test(file)),
  );
  assert.deepEqual(faults, []);
});

/** Data written as code, and tables of sentences. */
const data =
  /(^|\/)(texts|sentences|code-pages?|assortment|bundle|profiles?)(-[a-z]+)?\.ts$|^(agent\/demo\/shop|drivers\/printer\/escpos\/code-?pages)\//;

test('no file is so long that it must hold two ideas', t => {
  const lengths = files
    .filter(file => !data.test(file))
    .map(file => ({ file, lines: (texts.get(file) ?? '').split('\n').length - 1 }));
  for (const { file, lines } of lengths)
    if (lines > 400) t.diagnostic(`${file} has ${lines} lines: think of parting it`);
  assert.deepEqual(
    lengths.filter(({ lines }) => lines > 600).map(({ file, lines }) => `${file}: ${lines} lines`),
    [],
  );
});

test('time and chance are passed in: a whole store runs under a fake clock, from a seed', () => {
  const passedIn = /^(agent\/(offers|sale|coupons|store|printing|api|config)|sync)\//;
  const taken = /\b(Date\.now|performance\.now|Math\.random|setTimeout|setInterval)\(|\bnew Date\(\)/;
  const faults = [...texts]
    .filter(([file]) => passedIn.test(file))
    .flatMap(([file, text]) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          taken.test(line.replace(/\/\/.*|^\s*\*.*/, '')) ? [`${file}:${index + 1}: ${line.trim()}`] : [],
        ),
    );
  assert.deepEqual(faults, []);
});

test('every file of the product says in its first lines what it is for', () => {
  const silent = [...texts]
    .filter(([file, text]) => !/^(test|bench)\//.test(file) && !/^(#!.*\n)?\s*(\/\*\*|\/\/)/.test(text))
    .map(([file]) => file);
  assert.deepEqual(silent, []);
});

// --- the rules themselves ---------------------------------------------------------------------------------------------

const examples: readonly [file: string, code: string, fault: string | null][] = [
  ['agent/offers/match.ts', "import { x } from './types.ts';", null],
  ['agent/offers/match.ts', "import { x } from '../../errors.ts';", 'agent/offers may not import errors.ts'],
  [
    'agent/offers/match.ts',
    "import type { X } from '../store/store.ts';",
    'agent/offers may not import agent/store/store.ts',
  ],
  ['agent/offers/match.ts', "import fs from 'node:fs';", 'imports node:fs, but offers are pure'],
  ['agent/offers/match.ts', "import { createHash } from 'node:crypto';", null],
  ['sync/protocol/types.ts', "export * from '../../errors.ts';", 'sync/protocol may not import errors.ts'],
  [
    'drivers/printer/printer.ts',
    "const x = await import('../../agent/ports.ts');",
    'drivers may not import agent/ports.ts',
  ],
  [
    'drivers/printer/printer.ts',
    "new Worker(new URL('../../agent/main.ts', import.meta.url));",
    'drivers may not import agent/main.ts',
  ],
  ['drivers/printer/printer.ts', "type X = import('../../agent/ports.ts').X;", 'drivers may not import agent/ports.ts'],
  ['sync/edge/edge.ts', "import type { OutboxPort } from '../../agent/ports.ts';", null],
  ['sync/edge/edge.ts', "import { open } from '../../agent/ports.ts';", 'by "import type" only'],
  [
    'sync/edge/edge.ts',
    "import type { Store } from '../../agent/store/store.ts';",
    'sync/edge may not import agent/store/store.ts',
  ],
  ['sync/hq/ingest.ts', "import { compile } from '../../agent/offers/compile.ts';", null],
  [
    'sync/hq/ingest.ts',
    "import { SaleView } from '../../agent/api/wire.ts';",
    'sync/hq may not import agent/api/wire.ts',
  ],
  ['ui/till/app.tsx', "import type { SaleView } from '../../agent/api/wire.ts';", null],
  ['ui/till/app.tsx', "import { type SaleView } from '../../agent/api/wire.ts';", null],
  ['ui/till/app.tsx', "import { SaleView } from '../../agent/api/wire.ts';", 'by "import type" only'],
  ['ui/till/app.tsx', "import { systemClock } from '../../clock.ts';", 'ui may not import clock.ts'],
  ['agent/sale/sale.ts', "import { x } from '../../drivers/scanner/codes.ts';", null],
  ['agent/sale/sale.ts', "import { x } from '../../sync/edge/edge.ts';", 'agent may not import sync/edge/edge.ts'],
  [
    'agent/sale/sale.ts',
    "import Database from 'better-sqlite3';",
    'imports better-sqlite3, but SQL stands in the store',
  ],
  ['agent/agent.ts', "import { x } from '../sync/edge/edge.ts';", null],
  ['agent/agent.ts', "import { x } from '../test/support/fake-clock.ts';", 'may not import test/support/fake-clock.ts'],
  [
    'agent/electron/policy.ts',
    "import { x } from '../../sync/edge/edge.ts';",
    'agent may not import sync/edge/edge.ts',
  ],
  ['agent/sale/sale.ts', "import { x } from '../../../elsewhere.ts';", 'which is outside of the project'],
  ['other/x.ts', '', 'stands in no part of the tree'],
  [
    'agent/sale/sale.ts',
    "// import { x } from '../../sync/edge/edge.ts';\nconst text = \"import '../../ui/x.ts'\";",
    null,
  ],
];

for (const [file, code, fault] of examples) {
  test(`${file} with ${code.split('\n')[0] || 'nothing'} is ${fault === null ? 'allowed' : 'refused'}`, () => {
    const faults = faultsOf(file, importsOf(file, code));
    if (fault === null) assert.deepEqual(faults, []);
    else {
      assert.equal(faults.length, 1);
      assert.ok(faults[0]?.includes(fault), faults[0]);
      assert.ok(faults[0]?.startsWith(file));
    }
  });
}
