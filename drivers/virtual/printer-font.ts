/** Dot pictures of letters: font A (12 × 24) and B (9 × 17) in any size, made from the strokes and kept. */
import { accents, lookAlikes, marksBelow, strokes } from './printer-glyphs.ts';

export interface Glyph {
  readonly width: number;
  readonly height: number;
  /** One byte a dot, row by row; 1 is black. */
  readonly dots: Uint8Array;
}

export type Font = 'A' | 'B';

type Point = readonly [x: number, y: number];

/** Font B is drawn with a pen of one dot on the middle of dots, font A with one of two dots on their edges. */
const fonts = {
  A: { width: 12, height: 24, pen: 1, x: (x: number) => x, y: (y: number) => y },
  B: {
    width: 9,
    height: 17,
    pen: 0.62,
    x: (x: number) => 1.5 + (x - 2) * 0.75,
    y: (y: number) => 2.5 + (y - 4) * (10 / 14),
  },
} as const;

const cellLeft = 0;
const cellRight = 12;
const capitalTop = 4;
const accentedTop = 7;
const base = 18;
const accentLift = 2;

const made = new Map<string, Glyph>();

/** @param times whole magnification, 1–8, as `GS !` has it */
export function glyph(character: string, font: Font, across: number, down: number): Glyph {
  const key = `${font}${across}${down}${character}`;
  let found = made.get(key);
  if (found === undefined) {
    found = draw(lines(character), font, across, down);
    made.set(key, found);
  }
  return found;
}

export function fontSize(font: Font): { readonly width: number; readonly height: number } {
  return fonts[font];
}

/** True if the font has a picture for it; others print as an empty box. */
export function hasGlyph(character: string): boolean {
  return character === ' ' || pathOf(character) !== null;
}

type Line = readonly Point[];

const emptyBox = 'M2 4 L10 4 L10 18 L2 18 L2 4';

function lines(character: string): readonly Line[] {
  return character === ' ' || character === '\u00a0' ? [] : (pathOf(character) ?? parse(emptyBox));
}

function pathOf(character: string): readonly Line[] | null {
  const known = strokes[lookAlikes[character] ?? character];
  if (known !== undefined) return parse(known);
  const [letter = '', ...marks] = [...character.normalize('NFD')];
  if (marks.length === 0) return null;
  const above = marks.some(mark => mark in accents);
  const dotless = above && letter === 'i' ? 'ı' : above && letter === 'j' ? 'ȷ' : letter;
  const body = strokes[lookAlikes[dotless] ?? dotless];
  if (body === undefined) return null;
  const tall = /\p{Lu}/u.test(letter);
  const parts: Line[] = parse(body).map(line => (tall && above ? line.map(lower) : line));
  for (const mark of marks) {
    const over = accents[mark];
    const under = marksBelow[mark];
    if (over !== undefined) {
      // Tall small letters (ď, ľ, ĺ) have their accent beside them.
      const move: (point: Point) => Point = tall
        ? ([x, y]) => [x, y - accentLift]
        : ascends(letter)
          ? ([x, y]) => [x + 2.6, y]
          : p => p;
      parts.push(...parse(over).map(line => line.map(move)));
    } else if (under !== undefined) parts.push(...parse(under));
    else return null;
  }
  return parts;
}

function ascends(letter: string): boolean {
  return 'dlthkbf'.includes(letter);
}

/** Makes room over a capital for its accent. */
function lower([x, y]: Point): Point {
  return y > base ? [x, y] : [x, base - ((base - y) * (base - accentedTop)) / (base - capitalTop)];
}

const curveSteps = 12;

function parse(path: string): Line[] {
  const all: Point[][] = [];
  let line: Point[] = [];
  for (const [, letter = '', numbers = ''] of path.matchAll(/([MLQ])([\d\s.-]+)/g)) {
    const n = numbers.trim().split(/\s+/).map(Number);
    const [a = 0, b = 0, c = 0, d = 0] = n;
    if (letter === 'M') {
      line = [[a, b]];
      all.push(line);
    } else if (letter === 'L') line.push([a, b]);
    else {
      const [x = 0, y = 0] = line.at(-1) ?? [];
      for (let step = 1; step <= curveSteps; step++) {
        const t = step / curveSteps;
        const u = 1 - t;
        line.push([u * u * x + 2 * u * t * a + t * t * c, u * u * y + 2 * u * t * b + t * t * d]);
      }
    }
  }
  return all;
}

function draw(path: readonly Line[], font: Font, across: number, down: number): Glyph {
  const { width, height, pen, x: toX, y: toY } = fonts[font];
  const glyphWidth = width * across;
  const glyphHeight = height * down;
  const dots = new Uint8Array(glyphWidth * glyphHeight);
  const plain = across === 1 && down === 1;
  // At size 1 font B is fitted to whole dots; larger, the strokes are smooth as they are.
  const snap = (value: number) => (font === 'B' && plain ? Math.floor(value) + 0.5 : value);
  const place = ([x, y]: Point): Point => [
    (x <= cellLeft ? 0 : x >= cellRight ? width : snap(toX(x))) * across,
    (y <= 0 ? 0 : y >= 24 ? height : snap(toY(y))) * down,
  ];
  for (const line of path) {
    const points = line.map(place);
    const [first] = points;
    if (first === undefined) continue;
    if (points.length === 1) stroke(dots, glyphWidth, glyphHeight, first, first, pen, across, down);
    for (let at = 1; at < points.length; at++) {
      const from = points[at - 1];
      const to = points[at];
      if (from !== undefined && to !== undefined) stroke(dots, glyphWidth, glyphHeight, from, to, pen, across, down);
    }
  }
  return { width: glyphWidth, height: glyphHeight, dots };
}

/** Blackens the dots whose middle is within the pen's reach of the line; the pen is an ellipse where width and height differ. */
function stroke(
  dots: Uint8Array,
  width: number,
  height: number,
  [x1, y1]: Point,
  [x2, y2]: Point,
  pen: number,
  across: number,
  down: number,
): void {
  const reach = pen + 0.01;
  const left = Math.max(0, Math.floor(Math.min(x1, x2) - reach * across));
  const right = Math.min(width - 1, Math.ceil(Math.max(x1, x2) + reach * across));
  const top = Math.max(0, Math.floor(Math.min(y1, y2) - reach * down));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(y1, y2) + reach * down));
  const dx = (x2 - x1) / across;
  const dy = (y2 - y1) / down;
  const length = dx * dx + dy * dy;
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const px = (column + 0.5 - x1) / across;
      const py = (row + 0.5 - y1) / down;
      const t = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
      const ex = px - t * dx;
      const ey = py - t * dy;
      if (ex * ex + ey * ey <= reach * reach) dots[row * width + column] = 1;
    }
  }
}
