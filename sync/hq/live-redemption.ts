/** Which redemptions count: shared by the questions about sales and about campaigns. */

/** A redemption counts while its sale is not voided, in whatever order the two facts came. */
export const LIVE_REDEMPTION = `
SELECT r.serial, min(r.at) AS at, min(r.till) AS till, min(r.sale_id) AS sale_id
FROM redemption r LEFT JOIN sale s ON s.store = r.store AND s.till = r.till AND s.sale_id = r.sale_id
WHERE s.voided_at IS NULL GROUP BY r.serial`;
