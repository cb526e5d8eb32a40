/** The largest numbers of a bundle, so that no sum of a decision leaves what is exact. */

/** Points that one offer gives. */
export const mostPoints = 1_000_000_000;
/** Factor on points, in permyriad: a thousandfold. */
export const mostFactor = 10_000_000;
/** Weight of a variant. */
export const mostWeight = 1_000_000;
