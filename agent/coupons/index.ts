/** Coupons: serials, tokens, their life and their claims between tills. */
export { benefitText } from './benefit-text.ts';
export { type CouponBook, createCouponBook, type IssueOrder } from './book.ts';
export { type Claims, createClaims } from './claims.ts';
export { loadCouponKeys } from './coupon-key.ts';
export { freeUnitsOfSale, spendUnit } from './lease-units.ts';
export { createLeases, type LeasedOffer, type Leases } from './leases.ts';
export { eanOfSerial, numberOfSerial, serialOfNumber, serialsOfEan } from './linear-codes.ts';
export { offlineAnswer } from './offline-policy.ts';
export { applyPeerFact, type FactChanges } from './peer-facts.ts';
export { formatSerial, newSerial, parseSerial } from './serials.ts';
export { longestPicture, type SlipContent, textsIn } from './slip-content.ts';
export { canSay, createTokens, type TokenContent, type Tokens } from './tokens.ts';
export { printReasons, reopenCoupon, type VoidReason } from './voiding.ts';
