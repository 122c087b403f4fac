/** Values that the suites of the contract start from. */
import { createHash } from "node:crypto";
import type { ApiKey, AuditEntry } from "../../model/access.ts";
import type { Change, FailedCheck, StatusChange } from "../../model/change.ts";
import { hostKind, type Host } from "../../model/host.ts";
import { createId, type HostId, type MonitorId } from "../../model/id.ts";
import { emptyFlow, type Incident } from "../../model/incident.ts";
import type { JudgeState, Transition } from "../../model/judgement.ts";
import type { Monitor } from "../../model/monitor.ts";
import { monitorSource } from "../../model/monitor-series.ts";
import type { RunEvent } from "../../model/run.ts";
import type { Frame, SeriesKey } from "../../model/series.ts";
import type { MigrationScope } from "../migrations/run.ts";
import type { Store, StoreSettings } from "../port.ts";
import type { StoreLog } from "../thread/thread.ts";

/** What a suite is run on. */
export interface ContractStores {
  readonly engine: Store["engine"];
  /** Opens a store, on an empty database unless one is named. */
  readonly open: (database?: string) => Promise<Store>;
  /** An empty database. */
  readonly createDatabase: () => Promise<string>;
  /** A connection for migrations alone. */
  readonly openScope: (
    database: string,
  ) => Promise<AsyncDisposable & { readonly scope: MigrationScope }>;
}

const day = 86_400_000;

export const retention: StoreSettings["retention"] = {
  rawMs: 15 * day,
  fiveMinutesMs: 90 * day,
  hourMs: 730 * day,
  maxBytes: null,
};

/** A log that nobody reads. */
export const noLog: StoreLog = { info: () => undefined, error: () => undefined };

export const everything = { from: 0, to: Number.MAX_SAFE_INTEGER } as const;

export function monitorOf(over: Partial<Monitor> = {}): Monitor {
  return {
    id: createId<"monitor">(1_700_000_000_000),
    name: "api",
    kind: "http",
    settings: { url: "https://example.org/", headers: { accept: "*/*" } },
    labels: { team: "core" },
    dependsOn: [],
    enabled: true,
    intervalMs: 60_000,
    timeoutMs: 10_000,
    judging: {
      downAfter: 2,
      upAfter: 1,
      retryIntervalMs: null,
      degradedAfterMs: null,
      degradedCertificateDays: 14,
    },
    version: 1,
    createdAt: 1000,
    updatedAt: 1000,
    ...over,
  };
}

export function auditOf(over: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at: 1000,
    actor: "key:test",
    action: "create",
    resource: "monitor",
    resourceId: "a-resource",
    detail: { name: "api" },
    ...over,
  };
}

export function changeOf(over: Partial<Change> = {}): Change {
  return {
    judged: [],
    statusChanges: [],
    failedChecks: [],
    transitions: [],
    frames: [],
    ...over,
  };
}

export function statusOf(
  monitorId: MonitorId,
  status: StatusChange["status"],
  at: number,
  reason: StatusChange["reason"] = null,
): StatusChange {
  return { monitorId, status, reason, at };
}

export function failedCheckOf(monitorId: MonitorId, over: Partial<FailedCheck> = {}): FailedCheck {
  return {
    monitorId,
    checkedAt: 2000,
    location: "local",
    result: "down",
    reason: "timeout",
    message: "no answer within 10 s",
    statusCode: null,
    latencyMs: 10_000.25,
    evidence: { phase: "first_byte" },
    ...over,
  };
}

const oneSeries: readonly SeriesKey[] = [{ name: "probe_success", labels: {} }];

/** One sample of one series of a monitor. */
export function frameOf(monitorId: MonitorId, time: number, value: number): Frame {
  return {
    source: monitorSource(monitorId),
    series: oneSeries,
    times: Float64Array.of(time),
    values: Float64Array.of(value),
  };
}

export const upState: JudgeState = {
  status: "up",
  since: 1500,
  lastKnown: "up",
  failuresInRow: 0,
  successesInRow: 1,
  degradedInRow: 0,
  firstFailure: null,
  changes: [],
  flapping: false,
};

export function transitionOf(monitorId: MonitorId, over: Partial<Transition> = {}): Transition {
  return {
    monitorId,
    from: "up",
    to: "down",
    knownFrom: "up",
    knownTo: "down",
    at: 2000,
    decidedAt: 3000,
    reason: "timeout",
    message: "no answer within 10 s",
    failure: { at: 2000, reason: "timeout", message: "no answer", evidence: { body: "\u0000" } },
    flapping: false,
    ...over,
  };
}

export function incidentOf(monitorId: MonitorId, over: Partial<Incident> = {}): Incident {
  const subject = { kind: "monitor", id: monitorId, name: "api" } as const;
  return {
    id: createId<"incident">(over.openedAt ?? 2000),
    title: "api is down",
    severity: "critical",
    subjects: [subject],
    cause: { subject, why: "the same host" },
    troubles: [
      {
        key: `monitor_down:monitor:${monitorId}`,
        rule: "monitor_down",
        subject,
        severity: "critical",
        message: "no answer",
        labels: { team: "core" },
        since: 2000,
        until: null,
      },
    ],
    labels: { team: "core" },
    openedAt: 2000,
    decidedAt: 3000,
    acknowledgedAt: null,
    acknowledgedBy: null,
    snoozedUntil: null,
    resolvedAt: null,
    suppressedBy: null,
    reason: "timeout",
    message: "no answer",
    evidence: { status: 500, headers: { "content-type": "text/html" } },
    flapping: false,
    heldUntil: null,
    wakeAt: null,
    flow: emptyFlow,
    revision: 1,
    ...over,
  };
}

export function keyOf(over: Partial<ApiKey> = {}): ApiKey {
  const id = createId<"key">(1000);
  return {
    id,
    name: "deploy",
    hash: createHash("sha256").update(id).digest("hex"),
    prefix: "blf_abcd",
    scopes: ["read", "write"],
    createdAt: 1000,
    lastUsedAt: null,
    revokedAt: null,
    ...over,
  };
}

/** Stores a monitor and gives it back. */
export async function create(store: Store, over: Partial<Monitor> = {}): Promise<Monitor> {
  const monitor = monitorOf(over);
  const status = monitor.enabled ? "pending" : "paused";
  await store.createMonitor(
    monitor,
    statusOf(monitor.id, status, monitor.createdAt),
    auditOf({ resourceId: monitor.id }),
  );
  return monitor;
}

export function hostOf(over: Partial<Host> = {}): Host {
  const id = over.id ?? createId<"monitor">(1_700_000_000_000);
  return {
    id,
    identity: `machine:${id}`,
    names: [`host-${id}`],
    bootId: null,
    agentVersion: "1.0.0",
    intervalMs: 5000,
    agentLabels: {},
    nameIsChosen: false,
    silentAfterMs: null,
    retentionMs: null,
    clonedFrom: null,
    lastHeardAt: null,
    createdAt: 1000,
    ...over,
  };
}

/** Stores a host with its monitor and gives it back. */
export async function createHost(
  store: Store,
  over: Partial<Host> = {},
  namesFrom?: HostId | null,
): Promise<Host> {
  const host = hostOf(over);
  await store.createHost(
    host,
    monitorOf({ id: host.id, name: host.names[0] ?? "", kind: hostKind, settings: {} }),
    statusOf(host.id, "pending", host.createdAt),
    auditOf({ resource: "host", resourceId: host.id }),
    namesFrom,
  );
  return host;
}

/** An event that begins a run. */
export function runEventOf(over: Partial<RunEvent> = {}): RunEvent {
  return {
    key: "k",
    siteId: "fab1",
    appName: "batch",
    appId: null,
    appVersion: "1.0",
    type: "job",
    runId: "r1",
    parentRunId: null,
    businessKey: "daily",
    subKey: null,
    kind: "started",
    at: 1000,
    status: null,
    metrics: {},
    metadata: {},
    trace: null,
    ...over,
  };
}
