/** What the till and its HID child process say to each other (structured clone over the IPC channel). */

/** `hid:05e0:1900` or `hid:/dev/hidraw3`. */
export type HidAddress =
  | { readonly kind: 'ids'; readonly vendor: number; readonly product: number }
  | { readonly kind: 'path'; readonly path: string };

export type HidRequest =
  | { readonly kind: 'open'; readonly id: number; readonly address: HidAddress }
  | { readonly kind: 'close'; readonly id: number };

export type HidMessage =
  | {
      readonly kind: 'opened';
      readonly id: number;
      readonly path: string;
      readonly vendor: number | null;
      readonly product: number | null;
      /** Null where the system doesn't show it. */
      readonly descriptor: Uint8Array | null;
    }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly code: 'device-missing' | 'device-denied' | 'device-busy' | 'device-protocol';
      readonly message: string;
    }
  | {
      readonly kind: 'report';
      readonly id: number;
      readonly bytes: Uint8Array;
      /** System-wide monotonic ms (`process.hrtime`) of arrival: the till may be busy when it reads this. */
      readonly at: number;
    }
  | { readonly kind: 'lost'; readonly id: number; readonly message: string }
  | { readonly kind: 'closed'; readonly id: number };

/** Milliseconds of the clock that all processes of the machine share. */
export function machineMonotonic(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
