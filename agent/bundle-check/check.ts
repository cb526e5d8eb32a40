/**
 * `tillside bundle check` beyond the schema: what is legal in a bundle but surely or probably not meant. Pure; the day is passed in.
 */
import type { Bundle, LocalDate } from '../offers/types.ts';
import { type Catalogue, checkProducts } from './catalogue.ts';
import { checkChains } from './chains.ts';
import { checkConditions } from './conditions.ts';
import { checkDates } from './dates.ts';
import { type Finding, Findings } from './finding.ts';
import { checkMembers, type KnownMembers } from './members.ts';
import { checkNames } from './names.ts';
import { checkPaper } from './paper.ts';
import { checkPrecedence } from './precedence.ts';
import { checkSelection } from './room.ts';
import { checkTexts } from './texts.ts';

export interface CheckOptions {
  /** Local date in the bundle's time zone; null: dates are not looked at. */
  readonly at: LocalDate | null;
  /** Characters of the narrowest paper's line. */
  readonly columns: number;
  /** Languages that every coupon must have; null: those that any coupon of the bundle has. */
  readonly languages: readonly string[] | null;
  readonly catalogue: Catalogue | null;
  readonly members: KnownMembers | null;
  /** The bundle as it stands in its file; null: only what JSON keeps of it is known. */
  readonly text: string | null;
}

/**
 * @param bundle has passed `validateBundle`
 * @returns findings in the order of the document's offers, those on the whole bundle first; at most 10,000
 */
export function checkBundle(bundle: Bundle, options: CheckOptions): readonly Finding[] {
  const findings = new Findings();
  if (options.at !== null) checkDates(bundle, options.at, findings);
  if (options.text !== null) checkNames(options.text, findings);
  checkSelection(bundle, findings);
  for (const [index, offer] of bundle.offers.entries()) checkConditions(bundle, offer, ['offers', index], findings);
  checkPrecedence(bundle, findings);
  checkChains(bundle, findings);
  checkTexts(bundle, options.columns, options.languages, findings);
  checkPaper(bundle, options.columns, findings);
  checkProducts(bundle, options.catalogue, findings);
  if (options.members !== null) checkMembers(bundle, options.members, findings);
  return findings.list
    .map((finding, place) => ({ finding, place, offer: offerOf(finding) }))
    .sort((a, b) => a.offer - b.offer || a.place - b.place)
    .map(({ finding }) => finding);
}

/** The offer's position in the document; -1 for the bundle as a whole. */
function offerOf({ pointer }: Finding): number {
  const [, list, index] = pointer.split('/');
  return list === 'offers' ? Number(index) : -1;
}
