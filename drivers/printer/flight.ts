/** One job whose bytes are out: what counts as its evidence, and when to look, to wait, to give up. Pure. */
import type { Capability } from './capability.ts';
import * as command from './escpos/commands.ts';
import { type Condition, problemOf } from './escpos/condition.ts';
import type { EncodedSlip } from './escpos/encode.ts';
import type { PrintOutcome } from './types.ts';

export type FlightStep =
  | { readonly do: 'wait' }
  /** Leave the printer alone for so long. */
  | { readonly do: 'rest'; readonly ms: number }
  /** Ask for real-time status, after so many zeros: should the line have swallowed a part of the job, they complete the command that it broke. */
  | { readonly do: 'look'; readonly soon: boolean; readonly zeros: number }
  | { readonly do: 'end'; readonly outcome: PrintOutcome }
  | { readonly do: 'give-up'; readonly detail: string };

export interface Flight {
  readonly bytes: Uint8Array;
  readonly mechanicalMs: number;
  readonly budgetMs: number;
  /** Of the mechanical time, what handing over took beyond the wire's; null while not handed over, or where someone had to see to the printer. */
  readonly taking: number | null;
  /** False while the transport still holds bytes of the job: a question now would stand behind them. */
  readonly mayAsk: boolean;
  /** @param ms how long the transport took to hand the job over */
  written(ms: number): FlightStep;
  processId(id: string): FlightStep;
  /** The fence behind the job was answered. */
  fence(): FlightStep;
  condition(condition: Condition, asked: boolean): FlightStep;
  /** The time given by `rest` is over. */
  overdue(): FlightStep;
  /** How far it came, for the record. */
  seen(): string;
}

const marginMs = 2000;
const settleMs = 500;
/** No printer forgets everything and is back in less. */
const quickestRestartMs = 800;
/** A later coupon may stand closer to the paper's speed than the one that was measured. */
const takingMargin = 1.5;
/** Slowest line that is usual: 9600 baud, ten bits a byte. */
const wireMsPerByte = 10 / 9.6;
const mostCleanLooks = 3;
const mostStalls = 3;
const forgotten =
  'the printer stopped taking the job, as one does that is switched off and on: the beginning may be lost';

/** How bytes get to this printer. */
export interface Line {
  /** On the wire; 0 where that is next to nothing. */
  readonly msPerByte: number;
  /** The least `taking` seen of this printer: 0 but where the receive buffer is smaller than a coupon. */
  readonly taking: number;
}

/**
 * @param ids ID-A and ID-B where the printer answers process IDs, else null
 * @param begun the printer has been put into its known state already
 */
export function createFlight(
  slip: EncodedSlip,
  capability: Capability,
  ids: readonly [idA: string, idB: string] | null,
  begun: boolean,
  line: Line,
): Flight {
  const { mechanicalMs } = slip;
  const init = begun ? command.bytes() : slip.init;
  const bytes =
    ids !== null
      ? command.join(init, slip.body, command.processId(ids[0]), slip.cut, command.processId(ids[1]))
      : command.join(init, slip.body, slip.cut, capability.fence ? command.fence : command.bytes());
  const budgetMs = Math.ceil(mechanicalMs * 3 + bytes.length * Math.max(wireMsPerByte, line.msPerByte) + marginMs);
  const silent = ids === null && !capability.fence;
  let handedOver = false;
  let bodyOut = false;
  let parsed = false;
  let problem = false;
  /** Automatic status told of the problem; so it tells of the cure too, unless the printer was switched off and has forgotten to. */
  let announced = false;
  let everAnnounced = false;
  let taking: number | null = null;
  let doubtful = false;
  let filled = false;
  /** An answer to a question asked before the last rest says nothing. */
  let looking = false;
  let cleanLooks = 0;
  let stalls = 0;

  const wait: FlightStep = { do: 'wait' };
  const rest = (ms: number): FlightStep => {
    looking = false;
    return { do: 'rest', ms };
  };
  const look = (soon: boolean): FlightStep => {
    looking = true;
    return { do: 'look', soon, zeros: 0 };
  };
  const firstLook = (): FlightStep => {
    const zeros = filled || problem ? 0 : bytes.length;
    filled = true;
    looking = true;
    return { do: 'look', soon: true, zeros };
  };
  const end = (evidence: PrintOutcome['evidence'], detail: string): FlightStep => ({
    do: 'end',
    outcome: { evidence, detail },
  });
  const canLook = capability.realTime;
  const canSee = capability.realTime || capability.asb;
  const settled = (): FlightStep =>
    parsed && doubtful
      ? end('unknown', forgotten)
      : parsed
        ? end('fenced', 'the printer has worked off the job and its status is clean')
        : end('sent', 'handed over, and the status of the printer is clean');

  return {
    bytes,
    mechanicalMs,
    budgetMs,
    get mayAsk() {
      return handedOver;
    },
    get taking() {
      return taking;
    },
    written(ms) {
      handedOver = true;
      const over = Math.max(0, ms - bytes.length * line.msPerByte);
      if (!everAnnounced) taking = over / Math.max(1, mechanicalMs);
      doubtful = !everAnnounced && over > quickestRestartMs + line.taking * takingMargin * mechanicalMs;
      return silent ? rest(mechanicalMs + settleMs) : wait;
    },
    processId(id) {
      if (ids === null) return wait;
      if (id === ids[1])
        return doubtful ? end('unknown', forgotten) : end('confirmed', 'the printer reported the job printed and cut');
      if (id === ids[0]) bodyOut = true;
      return wait;
    },
    fence() {
      if (ids !== null) return wait;
      parsed = true;
      // Parsed is not printed: the mechanism is given its time before the status counts.
      return rest(mechanicalMs + settleMs);
    },
    condition(condition, asked) {
      const now = problemOf(condition) !== null;
      const before = problem;
      problem = now;
      if (now) {
        if (!before) announced = !asked;
        everAnnounced ||= announced;
        cleanLooks = 0;
        stalls = 0;
        return canLook ? look(false) : wait;
      }
      if (before && asked && announced)
        return {
          do: 'give-up',
          detail: 'the printer was switched off while someone saw to it, and has forgotten the job',
        };
      // The printer goes on by itself; it needs its whole time again.
      if (before) return rest(parsed || silent ? mechanicalMs + settleMs : budgetMs);
      // An answer to an older question may come while the job still waits to be taken.
      if (!asked || !looking || !handedOver) return wait;
      if (parsed || silent) return settled();
      cleanLooks++;
      if (cleanLooks < mostCleanLooks) return look(false);
      return { do: 'give-up', detail: 'the printer is ready but never reported the end of the job' };
    },
    overdue() {
      if (!handedOver) {
        stalls++;
        if (problem || stalls <= mostStalls) return rest(budgetMs);
        return { do: 'give-up', detail: 'the printer takes no more bytes' };
      }
      if (canLook) return firstLook();
      if (problem) return rest(budgetMs);
      if (parsed) return canSee ? settled() : end('sent', 'worked off, but the printer tells no status');
      if (silent) return end('sent', 'handed over; this printer tells nothing back');
      stalls++;
      return stalls <= mostStalls
        ? rest(budgetMs)
        : { do: 'give-up', detail: 'the printer never reported the end of the job' };
    },
    seen() {
      if (bodyOut) return 'the text was printed, the cut was not reported';
      if (parsed) return 'the printer had read the whole job';
      return handedOver ? 'all bytes were handed over' : 'not all bytes were handed over';
    },
  };
}
