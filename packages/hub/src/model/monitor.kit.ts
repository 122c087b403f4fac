/** Monitors for tests. */
import { createId } from "./id.ts";
import type { Monitor } from "./monitor.ts";

/** An http monitor with the defaults of the API but without a limit for certificates; `over` replaces what a test is about. */
export function exampleMonitor(over: Partial<Monitor> = {}): Monitor {
  return {
    id: createId<"monitor">(1),
    name: "api",
    kind: "http",
    settings: { url: "http://127.0.0.1/" },
    labels: {},
    dependsOn: [],
    enabled: true,
    intervalMs: 1000,
    timeoutMs: 1000,
    judging: {
      downAfter: 2,
      upAfter: 1,
      retryIntervalMs: null,
      degradedAfterMs: null,
      degradedCertificateDays: null,
    },
    version: 1,
    createdAt: 1000,
    updatedAt: 1000,
    ...over,
  };
}
