/**
 * What of a record becomes values of items. Parameters are names; each list of a discovery rule below makes the items of its
 * row from prototypes with the same keys.
 *
 * | record | keys                                                                     | rule                         |
 * | ------ | ------------------------------------------------------------------------ | ---------------------------- |
 * | job    | `belfry.job.status` `.duration` (s) `.progress` (%) `.error` `.event`, each `[<job>]` | `belfry.jobs.discovery` |
 * |        | `belfry.job.metric[<job>,<metric>]`                                      | `belfry.metrics.discovery`   |
 * | check  | `belfry.check.status[<monitor>]`, `belfry.check.latency[<monitor>]` (ms) | `belfry.checks.discovery`    |
 * | status | `belfry.check.status[<monitor>]`; of a host `belfry.host.status[<host>]` | those of checks and of hosts |
 * | host   | `belfry.host.figure[<host>,<figure>]`                                    | `belfry.figures.discovery`   |
 */
import type { JobEvent } from "@belfry/contract";
import type { CheckRecord, SinkRecord } from "../../sink-record.ts";
import { itemKey, keyPart, parameterOf } from "./item-key.ts";
import type { ZabbixSettings } from "./settings.ts";

export const discoveryRules = {
  jobs: "belfry.jobs.discovery",
  metrics: "belfry.metrics.discovery",
  checks: "belfry.checks.discovery",
  hosts: "belfry.hosts.discovery",
  figures: "belfry.figures.discovery",
} as const;
export type DiscoveryRule = keyof typeof discoveryRules;

/** Something to announce: what its items are told apart by, and all that prototypes may use. */
export interface Discovered {
  readonly rule: DiscoveryRule;
  readonly id: string;
  readonly macros: Readonly<Record<string, string>>;
}

export interface RecordValue {
  readonly key: string;
  readonly value: string;
  readonly discovered?: Discovered;
}

/** Zabbix keeps 65,535 characters of a text. */
export const longestValue = 65_535;

/** Metrics of a run that are told by items of their own. */
const ownItems = new Set(["duration_s", "progress_pct", "progress_current", "progress_total"]);

/** Values of a record, at most one for each item; none where there is nothing of it to tell. */
export function valuesOf(record: SinkRecord, settings: ZabbixSettings): readonly RecordValue[] {
  if (settings.keys === "wafer") {
    return record.kind === "job_event" ? [waferValue(record.event)] : [];
  }
  switch (record.kind) {
    case "job_event":
      return jobValues(record.event, settings);
    case "check":
      return checkValues(record);
    case "status": {
      const { kind, name } = record.subject;
      return kind === "host" ? [hostStatus(name, record.to)] : [checkStatus(name, record.to)];
    }
    case "host": {
      const host = parameterOf(record.host.name);
      return Object.entries(record.figures).flatMap(([name, value]) => {
        if (!Number.isFinite(value)) return [];
        const figure = parameterOf(name);
        const macros = { "{#HOST}": host, "{#FIGURE}": figure };
        const key = itemKey("belfry.host.figure", host, figure);
        return [{ key, value: String(value), discovered: { rule: "figures", id: key, macros } }];
      });
    }
  }
}

/** As the Monitoring Component meant it: the duration where there is one, else 1. */
function waferValue({ entity, event }: JobEvent): RecordValue {
  const duration = event.metrics["duration_s"];
  return {
    key: `wafer.${keyPart(entity.type)}.${event.kind}`,
    value: String(isNumber(duration) ? duration : 1),
  };
}

function jobValues(event: JobEvent, settings: ZabbixSettings): readonly RecordValue[] {
  const names = {
    job: parameterOf(jobNameOf(event)),
    app: parameterOf(event.app.name),
    site: parameterOf(event.site_id),
  };
  const parameters = settings.job_key.map((name) => names[name]);
  const macros = { "{#JOB}": names.job, "{#APP}": names.app, "{#SITE}": names.site };
  const id = itemKey("", ...parameters);
  const job: Discovered = { rule: "jobs", id, macros };
  const found: RecordValue[] = [];
  for (const item of settings.job_items) {
    if (item === "metrics") {
      for (const [name, value] of Object.entries(event.event.metrics)) {
        if (ownItems.has(name) || !isNumber(value)) continue;
        const metric = parameterOf(name);
        const key = itemKey("belfry.job.metric", ...parameters, metric);
        const all = { ...macros, "{#METRIC}": metric };
        const discovered: Discovered = { rule: "metrics", id: key, macros: all };
        found.push({ key, value: String(value), discovered });
      }
      continue;
    }
    const value = jobItemReaders[item](event);
    if (value === undefined) continue;
    found.push({ key: itemKey(`belfry.job.${item}`, ...parameters), value, discovered: job });
  }
  return found;
}

/** The hub's rule: of a run that is part of another its own name comes first. Its type stands for a name that is not there. */
function jobNameOf({ entity }: JobEvent): string {
  const { business_key: job, sub_key: part, parent_id: parent, type } = entity;
  const isPart = parent !== null || type === "subjob";
  return (isPart ? part || job : job || part) || type || "job";
}

type ItemReader = (event: JobEvent) => string | undefined;

const jobItemReaders = {
  status: ({ event }) => statusOf(event),
  duration({ event }) {
    const duration = event.metrics["duration_s"];
    const isEnd = ["finished", "error", "canceled"].includes(event.kind);
    return isEnd && isNumber(duration) ? String(duration) : undefined;
  },
  progress({ event }) {
    const {
      progress_pct: percent,
      progress_current: current,
      progress_total: total,
    } = event.metrics;
    if (isNumber(percent)) return String(percent);
    if (!isNumber(current) || !isNumber(total) || total <= 0) return undefined;
    return String((current / total) * 100);
  },
  error({ event }) {
    if (statusOf(event) !== "failed") return undefined;
    const { error, message } = event.metadata;
    const said = [error, message].find((text) => typeof text === "string" && text !== "");
    return cut(typeof said === "string" ? said : "failed");
  },
  event(event) {
    const whole = JSON.stringify(event);
    if (whole.length <= longestValue) return whole;
    return cut(JSON.stringify({ ...event, event: { ...event.event, metadata: {} } }));
  },
} as const satisfies Record<Exclude<ZabbixSettings["job_items"][number], "metrics">, ItemReader>;

/** What an event says of its run; lines of a log and metrics say nothing. */
function statusOf({ kind, status, metadata }: JobEvent["event"]): string | undefined {
  switch (kind) {
    case "started":
    case "progress":
    case "heartbeat":
      return status ?? "running";
    case "finished": {
      const isError = typeof metadata["error"] === "string" && metadata["error"] !== "";
      return status === null || status === "running" ? (isError ? "failed" : "succeeded") : status;
    }
    case "error":
      return "failed";
    case "canceled":
      return "canceled";
    case "metric":
    case "event":
      return undefined;
  }
}

function checkValues({ monitor, status, latency_ms: latency }: CheckRecord): RecordValue[] {
  const name = parameterOf(monitor.name);
  const state = checkStatus(monitor.name, status);
  if (latency === null) return [state];
  const key = itemKey("belfry.check.latency", name);
  return [state, { ...state, key, value: String(latency) }];
}

function checkStatus(monitor: string, status: string): RecordValue {
  const name = parameterOf(monitor);
  const discovered: Discovered = { rule: "checks", id: name, macros: { "{#MONITOR}": name } };
  return { key: itemKey("belfry.check.status", name), value: status, discovered };
}

function hostStatus(host: string, status: string): RecordValue {
  const name = parameterOf(host);
  const discovered: Discovered = { rule: "hosts", id: name, macros: { "{#HOST}": name } };
  return { key: itemKey("belfry.host.status", name), value: status, discovered };
}

/** Well-formed: of half a character Zabbix would drop the whole value, and count it as processed. */
function cut(text: string): string {
  return text.slice(0, longestValue).toWellFormed();
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
