/** What happened in a run, word by word: the same seed has to give the same again, else a broken promise can't be played twice. */
import { createHash } from 'node:crypto';

export interface Trace {
  note(...words: readonly (string | number | Uint8Array)[]): void;
  readonly lines: readonly string[];
  /** SHA-256 over all of it. */
  digest(): string;
}

export function createTrace(): Trace {
  const lines: string[] = [];
  return {
    note(...words) {
      lines.push(words.map(word => (word instanceof Uint8Array ? sha256(word).slice(0, 16) : String(word))).join(' '));
    },
    lines,
    digest: () => sha256(lines.join('\n')),
  };
}

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
