/** What every page of the console needs, handed down once. */
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
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
  | { readonly state: 'refused'; readonly message: string };

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
        if (!(error instanceof Refusal || error instanceof NoAnswer)) throw error;
        if (isWanted) setAnswer({ path, asked: { state: 'refused', message: error.message } });
      },
    );
    return () => {
      isWanted = false;
    };
  }, [session, path, isUp, again]);
  return answer.path === path ? answer.asked : { state: 'loading' };
}
