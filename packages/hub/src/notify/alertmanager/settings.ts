/** Settings of channel `alertmanager`. */
import { bad, createParser, ok, type Parsed } from "@belfry/contract";
import { HttpUrlSchema } from "@belfry/relay/http";
import { Type, type Static } from "typebox";
import { logInProblems } from "../log-in.ts";
import { tlsFields, tlsProblems } from "../tls.ts";

/** As they are written. */
export const AlertmanagerSettingsSchema = Type.Object(
  {
    urls: Type.Array(HttpUrlSchema, {
      title: "Addresses",
      minItems: 1,
      maxItems: 10,
      description: "Of all members of a cluster, without /api/v2: each of them is told",
    }),
    labels: Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 300 }), {
      propertyNames: Type.String({ pattern: "^[a-zA-Z_][a-zA-Z0-9_]*$" }),
      title: "Labels",
      default: {},
      maxProperties: 20,
      description: "Of every alert, besides alertname, incident, severity and the incident's own",
    }),
    keep: Type.Integer({
      title: "Keep",
      minimum: 300,
      maximum: 2_592_000,
      default: 259_200,
      description:
        "Seconds that an alert fires at Alertmanager after it was last told; longer than the time between reminders",
    }),
    token: Type.Optional(
      Type.String({
        title: "Token",
        maxLength: 8_192,
        pattern: "^[\\x21-\\x7e]+$",
        expected: "visible ASCII characters",
        description: "Sent as Authorization: Bearer",
      }),
    ),
    username: Type.Optional(Type.String({ title: "User name", minLength: 1, maxLength: 200 })),
    password: Type.Optional(Type.String({ title: "Password", minLength: 1, maxLength: 1_024 })),
    ...tlsFields,
  },
  { additionalProperties: false },
);

export type AlertmanagerSettings = Static<typeof AlertmanagerSettingsSchema>;

const parse = createParser(AlertmanagerSettingsSchema);

/** Checks settings; a token and a password at once are one too many. */
export function parseAlertmanagerSettings(
  settings: unknown,
  at = "",
): Parsed<AlertmanagerSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const problems = [...tlsProblems(parsed.value, at), ...logInProblems(parsed.value, at)];
  return problems.length > 0 ? bad(...problems) : ok(parsed.value);
}
