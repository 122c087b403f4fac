/** Settings of sink `zabbix`; the first three are the Monitoring Component's. */
import { createParser, bad, ok, type Parsed, type Problem } from "@belfry/contract";
import { Type, type Static } from "typebox";

/** What of a job can be sent, each to an item of its own. */
export const jobItems = ["status", "duration", "progress", "error", "metrics", "event"] as const;

/** As they are written. */
export const ZabbixSettingsSchema = Type.Object(
  {
    zabbix_server: Type.String({
      title: "Server",
      default: "http://localhost:10051",
      maxLength: 300,
      description:
        "Address of the trapper of a server or proxy: host:port, port 10051 unless it is told; http://host:port means the same",
    }),
    host: Type.String({
      title: "Host",
      default: "wafer-monitor",
      minLength: 1,
      maxLength: 128,
      description:
        "Host in Zabbix whose items take the values: its technical name, not the visible one",
    }),
    auth_token: Type.Optional(
      Type.Union([Type.String(), Type.Null()], {
        description: "Without effect: the trapper's protocol knows no tokens",
      }),
    ),
    timeout: Type.Number({
      title: "Time limit",
      exclusiveMinimum: 0,
      maximum: 600,
      default: 10,
      description: "Seconds for one message, from connecting to the end of the reply",
    }),
    keys: Type.Enum(["belfry", "wafer"], {
      title: "Keys",
      default: "belfry",
      description:
        "belfry: belfry.job.status[<job>] and others, made by low-level discovery; wafer: wafer.<entity type>.<event kind>, as the Monitoring Component had them",
    }),
    job_items: Type.Array(Type.Enum([...jobItems]), {
      title: "Items of a job",
      default: ["status", "duration", "progress", "error"],
      uniqueItems: true,
      description: "What of a job is sent; each needs its item, or its prototype",
    }),
    job_key: Type.Array(Type.Enum(["job", "app", "site"]), {
      title: "Parameters of a job's keys",
      default: ["job"],
      minItems: 1,
      uniqueItems: true,
      description: "What tells jobs apart, in the order of the parameters of their keys",
    }),
    discovery: Type.Boolean({
      title: "Low-level discovery",
      default: true,
      description:
        "Announces jobs, monitors and hosts, so that Zabbix makes their items from prototypes",
    }),
    item_wait: Type.Number({
      title: "Wait for items",
      minimum: 0,
      maximum: 86_400,
      default: 180,
      description:
        "Seconds that values wait for an item that is not there: Zabbix knows a new one only after it synced its configuration. Then they are refused",
    }),
    batch: Type.Integer({
      title: "Values per message",
      minimum: 1,
      maximum: 1000,
      default: 250,
    }),
    tls: Type.Enum(["none", "cert", "psk"], {
      title: "Encryption",
      default: "none",
      description: "As the host's “connections from host” ask for",
    }),
    ca: path(
      "Authorities",
      "cert: file with the authorities that sign the server's certificate, PEM",
    ),
    cert: path("Certificate", "cert: file with our certificate, PEM"),
    key: path("Key", "cert: file with the key of our certificate, PEM"),
    verify_host: Type.Boolean({
      title: "Check the name",
      default: true,
      description: "cert: whether the server's certificate must be of the name it is reached by",
    }),
    psk_identity: Type.Optional(
      Type.String({
        title: "Identity",
        minLength: 1,
        maxLength: 128,
        description: "psk: name of the shared key",
      }),
    ),
    psk: Type.Optional(
      Type.String({
        title: "Shared key",
        pattern: "^([0-9A-Fa-f]{2}){16,256}$",
        expected: "16 to 256 bytes in hexadecimal digits",
        description: "psk: the shared key in hexadecimal digits",
      }),
    ),
  },
  { additionalProperties: false },
);

function path(title: string, description: string) {
  return Type.Optional(Type.String({ title, description, minLength: 1, maxLength: 4096 }));
}

/** How the server is spoken to. Files are read when they are needed. */
export type ZabbixTls =
  | { readonly kind: "none" }
  | {
      readonly kind: "cert";
      readonly ca: string;
      readonly cert: string;
      readonly key: string;
      readonly verifyHost: boolean;
    }
  | { readonly kind: "psk"; readonly identity: string; readonly psk: Uint8Array };

export type ZabbixSettings = Static<typeof ZabbixSettingsSchema> & {
  readonly server: { readonly host: string; readonly port: number };
  readonly security: ZabbixTls;
};

const parse = createParser(ZabbixSettingsSchema);

/** Checks settings; a shared key that is none is told without showing it. */
export function parseZabbixSettings(settings: unknown, at = ""): Parsed<ZabbixSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return bad(...parsed.problems.map(withoutKey));
  const under = (key: string): string => (at === "" ? key : `${at}.${key}`);
  const { value } = parsed;
  const server = serverOf(value.zabbix_server);
  const security = securityOf(value);
  const problems: Problem[] = [];
  if (server === undefined) {
    const message = "expected host:port, as in zabbix.example.org:10051";
    problems.push({ path: under("zabbix_server"), message });
  }
  if (Array.isArray(security)) {
    for (const key of security) {
      problems.push({ path: under(key), message: `is required with tls: ${value.tls}` });
    }
  }
  if (server === undefined || Array.isArray(security)) return bad(...problems);
  return ok({ ...value, server, security });
}

function withoutKey({ path: where, message }: Problem): Problem {
  if (!/(^|\.)(psk|auth_token)$/.test(where)) return { path: where, message };
  return { path: where, message: message.replace(/, found .*$/s, "") };
}

/** `host`, `host:port`, `[::1]:port`, and each of them behind `http://`; the port is 10051 unless it is told. */
function serverOf(text: string): { readonly host: string; readonly port: number } | undefined {
  const found = /^(?:https?:\/\/)?(\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]]+)(?::(\d{1,5}))?\/?$/.exec(
    text.trim(),
  );
  if (found?.[1] === undefined) return undefined;
  const port = found[2] === undefined ? 10_051 : Number(found[2]);
  if (port < 1 || port > 65_535) return undefined;
  return { host: found[1].replace(/^\[|\]$/g, ""), port };
}

/** What is needed for the encryption, or the keys that are missing for it. */
function securityOf(value: Static<typeof ZabbixSettingsSchema>): ZabbixTls | string[] {
  const { tls, ca, cert, key, psk, psk_identity: identity } = value;
  switch (tls) {
    case "none":
      return { kind: "none" };
    case "cert":
      if (ca === undefined || cert === undefined || key === undefined) {
        return Object.entries({ ca, cert, key }).flatMap(([name, file]) =>
          file === undefined ? [name] : [],
        );
      }
      return { kind: "cert", ca, cert, key, verifyHost: value.verify_host };
    case "psk":
      if (psk === undefined || identity === undefined) {
        return Object.entries({ psk_identity: identity, psk }).flatMap(([name, text]) =>
          text === undefined ? [name] : [],
        );
      }
      return { kind: "psk", identity, psk: Buffer.from(psk, "hex") };
  }
}
