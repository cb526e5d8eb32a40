/** How it is with something, in a word. */
import type { ComponentChildren } from 'preact';

/** A word that is well, ill, or neither yet (null); the form differs as well as the colour. */
export function Mark({ isWell, children }: { isWell: boolean | null; children: ComponentChildren }) {
  return <span class={`mark ${isWell === null ? '' : isWell ? 'is-well' : 'is-ill'}`}>{children}</span>;
}

/** A code in words; one that only a newer till knows stands as it is. */
export function said(words: Readonly<Record<string, string>>, code: string): string {
  return Object.hasOwn(words, code) ? (words[code] ?? code) : code;
}
