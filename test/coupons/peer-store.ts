/** The tills of a store on a wire in memory: facts from the outbox, reservations at once; the wire can be cut. */
import type { PeerPort } from '../../agent/ports.ts';
import type { PeerMessage } from '../../sync/protocol/types.ts';
import type { CoreTill } from '../sale/core-till.ts';

export class PeerStore {
  readonly #listeners = new Map<string, Set<(message: PeerMessage) => void>>();
  readonly #told = new Map<string, number>();
  /** While true nothing arrives; what was sent at once is lost, facts wait in the outbox. */
  cut = false;
  /** While true, messages are kept and arrive at `deliver`. */
  slow = false;
  readonly #late: { readonly from: string; readonly message: PeerMessage }[] = [];

  port(till: string): PeerPort {
    const listeners = new Set<(message: PeerMessage) => void>();
    this.#listeners.set(till, listeners);
    const isCut = () => this.cut;
    return {
      get online() {
        return !isCut();
      },
      send: message => {
        if (this.cut) return;
        if (this.slow) this.#late.push({ from: till, message });
        else this.#arrive(till, message);
      },
      onMessage(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
  }

  deliver(): void {
    for (const { from, message } of this.#late.splice(0)) this.#arrive(from, message);
  }

  /** Tells the others what these tills' outboxes have and they have not heard; `times` as a broker may deliver twice. */
  tellFacts(tills: readonly CoreTill[], times = 1): void {
    if (this.cut) return;
    for (const { store } of tills) {
      const { till } = store.address;
      for (const event of store.outbox.read(this.#told.get(till) ?? 0, 100_000)) {
        for (let time = 0; time < times; time++) {
          // As over the wire: a copy, and nothing that the copy could share.
          const copy = JSON.parse(JSON.stringify(event)) as typeof event;
          this.#arrive(till, { kind: 'fact', till, epoch: store.epoch, event: copy });
        }
        this.#told.set(till, event.seq);
      }
    }
  }

  #arrive(from: string, message: PeerMessage): void {
    for (const [till, listeners] of this.#listeners)
      if (till !== from) for (const listener of [...listeners]) listener(message);
  }
}
