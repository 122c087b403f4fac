/**
 * When maintenance windows are open, computed from their schedule alone: every hub comes to the same at any time, and
 * nothing has to be remembered.
 *
 * - A window opens at a time of the clock on the wall of its zone, and lasts as long as it says by the clock that never
 *   jumps: two hours are two hours in the night the clocks change too.
 * - A time that a change of clocks leaves out counts at the first instant after the gap; one that comes twice, the first
 *   time. Only cron with `*` or steps in its minutes or hours counts by the clock as it goes (see `cron-times.ts`).
 * - Windows that last longer than what lies between them overlap; it is open while any of them is.
 * - The first instant is in the window, the last is not.
 */
import { weekdays, type Problem, type WindowSchedule } from "@belfry/contract";
import { Cron } from "croner";
import type { MaintenanceWindow } from "./alert-policy.ts";
import { followsHost } from "./host.ts";
import { scheduleProblems } from "./job-schedule.ts";
import { matches } from "./matcher.ts";
import type { Monitor } from "./monitor.ts";

/** A span in which a schedule is open, epoch ms. */
export interface OpenWindow {
  readonly startsAt: number;
  readonly endsAt: number;
}

/** Whether a window is open at `atMs` (epoch ms). */
export function isOpen(schedule: WindowSchedule, atMs: number): boolean {
  return windowAt(schedule, atMs) !== null;
}

/** The window that is open at `atMs` (epoch ms), of several the one that ends last; null: none is. */
export function windowAt(schedule: WindowSchedule, atMs: number): OpenWindow | null {
  return spanAt(schedule, atMs).window;
}

/** The window that is open at `fromMs` (epoch ms) and those that open after it, at most `count` together. */
export function nextWindows(
  schedule: WindowSchedule,
  fromMs: number,
  count: number,
): readonly OpenWindow[] {
  const begins = timesOf(schedule);
  const found: OpenWindow[] = [];
  const open = windowAt(schedule, fromMs);
  if (open !== null) found.push(open);
  let startsAt = begins.after(fromMs);
  while (startsAt !== null && found.length < count) {
    found.push({ startsAt, endsAt: startsAt + begins.durationMs });
    startsAt = begins.after(startsAt);
  }
  return found.slice(0, count);
}

/** What is wrong with a schedule that fits its schema; paths are within the schedule. `now` is epoch ms. */
export function windowScheduleProblems(schedule: WindowSchedule, now: number): readonly Problem[] {
  if (schedule.kind === "once") {
    return Date.parse(schedule.ends_at) > Date.parse(schedule.starts_at)
      ? []
      : [{ path: "ends_at", message: "expected a time after starts_at" }];
  }
  if (schedule.kind !== "cron" && schedule.at === "24:00") {
    return [
      { path: "at", message: "expected a time before 24:00, which is 00:00 of the next day" },
    ];
  }
  return scheduleProblems(
    { kind: "cron", cron: cronOf(schedule), timezone: schedule.timezone, grace_seconds: 0 },
    now,
  );
}

/** What only a trouble has, and its subject does not. */
const ofTroubles: ReadonlySet<string> = new Set(["severity", "rule"]);

/** Whether a window is about subjects as a whole; one that chooses by severity or rule is about some of their troubles. */
export function isAboutSubjects({ matchers }: Pick<MaintenanceWindow, "matchers">): boolean {
  return !matchers.some(({ name }) => ofTroubles.has(name));
}

/** Whether a window is about a monitor (or the host that it follows): by its id, its labels, or because nothing is chosen. */
export function windowChooses(
  { matchers, monitors }: Pick<MaintenanceWindow, "matchers" | "monitors">,
  monitor: Monitor,
): boolean {
  if (monitors.includes(monitor.id)) return true;
  if (matchers.length === 0) return monitors.length === 0;
  const subject_kind = followsHost(monitor) ? "host" : "monitor";
  return matches(matchers, { ...monitor.labels, subject_kind, subject: monitor.name });
}

/** When windows of a schedule begin. Times are epoch ms. */
interface WindowTimes {
  readonly durationMs: number;
  /** The last beginning that is not after `at`. */
  before(at: number): number | null;
  /** The first beginning after `at`. */
  after(at: number): number | null;
}

/** A span in which the answer is the same: `from` counts, `until` does not. */
interface Span {
  readonly from: number;
  readonly until: number;
  readonly window: OpenWindow | null;
}

// Reading a cron costs about a millisecond, and alerting asks for every incident: what was found holds until the next
// beginning or end.
const times = new WeakMap<WindowSchedule, WindowTimes>();
const spans = new WeakMap<WindowSchedule, Span>();

function timesOf(schedule: WindowSchedule): WindowTimes {
  const known = times.get(schedule);
  if (known !== undefined) return known;
  const made = schedule.kind === "once" ? onceTimes(schedule) : cronTimes(schedule);
  times.set(schedule, made);
  return made;
}

function spanAt(schedule: WindowSchedule, at: number): Span {
  const known = spans.get(schedule);
  if (known !== undefined && known.from <= at && at < known.until) return known;
  const begins = timesOf(schedule);
  const last = begins.before(at);
  const next = begins.after(at) ?? Number.POSITIVE_INFINITY;
  const endsAt = last === null ? Number.NEGATIVE_INFINITY : last + begins.durationMs;
  const span: Span =
    last !== null && at < endsAt
      ? { from: last, until: Math.min(endsAt, next), window: { startsAt: last, endsAt } }
      : { from: endsAt, until: next, window: null };
  spans.set(schedule, span);
  return span;
}

function onceTimes(schedule: WindowSchedule & { readonly kind: "once" }): WindowTimes {
  const startsAt = Date.parse(schedule.starts_at);
  return {
    durationMs: Date.parse(schedule.ends_at) - startsAt,
    before: (at) => (startsAt <= at ? startsAt : null),
    after: (at) => (startsAt > at ? startsAt : null),
  };
}

type RepeatedSchedule = Exclude<WindowSchedule, { readonly kind: "once" }>;

function cronTimes(schedule: RepeatedSchedule): WindowTimes {
  const cron = new Cron(cronOf(schedule), {
    timezone: schedule.timezone,
    mode: "5-or-6-parts",
    fixedTimeRule: "no-wildcard",
  });
  return {
    durationMs: schedule.duration_seconds * 1000,
    // Runs before an instant do not include the one at it.
    before: (at) => cron.previousRuns(1, new Date(at + 1))[0]?.getTime() ?? null,
    after: (at) => cron.nextRun(new Date(at))?.getTime() ?? null,
  };
}

function cronOf(schedule: RepeatedSchedule): string {
  if (schedule.kind === "cron") return schedule.cron.trim();
  const time = `${Number(schedule.at.slice(3))} ${Number(schedule.at.slice(0, 2))}`;
  switch (schedule.kind) {
    case "daily":
      return `${time} * * *`;
    case "weekly":
      return `${time} * * ${schedule.days.map((day) => (weekdays.indexOf(day) + 1) % 7).join(",")}`;
    case "monthly":
      return `${time} ${schedule.days.map((day) => (day === "last" ? "L" : day)).join(",")} * *`;
  }
}
