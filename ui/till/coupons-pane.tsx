/** What comes out of the printer: what will print, what waits, what prints, what is out. */
import type { CouponView } from '../../agent/api/wire.ts';
import { Icon, type IconName } from '../shared/icons.tsx';
import { isPending } from './state.ts';
import type { Texts } from './texts.ts';
import { onLongPress, useView } from './view.ts';

export function CouponsPane({ hidden }: { hidden: boolean }) {
  const { state, phase, texts, formats } = useView();
  if (hidden) return null;
  const saleId = state.sale?.saleId;
  const mine = phase === 'done' ? state.coupons.filter(coupon => coupon.saleId === saleId) : [];
  const earlier = state.coupons.filter(coupon => !mine.includes(coupon));
  const willPrint = phase === 'sell' || phase === 'pay' ? (state.sale?.willPrint ?? []) : [];
  const isNothing = mine.length + earlier.length + willPrint.length === 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: more than fits must scroll without a mouse, too
    <section class="comes-out" aria-label={texts.comesOut} aria-live="polite" tabIndex={0}>
      {phase === 'done' && mine.length > 0 ? (
        <Headline coupons={mine} isStuck={state.status?.printer.problem != null} />
      ) : (
        <h2 class="comes-out-title">{texts.comesOut}</h2>
      )}
      {isNothing && <p class="soft">{phase === 'done' ? texts.nothingPrints : texts.nothingYet}</p>}
      <ul class={`tickets ${mine.length + earlier.length + willPrint.length > 2 ? 'are-many' : ''}`}>
        {willPrint.map((offer, i) => (
          <li key={`${offer.offer} ${i}`} class="ticket is-promised">
            <p class="ticket-title">{offer.title}</p>
            <p class="ticket-state">
              <Icon name="clock" />
              <span>{texts.willPrint}</span>
            </p>
            <p class="ticket-valid">
              {texts.valid(formats.dayMonth(offer.validFrom), formats.dayMonth(offer.validTo))}
            </p>
          </li>
        ))}
        {mine.map(coupon => (
          <Ticket key={coupon.serial} coupon={coupon} isEarlier={false} />
        ))}
        {earlier.map(coupon => (
          <Ticket key={coupon.serial} coupon={coupon} isEarlier={true} />
        ))}
      </ul>
    </section>
  );
}

function Headline({ coupons, isStuck }: { coupons: readonly CouponView[]; isStuck: boolean }) {
  const { texts } = useView();
  const pending = coupons.filter(isPending).length;
  const out = coupons.filter(isOut).length;
  if (pending > 0)
    return (
      <h2 class={`headline ${isStuck ? 'is-stuck' : ''}`}>
        {isStuck ? texts.waiting(pending) : texts.printing(pending)}
      </h2>
    );
  if (out === 0) return <h2 class="comes-out-title">{texts.comesOut}</h2>;
  return <h2 class="headline is-out">{texts.handOver(out)}</h2>;
}

function isOut(coupon: CouponView): boolean {
  return (
    coupon.replacedBy === null &&
    coupon.state !== 'voided' &&
    (coupon.print === 'confirmed' || coupon.print === 'fenced' || coupon.print === 'sent')
  );
}

function Ticket({ coupon, isEarlier }: { coupon: CouponView; isEarlier: boolean }) {
  const { session, state, texts, showDetails } = useView();
  const isStuck = state.status?.printer.problem != null;
  const { icon, text, tone } = standing(coupon, texts, isStuck);
  const details = `${coupon.serial} · ${coupon.offer} · ${coupon.state} · ${coupon.print} · ${coupon.saleId}`;
  return (
    <li class={`ticket is-${tone}`} {...onLongPress(() => showDetails(details))}>
      <div class="ticket-words">
        <p class="ticket-title">{coupon.title}</p>
        <p class="ticket-state">
          <Icon name={icon} class={icon === 'drum' ? 'turns' : ''} />
          {text}
        </p>
        {isEarlier && <p class="ticket-valid">{texts.earlier}</p>}
      </div>
      {canReprint(coupon) && (
        <button
          type="button"
          class="tool reprint"
          aria-label={`${texts.reprint}: ${coupon.title}`}
          onClick={() => void session.reprint(coupon.serial)}
        >
          <Icon name="printer" />
        </button>
      )}
    </li>
  );
}

/** Torn, smudged or not printed at all: it may be had again. */
function canReprint(coupon: CouponView): boolean {
  return coupon.replacedBy === null && coupon.state === 'issued' && (isOut(coupon) || coupon.print === 'failed');
}

type Standing = {
  readonly icon: IconName;
  readonly text: string;
  readonly tone: 'waiting' | 'printing' | 'out' | 'void';
};

function standing(coupon: CouponView, texts: Texts, isStuck: boolean): Standing {
  if (coupon.replacedBy !== null) return { icon: 'cross', text: texts.print.replaced, tone: 'void' };
  if (coupon.state === 'voided') return { icon: 'cross', text: texts.print.cancelled, tone: 'void' };
  switch (coupon.print) {
    case 'queued':
      return {
        icon: isStuck ? 'warning' : 'clock',
        text: isStuck ? texts.print.stuck : texts.print.queued,
        tone: isStuck ? 'waiting' : 'printing',
      };
    case 'printing':
      return isStuck
        ? { icon: 'warning', text: texts.print.stuck, tone: 'waiting' }
        : { icon: 'drum', text: texts.print.printing, tone: 'printing' };
    case 'confirmed':
    case 'fenced':
      return { icon: 'check', text: texts.print[coupon.print], tone: 'out' };
    case 'sent':
      return { icon: 'info', text: texts.print.sent, tone: 'out' };
    case 'unknown':
      return { icon: 'warning', text: texts.print.unknown, tone: 'waiting' };
    case 'failed':
      return { icon: 'cross', text: texts.print.failed, tone: 'void' };
  }
}
