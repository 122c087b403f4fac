/** Hours of the week, by the clock on the wall of a time zone. */
import { weekdays, type WeeklyHours } from "@belfry/contract";

const dayMinutes = 1440;

/**
 * Whether some of the hours are now (`atMs`, epoch ms). `from` counts, `to` does not; where `to` is not after `from` they
 * end on the day after. The clock on the wall decides: of hours that a change of clocks repeats, both count.
 */
export function isActive(hours: readonly WeeklyHours[], timezone: string, atMs: number): boolean {
  const local = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timezone);
  const today = local.dayOfWeek - 1;
  const minute = local.hour * 60 + local.minute;
  return hours.some(({ days, from, to }) => {
    const begin = minutesOf(from);
    const end = minutesOf(to) <= begin ? minutesOf(to) + dayMinutes : minutesOf(to);
    const isOn = (day: number, at: number): boolean => {
      const name = weekdays[day];
      return name !== undefined && days.includes(name) && begin <= at && at < end;
    };
    return isOn(today, minute) || isOn((today + 6) % 7, minute + dayMinutes);
  });
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}
