/** Starts HQ's console: takes the token, then shows the page that the address names. */
import { startScreen } from '../shared/screen.tsx';
import { Console } from './console.tsx';
import { HqSession } from './session.ts';
import { chosenLanguage, texts } from './texts.ts';

startScreen(
  (token, onUnauthorized) => {
    const session = new HqSession(token, onUnauthorized);
    return { screen: <Console session={session} />, start: () => session.start() };
  },
  () => <NoToken />,
);

function NoToken() {
  const text = texts[chosenLanguage()];
  return (
    <main class="no-token">
      <h1>{text.noToken}</h1>
      <p>{text.noTokenTodo}</p>
    </main>
  );
}
