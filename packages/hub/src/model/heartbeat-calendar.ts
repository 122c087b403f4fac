/**
 * Calendar events as systemd has them (`OnCalendar=`, man page systemd.time(7)): `Mon..Fri *-*-* 02:00`, `*-*~03/7`,
 * `weekly`. Weekdays, ranges, lists, steps, the last days of a month (`~`) and the shorthands are understood; a zone may
 * stand at the end, and else the given one counts. Seconds are whole.
 *
 * A time that the clocks leave out does not come (systemd looks for the next one too); one that comes twice comes once,
 * the first time.
 */
import { bad, ok, type Parsed, type Problem } from "@belfry/contract";
import { timezoneProblems, type NextAfter } from "./cron-times.ts";
import { offsetMs } from "./local-time.ts";

/** From `from` to `to` in steps; `step` 0: one value. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** null: any. */
type Field = readonly Span[] | null;

/** A calendar event that was read. */
export interface CalendarEvent {
  /** 0: Monday; null: any. */
  readonly weekdays: ReadonlySet<number> | null;
  readonly year: Field;
  readonly month: Field;
  readonly day: Field;
  /** Days count from the end of the month: 1 is the last. */
  readonly fromEnd: boolean;
  readonly hour: Field;
  readonly minute: Field;
  readonly second: Field;
  /** The zone that stands in the expression. */
  readonly timezone: string | null;
}

const shorthands: Readonly<Record<string, string>> = {
  minutely: "*-*-* *:*:00",
  hourly: "*-*-* *:00:00",
  daily: "*-*-* 00:00:00",
  monthly: "*-*-01 00:00:00",
  weekly: "Mon *-*-* 00:00:00",
  yearly: "*-01-01 00:00:00",
  annually: "*-01-01 00:00:00",
  quarterly: "*-01,04,07,10-01 00:00:00",
  semiannually: "*-01,07-01 00:00:00",
  "semi-annually": "*-01,07-01 00:00:00",
  biannually: "*-01,07-01 00:00:00",
  "bi-annually": "*-01,07-01 00:00:00",
};

const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** Reads an expression; problems are at the path "". */
export function parseCalendar(expression: string): Parsed<CalendarEvent> {
  const fail = (why: string): Parsed<never> =>
    bad({
      path: "",
      message: `expected a calendar event such as "Mon..Fri 02:00", found ${JSON.stringify(expression)}: ${why}`,
    });
  const words = expression.trim().split(/\s+/);
  const timezone = zoneOf(words);
  if (timezone !== null) words.pop();
  const only = words[0]?.toLowerCase() ?? "";
  const full = Object.hasOwn(shorthands, only) ? shorthands[only] : undefined;
  if (full !== undefined && words.length > 1) return fail(`nothing may stand beside ${only}`);
  const parts = full === undefined ? words : full.split(" ");
  if (parts.length === 0 || parts[0] === "") return fail("it is empty");
  try {
    return ok({ ...readParts(parts), timezone });
  } catch (error) {
    if (error instanceof Refusal) return fail(error.message);
    throw error;
  }
}

/** What is wrong with an expression and its time zone; `path` is where the expression is, the zone is at `timezone`. */
export function calendarProblems(
  expression: string,
  timezone: string,
  path: string,
  now: number,
): readonly Problem[] {
  const zone = timezoneProblems(timezone);
  if (zone.length > 0) return zone;
  const event = parseCalendar(expression);
  if (event.kind === "bad") return event.problems.map(({ message }) => ({ path, message }));
  if (calendarTimes(event.value, timezone)(now) !== null) return [];
  return [{ path, message: `${JSON.stringify(expression)} never comes` }];
}

/** What is wrong with a part of an expression. */
class Refusal extends Error {}

/** A last word that names a zone; what might be a part of the event is none. */
function zoneOf(words: readonly string[]): string | null {
  const last = words.at(-1) ?? "";
  const isZone = last === "UTC" || /^[A-Z][A-Za-z_+-]*\/[A-Za-z0-9_+/-]+$/.test(last);
  return isZone && timezoneProblems(last).length === 0 ? last : null;
}

function readParts(parts: readonly string[]): Omit<CalendarEvent, "timezone"> {
  const rest = [...parts];
  const weekdays = /^[A-Za-z]/.test(rest[0] ?? "") ? readWeekdays(rest.shift() ?? "") : null;
  const date =
    rest[0] !== undefined && !rest[0].includes(":") ? readDate(rest.shift() ?? "") : anyDate;
  const time = rest[0] === undefined ? midnight : readTime(rest.shift() ?? "");
  if (rest.length > 0) throw new Refusal(`${rest.join(" ")} is too much`);
  return { weekdays, ...date, ...time };
}

function readWeekdays(text: string): ReadonlySet<number> {
  const found = new Set<number>();
  for (const item of text.replace(/,$/, "").split(",")) {
    const [first = "", last = first, ...more] = item.split(/\.\.|-/);
    if (more.length > 0) throw new Refusal(`${item} is no range of weekdays`);
    const to = weekdayOf(last);
    for (let day = weekdayOf(first); ; day = (day + 1) % 7) {
      found.add(day);
      if (day === to) break;
    }
  }
  return found;
}

function weekdayOf(name: string): number {
  const lower = name.toLowerCase();
  const index = days.findIndex((day) => day === lower || day.slice(0, 3) === lower);
  if (index === -1) throw new Refusal(`${JSON.stringify(name)} is no weekday`);
  return index;
}

type DatePart = Pick<CalendarEvent, "year" | "month" | "day" | "fromEnd">;
type TimePart = Pick<CalendarEvent, "hour" | "minute" | "second">;

const anyDate: DatePart = { year: null, month: null, day: null, fromEnd: false };
const zero: Field = [{ from: 0, to: 0, step: 0 }];
const midnight: TimePart = { hour: zero, minute: zero, second: zero };

/** `year-month-day`, `month-day`, with `~` before days that count from the end. */
function readDate(text: string): DatePart {
  const fromEnd = text.includes("~");
  const fields = text.split(/[-~]/);
  if (fields.length < 2 || fields.length > 3) throw new Refusal(`${text} is no date`);
  if (fromEnd && text.lastIndexOf("-") > text.indexOf("~")) throw new Refusal(`${text} is no date`);
  const [day = "", month = "", year = "*"] = fields.toReversed();
  return {
    year: readField(year, 1970, 2199),
    month: readField(month, 1, 12),
    day: fromEnd ? fromLast(readField(day, 1, 31), text) : readField(day, 1, 31),
    fromEnd,
  };
}

/** Steps among days that count from the end go towards the end. */
function fromLast(field: Field, text: string): Field {
  return (field ?? []).map(({ from, to, step }) => {
    if (step === 0 || to !== 31) return { from, to, step };
    if (from <= step) throw new Refusal(`${text} has no second day`);
    return { from: from % step === 0 ? step : from % step, to: from, step };
  });
}

/** `hour:minute` or `hour:minute:second`. */
function readTime(text: string): TimePart {
  const [hour = "", minute = "", second = "0", ...more] = text.split(":");
  if (more.length > 0 || minute === "") throw new Refusal(`${text} is no time of day`);
  return {
    hour: readField(hour, 0, 23),
    minute: readField(minute, 0, 59),
    second: readField(second, 0, 59),
  };
}

/** `*`, or a list of values and ranges, each with a step. */
function readField(text: string, least: number, most: number): Field {
  if (text === "*") return null;
  return text.split(",").map((item) => {
    const match = /^(?:(\*)|(\d+)(?:\.\.(\d+))?)(?:\/(\d+))?$/.exec(item);
    if (match === null) throw new Refusal(`${JSON.stringify(item)} is no number, range or step`);
    const [, star, first, last, every] = match;
    const from = star === undefined ? numberOf(first ?? "", most) : least;
    const step = every === undefined ? 0 : Number(every);
    if (every !== undefined && step === 0) throw new Refusal("a step must be at least 1");
    const isOpen = last === undefined && step > 0;
    const to = last === undefined ? (isOpen ? most : from) : numberOf(last, most);
    if (from < least || to > most || to < from) {
      throw new Refusal(`${item} is not within ${least} and ${most}`);
    }
    return { from, to, step: last === undefined ? step : Math.max(step, 1) };
  });
}

/** Two digits of a year mean 1970 to 2069. */
function numberOf(text: string, most: number): number {
  const value = Number(text);
  if (most < 1000 || text.length > 2) return value;
  return value < 70 ? 2000 + value : 1900 + value;
}

function fits(field: Field, value: number): boolean {
  return (
    field === null ||
    field.some(({ from, to, step }) => {
      if (value < from || value > to) return false;
      return step === 0 ? value === from : (value - from) % step === 0;
    })
  );
}

/** Days that are looked at for the next time: the 29th of February on a certain weekday comes after 40 years at most. */
const mostDays = 366 * 41;
const dayMs = 86_400_000;

/** The times of an event; `timezone` counts where none stands in the expression. */
export function calendarTimes(event: CalendarEvent, timezone: string): NextAfter {
  const zone = event.timezone ?? timezone;
  return (after) => {
    const localNow = after + offsetMs(after, zone);
    // A day before: where clocks go back, an earlier time of day may still be ahead.
    const first = Math.floor(localNow / dayMs) * dayMs;
    for (let day = 0; day < mostDays; day += 1) {
      const midnightMs = first + day * dayMs;
      if (!isOnDay(event, new Date(midnightMs))) continue;
      const found = nextOnDay(event, midnightMs, after, zone);
      if (found !== null) return found;
    }
    return null;
  };
}

function isOnDay(event: CalendarEvent, date: Date): boolean {
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = event.fromEnd ? lastDay - date.getUTCDate() + 1 : date.getUTCDate();
  const weekday = (date.getUTCDay() + 6) % 7;
  return (
    fits(event.year, year) &&
    fits(event.month, month + 1) &&
    fits(event.day, day) &&
    (event.weekdays === null || event.weekdays.has(weekday))
  );
}

/** The first time on a day of the zone's calendar that is after an instant. */
function nextOnDay(
  event: CalendarEvent,
  midnightMs: number,
  after: number,
  zone: string,
): number | null {
  for (let hour = 0; hour < 24; hour += 1) {
    if (!fits(event.hour, hour)) continue;
    const hourMs = midnightMs + hour * 3_600_000;
    // Clocks differ from UTC by at most 14 hours.
    if (hourMs + 3_600_000 < after - 14 * 3_600_000) continue;
    for (let minute = 0; minute < 60; minute += 1) {
      if (!fits(event.minute, minute)) continue;
      const at = hourMs + minute * 60_000;
      const lastOfMinute = instantOf(at + 59_000, zone);
      if (lastOfMinute !== null && lastOfMinute <= after) continue;
      for (let second = 0; second < 60; second += 1) {
        if (!fits(event.second, second)) continue;
        const instant = instantOf(at + second * 1000, zone);
        if (instant !== null && instant > after) return instant;
      }
    }
  }
  return null;
}

/** The instant at which clocks of a zone show a time, the first of two; null: they never do. */
function instantOf(localMs: number, zone: string): number | null {
  const before = localMs - offsetMs(localMs - dayMs, zone);
  if (before + offsetMs(before, zone) === localMs) return before;
  const later = localMs - offsetMs(localMs + dayMs, zone);
  return later + offsetMs(later, zone) === localMs ? later : null;
}
