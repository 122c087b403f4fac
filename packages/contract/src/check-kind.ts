/** Wire shape of `GET /api/v1/check-kinds`: everything a form needs. */
import { Type, type Static } from "typebox";

export const CheckKindSchema = Type.Object({
  kind: Type.String(),
  title: Type.String(),
  description: Type.String(),
  real: Type.Boolean({ description: "false: the target is made up, for trying things out" }),
  settings_schema: Type.Record(Type.String(), Type.Unknown(), {
    description:
      "JSON Schema of `settings`: titles, descriptions, units and defaults; `advanced: true` marks what a form folds away",
  }),
  defaults: Type.Record(Type.String(), Type.Unknown()),
  secrets: Type.Array(Type.String(), { description: "Settings that are never read back" }),
  metrics: Type.Array(Type.Object({ name: Type.String(), help: Type.String() })),
});
export type CheckKindView = Static<typeof CheckKindSchema>;
