/** Settings of channel `slack`. */
import { createParser, type Parsed } from "@belfry/contract";
import { Type, type Static } from "typebox";

/** As they are written. */
export const SlackSettingsSchema = Type.Object(
  {
    webhook_url: Type.String({
      title: "Webhook",
      maxLength: 2_000,
      pattern: "^https?://[^\\s/?#]+/[^\\s]+$",
      expected: "an address such as https://hooks.slack.com/services/T…/B…/…",
      description:
        "Address of an incoming webhook; it decides the channel. Who knows it can post: it is a secret",
    }),
    mentions: Type.Array(
      Type.String({
        pattern: "^(here|channel|everyone|[UW][A-Z0-9]{2,30}|S[A-Z0-9]{2,30})$",
        expected: "here, channel, everyone, the id of a member (U…) or of a user group (S…)",
      }),
      {
        title: "Mentions",
        default: [],
        maxItems: 20,
        description: "Called by name when something begins or is escalated",
      },
    ),
  },
  { additionalProperties: false },
);

export type SlackSettings = Static<typeof SlackSettingsSchema>;

const parse = createParser(SlackSettingsSchema);

/** Checks settings. */
export function parseSlackSettings(settings: unknown, at = ""): Parsed<SlackSettings> {
  return parse(settings, at);
}
