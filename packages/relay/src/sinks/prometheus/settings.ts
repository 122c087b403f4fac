/** Settings of sink `prometheus`. */
import { bad, createParser, ok, type Parsed, type Problem } from "@belfry/contract";
import { Type, type Static } from "typebox";
import { CaSchema, isPem } from "../http/authority.ts";
import { HeadersSchema, HttpUrlSchema, TimeoutSchema, VerifySslSchema } from "../http/settings.ts";

/** As they are written. */
export const PrometheusSettingsSchema = Type.Object(
  {
    url: Type.String({
      ...HttpUrlSchema,
      description:
        "Of the receiver, whole: http://prometheus:9090/api/v1/write (started with --web.enable-remote-write-receiver), http://victoria-metrics:8428/api/v1/write",
    }),
    bearer_token: Type.Optional(
      Type.String({
        title: "Bearer token",
        minLength: 1,
        pattern: "^[\\x21-\\x7e]+$",
        expected: "printable characters without blanks",
      }),
    ),
    username: Type.Optional(
      Type.String({
        title: "User",
        minLength: 1,
        pattern: "^[^:\\u0000-\\u001f]+$",
        expected: "a name without a colon",
        description: "For basic authentication, with password",
      }),
    ),
    password: Type.Optional(Type.String({ title: "Password" })),
    headers: HeadersSchema,
    timeout: Type.Number({ ...TimeoutSchema, default: 10 }),
    verify_ssl: VerifySslSchema,
    ca: CaSchema,
    labels: Type.Record(Type.String(), Type.String({ maxLength: 1024 }), {
      propertyNames: Type.String({ pattern: "^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$" }),
      title: "Labels",
      default: {},
      description: "Put on every series, such as {cluster: eu1}; what a record itself says wins",
    }),
    prefix: Type.String({
      title: "Prefix",
      default: "",
      maxLength: 64,
      pattern: "^([a-zA-Z_:][a-zA-Z0-9_:]*)?$",
      expected: "letters, digits and underscores",
      description: "Put before the name of every metric",
    }),
  },
  { additionalProperties: false },
);

export type PrometheusSettings = Static<typeof PrometheusSettingsSchema>;

const parse = createParser(PrometheusSettingsSchema);

/** Checks settings; of the two ways to say who one is, only one may be used. */
export function parsePrometheusSettings(settings: unknown, at = ""): Parsed<PrometheusSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const { bearer_token: token, username, password, ca } = parsed.value;
  const path = (key: string): string => (at === "" ? key : `${at}.${key}`);
  const problems: Problem[] = [];
  if (!URL.canParse(parsed.value.url)) {
    problems.push({ path: path("url"), message: "is not an address" });
  }
  if (ca !== undefined && !isPem(ca)) {
    problems.push({ path: path("ca"), message: "expected certificates as PEM" });
  }
  if (token !== undefined && username !== undefined) {
    problems.push({ path: path("bearer_token"), message: "cannot be used with username" });
  }
  if (password !== undefined && username === undefined) {
    problems.push({ path: path("username"), message: "is required with password" });
  }
  return problems.length > 0 ? bad(...problems) : ok(parsed.value);
}

/** The header that says who one is; none without a token or name. */
export function authorizationOf({
  bearer_token: token,
  username,
  password = "",
}: Pick<PrometheusSettings, "bearer_token" | "username" | "password">): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (username === undefined) return {};
  const pair = Buffer.from(`${username}:${password}`).toString("base64");
  return { authorization: `Basic ${pair}` };
}
