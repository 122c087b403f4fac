/** Wire shapes of `/health`, `/ready` and `/api/v1/audit`. */
import { Type, type Static } from "typebox";
import { TimeSchema } from "./monitor.ts";

/** `GET /health`: the process answers. Asks nobody, so it is always cheap. */
export const HealthSchema = Type.Object({
  status: Type.Literal("ok"),
  service: Type.String(),
  version: Type.String(),
  uptime_seconds: Type.Number(),
  expected_client_version: Type.String({
    description: "What clients of the Monitoring Stack compare their own version with",
  }),
  latest_version: Type.Null({ description: "Belfry asks nobody for newer versions" }),
});
export type HealthView = Static<typeof HealthSchema>;

/** `GET /ready`: 200 when every part can serve, else 503 with the same body. */
export const ReadySchema = Type.Object({
  status: Type.Enum(["ready", "not_ready"]),
  parts: Type.Record(Type.String(), Type.String(), {
    description: "Part → `ok` or what is wrong with it",
  }),
});
export type ReadyView = Static<typeof ReadySchema>;

/** One thing a person, key or command did. */
export const AuditEntrySchema = Type.Object({
  at: TimeSchema,
  actor: Type.String(),
  action: Type.String(),
  resource: Type.String(),
  resource_id: Type.String(),
  detail: Type.Unknown(),
});
export type AuditEntryView = Static<typeof AuditEntrySchema>;
