/** Schedules (contract section 1): dates inclusive; a window past midnight belongs to the day on which it starts. */
import type { CompiledSchedule } from './compile.ts';
import { type LocalDay, weekdayOf } from './time.ts';

/** @param minute whole minutes since local midnight */
export function isScheduled(schedule: CompiledSchedule, today: LocalDay, minute: number): boolean {
  if (schedule.times === null) return isDay(schedule, today);
  for (const { from, to } of schedule.times) {
    if (to > from) {
      if (minute >= from && minute < to && isDay(schedule, today)) return true;
    } else if (minute >= from ? isDay(schedule, today) : minute < to && isDay(schedule, today - 1)) return true;
  }
  return false;
}

function isDay(schedule: CompiledSchedule, day: LocalDay): boolean {
  return day >= schedule.from && day <= schedule.to && (schedule.days?.includes(weekdayOf(day)) ?? true);
}
