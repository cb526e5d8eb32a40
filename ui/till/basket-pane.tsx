/** The basket: one row an article, the newest large with its buttons, then what offers and coupons take off. */
import { useEffect, useRef } from 'preact/hooks';
import type { PresentedView } from '../../agent/api/wire.ts';
import { Icon } from '../shared/icons.tsx';
import { linesOf, type ShownLine, totalsOf } from './state.ts';
import { useView } from './view.ts';

export function BasketPane() {
  const { state, phase, sells, texts } = useView();
  const lines = linesOf(state);
  const list = useRef<HTMLDivElement>(null);
  const newest = lines.at(-1)?.lineId ?? null;
  const selected = state.selected ?? newest;
  const presented = state.sale?.presented.length ?? 0;
  const { discount } = totalsOf(state);
  const isOpen = phase === 'sell' || phase === 'pay';

  useEffect(() => {
    list.current?.querySelector('.is-selected')?.scrollIntoView({ block: 'nearest' });
  }, [selected, lines.length, presented, discount > 0]);

  if (phase === 'idle')
    return (
      <div class="basket idle">
        <Icon name={state.weighing === null ? 'scanner' : 'scale'} />
        <p class="idle-head">{state.weighing === null ? texts.idleHead : texts.weigh(state.weighing.name)}</p>
      </div>
    );
  const applied = (state.sale?.applied ?? []).filter(offer => offer.serial === null && offer.amount > 0);
  return (
    <div class="basket" ref={list}>
      <ul class="lines">
        {lines.map(line => (
          <Row
            key={line.lineId}
            line={line}
            isSelected={isOpen && line.lineId === selected}
            canChange={sells && phase === 'sell'}
          />
        ))}
        {state.weighing !== null && (
          <li class="line is-weighing">
            <span class="name">{texts.weigh(state.weighing.name)}</span>
          </li>
        )}
      </ul>
      <ul class="offers">
        {applied.map((offer, i) => (
          <Applied key={`${offer.offer} ${i}`} name={offer.name} amount={offer.amount} />
        ))}
      </ul>
    </div>
  );
}

function Row({ line, isSelected, canChange }: { line: ShownLine; isSelected: boolean; canChange: boolean }) {
  const { session, texts, formats } = useView();
  const quantity = formats.quantity(line.quantity, line.unit);
  const isPiece = line.unit === 'ea';
  const facts = (
    <>
      <span class="quantity">{isPiece ? quantity : ''}</span>
      <span class="name">
        {line.name}
        {!isPiece && <span class="weight"> {quantity}</span>}
      </span>
      {line.discount > 0 && <span class="off">−{formats.amount(line.discount)}</span>}
      <span class="net">{formats.amount(line.net)}</span>
    </>
  );
  if (!isSelected)
    return (
      <li class="line">
        {canChange ? (
          <button type="button" class="row" onClick={() => session.select(line.lineId)}>
            {facts}
          </button>
        ) : (
          <div class="row">{facts}</div>
        )}
      </li>
    );
  return (
    <li class="line is-selected" aria-current="true">
      <div class="row">{facts}</div>
      {canChange && (
        <div class="row-actions">
          {isPiece && (
            <>
              <button
                type="button"
                class="tool"
                aria-label={`${texts.less}: ${line.name}`}
                onClick={() => session.changeQuantity(line.lineId, -1)}
              >
                −
              </button>
              <button
                type="button"
                class="tool"
                aria-label={`${texts.more}: ${line.name}`}
                onClick={() => session.changeQuantity(line.lineId, 1)}
              >
                +
              </button>
            </>
          )}
          <button
            type="button"
            class="tool wide"
            aria-label={`${texts.remove}: ${line.name}`}
            onClick={() => session.removeLine(line.lineId)}
          >
            <Icon name="bin" />
            {texts.remove}
          </button>
        </div>
      )}
    </li>
  );
}

function Applied({ name, amount }: { name: string; amount: number }) {
  const { formats } = useView();
  return (
    <li class="offer">
      <span class="offer-name">{name}</span>
      <span class="off">−{formats.amount(amount)}</span>
    </li>
  );
}

/** The coupons that the customer handed in, always in sight. */
export function PresentedCoupons() {
  const { state } = useView();
  const presented = state.sale?.presented ?? [];
  if (presented.length === 0) return null;
  return (
    <ul class="presented-list" aria-live="polite">
      {presented.map(coupon => (
        <Presented key={coupon.serial} coupon={coupon} isOpen={state.sale?.state === 'open'} />
      ))}
    </ul>
  );
}

/** A coupon that the customer handed in: what it gives, or why it does not. */
function Presented({ coupon, isOpen }: { coupon: PresentedView; isOpen: boolean }) {
  const { session, texts, formats } = useView();
  return (
    <li class={`offer presented ${coupon.applies ? '' : 'is-refused'}`}>
      <Icon name={coupon.applies ? 'ticket' : 'warning'} />
      <span class="offer-name">
        {coupon.title}
        {!coupon.applies && <em>{coupon.message ?? texts.notApplied}</em>}
      </span>
      {coupon.applies && coupon.amount > 0 && <span class="off">−{formats.amount(coupon.amount)}</span>}
      {coupon.applies && coupon.points > 0 && (
        <span class="off">
          +{formats.count(coupon.points)} {texts.points}
        </span>
      )}
      {isOpen && (
        <button
          type="button"
          class="tool"
          aria-label={`${texts.takeBack}: ${coupon.title}`}
          onClick={() => void session.takeCouponBack(coupon.serial)}
        >
          <Icon name="cross" />
        </button>
      )}
    </li>
  );
}
