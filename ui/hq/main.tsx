/** Starts HQ's console: takes the token, then shows the page that the address names. */
import { render } from 'preact';
import { forgetToken, takeToken } from '../shared/token.ts';
import { Console } from './console.tsx';
import { HqSession } from './session.ts';
import { chosenLanguage, texts } from './texts.ts';

const root = document.getElementById('app');
if (root !== null) start(root);

function start(root: HTMLElement): void {
  const token = takeToken();
  if (token === null) {
    render(<NoToken />, root);
    return;
  }
  const session = new HqSession(token, () => {
    forgetToken();
    render(<NoToken />, root);
  });
  session.start();
  render(<Console session={session} />, root);
  addEventListener('hashchange', () => {
    if (location.hash.includes('token=')) location.reload();
  });
}

function NoToken() {
  const text = texts[chosenLanguage()];
  return (
    <main class="no-token">
      <h1>{text.noToken}</h1>
      <p>{text.noTokenTodo}</p>
    </main>
  );
}
