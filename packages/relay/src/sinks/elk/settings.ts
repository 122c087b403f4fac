/** Settings of sink `elk`; all but `target`, `data_stream`, `compression`, `template` and `ca` are the Monitoring Component's. */
import { bad, createParser, ok, type Parsed, type Problem } from "@belfry/contract";
import { Type, type Static } from "typebox";
import { CaSchema, isPem } from "../http/authority.ts";
import { HttpUrlSchema, TimeoutSchema, VerifySslSchema } from "../http/settings.ts";

/** What Elasticsearch allows in names of indices; upper case is not part of it. */
const indexName = '^[^\\\\/*?"<>| ,#:A-Z\\x00-\\x1f+_.-][^\\\\/*?"<>| ,#:A-Z\\x00-\\x1f]*$';

/** As they are written. */
export const ElkSettingsSchema = Type.Object(
  {
    elasticsearch_url: Type.String({ ...HttpUrlSchema, default: "http://localhost:9200" }),
    target: Type.Enum(["dated", "data_stream"], {
      title: "Target",
      default: "dated",
      description: "dated: an index per UTC day of the events' time; data_stream: one data stream",
    }),
    index_prefix: Type.String({
      title: "Prefix of indices",
      default: "wafer-monitor",
      maxLength: 200,
      pattern: indexName,
      expected: "a name of an index: lower case, without blanks and signs",
      description: "Of dated indices: <prefix>-YYYY.MM.DD",
    }),
    data_stream: Type.String({
      title: "Data stream",
      default: "logs-belfry.jobs-default",
      maxLength: 200,
      pattern: indexName,
      expected: "a name of a data stream: lower case, without blanks and signs",
      description: "As Elastic names them: type-dataset-namespace",
    }),
    api_key: Type.Optional(
      Type.String({
        title: "API key",
        pattern: "^[\\x21-\\x7e]+$",
        expected: "visible ASCII characters",
        description: "As Elasticsearch gives it encoded; goes before user and password",
      }),
    ),
    username: Type.Optional(Type.String({ title: "User", minLength: 1 })),
    password: Type.Optional(Type.String({ title: "Password", minLength: 1 })),
    timeout: Type.Number({ ...TimeoutSchema, default: 30 }),
    compression: Type.Enum(["gzip", "none"], { title: "Packing of requests", default: "gzip" }),
    template: Type.Boolean({
      title: "Index template",
      default: true,
      description: "false: somebody else puts it; without one Elasticsearch guesses at fields",
    }),
    ca: CaSchema,
    verify_ssl: VerifySslSchema,
  },
  { additionalProperties: false },
);

export type ElkSettings = Static<typeof ElkSettingsSchema>;

const parse = createParser(ElkSettingsSchema);

/** Checks settings. */
export function parseElkSettings(settings: unknown, at = ""): Parsed<ElkSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const { elasticsearch_url: url, username, password, ca } = parsed.value;
  const problems: Problem[] = [];
  const wrong = (key: keyof ElkSettings, message: string): void => {
    problems.push({ path: at === "" ? key : `${at}.${key}`, message });
  };
  if (!isBase(url)) {
    wrong("elasticsearch_url", "expected an address without user, password, query and fragment");
  }
  if (username !== undefined && password === undefined) wrong("password", "is required");
  if (password !== undefined && username === undefined) wrong("username", "is required");
  if (username?.includes(":") === true) wrong("username", "expected no colon in it");
  if (ca !== undefined && !isPem(ca)) wrong("ca", "expected certificates as PEM");
  return problems.length > 0 ? bad(...problems) : ok(parsed.value);
}

function isBase(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return [username, password, search, hash].every((part) => part === "");
}
