/** The largest numbers of a bundle, so that no sum of a decision leaves what is exact. */

/** Points that one offer gives. */
export const mostPoints = 1_000_000_000;
/** Factor on points, in permyriad: a thousandfold. */
export const mostFactor = 10_000_000;
/** Weight of a variant. */
export const mostWeight = 1_000_000;
/**
 * Bytes of JSON that are read at once: of one offer, and of a bundle without its offers. A quarter of a million product numbers in one list, or
 * ids of retired offers; a till is held up by them for a tenth of a second, as by no bundle of a real chain.
 */
export const mostBytesAtOnce = 4 * 1024 * 1024;
