/** Settings of channel `discord`. */
import { createParser, type Parsed } from "@belfry/contract";
import { Type, type Static } from "typebox";

/** As they are written. */
export const DiscordSettingsSchema = Type.Object(
  {
    webhook_url: Type.String({
      title: "Webhook",
      maxLength: 2_000,
      pattern: "^https?://[^\\s/?#]+/api/(v\\d+/)?webhooks/\\d+/[A-Za-z0-9_-]+$",
      expected: "an address such as https://discord.com/api/webhooks/…/…, without a query",
      description:
        "Address of a webhook; it decides the channel. Who knows it can post: it is a secret",
    }),
    thread_id: Type.Optional(
      Type.String({
        title: "Thread",
        pattern: "^\\d{1,20}$",
        expected: "the id of a thread, digits",
        description: "Posts into this thread of the channel; of a forum one is required",
      }),
    ),
    username: Type.Optional(
      Type.String({
        title: "Name",
        minLength: 1,
        maxLength: 80,
        pattern: "^(?!.*([cC][lL][yY][dD][eE]|[dD][iI][sS][cC][oO][rR][dD])).*\\S.*$",
        expected: "a name without Discord and Clyde in it",
        description: "Shown instead of the webhook's own name",
      }),
    ),
    avatar_url: Type.Optional(
      Type.String({
        title: "Picture",
        maxLength: 2_000,
        pattern: "^https://[^\\s/?#]+[^\\s]*$",
        expected: "an address that begins with https://",
        description: "Shown instead of the webhook's own picture",
      }),
    ),
    mentions: Type.Array(
      Type.String({
        pattern: "^(here|everyone|&?\\d{1,20})$",
        expected: "here, everyone, the id of a member, or & and the id of a role",
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

export type DiscordSettings = Static<typeof DiscordSettingsSchema>;

const parse = createParser(DiscordSettingsSchema);

/** Checks settings. */
export function parseDiscordSettings(settings: unknown, at = ""): Parsed<DiscordSettings> {
  return parse(settings, at);
}
