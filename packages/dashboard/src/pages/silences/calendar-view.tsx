/** A month with the next times of maintenance windows, on the clock of whoever looks. */
import type { MaintenanceView } from "@belfry/contract";
import { Icon } from "../../parts/icon.tsx";
import { formatRoute } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";
import { monthAfter, monthOf, monthTitle, weeksOf, type Day } from "./calendar.ts";

interface CalendarProps {
  readonly windows: readonly MaintenanceView[];
  /** As `2026-11`; empty: the present one. */
  readonly month: string;
}

const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short", hourCycle: "h23" });

interface Open {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/** Draws the month. Of each window only the times the hub foresees are known: the next five. */
export function Calendar({ windows, month }: CalendarProps) {
  const { now } = useParts();
  const shown = month === "" ? monthOf(now.peek()) : month;
  const open = windows.flatMap(({ name, next_windows: next }) =>
    next.map(({ starts_at: from, ends_at: to }): Open => ({
      name,
      from: Date.parse(from),
      to: Date.parse(to),
    })),
  );
  const to = (by: number): string =>
    formatRoute({ page: "silences", month: monthAfter(shown, by) });
  return (
    <div class="calendar">
      <header>
        <h3>{monthTitle(shown)}</h3>
        <a class="button button-icon" href={to(-1)} aria-label="The month before">
          <Icon name="back" />
        </a>
        <a class="button button-icon" href={to(1)} aria-label="The month after">
          <Icon name="onward" />
        </a>
      </header>
      <table aria-label={`Maintenance in ${monthTitle(shown)}`}>
        <thead>
          <tr>
            {weekdays.map((day) => (
              <th key={day} scope="col">
                {day}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeksOf(shown, open).map((week) => (
            <tr key={week[0]?.at}>
              {week.map((day) => (
                <DayCell key={day.at} day={day} now={now.peek()} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet">Your time zone. The next five times of each window are shown.</p>
    </div>
  );
}

const most = 3;

function DayCell({ day, now }: { day: Day<Open>; now: number }) {
  const isToday = new Date(day.at).toDateString() === new Date(now).toDateString();
  return (
    <td class={day.isOfMonth ? "" : "calendar-other"} aria-current={isToday ? "date" : undefined}>
      <span class="calendar-day">{day.day}</span>
      {day.spans.slice(0, most).map(({ name, from, to }) => (
        <span
          key={`${name} ${from}`}
          class="calendar-span"
          title={`${name}, ${clock.format(from)} – ${clock.format(to)}`}
        >
          {from >= day.at && <b>{clock.format(from)}</b>} {name}
        </span>
      ))}
      {day.spans.length > most && <span class="quiet">+{day.spans.length - most}</span>}
    </td>
  );
}
