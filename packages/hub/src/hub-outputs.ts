/** What the hub hands on to its outputs, made into the records they know; and how they are doing, as the API shows it. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { HostFiguresView } from "@belfry/contract";
import {
  openOutputs,
  type CheckRecord,
  type JobRecord,
  type Outputs,
  type OutputsParts,
  type OutputsStatus,
  type StatusRecord,
} from "@belfry/relay";
import type { Settings } from "./config/settings.ts";
import type { BoardEntry } from "./model/board.ts";
import { followsHost } from "./model/host.ts";
import type { Transition } from "./model/judgement.ts";
import type { Monitor } from "./model/monitor.ts";
import type { Outcome } from "./model/outcome.ts";
import type { RunEvent } from "./model/run.ts";

/** Counts as Amaunator has them: `handedOver` by the output that took most, and without outputs every result. */
export interface OutputCounts {
  readonly waiting: number;
  readonly handedOver: number;
  readonly failed: number;
}

/** Opens the outputs of the settings; each is a queue among Belfry's metrics. */
export async function openHubOutputs(
  { outputs: list, dataDir, outputsSpoolBytes: quotaBytes }: Settings,
  { clock, log, stdout }: Pick<OutputsParts, "clock" | "log" | "stdout">,
  metrics: QueueMetrics,
): Promise<HubOutputs> {
  const outputs = await openOutputs(
    { outputs: list, spoolFolder: join(dataDir, "outputs-spool"), quotaBytes },
    {
      log,
      clock,
      stdout,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
      random: Math.random,
    },
  );
  if (list.length > 0) metrics.watchQueue("outputs", () => outputs.status().queue);
  for (const { name } of list) {
    metrics.watchQueue(`output:${name}`, () => {
      const status = outputs.status().outputs.find((output) => output.name === name);
      const { depth = 0, oldestSeconds: ageSeconds = 0, dropped = 0 } = status ?? {};
      return { depth, ageSeconds, dropped };
    });
  }
  return new HubOutputs(outputs);
}

interface QueueMetrics {
  watchQueue(queue: string, read: () => OutputsStatus["queue"]): void;
}

/** What happens in the hub and may be of use to an output; nothing of it waits or fails. */
export class HubOutputs implements AsyncDisposable {
  readonly #outputs: Outputs;

  constructor(outputs: Outputs) {
    this.#outputs = outputs;
  }

  /** A check was judged and stored. `target` is made only when it is needed. */
  checked(entry: BoardEntry, outcome: Outcome, target: () => string): void {
    this.#outputs.push("check", () => checkRecord(entry, outcome, target()));
  }

  /** What is judged of a monitor or host is something else from now on. */
  statusChanged({ monitor }: BoardEntry, transition: Transition): void {
    this.#outputs.push("status", () => statusRecord(monitor, transition));
  }

  /** Figures of a host came in; `read` looks them up. */
  hostShown(read: () => ShownHost | undefined): void {
    if (!this.#outputs.wants("host")) return;
    const host = read();
    const at = host?.last_sample_at ?? null;
    if (host === undefined || at === null) return;
    this.#outputs.push("host", () => ({
      kind: "host",
      id: `${host.id}:${at}`,
      at,
      host: { id: host.id, name: host.name, labels: host.labels },
      figures: numbersOf(host.figures),
    }));
  }

  /** An event of a run was stored. */
  eventTaken(event: RunEvent): void {
    this.#outputs.push("job_event", () => jobRecord(event));
  }

  counts(): OutputCounts {
    return countsOf(this.#outputs.status());
  }

  /** See `Outputs` of the relay, as what follows. */
  status(): OutputsStatus {
    return this.#outputs.status();
  }

  deadLetters(...asked: Parameters<Outputs["deadLetters"]>): ReturnType<Outputs["deadLetters"]> {
    return this.#outputs.deadLetters(...asked);
  }

  replay(...asked: Parameters<Outputs["replay"]>): ReturnType<Outputs["replay"]> {
    return this.#outputs.replay(...asked);
  }

  deleteDead(...asked: Parameters<Outputs["deleteDead"]>): ReturnType<Outputs["deleteDead"]> {
    return this.#outputs.deleteDead(...asked);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#outputs[Symbol.asyncDispose]();
  }
}

/** What is needed of a host's row. */
export interface ShownHost {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly last_sample_at: string | null;
  readonly figures: HostFiguresView;
}

function countsOf({ outputs, queue, pushed }: OutputsStatus): OutputCounts {
  const gone = outputs.map(({ dropped, failed }) => dropped + failed.poison);
  return {
    waiting: queue.depth + Math.max(0, ...outputs.map(({ depth }) => depth)),
    handedOver:
      outputs.length === 0 ? pushed : Math.max(...outputs.map(({ delivered }) => delivered)),
    failed: queue.dropped + gone.reduce((sum, count) => sum + count, 0),
  };
}

function checkRecord(entry: BoardEntry, outcome: Outcome, target: string): CheckRecord {
  const { monitor, lastCheck, status } = entry;
  const at = lastCheck?.checkedAt ?? 0;
  const location = lastCheck?.location ?? "";
  const { id, name, kind, labels } = monitor;
  return {
    kind: "check",
    id: `${id}:${location}:${at}`,
    at: new Date(at).toISOString(),
    monitor: { id, name, kind, target, labels },
    result: outcome.result,
    reason: outcome.result === "up" ? null : outcome.reason,
    status,
    latency_ms: lastCheck?.latencyMs ?? null,
    value: outcome.result === "up" ? valueOf(outcome) : -1,
    location,
  };
}

/** What Amaunator calls the value of a target: the number a made-up one yields, whole ms of a real one. */
function valueOf({ measurements, durationMs }: Outcome & { readonly result: "up" }): number {
  return measurements["probe_synthetic_value"] ?? Math.round(durationMs);
}

function statusRecord(monitor: Monitor, { at, from, to, reason }: Transition): StatusRecord {
  const { id, name, labels } = monitor;
  const kind = followsHost(monitor) ? "host" : "monitor";
  return {
    kind: "status",
    id: `${id}:${at}:${to}`,
    at: new Date(at).toISOString(),
    subject: { kind, id, name, labels },
    from,
    to,
    reason,
  };
}

function jobRecord(event: RunEvent): JobRecord {
  const at = new Date(event.at).toISOString();
  const { trace } = event;
  return {
    kind: "job_event",
    id: event.key,
    at,
    event: {
      idempotency_key: event.key,
      site_id: event.siteId,
      app: { app_id: event.appId, name: event.appName, version: event.appVersion },
      entity: {
        type: event.type,
        id: event.runId,
        parent_id: event.parentRunId,
        business_key: event.businessKey,
        sub_key: event.subKey,
      },
      event: {
        kind: event.kind,
        at,
        status: event.status,
        metrics: { ...event.metrics },
        metadata: { ...event.metadata },
      },
      ...(trace === null ? {} : { trace: { trace_id: trace.traceId, span_id: trace.spanId } }),
    },
  };
}

function numbersOf(figures: HostFiguresView): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([name, value]) =>
      typeof value === "number" ? [[name, value] as const] : [],
    ),
  );
}
