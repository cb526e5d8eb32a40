/** What every part of the till screen needs, handed down once. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Formats } from '../shared/formats.ts';
import type { TillSession } from './session.ts';
import type { Phase, TillState } from './state.ts';
import type { Texts } from './texts.ts';

export type View = {
  readonly session: TillSession;
  readonly state: TillState;
  readonly phase: Phase;
  /** Is this screen the POS? */
  readonly sells: boolean;
  readonly texts: Texts;
  readonly formats: Formats;
  /** Codes and serials for support, on a long press. */
  readonly showDetails: (text: string) => void;
};

export const ViewContext = createContext<View | null>(null);

export function useView(): View {
  const view = useContext(ViewContext);
  if (view === null) throw new Error('useView stands outside the till screen');
  return view;
}

/** A long touch, a right click or the menu key, all of which browsers tell as `contextmenu`. */
export function onLongPress(show: () => void): { onContextMenu: (event: Event) => void } {
  return {
    onContextMenu(event) {
      event.preventDefault();
      show();
    },
  };
}
