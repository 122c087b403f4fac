/** Settings of channel `pagerduty`. */
import { createParser } from "@belfry/contract";
import { HttpUrlSchema } from "@belfry/relay/http";
import { Type, type Static } from "typebox";

/** As they are written. */
export const PagerdutySettingsSchema = Type.Object(
  {
    routing_key: Type.String({
      title: "Integration key",
      pattern: "^[A-Za-z0-9]{32}$",
      expected: "the 32 characters of an integration key",
      description: "Of an integration Events API v2, of a service or of an event orchestration",
    }),
    region: Type.Enum(["us", "eu"], {
      title: "Region",
      default: "us",
      description: "us: events.pagerduty.com; eu: events.eu.pagerduty.com",
    }),
    api_base: Type.Optional(
      Type.String({
        ...HttpUrlSchema,
        title: "Address of the API",
        description: "Instead of the region's, where a proxy stands in between",
      }),
    ),
  },
  { additionalProperties: false },
);

export type PagerdutySettings = Static<typeof PagerdutySettingsSchema>;

/** Checks settings. */
export const parsePagerdutySettings = createParser(PagerdutySettingsSchema);
