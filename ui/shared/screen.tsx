/** How each of the screens begins, and how it follows its session. */
import { type JSX, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Language } from './formats.ts';
import { forgetToken, takeToken } from './token.ts';

type Session<State> = {
  readonly state: State;
  readonly language: Language;
  subscribe(listener: () => void): () => void;
};

/** Takes the token, then shows the screen; without one, or when it is refused, says which address to open. */
export function startScreen(
  open: (token: string, onUnauthorized: () => void) => { screen: JSX.Element; start: () => void },
  noToken: () => JSX.Element,
): void {
  const root = document.getElementById('app');
  if (root === null) return;
  const token = takeToken();
  if (token === null) {
    render(noToken(), root);
    return;
  }
  const { screen, start } = open(token, () => {
    forgetToken();
    render(noToken(), root);
  });
  start();
  render(screen, root);
  // A new address with a token in it, opened in this same window, starts afresh.
  addEventListener('hashchange', () => {
    if (location.hash.includes('token=')) location.reload();
  });
}

/** What the session knows now; the page is drawn again at each change, and says its language. */
export function useSession<State>(session: Session<State>): State {
  const [state, setState] = useState(session.state);
  const [, setLanguage] = useState(session.language);
  useEffect(
    () =>
      session.subscribe(() => {
        setState(session.state);
        setLanguage(session.language);
      }),
    [session],
  );
  useEffect(() => {
    document.documentElement.lang = session.language;
  }, [session.language]);
  return state;
}
