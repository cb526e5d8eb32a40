/** What every page of the console needs, handed down once. */
import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useMemo, useState } from 'preact/hooks';
import type { Formats } from '../shared/formats.ts';
import { NoAnswer, Refusal } from '../shared/http.ts';
import type { HqSession, HqState } from './session.ts';
import type { Texts } from './texts.ts';

export type View = {
  readonly session: HqSession;
  readonly state: HqState;
  readonly texts: Texts;
  readonly formats: Formats;
};

export const ViewContext = createContext<View | null>(null);

export function useView(): View {
  const view = useContext(ViewContext);
  if (view === null) throw new Error('useView stands outside the console');
  return view;
}

export type Asked<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'there'; readonly value: T }
  | { readonly state: 'refused'; readonly code: string; readonly message: string };

/** Asks HQ for `path`, again whenever it or `again` changes, and when the line comes back. */
export function useAnswer<T>(path: string, again: unknown = null): Asked<T> {
  const { session, state } = useView();
  const [answer, setAnswer] = useState<{ path: string; asked: Asked<T> }>({ path, asked: { state: 'loading' } });
  const isUp = state.link === 'up';
  useEffect(() => {
    if (!isUp) return;
    let isWanted = true;
    session.api.get<T>(path).then(
      value => isWanted && setAnswer({ path, asked: { state: 'there', value } }),
      (error: unknown) => {
        // The band above all pages says that HQ does not answer; what was known stays.
        if (error instanceof NoAnswer) return;
        if (!(error instanceof Refusal)) throw error;
        if (isWanted) setAnswer({ path, asked: { state: 'refused', code: error.code, message: error.message } });
      },
    );
    return () => {
      isWanted = false;
    };
  }, [session, path, isUp, again]);
  return answer.path === path ? answer.asked : { state: 'loading' };
}

/** What to ask again with: anew whenever HQ's status is (with whatever tills say), every so often, and when one has done something (`look`). */
export function useLook(everyMs: number): { readonly again: unknown; readonly look: () => void } {
  const { status } = useView().state;
  const [looks, setLooks] = useState(0);
  const look = useCallback(() => setLooks(count => count + 1), []);
  useEffect(() => {
    const timer = setInterval(look, everyMs);
    return () => clearInterval(timer);
  }, [look, everyMs]);
  const again = useMemo(() => ({ status, looks }), [status, looks]);
  return { again, look };
}
