/** What a peer of the bench must answer: the ids of the offers that pass every condition up to `contact-policy`. */
import type { Bundle, Sale } from '../../../agent/offers/index.ts';

/** In any order; a sale of the bench's world only. */
export type Eligible = (sale: Sale) => readonly string[] | Promise<readonly string[]>;

/** Compiles a bundle of the bench's world once; what it returns answers sale after sale. */
export type Peer = (bundle: Bundle) => Eligible | Promise<Eligible>;
