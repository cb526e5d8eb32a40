/**
 * A serial line to a simulated printer: every byte takes its time both ways, and a full buffer stops the host by XON/XOFF, by DTR, or not at all, and then
 * loses bytes. All of it on the injected clock.
 */
import type { Clock } from '../../clock.ts';
import { createLinkEvents } from '../printer/transports/link-events.ts';
import type { Link } from '../printer/types.ts';
import { createFlowControl, type Flow, xoff, xon } from './flow-control.ts';
import { deviceLost, type Host, type PrinterEnd } from './printer-links.ts';

export interface SerialLine {
  readonly baud: number;
  /** What the host obeys. */
  readonly flow: Flow;
  /** What the printer is set to; the same unless given. */
  readonly printerFlow?: Flow;
}

/** Bytes in the host's sender that go out after it has read XOFF. */
const sentAfterXoff = 4;
/** One timer for so much wire time, so that fast lines need no timer a byte. */
const tickMs = 2;

/** Start bit, eight data bits, stop bit. */
export function msOfByte(baud: number): number {
  return 10_000 / baud;
}

export function serialLink(device: string, printer: PrinterEnd, line: SerialLine, clock: Clock): Link {
  const { flow, printerFlow = flow } = line;
  const byteMs = msOfByte(line.baud);
  const burst = Math.max(1, Math.round(tickMs / byteMs));
  const events = createLinkEvents();
  const control = createFlowControl(printer.buffer);
  let waiting: { bytes: Uint8Array; resolve: () => void; reject: (cause: Error) => void }[] = [];
  let sending = false;
  /** Of the host, by XOFF; how much still goes out. */
  let stopped = false;
  let leftToSend = 0;
  const answers: number[] = [];
  let answering = false;

  const mayHostSend = () =>
    waiting.length > 0 && !(flow === 'dtr' && control.busy) && !(flow === 'xonxoff' && stopped && leftToSend === 0);

  const updateFlow = () => {
    const change = control.update(printer.room());
    // Without power nobody sends XOFF; XON comes once the printer has started.
    if (change === null || printerFlow !== 'xonxoff' || (change === 'stop' && printer.room() === 0)) return;
    // Goes ahead of every answer, inside a block too.
    answers.unshift(change === 'stop' ? xoff : xon);
    answer();
  };

  const sendByte = (next: { bytes: Uint8Array; resolve: () => void }) => {
    // No room: the byte is lost, whatever the line says.
    printer.take(host, next.bytes.subarray(0, 1));
    next.bytes = next.bytes.subarray(1);
    if (stopped && leftToSend > 0) leftToSend--;
    if (next.bytes.length === 0) {
      waiting.shift();
      next.resolve();
    }
    updateFlow();
  };
  const send = () => {
    updateFlow();
    if (sending || events.over || !mayHostSend()) return;
    sending = true;
    clock.after(burst * byteMs, () => {
      sending = false;
      for (let sent = 0; sent < burst && !events.over && mayHostSend(); sent++) {
        const next = waiting[0];
        if (next !== undefined) sendByte(next);
      }
      send();
    });
  };

  const heard = (byte: number) => {
    if (flow !== 'xonxoff' || (byte !== xon && byte !== xoff)) return events.data(Uint8Array.of(byte));
    stopped = byte === xoff;
    leftToSend = stopped ? sentAfterXoff : 0;
    send();
  };
  const answer = () => {
    if (answering || answers.length === 0) return;
    answering = true;
    clock.after(byteMs, () => {
      answering = false;
      const byte = answers.shift();
      if (byte !== undefined && !events.over) heard(byte);
      answer();
    });
  };

  const host: Host = {
    deliver(bytes) {
      answers.push(...bytes);
      answer();
    },
    lose() {
      for (const { reject } of waiting.splice(0)) reject(deviceLost(device));
      queueMicrotask(() => events.lost(deviceLost(device)));
    },
    pump: send,
  };
  printer.greet(host);
  return {
    write: bytes =>
      new Promise((resolve, reject) => {
        if (events.over) return reject(deviceLost(device));
        if (bytes.length === 0) return resolve();
        waiting.push({ bytes, resolve, reject });
        send();
      }),
    onData: events.onData,
    onLost: events.onLost,
    close() {
      events.close();
      waiting = [];
      printer.leave(host);
      return Promise.resolve();
    },
  };
}
