/** What is expected of a job, in words. Pure. */
import type { JobSchedule } from "@belfry/contract";
import { formatDuration } from "../../format/time.ts";

/** `every 15 min`, `at 0 3 * * 1-5 (Europe/Vienna)`; empty without a schedule. */
export function scheduleWords(schedule: JobSchedule | null): string {
  if (schedule === null) return "";
  if (schedule.kind === "interval")
    return `every ${formatDuration(schedule.interval_seconds * 1000)}`;
  return `${schedule.cron} (${schedule.timezone})`;
}

/** The zone of the browser. */
export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** An instant in a zone: `Mon, Nov 23, 03:00`; with its seconds where it has any. */
export function timeIn(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat("en", {
    timeZone,
    weekday: "short",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    ...(at % 60_000 < 1000 ? {} : { second: "2-digit" }),
    hourCycle: "h23",
  }).format(at);
}

/** Whether a browser knows a zone. */
export function isZone(timeZone: string): boolean {
  try {
    timeIn(0, timeZone);
    return true;
  } catch {
    return false;
  }
}
