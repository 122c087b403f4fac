/** The check kinds there are: one line each. */
import type { CheckKind } from "../model/check-kind.ts";
import { createDnsKind } from "./dns.ts";
import { createHeartbeatKind } from "./heartbeat.ts";
import { createHostKind } from "./host.ts";
import { createHttpKind } from "./http.ts";
import type { ProbeParts } from "./parts.ts";
import { createPingKind } from "./ping.ts";
import { createSyntheticKind } from "./synthetic.ts";
import { createTcpKind } from "./tcp.ts";
import { createTlsKind } from "./tls.ts";

/** Makes every kind, by its name, in the order they are offered. */
export function createCheckKinds(parts: ProbeParts): ReadonlyMap<string, CheckKind> {
  const kinds: readonly CheckKind[] = [
    createHttpKind(parts),
    createTcpKind(parts),
    createPingKind(parts),
    createDnsKind(parts),
    createTlsKind(parts),
    createSyntheticKind(parts),
    createHeartbeatKind(parts.clock),
    createHostKind(),
  ];
  return new Map(kinds.map((kind) => [kind.kind, kind]));
}
