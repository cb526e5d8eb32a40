/** Process IDs: four characters 20h–7Eh, ascending, not reused for months, restarts of the process included. */
const base = 0x7e - 0x20 + 1;
const all = base ** 4;
/** One ID for each quarter second of wall time: it goes round after 235 days, and a till prints less than that. */
const slotMs = 250;

/** @param now wall clock at start, milliseconds since 1970 */
export function createProcessIds(now: number): () => string {
  let next = Math.floor(now / slotMs) % all;
  return () => {
    let rest = next;
    next = (next + 1) % all;
    let id = '';
    for (let place = 0; place < 4; place++) {
      id = String.fromCharCode(0x20 + (rest % base)) + id;
      rest = Math.floor(rest / base);
    }
    return id;
  };
}
