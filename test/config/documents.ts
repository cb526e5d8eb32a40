/** The documents that are made from the code. Run, it writes them; documents.test.ts checks that they are up to date. */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { statusOf } from '../../agent/api/problem.ts';
import { TillConfigDocument } from '../../agent/config/schema.ts';
import { environmentVariables } from '../../configuration.ts';
import { errorCodes } from '../../errors.ts';
import { HqConfigDocument } from '../../sync/hq/config.ts';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));

/** Path and text of each. */
export const documents: readonly (readonly [path: string, text: string])[] = [
  [`${docs}till.schema.json`, `${JSON.stringify(TillConfigDocument, null, 2)}\n`],
  [`${docs}hq.schema.json`, `${JSON.stringify(HqConfigDocument, null, 2)}\n`],
  [`${docs}errors.md`, errorsDocument()],
];

/** Every variable stands in docs/configuration.md, which is written by hand. */
export const configurationDocument = `${docs}configuration.md`;
export const tillVariables = environmentVariables(TillConfigDocument);

function errorsDocument(): string {
  const rows = (Object.entries(errorCodes) as [keyof typeof errorCodes, string][]).map(
    ([code, meaning]) => `| \`${code}\` | ${statusOf(code)} | ${meaning} |`,
  );
  return `# Error codes

Every failure that a person or a program has to react to bears one of these codes: as \`code\` in the
\`application/problem+json\` of the local API, in messages of the command line (with \`--json\`), in logs and on the status page.
A code is never renamed and never used for something else. Made from \`errors.ts\`; do not edit.

| code | HTTP status | meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for (const [path, text] of documents) writeFileSync(path, text);
