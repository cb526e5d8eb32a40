/** The same slip by other encoders, as a person who knows them would write it: nothing left out that they can do, nothing added. */
import Encoder from '@point-of-sale/receipt-printer-encoder';
import receiptline from 'receiptline';
import { elementRuns, parseElements } from '../../drivers/printer/escpos/gs1-elements.ts';
import type { PrinterProfile } from '../../drivers/printer/profiles.ts';
import type { Slip, SlipElement } from '../../drivers/printer/types.ts';

/** Models that the library knows under this name. */
const models = { 'TM-T20III': 'epson-tm-t20iii', 'TM-T88VI': 'epson-tm-t88vi', 'TM-T88V': 'epson-tm-t88v' } as const;
const barHeight = 96;

export function byReceiptPrinterEncoder(slip: Slip, profile: PrinterProfile): Uint8Array {
  const printerModel = Object.entries(models).find(([name]) => name === profile.name)?.[1] ?? 'epson-tm-t20iii';
  const encoder = new Encoder({
    printerModel,
    columns: profile.columns,
    newline: '\n',
    feedBeforeCut: 0,
    errors: 'strict',
    // Left to itself it takes a page without € for what it prints first.
    codepageCandidates: ['cp858', 'windows1252', 'cp852', 'cp866'],
  });
  encoder.initialize().codepage('auto');
  for (const element of slip) addTo(encoder, element);
  return encoder.encode();
}

function addTo(encoder: Encoder, element: SlipElement): void {
  switch (element.kind) {
    case 'text': {
      const { text, align = 'left', bold = false, inverse = false, size = 1, small = false } = element;
      encoder.align(align).bold(bold).size(size, size);
      if (small) encoder.font('B');
      for (const line of text.split('\n')) encoder.invert(inverse).line(inverse ? ` ${line} ` : line);
      if (small) encoder.font('A');
      encoder.invert(false).bold(false).size(1, 1);
      return;
    }
    case 'rule':
      encoder.rule();
      return;
    case 'feed':
      encoder.newline(element.lines);
      return;
    case 'barcode':
      encoder.align('center');
      if (element.type === 'qr') encoder.qrcode(element.data, { model: 2, size: 7, errorlevel: 'm' });
      else {
        const [data, type] = barcodeOf(element);
        encoder.barcode(data, type, { height: barHeight, width: 2, text: 'none' });
      }
      if (element.human) encoder.line(element.human);
      return;
    case 'cut':
      encoder.cut('partial');
      return;
    case 'columns':
    case 'image':
    case 'store-image':
      throw new Error(`${element.kind} is not compared`);
  }
}

function barcodeOf(element: SlipElement & { kind: 'barcode' }): readonly [string, 'code128' | 'gs1-128' | 'ean13'] {
  // It takes brackets away and leaves FNC1 to the caller.
  if (element.type === 'gs1-128') return [elementRuns(parseElements(element.data)).join('{1'), 'gs1-128'];
  if (element.type === 'code128' || element.type === 'ean13') return [element.data, element.type];
  throw new Error(`${element.type} is not compared`);
}

/** It has one font: what is small elsewhere is of ordinary size here. */
export function byReceiptline(slip: Slip, profile: PrinterProfile): Uint8Array {
  const document = slip.map(lineOf).join('\n');
  const printer = { cpl: profile.columns, encoding: 'multilingual', command: 'epson', cutting: true } as const;
  return Buffer.from(receiptline.transform(document, printer), 'latin1');
}

function lineOf(element: SlipElement): string {
  switch (element.kind) {
    case 'text': {
      const { text, align = 'left', bold = false, inverse = false, size = 1 } = element;
      const times = size === 1 ? '' : '^'.repeat(size + 1);
      const mark = `${bold ? '"' : ''}${inverse ? '`' : ''}`;
      const marked = text
        .split('\n')
        .map(
          line => `${times}${mark}${line.replaceAll(/[\\|{}=~_"`^-]/g, '\\$&')}${[...mark].reverse().join('')}${times}`,
        );
      return marked.map(line => (align === 'left' ? `${line} |` : align === 'right' ? `| ${line}` : line)).join('\n');
    }
    case 'rule':
      return '-';
    case 'feed':
      return Array<string>(element.lines).fill('').join('\n');
    case 'barcode': {
      const option =
        element.type === 'qr' ? 'qrcode,7,m' : `${element.type === 'ean13' ? 'ean' : 'code128'},2,${barHeight},nohri`;
      const data = element.type === 'gs1-128' ? element.data.replaceAll(/[()]/g, '') : element.data;
      return `{code:${data.replaceAll(/[\\|{}:;]/g, '\\$&')};option:${option}}${element.human ? `\n${element.human.replaceAll('-', '\\-')}` : ''}`;
    }
    case 'cut':
      return '=';
    case 'columns':
    case 'image':
    case 'store-image':
      throw new Error(`${element.kind} is not compared`);
  }
}
