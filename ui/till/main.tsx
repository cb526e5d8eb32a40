/** Starts the till screen: takes the token, then shows the till, or says which address to open. */
import { startScreen } from '../shared/screen.tsx';
import { NoToken } from './no-token.tsx';
import { TillSession } from './session.ts';
import { Till } from './till.tsx';

startScreen(
  (token, onUnauthorized) => {
    const session = new TillSession(token, onUnauthorized);
    return { screen: <Till session={session} />, start: () => session.start() };
  },
  () => <NoToken />,
);
