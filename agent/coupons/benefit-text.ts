/** The benefit in a few characters, for the largest letters on the slip: `20 %`, `CHF 5.–`, `3 für 2`. */
import type { Benefit } from '../offers/types.ts';

const forWords: Readonly<Record<string, string>> = { de: 'für', fr: 'pour', it: 'per', en: 'for' };

/** Null where a few characters can't say it, or where the title says it already in its midst. */
export function benefitText(benefit: Benefit, language: string, currency: string, title: string): string | null {
  const text = shortly(benefit, language, currency);
  return text === null || title.indexOf(text) > 0 ? null : text;
}

function shortly(benefit: Benefit, language: string, currency: string): string | null {
  if ('percent' in benefit) {
    const percent = benefit.percent.permyriad / 100;
    return Number.isInteger(percent) ? `${percent} %` : `${percent.toFixed(2).replace(/0$/, '')} %`;
  }
  if ('amount' in benefit) return money(benefit.amount.off, currency);
  if ('price' in benefit) return money(benefit.price.unitPrice, currency);
  if ('nForM' in benefit) return `${benefit.nForM.take} ${forWords[language] ?? '='} ${benefit.nForM.pay}`;
  return null;
}

function money(minor: number, currency: string): string {
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const scale = 10 ** digits;
  const whole = digits === 0 || minor % scale === 0;
  return `${currency} ${whole ? `${minor / scale}${digits === 0 ? '' : '.–'}` : (minor / scale).toFixed(digits)}`;
}
