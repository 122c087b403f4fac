/** Outcomes of checks for tests. */
import type { DownOutcome, UpOutcome } from "../model/outcome.ts";

/** A check that found its target up. */
export const upOutcome: UpOutcome = {
  result: "up",
  durationMs: 25,
  measurements: { probe_success: 1, probe_duration_seconds: 0.025, probe_http_status_code: 200 },
  statusCode: 200,
  certificateDays: null,
};

/** A check that found its target down. */
export const downOutcome: DownOutcome = {
  result: "down",
  durationMs: 3,
  reason: "refused",
  message: "127.0.0.1:9 refused the connection",
  evidence: { remote_address: "127.0.0.1:9" },
  measurements: { probe_success: 0, probe_duration_seconds: 0.003 },
  statusCode: null,
};
