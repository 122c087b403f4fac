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

/** When it is the other way round for the first time after `atMs` (epoch ms); null: not within eight days. */
export function nextChange(
  hours: readonly WeeklyHours[],
  timezone: string,
  atMs: number,
): number | null {
  const known = spans.get(hours);
  if (known?.timezone === timezone && known.from <= atMs && atMs < known.until) return known.until;
  const before = isActive(hours, timezone, atMs);
  const times = boundaries(hours, timezone, atMs).filter((one) => one > atMs);
  const changing = times.toSorted((a, b) => a - b);
  const until = changing.find((one) => isActive(hours, timezone, one) !== before) ?? null;
  // Nothing within eight days is nothing: all of it comes back every week. A change of clocks may be further away.
  if (until !== null) spans.set(hours, { timezone, from: atMs, until });
  return until;
}

// Alerting asks for every incident: what was found holds until then.
const spans = new WeakMap<
  readonly WeeklyHours[],
  { readonly timezone: string; readonly from: number; readonly until: number }
>();

const daysAhead = 8;

/** Instants at which hours begin or end, or clocks change, within eight days. */
function boundaries(
  hours: readonly WeeklyHours[],
  timezone: string,
  atMs: number,
): readonly number[] {
  const local = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timezone);
  const minutes = new Set(
    hours.flatMap(({ from, to }) => [minutesOf(from), minutesOf(to) % dayMinutes]),
  );
  const found: number[] = [];
  for (let day = 0; day <= daysAhead; day += 1) {
    const date = local.toPlainDate().add({ days: day });
    for (const minute of minutes) {
      const time = { hour: Math.floor(minute / 60), minute: minute % 60 };
      // Of a time that comes twice, both.
      for (const disambiguation of ["earlier", "later"] as const) {
        const instant = date.toPlainDateTime(time).toZonedDateTime(timezone, { disambiguation });
        found.push(instant.epochMilliseconds);
      }
    }
  }
  const change = local.getTimeZoneTransition("next")?.epochMilliseconds;
  return change === undefined ? found : [...found, change];
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}
