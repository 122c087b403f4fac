/** Names of time zones, as people write them. */
import type { Problem } from "@belfry/contract";
import { scheduleProblems } from "../../model/job-schedule.ts";

/** What is wrong with the name of a time zone at `<within>timezone`. */
export function timezoneProblems(timezone: string, within: string): readonly Problem[] {
  const schedule = { kind: "cron", cron: "0 0 * * *", timezone, grace_seconds: 0 } as const;
  return scheduleProblems(schedule, 0).map(({ path, message }) => ({
    path: `${within}${path}`,
    message,
  }));
}
