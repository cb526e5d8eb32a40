/**
 * How much of the till one program on this machine can take up: what is slow, silent, large or too many is cut off, so that the
 * POS is always answered and files and devices find descriptors.
 */
export type ApiLimits = {
  readonly bodyBytes: number;
  /** Open at once, event streams included; one more is closed as it comes. */
  readonly connections: number;
  /** A request's headers, and all of it, must be there in this time; so must the first request of a connection. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How often that is looked at. */
  readonly checkMs: number;
  /** A connection on which nothing moves for so long is closed, whether it is idle or does not read its answer. */
  readonly stillMs: number;
};

/** Event streams have a heartbeat every 15 s, calls take milliseconds. */
export const usualLimits: ApiLimits = {
  bodyBytes: 1_048_576,
  connections: 256,
  headersMs: 5_000,
  requestMs: 10_000,
  checkMs: 2_000,
  stillMs: 60_000,
};
