/**
 * A notice as the Monitoring Stack's server posts its alerts: hostname, metric (`cpu` or `ram`), value and threshold in
 * percent, and the time in whole seconds. It has no word for anything else: what is over, or taken by somebody, is not said,
 * and of other incidents the metric is their title with what is wrong, value and threshold are 0.
 */
import type { Notice, NoticeIncident } from "../../model/notice.ts";
import { lineOf } from "../details.ts";
import { clip } from "../plain.ts";

/** The body of one post. */
export interface StatixAlert {
  readonly hostname: string;
  readonly metric: string;
  /** Percent, two decimals. */
  readonly value: number;
  /** Percent. */
  readonly threshold: number;
  /** Epoch seconds. */
  readonly timestamp: number;
}

const longestName = 253;
const longestMetric = 1_000;
const metrics: ReadonlySet<string> = new Set(["cpu", "ram"]);

/** What there is to post of a notice; maybe nothing. */
export function statixAlerts(notice: Notice): readonly StatixAlert[] {
  const timestamp = Math.floor(notice.at / 1000);
  if (notice.incidents.length === 0) {
    return [{ hostname: "Belfry", metric: textOf(notice), value: 0, threshold: 0, timestamp }];
  }
  if (notice.kind === "acknowledged") return [];
  return notice.incidents
    .filter(({ status }) => status === "firing")
    .flatMap((incident) => {
      const figures = figuresOf(incident, notice.kind === "reminder");
      const hostname = clip(lineOf(incident.subjects[0]?.name ?? ""), longestName) || "Belfry";
      return figures === null ? [] : [{ hostname, ...figures, timestamp }];
    });
}

/**
 * null: there is nothing to say. A reminder says how it is by then, and is none when that is below the threshold already or
 * nobody knows.
 */
function figuresOf(
  incident: NoticeIncident,
  isReminder: boolean,
): Pick<StatixAlert, "metric" | "value" | "threshold"> | null {
  const metric = incident.labels["metric"] ?? "";
  const threshold = percentOf(incident, "limit");
  if (!metrics.has(metric) || threshold === undefined) {
    return { metric: textOf(incident), value: 0, threshold: 0 };
  }
  const value = percentOf(incident, isReminder ? "now" : "value");
  if (value === undefined || (isReminder && value < threshold)) return null;
  return { metric, value, threshold };
}

/** Of a fact such as `95.12 %`. */
function percentOf({ facts }: NoticeIncident, name: string): number | undefined {
  const text = facts.find((fact) => fact.name === name)?.value ?? "";
  const digits = /^(\d{1,6}(?:\.\d+)?) %$/.exec(text)?.[1];
  return digits === undefined ? undefined : Math.round(Number(digits) * 100) / 100;
}

function textOf(told: { readonly title: string; readonly message?: string }): string {
  const parts = [told.title, told.message ?? ""].map(lineOf).filter((part) => part !== "");
  return clip(parts.join(": "), longestMetric) || "alert";
}
