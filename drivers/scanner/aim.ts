/** AIM symbology identifiers (ISO/IEC 15424): `]` + letter + modifier, sent by a scanner in front of the data. */
import type { Symbology } from './types.ts';

const byIdentifier: Readonly<Record<string, Symbology>> = {
  ']E0': 'EAN13',
  ']E3': 'EAN13', // with an add-on symbol behind it
  ']E4': 'EAN8',
  ']C0': 'CODE128',
  ']C1': 'GS1-128',
  ']C2': 'CODE128',
  ']C4': 'CODE128',
  ']e0': 'DATABAR',
  ']e1': 'DATABAR',
  ']e2': 'DATABAR',
  ']I0': 'ITF',
  ']I1': 'ITF',
  ']I3': 'ITF',
  ']d0': 'DATAMATRIX',
  ']d1': 'DATAMATRIX',
  ']d2': 'GS1-DATAMATRIX',
  ']d3': 'DATAMATRIX',
  ']d4': 'DATAMATRIX',
  ']d5': 'GS1-DATAMATRIX',
  ']d6': 'DATAMATRIX',
  ']Q0': 'QR',
  ']Q1': 'QR',
  ']Q2': 'QR',
  ']Q3': 'GS1-QR',
  ']Q4': 'GS1-QR',
  ']Q5': 'QR',
  ']Q6': 'QR',
  ']J0': 'DOTCODE',
  ']J1': 'DOTCODE',
};

/** Modifier 0–9, A–Z or a–z; the letter is one of the assigned ones. */
const identifier = /^\][A-Za-z][0-9A-Za-z]/;

/** `]E0` → `EAN13`; null without identifier, `OTHER` for one that means nothing here. */
export function symbologyOf(aim: string | null): Symbology | null {
  if (aim === null || !identifier.test(aim)) return null;
  return byIdentifier[aim.slice(0, 3)] ?? 'OTHER';
}

/** Takes an AIM identifier off the front of a text that bears one. */
export function splitAim(text: string): { readonly aim: string | null; readonly text: string } {
  if (!identifier.test(text)) return { aim: null, text };
  return { aim: text.slice(0, 3), text: text.slice(3) };
}

/** The identifier that a scanner would send for this symbology; for simulated scanners. */
export function aimOf(symbology: Symbology): string {
  return identifiers[symbology];
}

const identifiers: Readonly<Record<Symbology, string>> = {
  EAN13: ']E0',
  UPCA: ']E0',
  UPCE: ']E0',
  EAN8: ']E4',
  CODE128: ']C0',
  'GS1-128': ']C1',
  DATABAR: ']e0',
  ITF: ']I1',
  DATAMATRIX: ']d1',
  'GS1-DATAMATRIX': ']d2',
  QR: ']Q1',
  'GS1-QR': ']Q3',
  DOTCODE: ']J1',
  OTHER: ']X0',
};

/** A symbology as a POS names it: one of ours in any case, or an AIM identifier; null for anything else. */
export function symbologyNamed(name: string | undefined): Symbology | null {
  if (name === undefined) return null;
  const upper = name.toUpperCase();
  return (Object.keys(identifiers) as Symbology[]).find(known => known === upper) ?? symbologyOf(name);
}
