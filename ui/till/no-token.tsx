/** What stands there when the page was opened without the till's token: which address to open, in every language. */
import { texts } from './texts.ts';

export function NoToken() {
  return (
    <main class="no-token">
      {Object.entries(texts).map(([language, text]) => (
        <section key={language} lang={language}>
          <h1>{text.noToken.head}</h1>
          <p>{text.noToken.todo}</p>
        </section>
      ))}
    </main>
  );
}
