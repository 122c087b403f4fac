/** Monitors as they are read. */
import type { MonitorView } from "@belfry/contract";
import type { BoardEntry, LastCheck } from "../../model/board.ts";
import type { CheckKind } from "../../model/check-kind.ts";
import { heartbeatSettingsOf, type HeartbeatState } from "../../model/heartbeat.ts";
import { nextDeadline } from "../../model/heartbeat-schedule.ts";
import type { Monitor } from "../../model/monitor.ts";
import { expectedStatusOf, judgingView } from "../../model/monitor-input.ts";
import { maskSecrets } from "../../model/secret-settings.ts";

/** RFC 3339, UTC, with milliseconds. */
export function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** The same, where there may be no time. */
export function timeTextOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : timeText(epochMs);
}

/**
 * A monitor with its state; secrets are masked. `kind` is undefined for one that this version does not know; `calls` is what
 * is known of those of a heartbeat.
 */
export function monitorView(
  entry: BoardEntry,
  kind: CheckKind | undefined,
  calls: HeartbeatState | undefined,
): MonitorView {
  const { monitor } = entry;
  const settings = maskSecrets(monitor.settings, kind?.secrets ?? []);
  const url = settings["url"];
  return {
    id: monitor.id,
    name: monitor.name,
    kind: monitor.kind,
    url: typeof url === "string" ? url : null,
    expected_status: expectedStatusOf(monitor.settings),
    enabled: monitor.enabled,
    interval: monitor.intervalMs / 1000,
    timeout: monitor.timeoutMs / 1000,
    settings: { ...settings },
    labels: { ...monitor.labels },
    depends_on: [...monitor.dependsOn],
    judging: judgingView(monitor.judging),
    locations: [...(monitor.placement?.locations ?? [])],
    quorum: monitor.placement?.quorum ?? null,
    target: targetOf(monitor, kind),
    status: entry.status,
    status_since: timeText(entry.since),
    flapping: entry.flapping,
    last_check: entry.lastCheck === null ? null : lastCheckView(entry.lastCheck),
    ...(calls === undefined ? {} : { heartbeat: heartbeatOf(monitor, calls) }),
    version: monitor.version,
    created_at: timeText(monitor.createdAt),
    updated_at: timeText(monitor.updatedAt),
  };
}

function heartbeatOf(
  monitor: Monitor,
  calls: HeartbeatState,
): NonNullable<MonitorView["heartbeat"]> {
  const settings = heartbeatSettingsOf(monitor);
  const deadline = monitor.enabled ? nextDeadline(settings, calls, monitor.updatedAt, 0) : null;
  return {
    last_ping_at: timeTextOrNull(calls.lastPingAt),
    running_since: timeTextOrNull(calls.open[0]?.at ?? null),
    late_at: timeTextOrNull(deadline?.at ?? null),
  };
}

/** What is checked, in one line; empty for a kind that this version does not know. */
export function targetOf(monitor: Monitor, kind: CheckKind | undefined): string {
  return kind?.targetOf(monitor.settings) ?? "";
}

/** The latest check as pages show it. */
export function lastCheckView(check: LastCheck): NonNullable<MonitorView["last_check"]> {
  return {
    checked_at: timeText(check.checkedAt),
    result: check.result,
    reason: check.reason,
    message: check.message,
    status_code: check.statusCode,
    latency_ms: check.latencyMs,
    location: check.location,
  };
}
