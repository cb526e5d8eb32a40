/** The simulated devices behind the drawer: reads their state while it may change, plays scans, fetches slips. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ProductView, SimulatorPrinterPost, SimulatorView } from '../../agent/api/wire.ts';
import { isPending } from './state.ts';
import { useView } from './view.ts';

/** While paper moves, the slot is looked at this often. */
const lookEveryMs = 400;

export type Simulator = {
  readonly view: SimulatorView | null;
  change(change: SimulatorPrinterPost): void;
  scan(code: string, symbology?: string): void;
};

export function useSimulator(): Simulator {
  const { session, state } = useView();
  const [view, setView] = useState<SimulatorView | null>(null);
  const { status, coupons, link } = state;
  const moves = status?.printer.printing === true || (status?.printer.queued ?? 0) > 0 || coupons.some(isPending);

  const look = useCallback(async () => {
    try {
      setView(await session.api.get<SimulatorView>('/v1/simulator'));
    } catch {
      // The till is away for a moment; the next look tells.
    }
  }, [session]);

  // Anything that the printer tells may have brought paper out.
  useEffect(() => {
    if (link === 'up') void look();
  }, [look, link, status?.printer, coupons]);
  useEffect(() => {
    if (!moves || link !== 'up') return;
    const timer = setInterval(() => void look(), lookEveryMs);
    return () => clearInterval(timer);
  }, [look, link, moves]);

  return {
    view,
    change: change =>
      void session.attempt(async () =>
        setView(await session.api.send<SimulatorView>('POST', '/v1/simulator/printer', change)),
      ),
    scan: (code, symbology) =>
      void session.attempt(async () => {
        const body = symbology === undefined ? { code } : { code, symbology };
        await session.api.send('POST', '/v1/simulator/scan', body);
      }),
  };
}

/** The address of a slip's picture in this window, or null while it is fetched. */
export function useSlip(id: number | null): string | null {
  const { session } = useView();
  const [address, setAddress] = useState<string | null>(null);
  const last = useRef<string | null>(null);
  useEffect(() => {
    if (id === null) return;
    const stop = new AbortController();
    void (async () => {
      try {
        const path = `/v1/simulator/slips/${id}.png`;
        const picture = await session.api.raw('GET', path, { accept: 'image/png', signal: stop.signal });
        const url = URL.createObjectURL(await picture.blob());
        if (last.current !== null) URL.revokeObjectURL(last.current);
        last.current = url;
        setAddress(url);
      } catch {
        // Taken away meanwhile; the next slip comes by itself.
      }
    })();
    return () => stop.abort();
  }, [session, id]);
  return id === null ? null : address;
}

/** The catalogue, names in the screen's language. */
export function useProducts(): readonly ProductView[] {
  const { session, state } = useView();
  const [products, setProducts] = useState<readonly ProductView[]>([]);
  const { language } = session;
  useEffect(() => {
    if (state.link !== 'up') return;
    void session.attempt(async () => setProducts(await session.api.get<readonly ProductView[]>('/v1/products')));
  }, [session, language, state.link]);
  return products;
}
