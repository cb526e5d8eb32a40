/**
 * A member's row packed into bytes: what a campaign asks for, by numbers of a dictionary that stands once for all members.
 *
 *     0 tier  1 consents (bits)  2 language  3 region  4 channel  5 diets (bits)  6 children+1  7 car+1  8 visits  9 churn
 *     10 points u32  14 spend u32  18 postcode u16  20 joined u16  22 birthday u16 (days; of 1970 and of 1900)
 *     24 household u64  32 segments u16 …
 */
import type { Member } from '../../agent/offers/index.ts';
import { channels, consents, diets, regions, segments, tiers } from '../offers/world/shop.ts';

const dayMs = 86_400_000;
const languages = ['de', 'fr', 'it', 'en'];
const born = Date.UTC(1900, 0, 1) / dayMs;

/** Numbers for a row; `number` shares their places out, the same for the same member. */
export function packedMember(number: number, below: (most: number) => number): Buffer {
  const row = Buffer.alloc(32 + 2 * (6 + below(15)));
  row[0] = below(tiers.length);
  row[1] = 1 + 2 * below(4);
  row[2] = below(2);
  row[3] = below(regions.length);
  row[4] = below(channels.length);
  row[5] = below(4) === 0 ? 1 << below(diets.length) : 0;
  row[6] = below(6);
  row[7] = below(3);
  row[8] = below(31);
  row[9] = below(101);
  row.writeUInt32LE(below(6000), 10);
  row.writeUInt32LE(below(300_000), 14);
  row.writeUInt16LE(1000 + below(9000), 18);
  row.writeUInt16LE(17_000 + below(3000), 20);
  row.writeUInt16LE(15_000 + below(22_000), 22);
  row.writeBigUInt64LE(BigInt(number >>> 1), 24);
  for (let at = 32; at < row.length; at += 2) row.writeUInt16LE(below(segments.length), at);
  return row;
}

/** The member as a decision wants it. */
export function readMember(id: string, row: Buffer): Member {
  const own: string[] = [];
  for (let at = 32; at < row.length; at += 2) own.push(segments[row.readUInt16LE(at)] ?? '');
  const [children = 0, car = 0, diet = 0, granted = 0] = [row[6], row[7], row[5], row[1]];
  return {
    id,
    household: `h${row.readBigUInt64LE(24)}`,
    segments: own,
    tier: tiers[row[0] ?? 0] ?? 'basic',
    points: row.readUInt32LE(10),
    joined: dateOf(row.readUInt16LE(20)),
    birthday: dateOf(born + row.readUInt16LE(22)),
    language: languages[row[2] ?? 0] ?? 'de',
    consents: consents.filter((_, bit) => (granted & (1 << bit)) !== 0),
    attributes: {
      region: regions[row[3] ?? 0] ?? '',
      channel: channels[row[4] ?? 0] ?? '',
      postcode: row.readUInt16LE(18),
      'spend-90d': row.readUInt32LE(14),
      'visits-90d': row[8] ?? 0,
      churn: row[9] ?? 0,
      ...(diet > 0 && { diet: diets.filter((_, bit) => (diet & (1 << bit)) !== 0) }),
      ...(children > 0 && { children: children - 1 }),
      ...(car > 0 && { car: car === 2 }),
    },
  };
}

function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}
