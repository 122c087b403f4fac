/** Settings of sink `webhook`; the first five are the Monitoring Component's. */
import { createParser, bad, ok, type Parsed } from "@belfry/contract";
import { Type, type Static } from "typebox";
import { HeadersSchema, HttpUrlSchema, TimeoutSchema, VerifySslSchema } from "../http/settings.ts";
import { readSecret } from "./signature.ts";

/** As they are written. */
export const WebhookSettingsSchema = Type.Object(
  {
    webhook_url: HttpUrlSchema,
    method: Type.Enum(["POST", "PUT", "PATCH"], { title: "Method", default: "POST" }),
    headers: HeadersSchema,
    timeout: TimeoutSchema,
    verify_ssl: VerifySslSchema,
    retry_on_failure: Type.Optional(
      Type.Boolean({ description: "Without effect: what fails is always tried again" }),
    ),
    body: Type.Enum(["event", "events"], {
      title: "Body",
      default: "event",
      description:
        'event: one record is one request and its body; events: up to 100 of them, {"events": […], "count": n}',
    }),
    fields: Type.Optional(
      Type.Record(
        Type.String({ minLength: 1 }),
        Type.String({
          minLength: 1,
          pattern: "^[^.]+(\\.[^.]+)*$",
          expected: "a path such as entity.id",
        }),
        {
          title: "Fields",
          description:
            "Sends only these: name in the body → path in the record, such as entity.id; what is not there becomes null",
        },
      ),
    ),
    secret: Type.Optional(
      Type.String({
        title: "Secret",
        description:
          "Signs requests as Standard Webhooks says: whsec_ and 24 to 64 bytes in Base64; several, separated by blanks, while one is exchanged",
      }),
    ),
  },
  { additionalProperties: false },
);

export type WebhookSettings = Static<typeof WebhookSettingsSchema> & {
  readonly keys: readonly Uint8Array[];
};

const parse = createParser(WebhookSettingsSchema);

/** Checks settings; a secret that is none is told without showing it. */
export function parseWebhookSettings(settings: unknown, at = ""): Parsed<WebhookSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const texts = (parsed.value.secret ?? "").split(/\s+/).filter((text) => text !== "");
  const keys = texts.flatMap((text) => readSecret(text) ?? []);
  if (keys.length === texts.length) return ok({ ...parsed.value, keys });
  const path = at === "" ? "secret" : `${at}.secret`;
  return bad({ path, message: "expected whsec_ and 24 to 64 bytes in Base64" });
}
