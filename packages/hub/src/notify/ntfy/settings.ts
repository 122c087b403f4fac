/** Settings of channel `ntfy`. */
import { bad, createParser, ok, type Parsed } from "@belfry/contract";
import { HttpUrlSchema } from "@belfry/relay/http";
import { Type, type Static } from "typebox";
import { logInProblems } from "../log-in.ts";
import { tlsFields, tlsProblems } from "../tls.ts";

const priority = (title: string, initial: number) =>
  Type.Integer({ title, minimum: 1, maximum: 5, default: initial });

/** As they are written. */
export const NtfySettingsSchema = Type.Object(
  {
    server: Type.String({
      ...HttpUrlSchema,
      title: "Server",
      default: "https://ntfy.sh",
      description: "Without a topic",
    }),
    topic: Type.String({
      title: "Topic",
      pattern: "^[-_A-Za-z0-9]{1,64}$",
      expected: "1 to 64 letters, digits, - and _",
      description: "Whoever knows it reads along, unless the server guards it",
    }),
    token: Type.Optional(
      Type.String({
        title: "Access token",
        maxLength: 200,
        pattern: "^[\\x21-\\x7e]+$",
        expected: "visible ASCII characters",
        description: "Of a user who may write to the topic: tk_…",
      }),
    ),
    username: Type.Optional(Type.String({ title: "User name", minLength: 1, maxLength: 200 })),
    password: Type.Optional(Type.String({ title: "Password", minLength: 1, maxLength: 1_024 })),
    tags: Type.Array(
      Type.String({ pattern: "^[^,\\s]{1,40}$", expected: "a word without commas" }),
      {
        title: "Tags",
        default: [],
        maxItems: 5,
        description: "Of every message; names of emoji are shown as such",
      },
    ),
    priorities: Type.Object(
      {
        critical: priority("Of critical incidents", 5),
        warning: priority("Of warnings", 4),
        info: priority("Of informations", 3),
        resolved: priority("Of what is over", 3),
      },
      {
        title: "Priorities",
        additionalProperties: false,
        default: {},
        description: "1: without a sound, to 5: as loud as the telephone can",
      },
    ),
    ...tlsFields,
  },
  { additionalProperties: false },
);

export type NtfySettings = Static<typeof NtfySettingsSchema>;

const parse = createParser(NtfySettingsSchema);

/** Checks settings; a token and a password at once are one too many. */
export function parseNtfySettings(settings: unknown, at = ""): Parsed<NtfySettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const problems = [...tlsProblems(parsed.value, at), ...logInProblems(parsed.value, at)];
  return problems.length > 0 ? bad(...problems) : ok(parsed.value);
}
