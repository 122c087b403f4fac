/** Settings of channel `teams`. */
import { createParser, type Parsed } from "@belfry/contract";
import { Type, type Static } from "typebox";

/** As they are written. */
export const TeamsSettingsSchema = Type.Object(
  {
    webhook_url: Type.String({
      title: "Webhook",
      maxLength: 4_000,
      pattern: "^https?://[^\\s/?#]+/[^\\s]+$",
      expected: "an address that begins with https://, with its path and query",
      description:
        "Address of a workflow “when a Teams webhook request is received”; it decides the channel. Who knows it can post: it is a secret",
    }),
  },
  { additionalProperties: false },
);

export type TeamsSettings = Static<typeof TeamsSettingsSchema>;

const parse = createParser(TeamsSettingsSchema);

/** Checks settings. */
export function parseTeamsSettings(settings: unknown, at = ""): Parsed<TeamsSettings> {
  return parse(settings, at);
}
