/** Records for tests. */
import type { JobEvent } from "@belfry/contract";
import type { JobRecord } from "../sink-record.ts";

/** An event of a job as a record; `change` says what of it is otherwise. */
export function jobRecord(
  id: string,
  change: {
    readonly app?: Partial<JobEvent["app"]>;
    readonly entity?: Partial<JobEvent["entity"]>;
    readonly event?: Partial<JobEvent["event"]>;
    readonly siteId?: string;
    readonly trace?: NonNullable<JobEvent["trace"]>;
  } = {},
): JobRecord {
  const event: JobEvent = {
    idempotency_key: id,
    site_id: change.siteId ?? "fab1",
    app: { app_id: "7a1c", name: "etl", version: "1.0", ...change.app },
    entity: {
      type: "job",
      id: "run-1",
      parent_id: null,
      business_key: "daily-batch",
      sub_key: null,
      ...change.entity,
    },
    event: {
      kind: "finished",
      at: new Date().toISOString(),
      status: "succeeded",
      metrics: { duration_s: 1.5, cpu_user_s: 0.4, cpu_system_s: 0.1, mem_max_mb: 64 },
      metadata: { lot: "A7" },
      ...change.event,
    },
    ...(change.trace === undefined ? {} : { trace: change.trace }),
  };
  return { kind: "job_event", id, at: event.event.at, event };
}

/** Text that breaks what quotes badly: scripts, quotes, line ends, formulas, markup, control characters. */
export const awkwardTexts = [
  "größe 東京 🔔",
  `a "quoted" 'text', with; separators\t|`,
  "two\nlines\r\nof it",
  "=HYPERLINK(1)",
  "<b>&amp;</b>{{value}}",
  "\u0001\u001b[31m\u007f\u2028",
  "\\N \\ /",
] as const;
