/** Wire shape of `POST /api/v1/monitors/test`: one check of a monitor that need not exist. */
import { Type, type Static } from "typebox";
import { TimeSchema } from "./monitor.ts";
import { reasons } from "./reason.ts";

export const MonitorTestSchema = Type.Object({
  checked_at: TimeSchema,
  result: Type.Enum(["up", "down", "unknown"]),
  reason: Type.Union([Type.Enum([...reasons]), Type.Null()]),
  message: Type.Union([Type.String(), Type.Null()]),
  status_code: Type.Union([Type.Integer(), Type.Null()]),
  latency_ms: Type.Number(),
  certificate_days: Type.Union([Type.Number(), Type.Null()]),
  measurements: Type.Record(Type.String(), Type.Number()),
  evidence: Type.Record(Type.String(), Type.Unknown()),
});
export type MonitorTestView = Static<typeof MonitorTestSchema>;
