/**
 * Settings of `remote_write`, in the names and forms Prometheus gives them, so that a block of its configuration can be
 * pasted as far as it goes. What Belfry has no use for is refused by name, never passed over. Two keys differ:
 * `external_labels` stands with each destination instead of in `global`, and of `write_relabel_configs` the actions `keep`
 * and `drop` are known: they choose series, they do not change labels.
 */
import { bad, createParser, ok, type Parsed, type Problem } from "@belfry/contract";
import { Type, type Static } from "typebox";
import { HeadersSchema, HttpUrlSchema } from "../sinks/http/settings.ts";
import { parseDuration } from "./duration.ts";

function duration(title: string, standard: string, description: string) {
  return Type.Union([Type.String({ maxLength: 30 }), Type.Number()], {
    title,
    default: standard,
    expected: "a time like 30s, 1m30s or 100ms",
    description,
  });
}

const QueueSchema = Type.Object(
  {
    max_samples_per_send: Type.Integer({
      title: "Samples of a request",
      minimum: 1,
      maximum: 100_000,
      default: 2000,
    }),
    max_shards: Type.Integer({
      title: "Requests at once",
      minimum: 1,
      maximum: 50,
      default: 4,
      description:
        "More than one only while more waits than goes into one; each series stays in order",
    }),
    batch_send_deadline: duration(
      "Wait for a full request",
      "1s",
      "How long samples may wait for others before they are sent",
    ),
    min_backoff: duration("First wait", "30ms", "After a failure; doubles with every attempt"),
    max_backoff: duration("Longest wait", "5s", "Between attempts"),
  },
  { additionalProperties: false, default: {} },
);

const RelabelSchema = Type.Object(
  {
    source_labels: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
      minItems: 1,
      maxItems: 20,
      description: "Labels whose values are joined; __name__ is the metric's name",
    }),
    separator: Type.String({ default: ";", maxLength: 20 }),
    regex: Type.String({ default: "(.*)", maxLength: 4096, description: "Of the whole value" }),
    action: Type.Enum(["keep", "drop"]),
  },
  { additionalProperties: false },
);

/** A destination, as it is written. */
export const RemoteWriteSchema = Type.Object(
  {
    url: Type.String({
      ...HttpUrlSchema,
      description:
        "Of the receiver, whole: http://prometheus:9090/api/v1/write, http://victoria-metrics:8428/api/v1/write",
    }),
    read_url: Type.Optional(
      Type.String({
        ...HttpUrlSchema,
        description:
          "Of the same engine's query API, without /api/v1: http://prometheus:9090, http://victoria-metrics:8428. Charts of times that are no longer kept here are read from it, with the same headers, secrets and certificates",
      }),
    ),
    name: Type.Optional(
      Type.String({
        title: "Name",
        pattern: "^[^\\u0000-\\u001f\\u007f]{1,60}$",
        expected: "1 to 60 characters",
        description:
          "Names it in the log, in metrics and on its page, and its place in the spool; `remote_write` where nothing is said",
      }),
    ),
    remote_timeout: duration("Time limit", "30s", "For one request"),
    headers: HeadersSchema,
    basic_auth: Type.Optional(
      Type.Object(
        {
          username: Type.String({ minLength: 1, pattern: "^[^:\\u0000-\\u001f]+$" }),
          password: Type.Optional(Type.String()),
          password_file: Type.Optional(Type.String({ minLength: 1 })),
        },
        { additionalProperties: false },
      ),
    ),
    authorization: Type.Optional(
      Type.Object(
        {
          type: Type.String({ default: "Bearer", pattern: "^[!-~]+$" }),
          credentials: Type.Optional(Type.String({ minLength: 1, pattern: "^[ -~]+$" })),
          credentials_file: Type.Optional(Type.String({ minLength: 1 })),
        },
        { additionalProperties: false },
      ),
    ),
    tls_config: Type.Object(
      {
        ca_file: Type.Optional(
          Type.String({
            minLength: 1,
            description: "Certificates trusted besides the usual ones, PEM",
          }),
        ),
        insecure_skip_verify: Type.Boolean({
          default: false,
          description: "true: any certificate is taken",
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    queue_config: QueueSchema,
    external_labels: Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 1024 }), {
      propertyNames: Type.String({ pattern: "^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$" }),
      default: {},
      description: "Put on every series that has no such label of its own, such as {cluster: eu1}",
    }),
    write_relabel_configs: Type.Array(RelabelSchema, {
      default: [],
      maxItems: 50,
      description: "Which series are sent, one condition after another; all where there is none",
    }),
  },
  { additionalProperties: false, title: "Remote write" },
);

type Written = Static<typeof RemoteWriteSchema>;

/** Where a secret comes from: the settings, or a file that is read anew for every request. */
export type SecretSource =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly path: string };

/** One condition on series; see `relabel.ts`. */
export interface RelabelRule {
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  /** Of the whole joined value. */
  readonly regex: string;
  readonly action: "keep" | "drop";
}

/** A destination, ready to be opened. It can be cloned from one thread to another. */
export interface RemoteWriteSettings {
  readonly name: string;
  readonly url: string;
  /** Where it is read from, without a slash at the end; null: nowhere. */
  readonly readUrl: string | null;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly auth:
    | { readonly kind: "none" }
    | { readonly kind: "basic"; readonly username: string; readonly secret: SecretSource }
    | { readonly kind: "header"; readonly type: string; readonly secret: SecretSource };
  readonly caFile: string | null;
  readonly verifyTls: boolean;
  readonly maxSamplesPerSend: number;
  readonly maxShards: number;
  readonly batchDeadlineMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly externalLabels: Readonly<Record<string, string>>;
  readonly relabel: readonly RelabelRule[];
}

const parse = createParser(RemoteWriteSchema);

/** Reads a destination; `at` is put before the path of every problem. */
export function parseRemoteWrite(value: unknown, at = ""): Parsed<RemoteWriteSettings> {
  const parsed = parse(value, at);
  if (parsed.kind === "bad") return parsed;
  const written = parsed.value;
  const problems: Problem[] = [];
  const problem = (path: string, message: string): void => {
    problems.push({ path: at === "" ? path : `${at}.${path}`, message });
  };
  const ms = (path: string, text: string | number, least: number): number => {
    const found = parseDuration(text);
    if (found !== undefined && found >= least) return found;
    const bound = least > 0 ? "a time above 0 like 30s, 1m30s or 100ms" : "a time like 5s or 0s";
    problem(path, `expected ${bound}, found ${JSON.stringify(text)}`);
    return 0;
  };
  if (!URL.canParse(written.url)) problem("url", "is not an address");
  const { read_url: readUrl } = written;
  if (readUrl !== undefined && !URL.canParse(readUrl)) problem("read_url", "is not an address");
  for (const [i, { regex }] of written.write_relabel_configs.entries()) {
    if (!isRegex(regex)) {
      problem(`write_relabel_configs[${i}].regex`, "expected a regular expression");
    }
  }
  const queue = written.queue_config;
  const settings: RemoteWriteSettings = {
    name: written.name ?? "remote_write",
    url: written.url,
    readUrl: readUrl?.replace(/\/+$/, "") ?? null,
    timeoutMs: ms("remote_timeout", written.remote_timeout, 1),
    headers: written.headers,
    auth: authOf(written, problem),
    caFile: written.tls_config.ca_file ?? null,
    verifyTls: !written.tls_config.insecure_skip_verify,
    maxSamplesPerSend: queue.max_samples_per_send,
    maxShards: queue.max_shards,
    batchDeadlineMs: ms("queue_config.batch_send_deadline", queue.batch_send_deadline, 0),
    minBackoffMs: ms("queue_config.min_backoff", queue.min_backoff, 1),
    maxBackoffMs: ms("queue_config.max_backoff", queue.max_backoff, 1),
    externalLabels: written.external_labels,
    relabel: written.write_relabel_configs.map(({ source_labels: sourceLabels, ...rule }) => ({
      ...rule,
      sourceLabels,
    })),
  };
  return problems.length > 0 ? bad(...problems) : ok(settings);
}

function authOf(
  { basic_auth: basic, authorization: header }: Written,
  problem: (path: string, message: string) => void,
): RemoteWriteSettings["auth"] {
  if (basic !== undefined && header !== undefined) {
    problem("authorization", "cannot be used with basic_auth");
    return { kind: "none" };
  }
  if (basic !== undefined) {
    const { username, password, password_file: file } = basic;
    if (password !== undefined && file !== undefined) {
      problem("basic_auth.password_file", "cannot be used with password");
    }
    return { kind: "basic", username, secret: secretOf(password ?? "", file) };
  }
  if (header === undefined) return { kind: "none" };
  const { type, credentials, credentials_file: file } = header;
  if ((credentials === undefined) === (file === undefined)) {
    problem("authorization", "expected either credentials or credentials_file");
  }
  return { kind: "header", type, secret: secretOf(credentials ?? "", file) };
}

function secretOf(text: string, file: string | undefined): SecretSource {
  return file === undefined ? { kind: "text", text } : { kind: "file", path: file };
}

function isRegex(text: string): boolean {
  try {
    void new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}
