/** Settings of channel `apprise`. */
import { bad, createParser, ok, type Parsed, type Problem } from "@belfry/contract";
import { HttpUrlSchema } from "@belfry/relay/http";
import { Type, type Static } from "typebox";
import { pathOf, tlsFields, tlsProblems } from "../tls.ts";

/** As they are written. */
export const AppriseSettingsSchema = Type.Object(
  {
    server: Type.String({
      ...HttpUrlSchema,
      title: "Server",
      description: "Of an Apprise API, such as http://apprise:8000",
    }),
    key: Type.Optional(
      Type.String({
        title: "Configuration",
        pattern: "^[A-Za-z0-9_-]{1,128}$",
        expected: "1 to 128 letters, digits, - and _",
        description: "Key that services are kept by on the server; one service a key is best",
      }),
    ),
    tag: Type.Optional(
      Type.String({
        title: "Tag",
        pattern: "^[A-Za-z0-9_-]{1,128}([ ,]+[A-Za-z0-9_-]{1,128})*$",
        expected: "tags, with commas (any of them) or blanks (all of them) in between",
        description: "Only services of the configuration that have it",
      }),
    ),
    urls: Type.Optional(
      Type.Array(Type.String({ minLength: 3, maxLength: 4_096, pattern: "^[^\\s]+$" }), {
        title: "Services",
        minItems: 1,
        maxItems: 20,
        description: "Apprise URLs, where the server keeps no configuration",
      }),
    ),
    username: Type.Optional(Type.String({ title: "User name", minLength: 1, maxLength: 200 })),
    password: Type.Optional(Type.String({ title: "Password", minLength: 1, maxLength: 1_024 })),
    ...tlsFields,
  },
  { additionalProperties: false },
);

export type AppriseSettings = Static<typeof AppriseSettingsSchema>;

const parse = createParser(AppriseSettingsSchema);

/** Checks settings: either a key, with or without a tag, or URLs. */
export function parseAppriseSettings(settings: unknown, at = ""): Parsed<AppriseSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const { key, tag, urls, username, password } = parsed.value;
  const problems: Problem[] = [...tlsProblems(parsed.value, at)];
  const wrong = (name: string, message: string) =>
    problems.push({ path: pathOf(at, name), message });
  if (key === undefined && urls === undefined) wrong("key", "is required where there are no urls");
  if (key !== undefined && urls !== undefined) wrong("urls", "expected either key or urls");
  if (tag !== undefined && key === undefined) wrong("tag", "is used only with key");
  if (username !== undefined && password === undefined)
    wrong("password", "is required with username");
  if (password !== undefined && username === undefined)
    wrong("username", "is required with password");
  return problems.length > 0 ? bad(...problems) : ok(parsed.value);
}
