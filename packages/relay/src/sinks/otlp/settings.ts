/** Settings of sink `otlp`. */
import { bad, createParser, ok, type Parsed, type Problem } from "@belfry/contract";
import { Type, type Static } from "typebox";
import { CaSchema, isPem } from "../http/authority.ts";
import { HeadersSchema, HttpUrlSchema, TimeoutSchema, VerifySslSchema } from "../http/settings.ts";

/** What there is to send, in the order it is sent. */
export const signals = ["logs", "metrics", "traces"] as const;
export type Signal = (typeof signals)[number];

const ownEndpoint = (what: string) =>
  Type.Optional(
    Type.String({
      ...HttpUrlSchema,
      title: `Address for ${what}`,
      description: `Used as it is; otherwise endpoint and /v1/${what}`,
    }),
  );
const isSent = (title: string, description: string) =>
  Type.Boolean({ title, default: true, description });

/** As they are written. */
export const OtlpSettingsSchema = Type.Object(
  {
    endpoint: Type.String({
      ...HttpUrlSchema,
      description: "Of the collector, without the path of a signal: http://collector:4318",
    }),
    logs_endpoint: ownEndpoint("logs"),
    metrics_endpoint: ownEndpoint("metrics"),
    traces_endpoint: ownEndpoint("traces"),
    logs: isSent("Logs", "Every event, changes of a status and failed checks as log records"),
    metrics: isSent("Metrics", "Figures of runs, checks and hosts as gauges"),
    traces: isSent("Traces", "Every finished run as a span"),
    headers: HeadersSchema,
    compression: Type.Enum(["gzip", "none"], { title: "Compression", default: "gzip" }),
    timeout: Type.Number({ ...TimeoutSchema, default: 10 }),
    verify_ssl: VerifySslSchema,
    ca: CaSchema,
    resource_attributes: Type.Record(Type.String(), Type.String({ maxLength: 1024 }), {
      propertyNames: Type.String({ minLength: 1, maxLength: 200 }),
      title: "Resource attributes",
      default: {},
      description:
        "Of every resource, such as deployment.environment.name; they win over Belfry's own",
    }),
  },
  { additionalProperties: false },
);

export type OtlpSettings = Static<typeof OtlpSettingsSchema> & {
  /** Where each signal goes; those that are switched off are not there. */
  readonly targets: ReadonlyMap<Signal, string>;
};

const parse = createParser(OtlpSettingsSchema);

/** Checks settings; one signal at least must be sent. */
export function parseOtlpSettings(settings: unknown, at = ""): Parsed<OtlpSettings> {
  const parsed = parse(settings, at);
  if (parsed.kind === "bad") return parsed;
  const { value } = parsed;
  const path = (key: string): string => (at === "" ? key : `${at}.${key}`);
  const problems: Problem[] = [];
  for (const key of ["endpoint", ...signals.map((name) => `${name}_endpoint` as const)] as const) {
    const url = value[key];
    if (url !== undefined && !URL.canParse(url)) {
      problems.push({ path: path(key), message: "is not an address" });
    }
  }
  if (value.ca !== undefined && !isPem(value.ca)) {
    problems.push({ path: path("ca"), message: "expected certificates as PEM" });
  }
  const sent = signals.filter((name) => value[name]);
  if (sent.length === 0) {
    problems.push({ path: path("logs"), message: "one of logs, metrics and traces must be sent" });
  }
  if (problems.length > 0) return bad(...problems);
  return ok({
    ...value,
    targets: new Map(sent.map((name) => [name, targetOf(value, name)])),
  });
}

function targetOf(settings: Static<typeof OtlpSettingsSchema>, signal: Signal): string {
  const own = settings[`${signal}_endpoint`];
  if (own !== undefined) return own;
  const url = new URL(settings.endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/${signal}`;
  return url.href;
}
