/** From which day to which day a list is. */
import { useState } from 'preact/hooks';
import { useView } from './view.ts';

export type ChosenDays = {
  /** Local dates, both inclusive. */
  readonly from: string;
  readonly to: string;
  readonly choose: (change: { from?: string; to?: string }) => void;
};

/** @param back how many days at first, today included */
export function useDays(back: number): ChosenDays {
  const [days, setDays] = useState({ from: day(back - 1), to: day(0) });
  return { ...days, choose: change => setDays({ ...days, ...change }) };
}

export function Days({ days }: { days: ChosenDays }) {
  const { texts } = useView();
  return (
    <div class="fields">
      <label>
        {texts.from}
        <input
          type="date"
          required
          value={days.from}
          max={days.to}
          onChange={event => event.currentTarget.value !== '' && days.choose({ from: event.currentTarget.value })}
        />
      </label>
      <label>
        {texts.to}
        <input
          type="date"
          required
          value={days.to}
          min={days.from}
          onChange={event => event.currentTarget.value !== '' && days.choose({ to: event.currentTarget.value })}
        />
      </label>
    </div>
  );
}

/** The local date so many days ago. */
function day(ago: number): string {
  const date = new Date();
  date.setDate(date.getDate() - ago);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
