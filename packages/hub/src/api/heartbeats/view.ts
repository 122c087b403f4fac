/** Heartbeats and their calls as they are read. */
import type { HeartbeatView, PingView } from "@belfry/contract";
import {
  heartbeatSettingsOf,
  slugOf,
  type HeartbeatState,
  type KeptPing,
} from "../../model/heartbeat.ts";
import { heartbeatHint, hintText } from "../../model/heartbeat-hint.ts";
import { expectedTimes, nextDeadline, timezoneOf } from "../../model/heartbeat-schedule.ts";
import { localTime } from "../../model/local-time.ts";
import type { Monitor } from "../../model/monitor.ts";
import { timeText, timeTextOrNull } from "../monitors/view.ts";

export interface ShownHeartbeat {
  readonly monitor: Monitor;
  readonly state: HeartbeatState;
  /** Its newest calls. */
  readonly calls: readonly KeptPing[];
  /** Epoch ms. */
  readonly now: number;
  /** Where Belfry is reached, without a slash at the end; null: whoever reads may not call. */
  readonly baseUrl: string | null;
}

/** A heartbeat. */
export function heartbeatView(shown: ShownHeartbeat): HeartbeatView {
  const { monitor, state, calls, now, baseUrl } = shown;
  const settings = heartbeatSettingsOf(monitor);
  const { schedule, token } = settings;
  const timezone = timezoneOf(schedule);
  const setAt = monitor.updatedAt;
  const deadline = nextDeadline(settings, state, setAt, 0);
  const expected = expectedTimes(settings, state, setAt, now);
  const hint = heartbeatHint(schedule, calls, setAt);
  const running = state.open.at(0)?.at ?? null;
  return {
    id: monitor.id,
    ping_url: baseUrl === null ? null : `${baseUrl}/ping/${token}`,
    push_url: baseUrl === null ? null : `${baseUrl}/api/push/${token}?status=up&msg=OK&ping=`,
    slug: slugOf(monitor),
    schedule,
    grace_seconds: settings.grace_seconds,
    max_run_seconds: settings.max_run_seconds,
    timezone,
    expected: expected.map((at) => ({ at: timeText(at), local: localTime(at, timezone) })),
    due_at: deadline?.kind === "late" ? timeText(deadline.dueAt) : null,
    late_at: timeTextOrNull(deadline?.at ?? null),
    hint:
      hint === null
        ? null
        : {
            kind: hint.kind,
            text: hintText(hint, timezone),
            timezone: hint.kind === "timezone" ? hint.timezone : null,
          },
    running_since: timeTextOrNull(running),
    pings: state.pings,
    last_ping_at: timeTextOrNull(state.lastPingAt),
    last_success_at: timeTextOrNull(state.lastSuccessAt),
    last_start_at: timeTextOrNull(state.lastStartAt),
    last_fail_at: timeTextOrNull(state.lastFailAt),
    last_duration_seconds: state.lastDurationMs === null ? null : state.lastDurationMs / 1000,
  };
}

/** One call. */
export function pingView(ping: KeptPing): PingView {
  return {
    n: ping.n,
    at: timeText(ping.at),
    kind: ping.kind,
    exit_code: ping.exitCode,
    rid: ping.rid,
    duration_seconds: ping.durationMs === null ? null : ping.durationMs / 1000,
    method: ping.method,
    source: ping.source,
    user_agent: ping.userAgent,
    body: ping.body,
    body_bytes: ping.bodyBytes,
  };
}
