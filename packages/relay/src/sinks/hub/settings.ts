/** Settings of the sinks `hub` and `local_api`; the first two are the Monitoring Component's `local_api`. */
import { bad, createParser, ok, type Parsed, type Problem } from "@belfry/contract";
import { Type, type Static } from "typebox";
import { CaSchema, isPem } from "../http/authority.ts";
import { packings, type Packing } from "../http/pack.ts";
import { HttpUrlSchema, TimeoutSchema, VerifySslSchema } from "../http/settings.ts";

/** As they are written; the defaults are those of the kind. */
export function hubSettingsSchema(defaults: {
  readonly base_url: string;
  readonly compression: Packing;
}) {
  return Type.Object(
    {
      base_url: Type.String({
        ...HttpUrlSchema,
        default: defaults.base_url,
        description: "Without the path of the interface; a prefix of a proxy may be part of it",
      }),
      timeout: TimeoutSchema,
      key: Type.Optional(
        Type.String({
          title: "Key",
          minLength: 1,
          maxLength: 4096,
          pattern: "^[\\x21-\\x7e]+$",
          expected: "visible ASCII characters",
          description: "API key of Belfry that may ingest; sent as Authorization: Bearer",
        }),
      ),
      compression: Type.Enum([...packings], {
        title: "Packing",
        default: defaults.compression,
        description: "A destination that does not know it gets bodies as they are",
      }),
      ca: CaSchema,
      verify_ssl: VerifySslSchema,
    },
    { additionalProperties: false },
  );
}

export type HubSettings = Static<ReturnType<typeof hubSettingsSchema>>;

/** Makes the check of settings; what is no certificate or no base of addresses is told as well. */
export function hubSettingsParser(
  schema: ReturnType<typeof hubSettingsSchema>,
): (settings: unknown, at?: string) => Parsed<HubSettings> {
  const parse = createParser(schema);
  return (settings, at = "") => {
    const parsed = parse(settings, at);
    if (parsed.kind === "bad") return parsed;
    const { base_url: base, ca } = parsed.value;
    const problems: Problem[] = [];
    const wrong = (key: string, message: string): void => {
      problems.push({ path: at === "" ? key : `${at}.${key}`, message });
    };
    if (!isBase(base)) {
      wrong("base_url", "expected an address without user, password, query and fragment");
    }
    if (ca !== undefined && !isPem(ca)) wrong("ca", "expected certificates as PEM");
    return problems.length > 0 ? bad(...problems) : ok(parsed.value);
  };
}

function isBase(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return [username, password, search, hash].every((part) => part === "");
}
