/** Wire shape of `/api/v1/incidents`. */
import { Type, type Static } from "typebox";
import { IdSchema, TimeSchema } from "./monitor.ts";
import { reasons } from "./reason.ts";

export const IncidentSchema = Type.Object({
  id: IdSchema,
  subjects: Type.Array(
    Type.Object({
      kind: Type.Enum(["monitor", "host"]),
      id: IdSchema,
      name: Type.String({ description: "As it was when the incident opened" }),
    }),
  ),
  opened_at: TimeSchema,
  decided_at: TimeSchema,
  acknowledged_at: Type.Union([TimeSchema, Type.Null()]),
  resolved_at: Type.Union([TimeSchema, Type.Null()]),
  reason: Type.Enum([...reasons]),
  message: Type.String(),
  evidence: Type.Record(Type.String(), Type.Unknown()),
  flapping: Type.Boolean(),
});
export type IncidentView = Static<typeof IncidentSchema>;
