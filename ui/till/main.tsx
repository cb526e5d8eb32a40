/** Starts the till screen: takes the token, then shows the till, or says which address to open. */
import { render } from 'preact';
import { forgetToken, takeToken } from '../shared/token.ts';
import { NoToken } from './no-token.tsx';
import { TillSession } from './session.ts';
import { Till } from './till.tsx';

const root = document.getElementById('app');
if (root !== null) start(root);

function start(root: HTMLElement): void {
  const token = takeToken();
  if (token === null) {
    render(<NoToken />, root);
    return;
  }
  const session = new TillSession(token, () => {
    forgetToken();
    render(<NoToken />, root);
  });
  session.start();
  render(<Till session={session} />, root);
  // A new address with a token in it, opened in this same window, starts afresh.
  addEventListener('hashchange', () => {
    if (location.hash.includes('token=')) location.reload();
  });
}
