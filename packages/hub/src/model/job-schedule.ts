/**
 * When runs of a job are expected to begin, and whether one is missing. Everything is computed from the schedule, the
 * time it was set, and the run that began last: nothing of it has to be remembered, and every hub comes to the same.
 *
 * - The first time that counts is after the schedule was set: a job is never late for what was before.
 * - A run that begins answers the expected time before it. It also answers the one after it when it begins a little early:
 *   by at most the grace or a minute, whichever is more, and at most a quarter of the time to the one after that.
 * - An expected time that passes while a run is under way is answered by that run: many schedulers leave a run out while
 *   the one before it still works. A run that promised heartbeats is under way until it ends or is lost; of any other one
 *   this is only known up to its last word.
 * - What becomes of cron times when clocks change is told in `cron-times.ts`.
 * - An interval counts from the beginning of the last run, or from when the schedule was set.
 */
import type { JobSchedule, Problem } from "@belfry/contract";
import { cronProblems, cronTimes } from "./cron-times.ts";

/** The run that began last. Times are epoch ms. */
export interface RunSpan {
  readonly beganAt: number;
  /** Up to when it is known to have been under way; null: it is now. */
  readonly activeUntil: number | null;
}

/** What is expected of a job. Times are epoch ms. */
export interface Expectation {
  /** The first expected time that no run has answered; null: a run is under way, or there is none any more. */
  readonly dueAt: number | null;
  /** From then on the job is late: `dueAt` and the grace. */
  readonly lateAt: number | null;
  /** The next expected times, all after now. */
  readonly upcoming: readonly number[];
}

/** Expected times that are told. */
export const expectedTimes = 3;

const leastEarlyMs = 60_000;

/** What is expected at `now`. `setAt` is when the schedule was set, `last` the run that began last. */
export function expectationOf(
  schedule: JobSchedule,
  setAt: number,
  last: RunSpan | null,
  now: number,
): Expectation {
  const { dueAt, upcoming } =
    schedule.kind === "cron"
      ? cronExpectation(schedule, setAt, last, now)
      : intervalExpectation(schedule, setAt, last, now);
  const lateAt = dueAt === null ? null : dueAt + schedule.grace_seconds * 1000;
  return { dueAt, lateAt, upcoming };
}

/** When the expected time after `dueAt` has passed with its grace too; null: none follows. Epoch ms. */
export function missedAtOf(schedule: JobSchedule, dueAt: number): number | null {
  const next =
    schedule.kind === "cron"
      ? cronTimes(schedule.cron, schedule.timezone)(dueAt)
      : dueAt + schedule.interval_seconds * 1000;
  return next === null ? null : next + schedule.grace_seconds * 1000;
}

/** What is wrong with a schedule that fits its schema; paths are within the schedule. */
export function scheduleProblems(schedule: JobSchedule, now: number): readonly Problem[] {
  if (schedule.kind !== "cron") return [];
  return cronProblems(schedule.cron, schedule.timezone, "cron", now);
}

type CronSchedule = JobSchedule & { readonly kind: "cron" };
type IntervalSchedule = JobSchedule & { readonly kind: "interval" };

function cronExpectation(
  schedule: CronSchedule,
  setAt: number,
  last: RunSpan | null,
  now: number,
): Pick<Expectation, "dueAt" | "upcoming"> {
  const after = cronTimes(schedule.cron, schedule.timezone);
  const answered = last === null ? setAt : Math.max(setAt, answeredBy(last.beganAt));
  const dueAt =
    last === null
      ? after(answered)
      : last.activeUntil === null
        ? null
        : after(Math.max(answered, last.activeUntil));
  const upcoming: number[] = [];
  let at: number | null = Math.max(now, answered);
  while (upcoming.length < expectedTimes) {
    at = after(at);
    if (at === null) break;
    upcoming.push(at);
  }
  return { dueAt, upcoming };

  /** The latest expected time that a run answers: before it, or shortly after it. */
  function answeredBy(beganAt: number): number {
    const next = after(beganAt);
    const second = next === null ? null : after(next);
    if (next === null || second === null) return beganAt;
    const early = Math.max(schedule.grace_seconds * 1000, leastEarlyMs);
    return next - beganAt <= Math.min(early, (second - next) / 4) ? next : beganAt;
  }
}

function intervalExpectation(
  schedule: IntervalSchedule,
  setAt: number,
  last: RunSpan | null,
  now: number,
): Pick<Expectation, "dueAt" | "upcoming"> {
  const interval = schedule.interval_seconds * 1000;
  const own = last === null ? 0 : last.beganAt + interval;
  const first = own > setAt ? own : setAt + interval;
  const skipped = Math.max(0, Math.floor((now - first) / interval) + 1);
  const next = first + skipped * interval;
  const upcoming = Array.from({ length: expectedTimes }, (_, i) => next + i * interval);
  if (last === null) return { dueAt: first, upcoming };
  if (last.activeUntil === null) return { dueAt: null, upcoming };
  return { dueAt: Math.max(first, last.activeUntil), upcoming };
}
