/** Alerts as Prometheus sends them, read as Alertmanager reads them. */
import { Type } from "typebox";
import { createParser } from "@belfry/contract";
import { fingerprintOf, resolveTimeoutMs, type ExternalAlert } from "../../model/external-alert.ts";

const texts = (most: number) =>
  Type.Record(Type.String({ maxLength: 200 }), Type.String({ maxLength: most }), {
    maxProperties: 100,
  });

export const PostableAlertSchema = Type.Object({
  labels: texts(4_096),
  annotations: Type.Optional(Type.Union([texts(65_536), Type.Null()])),
  startsAt: Type.Optional(
    Type.String({ format: "date-time", description: "Left out: its end, or now" }),
  ),
  endsAt: Type.Optional(
    Type.String({
      format: "date-time",
      description: "Left out: five minutes from now; in the past: it is over",
    }),
  ),
  generatorURL: Type.Optional(Type.String({ maxLength: 4_096 })),
});

/** What Go writes for a time that is not set. */
const noTime = "0001-01-01T00:00:00Z";

const parseOne = createParser(PostableAlertSchema);

export interface ReadAlerts {
  readonly alerts: readonly ExternalAlert[];
  /** What is wrong with the others, one sentence each. */
  readonly faults: readonly string[];
}

/** Reads each item of the list by itself; times are epoch ms. */
export function readAlerts(items: readonly unknown[], now: number): ReadAlerts {
  const alerts: ExternalAlert[] = [];
  const faults: string[] = [];
  for (const [i, item] of items.entries()) {
    const parsed = parseOne(item);
    if (parsed.kind === "bad") {
      const [problem] = parsed.problems;
      faults.push(`alert ${i}: ${problem?.path ?? ""}: ${problem?.message ?? ""}`);
      continue;
    }
    const alert = alertOf(parsed.value, now);
    if (typeof alert === "string") faults.push(`alert ${i}: ${alert}`);
    else alerts.push(alert);
  }
  return { alerts, faults };
}

/** The alert, or what is wrong with it. Empty labels are no labels. */
function alertOf(
  input: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>> | null;
    readonly startsAt?: string;
    readonly endsAt?: string;
    readonly generatorURL?: string;
  },
  now: number,
): ExternalAlert | string {
  const labels = withoutEmpty(input.labels);
  if (Object.keys(labels).length === 0) return "at least one label pair required";
  const end = timeOf(input.endsAt);
  const startsAt = timeOf(input.startsAt) ?? end ?? now;
  const endsAt = end ?? now + resolveTimeoutMs;
  if (endsAt < startsAt) return "start time must be before end time";
  return {
    fingerprint: fingerprintOf(labels),
    labels,
    annotations: withoutEmpty(input.annotations ?? {}),
    startsAt,
    endsAt,
    generatorUrl: input.generatorURL ?? "",
    updatedAt: now,
  };
}

function withoutEmpty(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== ""));
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined || text === noTime ? undefined : Date.parse(text);
}
