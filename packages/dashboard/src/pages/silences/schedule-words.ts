/** When a maintenance window is open, in words. */
import type { MaintenanceView } from "@belfry/contract";
import { formatDuration, formatInstant } from "../../format/time.ts";

const dayNames = {
  mon: "Mondays",
  tue: "Tuesdays",
  wed: "Wednesdays",
  thu: "Thursdays",
  fri: "Fridays",
  sat: "Saturdays",
  sun: "Sundays",
} as const;

/** `Saturdays, Sundays at 02:00 (Europe/Vienna) for 1 h`. */
export function scheduleWords(schedule: MaintenanceView["schedule"]): string {
  if (schedule.kind === "once") {
    return `once, ${formatInstant(Date.parse(schedule.starts_at))} – ${formatInstant(Date.parse(schedule.ends_at))}`;
  }
  const lasting = `for ${formatDuration(schedule.duration_seconds * 1000)}`;
  switch (schedule.kind) {
    case "daily":
      return `every day at ${schedule.at} (${schedule.timezone}) ${lasting}`;
    case "weekly": {
      const days = schedule.days.map((day) => dayNames[day]).join(", ");
      return `${days} at ${schedule.at} (${schedule.timezone}) ${lasting}`;
    }
    case "monthly":
      return `on day ${schedule.days.join(", ")} of the month at ${schedule.at} (${schedule.timezone}) ${lasting}`;
    case "cron":
      return `${schedule.cron} (${schedule.timezone}) ${lasting}`;
  }
}
