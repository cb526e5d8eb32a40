/** The start page answers four questions; each answer leads to its list. */
import type { ComponentChildren } from 'preact';
import { SalesTable } from './sales-page.tsx';
import { TillsByReason, TillsTable } from './tills-page.tsx';
import { useView } from './view.ts';

export function StartPage() {
  const { state, texts, formats } = useView();
  const { status } = state;
  if (status === null) return <p class="quiet">{texts.connecting}</p>;
  const { count } = formats;
  const { tills, events, bundle, today } = status;
  // Without its own line HQ knows nothing of now: what it says then is of before, and it says that.
  const blind = !status.broker.connected;
  const allWell = tills.printers === 0 && tills.behind === 0;
  return (
    <>
      <h1 class="unseen">{texts.start}</h1>
      <div class="answers">
        <Answer
          question={texts.askTills}
          href="#/tills"
          isWell={blind ? null : tills.known > 0 && tills.online === tills.known && allWell}
          head={
            blind
              ? texts.unknownNow
              : tills.known === 0
                ? texts.noTills
                : tills.online === tills.known
                  ? texts.allOnline(count(tills.known))
                  : texts.someOnline(count(tills.online), count(tills.known))
          }
        >
          {blind ? (
            ''
          ) : allWell ? (
            texts.allWell
          ) : (
            <>
              {tills.behind > 0 && <span>{texts.tillsBehind(count(tills.behind))} </span>}
              {tills.printers > 0 && <span>{texts.printersIll(count(tills.printers))}</span>}
            </>
          )}
        </Answer>
        <Answer
          question={texts.askFacts}
          href="#/reconcile"
          isWell={blind ? null : events.missing === 0 && events.quarantined === 0}
          head={
            blind ? texts.unknownNow : events.missing === 0 ? texts.allFacts : texts.factsMissing(count(events.missing))
          }
        >
          {texts.factsCommitted(count(events.committed))}
          {events.quarantined > 0 && <span> · {texts.quarantined(count(events.quarantined))}</span>}
        </Answer>
        <Answer
          question={texts.askBundle}
          href="#/bundles"
          isWell={bundle !== null && bundle.behind === 0 && bundle.refused === 0}
          head={bundle === null ? texts.noBundle : `${bundle.id} ${bundle.version}`}
        >
          {bundle === null
            ? ''
            : bundle.behind === 0 && bundle.refused === 0
              ? texts.bundleAll(count(bundle.active))
              : texts.bundleSome(count(bundle.active), count(bundle.behind), count(bundle.refused))}
        </Answer>
        <Answer question={texts.askToday} href="#/sales" isWell={null} head={texts.salesCount(count(today.sales))}>
          {formats.currency} {formats.amount(today.net)} ·{' '}
          {texts.couponsToday(count(today.issued), count(today.redeemed))}
        </Answer>
      </div>
      <section>
        <h2>{texts.tills}</h2>
        {state.moreTills ? <TillsByReason /> : <TillsTable tills={state.tills} />}
      </section>
      <section>
        <h2>{texts.arriving}</h2>
        <SalesTable sales={state.sales.slice(0, 15)} />
      </section>
    </>
  );
}

type AnswerProps = {
  question: string;
  href: string;
  /** Null: neither well nor ill, a number. */
  isWell: boolean | null;
  head: string;
  children: ComponentChildren;
};

function Answer({ question, href, isWell, head, children }: AnswerProps) {
  return (
    <a class={`answer ${isWell === null ? '' : isWell ? 'is-well' : 'is-ill'}`} href={href}>
      <span class="question">{question}</span>
      <strong>{head}</strong>
      <span class="detail">{children}</span>
    </a>
  );
}
