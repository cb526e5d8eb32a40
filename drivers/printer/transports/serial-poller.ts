/**
 * Makes `serialport` wait for reading and writing at once. Its poller asks the system for the event that was asked for last, so that a wait for bytes to read
 * ends the wait for room to write: a job held up by XOFF or DTR would stand still after the printer is ready again (bindings-cpp 13, poller.cpp, `poll`).
 */

const readable = 1;
const writable = 2;

type Poller = { poll(events: number): void; listenerCount(event: string): number };

/** @param binding `port.port` of an open SerialPort; other kinds (Windows) are left alone */
export function pollBothWays(binding: unknown): void {
  if (typeof binding !== 'object' || binding === null || !('poller' in binding)) return;
  const { poller } = binding;
  if (!isPoller(poller)) return;
  const poll = poller.poll.bind(poller);
  poller.poll = events => {
    const awaited =
      (poller.listenerCount('readable') > 0 ? readable : 0) | (poller.listenerCount('writable') > 0 ? writable : 0);
    poll(events | awaited);
  };
}

function isPoller(value: unknown): value is Poller {
  return (
    typeof value === 'object' &&
    value !== null &&
    'poll' in value &&
    typeof value.poll === 'function' &&
    'listenerCount' in value &&
    typeof value.listenerCount === 'function'
  );
}
