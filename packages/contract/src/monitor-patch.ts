/** Body of `PATCH /api/v1/monitors/{id}`: a JSON merge patch (RFC 7396). */
import { Type, type Static } from "typebox";
import { MonitorInputSchema } from "./monitor.ts";

const { properties } = MonitorInputSchema;

/**
 * What is left out stays; null goes back to the default. `settings` and `labels` are merged in the same manner, lists
 * are replaced. In `judging`, where null is a value, only what is named changes. The merged whole is checked like the
 * body of a PUT.
 */
export const MonitorPatchSchema = Type.Object(
  {
    name: Type.Optional(properties.name),
    enabled: Type.Optional(Type.Union([properties.enabled, Type.Null()])),
    interval: Type.Optional(Type.Union([properties.interval, Type.Null()])),
    timeout: Type.Optional(Type.Union([properties.timeout, Type.Null()])),
    labels: Type.Optional(
      Type.Union([
        Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()])),
        Type.Null(),
      ]),
    ),
    depends_on: Type.Optional(Type.Union([properties.depends_on, Type.Null()])),
    judging: Type.Optional(Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()])),
    locations: Type.Optional(Type.Union([properties.locations, Type.Null()])),
    quorum: Type.Optional(properties.quorum),
    kind: Type.Optional(properties.kind),
    url: Type.Optional(Type.Union([properties.url, Type.Null()])),
    expected_status: Type.Optional(Type.Union([properties.expected_status, Type.Null()])),
    settings: Type.Optional(properties.settings),
  },
  { additionalProperties: false },
);
export type MonitorPatch = Static<typeof MonitorPatchSchema>;
