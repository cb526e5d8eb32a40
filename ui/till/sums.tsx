/** What it comes to, as large as it matters now, and the buttons of this step of the sale. */
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../shared/icons.tsx';
import { totalsOf } from './state.ts';
import { useView } from './view.ts';

export function Sums({ pay }: { pay: (tender: 'cash' | 'card') => void }) {
  const { state, phase, sells, texts, formats } = useView();
  const { discount, net } = totalsOf(state);
  const isReturn = state.cash !== null && phase === 'done';
  return (
    <div class="sums">
      {phase !== 'idle' && (
        <div class="figures" aria-live="polite">
          {discount > 0 && (
            <p class="figure small">
              <span>{texts.discounts}</span>
              <b class="figure-off">−{formats.amount(discount)}</b>
            </p>
          )}
          <p class={`figure ${isReturn ? 'small' : 'large'}`}>
            <span>{phase === 'pay' ? texts.toPay : phase === 'done' ? texts.paid : texts.total}</span>
            <b>
              <small>{formats.currency}</small> {formats.amount(net)}
            </b>
          </p>
          {isReturn && state.cash !== null && (
            <>
              <p class="figure small">
                <span>{texts.given}</span>
                <b>{formats.amount(state.cash.given)}</b>
              </p>
              <p class="figure large">
                <span>{texts.change}</span>
                <b>
                  <small>{formats.currency}</small> {formats.amount(state.cash.change)}
                </b>
              </p>
            </>
          )}
        </div>
      )}
      {sells && <Actions pay={pay} />}
    </div>
  );
}

function Actions({ pay }: { pay: (tender: 'cash' | 'card') => void }) {
  const { session, state, phase, texts } = useView();
  const isStuck = state.completing || state.link !== 'up';
  if (phase === 'done')
    return (
      <div class="actions">
        <button type="button" class="action primary" onClick={() => session.nextSale()}>
          {texts.nextSale} <kbd>Esc</kbd>
        </button>
      </div>
    );
  if (phase === 'pay')
    return (
      <div class="actions">
        <button type="button" class="action" disabled={state.completing} onClick={() => session.backToSelling()}>
          {texts.back} <kbd>Esc</kbd>
        </button>
        <button type="button" class="action primary" disabled={isStuck} onClick={() => pay('cash')}>
          <Icon name="coins" />
          {texts.cash} <kbd>F4</kbd>
        </button>
        <button type="button" class="action primary" disabled={isStuck} onClick={() => pay('card')}>
          <Icon name="card" />
          {texts.card} <kbd>F6</kbd>
        </button>
      </div>
    );
  const isEmpty = phase === 'idle';
  return (
    <div class="actions">
      {(!isEmpty || state.sale?.state === 'open') && <CancelButton />}
      <button type="button" class="action primary" disabled={isEmpty} onClick={() => session.toPay()}>
        {texts.total} <kbd>F2</kbd>
      </button>
    </div>
  );
}

const armedMs = 5_000;

/** Nothing asks back in a dialog: the first press arms the button, the second within 5 s cancels. */
function CancelButton() {
  const { session, texts } = useView();
  const [isArmed, setArmed] = useState(false);
  useEffect(() => {
    if (!isArmed) return;
    const timer = setTimeout(() => setArmed(false), armedMs);
    return () => clearTimeout(timer);
  }, [isArmed]);
  return (
    <button
      type="button"
      id="cancel-sale"
      class={`action quiet ${isArmed ? 'is-armed' : ''}`}
      onClick={() => {
        setArmed(!isArmed);
        if (isArmed) void session.cancelSale();
      }}
    >
      {isArmed ? (
        texts.cancelAgain
      ) : (
        <>
          {texts.cancelSale} <kbd>F10</kbd>
        </>
      )}
    </button>
  );
}
