/**
 * The one error class of tillside. Every failure that a person or a program has to react to carries a stable code;
 * the codes stand here, in one list, and are documented in docs/errors.md.
 */

/** Stable error codes, grouped by where they come from. A code is never renamed or reused. */
export const errorCodes = {
  // configuration and command line
  'config-invalid':
    'the configuration file has a fault; the message names the key, what was found and what would be right',
  usage: 'wrong arguments on the command line',
  // offers
  'bundle-invalid': 'the bundle breaks the offer contract; every fault is listed with its JSON Pointer',
  'bundle-unsupported': 'the bundle uses a part that this version does not evaluate',
  'bundle-untrusted': 'signature, key or version of the bundle is not acceptable',
  'bundle-golden': 'a golden basket that the bundle carries is decided otherwise than the bundle expects',
  'bundle-reverted': 'the till crashed three times soon after taking the bundle up and went back to the one before',
  'bundle-none': 'no bundle has been activated yet',
  'sale-invalid': 'the sale breaks the offer contract; every fault is listed with its JSON Pointer',
  // local API
  unauthorized: 'the bearer token is missing or wrong',
  'forbidden-host': 'the Host or Origin header is not one of this till',
  'not-found': 'nothing has this address or id',
  conflict: 'the id was used before with other content',
  'forbidden-role': 'the token is right, but this call is for another role (POS or screen)',
  'method-not-allowed': 'the address exists, but not with this HTTP method',
  'body-too-large': 'the request body is larger than the call takes',
  'media-type': 'the request body is not JSON',
  'too-many-streams': 'too many event streams are open at once',
  'address-in-use': 'another program listens on the configured port',
  'sale-state': 'the sale is not in a state in which this is possible',
  'request-invalid': 'the request body or parameters break the schema',
  'total-mismatch': "the total of the POS and the till's own differ",
  'not-built': 'the call is part of the contract, but this version cannot do it yet',
  internal: 'a fault inside tillside; the sale is not affected',
  // devices
  'device-missing': 'the device is not there; it is looked for again by itself',
  'device-denied': 'the device is there but may not be opened (rights)',
  'device-lost': 'the device went away while in use',
  'device-busy': 'another program holds the device',
  'device-protocol': 'the device answered something that it must not',
  'print-content': 'the slip holds something that cannot be printed as asked (character, check digit, size)',
  // store
  'store-damaged': "the till's database did not pass its check",
  'store-newer': 'the database was made by a newer version',
  'store-busy': 'another process has the database open for writing',
  'disk-full': 'the disk has no room left',
  'disk-failed':
    'the disk did not read or write what it was told to; nothing of that was kept, and the same may be asked again',
  // sync
  'protocol-invalid': 'a message breaks the sync contract',
  'broker-unreachable': 'no connection to the broker',
  // enrolment
  'enrol-refused': 'the one-time code or the certificate request is not accepted; the message says why',
  'too-many-tries': 'too many wrong codes came from this address; wait ten minutes',
  // HQ
  'database-unavailable':
    "HQ's database takes nothing at the moment; nothing is lost, the tills keep it and send it again",
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** One fault of a document: where (JSON Pointer) and what. */
export type Fault = { readonly pointer: string; readonly message: string };

export type ErrorDetails = {
  readonly cause?: unknown;
  /** Facts for support; never member data. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly faults?: readonly Fault[];
};

/** An error with a stable code; `message` tells the reader what to do. */
export class TillsideError extends Error {
  override readonly name = 'TillsideError';
  readonly code: ErrorCode;
  readonly context: Readonly<Record<string, unknown>>;
  readonly faults: readonly Fault[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.context = details.context ?? {};
    this.faults = details.faults ?? [];
  }
}

export function isTillsideError(error: unknown, code?: ErrorCode): error is TillsideError {
  return error instanceof TillsideError && (code === undefined || error.code === code);
}

/** The message of anything that was thrown (node-hid throws and emits strings). */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
