/**
 * Reads JSON written by people: a fault is told with its line and column (V8 gives none for half of them), and a key that
 * stands twice is a fault (JSON.parse silently takes the last one).
 */

/** Where a JSON text is broken; lines and columns count from 1. */
export class JsonTextFault extends Error {
  override readonly name = 'JsonTextFault';
  readonly line: number;
  readonly column: number;

  constructor(what: string, text: string, offset: number) {
    const before = text.slice(0, offset);
    const line = before.split('\n').length;
    const column = offset - (before.lastIndexOf('\n') + 1) + 1;
    super(`line ${line}, column ${column}: ${what}`);
    this.line = line;
    this.column = column;
  }
}

const deepest = 100;
const space = /[ \t\r\n]*/y;
const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const word = /[^\s,:{}[\]"]+/y;

/**
 * The value of a JSON text; a byte order mark is passed over.
 * @throws JsonTextFault at the first place that is not JSON, is nested deeper than 100, or repeats a key
 */
export function parseJsonText(text: string): unknown {
  const checked = text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text;
  new Checker(checked).document();
  return JSON.parse(checked);
}

/** Walks the text once; JSON.parse does the reading when nothing is wrong. */
class Checker {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#skip();
    if (this.#at === this.#text.length) throw this.#fault('the file is empty; a JSON object is expected');
    this.#value(0);
    this.#skip();
    if (this.#at < this.#text.length) throw this.#fault(`${this.#found()} after the end of the document`);
  }

  #value(depth: number): void {
    if (depth > deepest) throw this.#fault(`nested deeper than ${deepest}`);
    const first = this.#text[this.#at];
    if (first === '{') this.#object(depth);
    else if (first === '[') this.#array(depth);
    else if (first === '"') this.#string();
    else if (first !== undefined && /[-0-9]/.test(first)) this.#number();
    else this.#literal();
  }

  #object(depth: number): void {
    const keys = new Set<string>();
    this.#at++;
    this.#skip();
    if (this.#take('}')) return;
    for (;;) {
      const start = this.#at;
      if (this.#text[start] !== '"') throw this.#fault(`expected a key in double quotes, found ${this.#found()}`);
      const key = this.#string();
      if (keys.has(key)) throw this.#fault(`the key "${key}" stands twice in this object`, start);
      keys.add(key);
      this.#skip();
      if (!this.#take(':')) throw this.#fault(`expected ":" after the key "${key}", found ${this.#found()}`);
      this.#skip();
      this.#value(depth + 1);
      this.#skip();
      if (this.#take('}')) return;
      const comma = this.#at;
      if (!this.#take(',')) throw this.#fault(`expected "," or "}", found ${this.#found()}`);
      this.#skip();
      if (this.#text[this.#at] === '}') throw this.#fault('a comma before "}" is one too many', comma);
    }
  }

  #array(depth: number): void {
    this.#at++;
    this.#skip();
    if (this.#take(']')) return;
    for (;;) {
      this.#value(depth + 1);
      this.#skip();
      if (this.#take(']')) return;
      const comma = this.#at;
      if (!this.#take(',')) throw this.#fault(`expected "," or "]", found ${this.#found()}`);
      this.#skip();
      if (this.#text[this.#at] === ']') throw this.#fault('a comma before "]" is one too many', comma);
    }
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const next = this.#text[this.#at];
      if (next === '"') break;
      if (next === undefined || next === '\n' || next === '\r')
        throw this.#fault('this text has no closing double quote', start);
      if (next < ' ') throw this.#fault('a control character must be written as an escape');
      if (next !== '\\') this.#at++;
      else if (this.#match(escaped) === '')
        throw this.#fault('this escape is not known to JSON; a backslash is written "\\\\"');
    }
    this.#at++;
    return String(JSON.parse(this.#text.slice(start, this.#at)));
  }

  #number(): void {
    const start = this.#at;
    if (this.#match(number) === '' || this.#match(word) !== '')
      throw this.#fault(`"${this.#text.slice(start, this.#at)}" is not a number of JSON`, start);
  }

  #literal(): void {
    const start = this.#at;
    const name = this.#match(word);
    if (name === 'true' || name === 'false' || name === 'null') return;
    this.#at = start;
    const comment = name.startsWith('/') || name.startsWith('#') ? ' (JSON has no comments)' : '';
    throw this.#fault(`expected a value, found ${this.#found()}${comment}`);
  }

  #skip(): void {
    this.#match(space);
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #found(): string {
    if (this.#at >= this.#text.length) return 'the end of the file';
    word.lastIndex = this.#at;
    const text = word.exec(this.#text)?.[0] ?? this.#text[this.#at] ?? '';
    return `"${text.slice(0, 20)}"`;
  }

  #fault(what: string, offset = this.#at): JsonTextFault {
    return new JsonTextFault(what, this.#text, offset);
  }
}
