/** Segments, attributes, consents and tiers that a bundle asks for, held against what members have. */
import type { AttributeTest, Bundle, Member } from '../offers/types.ts';
import type { Finding, FindingCode, Findings, Path } from './finding.ts';
import { partsOf } from './parts.ts';

/** Values of one attribute that are remembered; one with more has values of all kinds. */
const mostValues = 10_000;

interface AttributeFacts {
  readonly values: Set<string | number | boolean>;
  full: boolean;
  least: number;
  most: number;
}

/** What members have, gathered member by member; no member is remembered. */
export class MemberFacts {
  readonly segments = new Set<string>();
  readonly consents = new Set<string>();
  readonly tiers = new Set<string>();
  readonly attributes = new Map<string, AttributeFacts>();
  count = 0;

  add({ segments, consents, tier, attributes }: Pick<Member, 'segments' | 'consents' | 'tier' | 'attributes'>): void {
    this.count++;
    for (const segment of segments ?? []) this.segments.add(segment);
    for (const consent of consents ?? []) this.consents.add(consent);
    if (tier !== undefined) this.tiers.add(tier);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      const facts = this.#attribute(name);
      for (const each of Array.isArray(value) ? value : [value]) remember(facts, each);
    }
  }

  #attribute(name: string): AttributeFacts {
    let facts = this.attributes.get(name);
    if (facts === undefined) {
      facts = { values: new Set(), full: false, least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY };
      this.attributes.set(name, facts);
    }
    return facts;
  }
}

function remember(facts: AttributeFacts, value: string | number | boolean): void {
  if (typeof value === 'number') {
    facts.least = Math.min(facts.least, value);
    facts.most = Math.max(facts.most, value);
  }
  if (facts.values.size < mostValues) facts.values.add(value);
  else facts.full = true;
}

/** What is known of members: all of them, or only the names of their attributes. */
export type KnownMembers = { readonly members: MemberFacts } | { readonly attributes: ReadonlySet<string> };

export function checkMembers(bundle: Bundle, known: KnownMembers, findings: Findings): void {
  const facts = 'members' in known ? known.members : null;
  const names = 'members' in known ? new Set(known.members.attributes.keys()) : known.attributes;
  for (const [index, offer] of bundle.offers.entries()) {
    const nobody = (code: FindingCode, path: Path, what: string, severity: Finding['severity'] = 'warning') =>
      findings.add(severity, code, path, `Offer ${offer.id} asks for ${what}, which no member has.`);
    const { consent } = offer;
    if (facts !== null && consent !== undefined && !facts.consents.has(consent))
      nobody('consent-nobody', ['offers', index, 'consent'], `the consent "${consent}"`);
    for (const { leaf, path } of partsOf(offer, ['offers', index]).leaves) {
      if ('attribute' in leaf) {
        const place = [...path, 'attribute'];
        if (!names.has(leaf.attribute.name))
          nobody('attribute-nobody', [...place, 'name'], `the attribute "${leaf.attribute.name}"`);
        else if (facts !== null) checkValues(leaf.attribute, facts.attributes.get(leaf.attribute.name), place, nobody);
      } else if (facts === null) continue;
      else if ('segment' in leaf && !facts.segments.has(leaf.segment))
        nobody('segment-nobody', [...path, 'segment'], `the segment "${leaf.segment}"`);
      else if ('tier' in leaf && 'is' in leaf.tier && !facts.tiers.has(leaf.tier.is))
        nobody('tier-nobody', [...path, 'tier', 'is'], `the tier "${leaf.tier.is}"`);
    }
  }
}

function checkValues(
  { name, in: listed, atLeast, atMost }: AttributeTest,
  facts: AttributeFacts | undefined,
  path: Path,
  nobody: (code: FindingCode, path: Path, what: string) => void,
): void {
  if (facts === undefined) return;
  for (const [index, value] of (listed ?? []).entries())
    if (!facts.full && !facts.values.has(value))
      nobody('attribute-value-nobody', [...path, 'in', index], `${name} ${JSON.stringify(value)}`);
  if (atLeast !== undefined && atLeast > facts.most)
    nobody('attribute-value-nobody', [...path, 'atLeast'], `${name} from ${atLeast}`);
  if (atMost !== undefined && atMost < facts.least)
    nobody('attribute-value-nobody', [...path, 'atMost'], `${name} up to ${atMost}`);
}
