/** Settings of channel `telegram`. */
import { createParser } from "@belfry/contract";
import { HttpUrlSchema } from "@belfry/relay/http";
import { Type, type Static } from "typebox";

/** As they are written. */
export const TelegramSettingsSchema = Type.Object(
  {
    bot_token: Type.String({
      title: "Bot token",
      maxLength: 200,
      pattern: "^[0-9]+:[A-Za-z0-9_-]{20,}$",
      expected: "a token as @BotFather gives it, such as 123456:ABC-DEF…",
      description: "Of the bot that writes; @BotFather gives it",
    }),
    chat_id: Type.String({
      title: "Chat",
      pattern: "^(-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,})$",
      expected: "a number, or a name such as @channel",
      description: "Number of the chat (of groups below zero), or @name of a public channel",
    }),
    message_thread_id: Type.Optional(
      Type.Integer({
        title: "Topic",
        minimum: 1,
        description: "Number of the topic, in groups that have topics",
      }),
    ),
    silent: Type.Boolean({
      title: "Without a sound",
      default: false,
      description: "Messages arrive without a sound",
    }),
    api_base: Type.String({
      ...HttpUrlSchema,
      title: "Address of the API",
      default: "https://api.telegram.org",
      description: "Another one where a Bot API server of one's own runs",
    }),
  },
  { additionalProperties: false },
);

export type TelegramSettings = Static<typeof TelegramSettingsSchema>;

/** Checks settings. */
export const parseTelegramSettings = createParser(TelegramSettingsSchema);
