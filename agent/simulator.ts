/** The simulated devices of a till behind the local API: what the drawer beside the screen plays with. */
import { symbologyNamed } from '../drivers/scanner/aim.ts';
import type { VirtualPrinter } from '../drivers/virtual/printer.ts';
import type { VirtualScanner } from '../drivers/virtual/scanner.ts';
import { TillsideError } from '../errors.ts';
import type { SimulatorService } from './api/till-service.ts';
import type { SimulatorView } from './api/wire.ts';

export type SimulatorParts = {
  /** Null where the printer is a real one. */
  readonly printer: VirtualPrinter | null;
  /** Null where all scanners are real ones. */
  readonly scanner: VirtualScanner | null;
  readonly cards: SimulatorView['cards'];
};

export function createSimulator({ printer, scanner, cards }: SimulatorParts): SimulatorService {
  const view = (): SimulatorView => {
    const state = printer?.state() ?? { paper: true, cover: 'closed', cable: true };
    const slips = (printer?.slips() ?? []).map(({ id, width, height, bytes, symbols }) => ({
      id,
      width,
      height,
      bytes: bytes.length,
      codes: symbols.map(symbol => symbol.data),
    }));
    return { printer: { paper: state.paper, cover: state.cover, cable: state.cable }, slips, cards };
  };
  return {
    view,
    printer(change) {
      if (printer === null) throw new TillsideError('not-found', 'The printer of this till is a real one.');
      printer.set(change);
      return view();
    },
    scan({ code, symbology }) {
      if (scanner === null) throw new TillsideError('not-found', 'The scanner of this till is a real one.');
      scanner.play(code, symbologyNamed(symbology) ?? undefined);
    },
    slip: id =>
      printer
        ?.slips()
        .find(slip => slip.id === id)
        ?.png() ?? null,
  };
}
