/** What is edited of a job, as the fields of the form hold it, and what the hub is asked for. Pure. */
import type { JobChange, JobRing, JobSchedule, JobView } from "@belfry/contract";

export const scheduleKinds = ["none", "cron", "interval"] as const;
export type ScheduleKind = (typeof scheduleKinds)[number];

/** Units of an interval, in seconds. */
export const intervalUnits = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 } as const;
export type IntervalUnit = keyof typeof intervalUnits;

/** What stands in the fields. */
export interface ScheduleDraft {
  readonly kind: ScheduleKind;
  readonly cron: string;
  readonly timezone: string;
  readonly every: string;
  readonly unit: IntervalUnit;
  /** Minutes. */
  readonly grace: string;
  /** Seconds; empty: what was learned decides. */
  readonly slowAfter: string;
  /** What of it rings; null: everything. */
  readonly rings: readonly JobRing[] | null;
}

/** What of a job may ring, with what it means: as the contract has it, which is not bundled into the pages. */
export const ringNames = [
  ["failed", "its last run failed"],
  ["lost", "a run fell silent"],
  ["late", "no run began in time"],
  ["never_started", "nor by the time after that"],
  ["slow", "a run takes longer than it should"],
] as const satisfies readonly (readonly [JobRing, string])[];

const plainGraceSeconds = 300;

/** The fields for a job. `zone`: what a new schedule is in. */
export function draftOf(
  {
    schedule,
    slow_after_seconds: slow,
    alert_on: rings,
  }: Pick<JobView, "schedule" | "slow_after_seconds" | "alert_on">,
  zone: string,
): ScheduleDraft {
  const [every, unit] = stepOf(schedule?.kind === "interval" ? schedule.interval_seconds : 86_400);
  return {
    kind: schedule?.kind ?? "none",
    cron: schedule?.kind === "cron" ? schedule.cron : "0 3 * * *",
    timezone: schedule?.kind === "cron" ? schedule.timezone : zone,
    every,
    unit,
    grace: String((schedule?.grace_seconds ?? plainGraceSeconds) / 60),
    slowAfter: slow === null ? "" : String(slow),
    rings,
  };
}

/** What the hub is asked for. A field that holds no number is sent as it is: the hub says what is wrong with it. */
export function changeOf(draft: ScheduleDraft): JobChange {
  return {
    schedule: scheduleOf(draft),
    slow_after_seconds: draft.slowAfter.trim() === "" ? null : numberOf(draft.slowAfter),
    alert_on: draft.rings === null ? null : [...draft.rings],
  };
}

function scheduleOf(draft: ScheduleDraft): JobSchedule | null {
  const grace = Math.round(numberOf(draft.grace) * 60);
  switch (draft.kind) {
    case "none":
      return null;
    case "cron":
      return {
        kind: "cron",
        cron: draft.cron.trim(),
        timezone: draft.timezone.trim(),
        grace_seconds: grace,
      };
    case "interval":
      return {
        kind: "interval",
        interval_seconds: Math.round(numberOf(draft.every) * intervalUnits[draft.unit]),
        grace_seconds: grace,
      };
  }
}

/** NaN becomes null in JSON, which no number field takes. */
function numberOf(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text.replace(",", "."));
}

function stepOf(seconds: number): readonly [string, IntervalUnit] {
  const units = ["days", "hours", "minutes"] as const;
  const unit = units.find((one) => seconds % intervalUnits[one] === 0) ?? "seconds";
  return [String(seconds / intervalUnits[unit]), unit];
}
