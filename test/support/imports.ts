/** The imports of a source file, read by a real parser: static, re-exported, dynamic, in types, and URLs of workers. */
import { parseSync } from 'vite';

export type Import = {
  /** As written: `./types.ts`, `node:fs`, `fastify`. */
  readonly specifier: string;
  /** Vanishes when types are stripped. */
  readonly typeOnly: boolean;
  readonly line: number;
};

/** @throws Error where the file does not parse */
export function importsOf(file: string, text: string): readonly Import[] {
  const parsed = parseSync(file, text);
  if (parsed.errors.length > 0) throw new Error(`${file}: ${parsed.errors[0]?.message}`);
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean, start: number) =>
    found.push({ specifier, typeOnly, line: text.slice(0, start).split('\n').length });
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const node = value as Node;
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration': {
        const specifier = textOf(node.source);
        if (specifier !== null) add(specifier, isTypeOnly(node), node.start ?? 0);
        break;
      }
      case 'ImportExpression':
        add(textOf(node.source) ?? '(computed)', false, node.start ?? 0);
        break;
      case 'TSImportType':
        add(textOf(node.source) ?? textOf(node.argument) ?? '(computed)', true, node.start ?? 0);
        break;
      case 'NewExpression': {
        // Workers and child processes are named by `new URL('./worker.ts', import.meta.url)`.
        const specifier =
          node.callee?.name === 'URL' && node.arguments?.length === 2 ? textOf(node.arguments[0]) : null;
        if (specifier !== null && /^\.{1,2}\/.*\.tsx?$/.test(specifier)) add(specifier, false, node.start ?? 0);
        break;
      }
    }
    for (const child of Object.values(value)) visit(child);
  };
  visit(parsed.program);
  return found;
}

type Node = {
  readonly type?: string;
  readonly start?: number;
  readonly source?: unknown;
  readonly argument?: unknown;
  readonly callee?: { readonly name?: string };
  readonly arguments?: readonly unknown[];
  readonly importKind?: string;
  readonly exportKind?: string;
  readonly specifiers?: readonly { readonly importKind?: string; readonly exportKind?: string }[];
};

function isTypeOnly(node: Node): boolean {
  if (node.importKind === 'type' || node.exportKind === 'type') return true;
  const names = node.specifiers ?? [];
  return names.length > 0 && names.every(name => name.importKind === 'type' || name.exportKind === 'type');
}

function textOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const { value: text, literal } = value as { readonly value?: unknown; readonly literal?: unknown };
  return typeof text === 'string' ? text : literal === undefined ? null : textOf(literal);
}
