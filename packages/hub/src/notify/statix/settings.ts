/** Settings of channel `statix`. */
import { createParser, type Parsed } from "@belfry/contract";
import { HttpUrlSchema } from "@belfry/relay/http";
import { Type, type Static } from "typebox";

/** As they are written. */
export const StatixSettingsSchema = Type.Object(
  {
    webhook_url: Type.String({
      ...HttpUrlSchema,
      title: "Webhook",
      description: "Address that takes the Monitoring Stack's alerts. It may hold a secret",
    }),
    cooldown_seconds: Type.Integer({
      title: "Cool-down",
      minimum: 0,
      maximum: 2_592_000,
      default: 300,
      unit: "seconds",
      description: "A host's CPU or memory that was told is not told again before",
    }),
  },
  { additionalProperties: false },
);

export type StatixSettings = Static<typeof StatixSettingsSchema>;

const parse = createParser(StatixSettingsSchema);

/** Checks settings. */
export function parseStatixSettings(settings: unknown, at = ""): Parsed<StatixSettings> {
  return parse(settings, at);
}
