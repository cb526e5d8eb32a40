/** Names that stand twice in one object of the document: JSON keeps the last, so what the first said is silently lost. */
import type { Findings } from './finding.ts';

/** @param text of a valid bundle */
export function checkNames(text: string, findings: Findings): void {
  /** Where the walk stands, a step for each bracket that is open; */
  const path: (string | number)[] = [];
  /** and the names that its objects had so far, null for lists. */
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : null);
      path.push(0);
    } else if (character === '}' || character === ']') {
      open.pop();
      path.pop();
    } else if (character === ',') {
      const place = path.pop() ?? 0;
      path.push(typeof place === 'number' ? place + 1 : place);
    } else if (character === '"') {
      const start = at;
      at = endOfText(text, at + 1);
      const names = open.at(-1) ?? null;
      if (names === null || text[afterBlanks(text, at + 1)] !== ':') continue;
      const name: string = JSON.parse(text.slice(start, at + 1));
      path.pop();
      path.push(name);
      if (names.has(name))
        findings.add('warning', 'name-twice', path, `"${name}" stands here twice; only the last one counts.`);
      names.add(name);
    }
  }
}

function afterBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++;
  return at;
}

/** The place of the quote that ends a text. */
function endOfText(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
