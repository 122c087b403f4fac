/**
 * When a heartbeat must be called. Everything follows from its settings, its calls, and the time it was set.
 *
 * - Expected times count from the last call that succeeded or failed, and from when the monitor was last changed: nothing
 *   is late for what was before.
 * - A call that comes up to a minute early (and not more than a quarter of the way to the time after) answers the time it
 *   was meant for. Clocks differ.
 * - While a run is under way no expected time is waited for: the run has to end in time instead.
 */
import type { HeartbeatSchedule, Problem } from "@belfry/contract";
import { calendarProblems, calendarTimes, parseCalendar } from "./heartbeat-calendar.ts";
import { cronProblems, cronTimes, type NextAfter } from "./cron-times.ts";
import type { HeartbeatSettings, HeartbeatState } from "./heartbeat.ts";

/** When something has to have been heard. Times are epoch ms. */
export type Deadline =
  /** No call came for `dueAt`, and the grace is over. */
  | { readonly kind: "late"; readonly at: number; readonly dueAt: number }
  /** A run began and did not end. */
  | { readonly kind: "overrun"; readonly at: number; readonly startedAt: number };

/** Expected times that are told. */
export const toldTimes = 3;

const mostEarlyMs = 60_000;

/** What is wrong with a schedule that fits its schema; paths are within the schedule. `now` is epoch ms. */
export function heartbeatProblems(schedule: HeartbeatSchedule, now: number): readonly Problem[] {
  switch (schedule.kind) {
    case "period":
      return [];
    case "cron":
      return cronProblems(schedule.expression, schedule.timezone, "expression", now);
    case "calendar":
      return calendarProblems(schedule.expression, schedule.timezone, "expression", now);
  }
}

/** The zone a schedule is in. */
export function timezoneOf(schedule: HeartbeatSchedule): string {
  return schedule.kind === "period" ? "UTC" : schedule.timezone;
}

/** The next deadline after `after` (epoch ms); null: there is none. `setAt` is when the monitor was last changed. */
export function nextDeadline(
  settings: HeartbeatSettings,
  state: HeartbeatState,
  setAt: number,
  after: number,
): Deadline | null {
  const graceMs = settings.grace_seconds * 1000;
  const runMs = (settings.max_run_seconds ?? settings.grace_seconds) * 1000;
  for (const run of state.open) {
    const at = run.at + runMs;
    if (at > after) return { kind: "overrun", at, startedAt: run.at };
  }
  const times = timesFrom(settings.schedule, answeredUntil(settings, state, setAt));
  const dueAt = times.next(after - graceMs);
  return dueAt === null ? null : { kind: "late", at: dueAt + graceMs, dueAt };
}

/** The next expected times after `now`. */
export function expectedTimes(
  settings: HeartbeatSettings,
  state: HeartbeatState,
  setAt: number,
  now: number,
): readonly number[] {
  const { next } = timesFrom(settings.schedule, answeredUntil(settings, state, setAt));
  const times: number[] = [];
  let at: number | null = now;
  while (times.length < toldTimes) {
    at = next(at);
    if (at === null) break;
    times.push(at);
  }
  return times;
}

/** Up to when nothing is waited for any more. */
function answeredUntil(
  { schedule }: HeartbeatSettings,
  state: HeartbeatState,
  setAt: number,
): number {
  const calls = [state.lastSuccessAt, state.lastFailAt, state.open.at(-1)?.at ?? null];
  const last = Math.max(...calls.map((at) => at ?? 0));
  const answered = last === 0 ? 0 : answeredBy(schedule, last);
  return Math.max(setAt, answered, state.excusedAt ?? 0);
}

/** The latest expected time that a call at `at` answers. */
function answeredBy(schedule: HeartbeatSchedule, at: number): number {
  if (schedule.kind === "period") return at;
  const next = nextAfterOf(schedule, at);
  const due = next(at);
  const second = due === null ? null : next(due);
  if (due === null || second === null) return at;
  return due - at <= Math.min(mostEarlyMs, (second - due) / 4) ? due : at;
}

/** The expected times that are not answered: after `base`. */
function timesFrom(schedule: HeartbeatSchedule, base: number): { readonly next: NextAfter } {
  const after = nextAfterOf(schedule, base);
  return { next: (at) => after(Math.max(at, base)) };
}

/** The times of a schedule; those of a period count from `base`. */
export function nextAfterOf(schedule: HeartbeatSchedule, base: number): NextAfter {
  switch (schedule.kind) {
    case "period": {
      const periodMs = schedule.seconds * 1000;
      return (at) => base + (Math.floor((at - base) / periodMs) + 1) * periodMs;
    }
    case "cron":
      return cronTimes(schedule.expression, schedule.timezone);
    case "calendar": {
      const event = parseCalendar(schedule.expression);
      return event.kind === "ok" ? calendarTimes(event.value, schedule.timezone) : () => null;
    }
  }
}
