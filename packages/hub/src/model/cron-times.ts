/**
 * Times of a cron expression in a time zone. A time that a clock change leaves out counts at the first instant after the
 * gap; one that comes twice counts the first time. Expressions with `*` or steps in hours, minutes or seconds count by the
 * clock on the wall as it goes: they have no times in the gap, and those of both hours where one comes twice. (As Vixie
 * cron has it.)
 */
import type { Problem } from "@belfry/contract";
import { Cron } from "croner";

/** A function that gives the first time after an instant; both epoch ms; null: there is none. */
export type NextAfter = (at: number) => number | null;

const fields = /^(@\w+|\S+(\s+\S+){4,5})$/;

/** The times of an expression that `cronProblems` found nothing wrong with. */
export function cronTimes(expression: string, timezone: string): NextAfter {
  const cron = timesOf(expression, timezone);
  return (at) => cron.nextRun(new Date(at))?.getTime() ?? null;
}

/** What is wrong with an expression and its time zone; `path` is where the expression is, the zone is at `timezone`. */
export function cronProblems(
  expression: string,
  timezone: string,
  path: string,
  now: number,
): readonly Problem[] {
  const zone = timezoneProblems(timezone);
  if (zone.length > 0) return zone;
  const refuse = (message: string): readonly Problem[] => [{ path, message }];
  const found = JSON.stringify(expression);
  if (!fields.test(expression.trim())) {
    return refuse(`expected five or six fields of cron, found ${found}`);
  }
  try {
    const next = timesOf(expression, timezone).nextRun(new Date(now));
    return next === null ? refuse(`${found} never comes`) : [];
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : "";
    return refuse(`expected five or six fields of cron, found ${found}: ${why}`);
  }
}

/** What is wrong with the name of a time zone at `timezone`. */
export function timezoneProblems(timezone: string): readonly Problem[] {
  if (isTimezone(timezone)) return [];
  const found = JSON.stringify(timezone);
  return [{ path: "timezone", message: `expected the IANA name of a time zone, found ${found}` }];
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // An offset is no place: it knows no change of clocks, and is likely a mistake.
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

function timesOf(expression: string, timezone: string): Cron {
  return new Cron(expression.trim(), {
    timezone,
    mode: "5-or-6-parts",
    fixedTimeRule: "no-wildcard",
  });
}
