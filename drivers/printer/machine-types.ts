/** What goes into the printer's state machine and what comes out; the machine itself has no clock and no link. */
import type { Capability } from './capability.ts';
import type { PrinterReport } from './escpos/demux.ts';
import type { EncodedSlip } from './escpos/encode.ts';
import type { PrinterStatus, PrintOutcome } from './types.ts';

export type TimerName =
  /** An answer to the probe, to the status question or to the barrier is due. */
  | 'answer'
  /** The mechanism ought to have done its work, or the next look at a printer that works. */
  | 'progress'
  /** Next look at a printer that is idle or waits for paper. */
  | 'poll';

export type MachineInput =
  | { readonly kind: 'opened' }
  /** The link is gone or was never there. */
  | { readonly kind: 'lost'; readonly detail: string }
  | { readonly kind: 'report'; readonly report: PrinterReport }
  /** The transport has taken a write, so long after it was given. */
  | { readonly kind: 'written'; readonly ms: number }
  | { readonly kind: 'timer'; readonly timer: TimerName }
  /** `separate`: something of an older job may hang out uncut. */
  | { readonly kind: 'job'; readonly slip: EncodedSlip; readonly separate?: boolean }
  | { readonly kind: 'abandon' }
  /** The caller refused the job at its first byte: nothing of the effects that came with `first-byte` was done. */
  | { readonly kind: 'refused'; readonly detail: string };

export type Effect =
  | { readonly kind: 'write'; readonly bytes: Uint8Array }
  | { readonly kind: 'set-timer'; readonly timer: TimerName; readonly ms: number }
  | { readonly kind: 'clear-timer'; readonly timer: TimerName }
  /** The next write holds the job's first byte. Who does not write it, says `refused`. */
  | { readonly kind: 'first-byte' }
  | { readonly kind: 'outcome'; readonly outcome: PrintOutcome }
  /** The link is no good: close it and open it anew. The machine counts it as lost already. */
  | { readonly kind: 'drop'; readonly detail: string };

export interface MachineOptions {
  readonly device: string;
  readonly bidirectional: boolean;
  /** Of the transport. */
  readonly msPerByte: number;
  /** Cuts off what an earlier job may have left on the paper. */
  readonly separator: Uint8Array;
  /** Four characters 20h–7Eh, ascending, never the same twice. */
  readonly nextId: () => string;
}

export interface JobMachine {
  handle(input: MachineInput): readonly Effect[];
  status(): PrinterStatus;
  /** The last capability seen; null before the first probe is done. */
  capability(): Capability | null;
}
