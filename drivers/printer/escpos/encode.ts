/**
 * A slip as ESC/POS bytes for one printer. Strict: what the printer cannot print as asked is refused or replaced by what is declared, and nothing
 * that stands in a text can become a command.
 */
import { TillsideError } from '../../../errors.ts';
import type { PrinterProfile } from '../profiles.ts';
import type { Slip, SlipElement, SlipImage } from '../types.ts';
import * as command from './commands.ts';
import { displayWidth, wrapWords } from './display-width.ts';
import { checkImage, rasterBands } from './raster.ts';
import { printStored, storeImage } from './stored-image.ts';
import { placeSymbol } from './symbols.ts';
import { type Replacement, TextEncoder } from './text.ts';

export interface EncodedSlip {
  /** Puts the printer into a known state. It ends automatic status, so it stands before the job and not in it. */
  readonly init: Uint8Array;
  /** Everything up to the cut; each line is ended, so a process ID after it reports the last line. */
  readonly body: Uint8Array;
  /** Feeds and cuts; empty where the slip does not end in a cut. Without cutter it feeds to the edge where the paper is torn. */
  readonly cut: Uint8Array;
  /** Paper that the slip takes, in dots of the profile. */
  readonly dotLines: number;
  /** Time that the mechanism takes at the profile's speed, milliseconds. */
  readonly mechanicalMs: number;
  /** Characters that are not printed as they stand, each once. */
  readonly replacements: readonly Replacement[];
}

const cutMs = 500;
/** Writing to flash memory; a third of what the driver waits at most. */
const storeMs = 10_000;

/**
 * @throws TillsideError `print-content` for a character, code or size that this printer can't print as asked
 */
export function encodeSlip(slip: Slip, profile: PrinterProfile): EncodedSlip {
  const writer = new SlipWriter(profile);
  const init = writer.take();
  const endsInCut = slip.at(-1)?.kind === 'cut';
  for (const element of endsInCut ? slip.slice(0, -1) : slip) writer.element(element);
  const body = writer.take();
  if (endsInCut) writer.cut();
  const millimetres = (writer.dotLines / profile.dpi) * 25.4;
  return {
    init,
    body,
    cut: writer.take(),
    dotLines: writer.dotLines,
    mechanicalMs: Math.ceil((millimetres / profile.speed) * 1000) + (endsInCut ? cutMs : 0) + writer.workMs,
    replacements: writer.text.replacements(),
  };
}

interface Style {
  readonly align: 'left' | 'center' | 'right';
  readonly bold: boolean;
  readonly inverse: boolean;
  readonly size: 1 | 2 | 3;
  readonly small: boolean;
}

const plain: Style = { align: 'left', bold: false, inverse: false, size: 1, small: false };

class SlipWriter {
  readonly text: TextEncoder;
  dotLines = 0;
  /** Time for work other than moving paper. */
  workMs = 0;
  readonly #profile: PrinterProfile;
  #parts: Uint8Array[] = [];
  #style: Style = plain;
  #spacing = 0;

  constructor(profile: PrinterProfile) {
    this.#profile = profile;
    this.text = new TextEncoder(profile);
    this.#put(command.initialise, command.internationalUsa);
    if (profile.motionUnits) this.#put(command.motionUnits(profile.dpi));
  }

  /** The bytes since the last call. */
  take(): Uint8Array {
    const bytes = command.join(...this.#parts);
    this.#parts = [];
    return bytes;
  }

  element(element: SlipElement): void {
    switch (element.kind) {
      case 'text':
        this.#text(element);
        return;
      case 'columns':
        this.#columns(element.left, element.right, element.bold ?? false);
        return;
      case 'rule':
        this.#rule();
        return;
      case 'feed':
        this.#feed(element.lines);
        return;
      case 'barcode':
        this.#barcode(element);
        return;
      case 'image':
        this.#image(element);
        return;
      case 'store-image':
        this.workMs += storeMs;
        this.#put(storeImage(element.key, element.image, this.#profile));
        return;
      case 'cut':
        this.cut();
        return;
    }
  }

  cut(): void {
    this.#use(plain);
    const { cutter, tearLines } = this.#profile;
    if (cutter === 'none') this.#feed(tearLines);
    else this.#put(command.cut(cutter));
  }

  #text(element: SlipElement & { kind: 'text' }): void {
    const style: Style = {
      align: element.align ?? 'left',
      bold: element.bold ?? false,
      inverse: element.inverse ?? false,
      size: element.size ?? 1,
      small: element.small ?? false,
    };
    const across = style.small ? this.#profile.smallColumns : this.#profile.columns;
    const columns = Math.floor(across / style.size);
    // White on black needs black beside the first and the last letter to be read.
    const edge = style.inverse ? ' ' : '';
    for (const line of wrapWords(this.text.prepare(element.text), columns - 2 * edge.length))
      this.#line(edge + line + edge, style);
  }

  /** Right text keeps its place; the left one wraps beside it, and the right stands on the last of its lines. */
  #columns(leftText: string, rightText: string, bold: boolean): void {
    const columns = this.#profile.columns;
    const style = { ...plain, bold };
    const right = this.text.prepare(rightText).replaceAll('\n', ' ');
    const room = columns - displayWidth(right) - 1;
    if (room < Math.min(8, columns / 4)) {
      for (const line of wrapWords(this.text.prepare(leftText), columns)) this.#line(line, style);
      for (const line of wrapWords(right, columns)) this.#line(line, { ...style, align: 'right' });
      return;
    }
    const left = wrapWords(this.text.prepare(leftText), room);
    left.forEach((line, index) => {
      const last = index === left.length - 1;
      this.#line(last ? line + ' '.repeat(columns - displayWidth(line) - displayWidth(right)) + right : line, style);
    });
  }

  #line(text: string, style: Style): void {
    this.#use(style);
    this.#put(this.text.encode(text), command.bytes(command.LF));
    this.dotLines += this.#spacing;
  }

  /** Signs of several times the width: a line across the paper need not cost a byte for each column. */
  #rule(): void {
    const { columns } = this.#profile;
    const across = [4, 3, 2].find(times => columns % times === 0) ?? 1;
    this.#use(plain);
    this.#put(command.stretch(across), this.text.encode(this.text.rule(columns / across)), command.bytes(command.LF));
    this.#put(command.stretch(1));
    this.dotLines += this.#spacing;
  }

  #feed(lines: number): void {
    if (!Number.isInteger(lines) || lines < 0 || lines > 255)
      throw new TillsideError('print-content', `a feed has 0 to 255 whole lines, not ${lines}`);
    if (lines === 0) return;
    this.#use({ ...this.#style, size: 1, small: false });
    this.#put(command.feedLines(lines));
    this.dotLines += lines * this.#spacing;
  }

  #barcode(element: SlipElement & { kind: 'barcode' }): void {
    this.#use({ ...plain, align: 'center' });
    const symbol = placeSymbol(element, this.#profile);
    this.#put(symbol.bytes, command.feedDots(symbol.quiet));
    this.dotLines += symbol.dots + symbol.quiet;
    const human = element.human ?? symbol.human ?? '';
    if (human === '') return;
    for (const line of wrapWords(this.text.prepare(human), this.#profile.columns))
      this.#line(line, { ...plain, align: 'center' });
  }

  #image(element: SlipImage): void {
    this.#use({ ...plain, align: 'center' });
    checkImage(element, this.#profile.dots);
    const { storedAs } = element;
    if (storedAs !== undefined && this.#profile.imageMemory !== 'none') this.#put(printStored(storedAs, this.#profile));
    else this.#put(...rasterBands(element, this.#profile.dots));
    this.dotLines += element.height;
  }

  /** Emits only what changes. */
  #use(style: Style): void {
    const before = this.#style;
    this.#style = style;
    if (style.align !== before.align) this.#put(command.align(style.align));
    if (style.bold !== before.bold) this.#put(command.bold(style.bold));
    if (style.inverse !== before.inverse) this.#put(command.inverse(style.inverse));
    if (style.small !== before.small) this.#put(command.font(style.small));
    if (style.size !== before.size) this.#put(command.size(style.size));
    const height = (style.small ? this.#profile.smallHeight : 24) * style.size;
    const spacing = style.small ? height + 5 : height + (style.size === 1 ? 6 : 8);
    if (spacing !== this.#spacing) this.#put(command.lineSpacing(spacing));
    this.#spacing = spacing;
  }

  #put(...parts: readonly Uint8Array[]): void {
    this.#parts.push(...parts);
  }
}
