/** Tokens of heartbeats: one token is one heartbeat, or nobody could tell whose calls come. */
import { AppError } from "../../model/error.ts";
import { heartbeatSettingsOf, isHeartbeat } from "../../model/heartbeat.ts";
import type { Monitor } from "../../model/monitor.ts";
import type { ApiParts } from "../parts.ts";

/** Throws `conflict` for a monitor with the token of another one. */
export function refuseTakenToken(
  { heartbeats }: Pick<ApiParts, "heartbeats">,
  monitor: Monitor,
): Monitor {
  if (!isHeartbeat(monitor)) return monitor;
  const found = heartbeats.byToken(heartbeatSettingsOf(monitor).token);
  if (found === "missing" || found === monitor.id) return monitor;
  throw new AppError("conflict", "settings.token: another heartbeat has this token already");
}
