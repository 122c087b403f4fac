/** The schedule of a heartbeat in words, and its times. */
import type { HeartbeatView } from "@belfry/contract";
import { formatDuration } from "../../format/time.ts";

type Schedule = HeartbeatView["schedule"];

/** `every 5 min`, `at 5 4 * * * in Europe/Vienna`. */
export function scheduleText(schedule: Schedule): string {
  return schedule.kind === "period"
    ? `every ${formatDuration(schedule.seconds * 1000)}`
    : `at ${schedule.expression} in ${schedule.timezone}`;
}

/** What stands before the command in a crontab: the schedule itself, or the nearest to a period that cron can say. */
export function cronOf(schedule: Schedule): string {
  if (schedule.kind !== "period") return schedule.expression;
  const minutes = Math.max(1, Math.floor(schedule.seconds / 60));
  if (minutes < 60) return minutes === 1 ? "* * * * *" : `*/${divisorOf(60, minutes)} * * * *`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `0 */${divisorOf(24, hours)} * * *` : "0 0 * * *";
}

/** The largest step not above `most` that divides `whole`: others would leave a shorter rest at its end. */
function divisorOf(whole: number, most: number): number {
  let step = Math.min(most, whole / 2);
  while (whole % step !== 0) step -= 1;
  return step;
}

/** `2026-11-21 04:05`. */
export function utcText(at: string): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}
