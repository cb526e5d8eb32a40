/** Who the customer is, and what this sale does for them. */
import { Icon } from '../shared/icons.tsx';
import { memberOf } from './state.ts';
import { tierName } from './texts.ts';
import { useView } from './view.ts';

export function CustomerPane() {
  const { state, phase, texts, formats } = useView();
  const member = memberOf(state);
  if (member === null)
    return (
      <div class="customer is-guest">
        <p class="guest">
          <Icon name="person" />
          {phase === 'idle' ? texts.customer : texts.guest}
        </p>
        {phase === 'sell' && <p class="soft">{texts.guestTodo}</p>}
      </div>
    );
  const points = state.sale?.points ?? null;
  const tier = points?.tierAfter ?? member.tier;
  const reached = points !== null && points.tierAfter !== null && points.tierAfter !== points.tierBefore;
  return (
    <div class="customer">
      <p class="first-name">{member.firstName}</p>
      <p class="standing">
        {tier !== null && (
          <span class="tier">
            <Icon name="star" />
            {tierName(texts, tier)}
          </span>
        )}
        <span class="points">
          {formats.count(points === null ? member.points : points.balance)} {texts.points}
        </span>
        {points !== null && points.earned > 0 && (
          <span class="earned">
            +{formats.count(points.earned)} {texts.points}
          </span>
        )}
      </p>
      {reached && points?.tierAfter != null && (
        <p class="reached">
          <Icon name="star" />
          {texts.tierReached(tierName(texts, points.tierAfter))}
        </p>
      )}
      {member.messages.slice(0, 2).map(message => (
        <p key={message} class="message">
          {message}
        </p>
      ))}
    </div>
  );
}
