/** Settings about hosts: the agent inside this process, what hosts may send, and the Monitoring Stack's surface. */
import { Type } from "typebox";
import { branch } from "./schema-parts.ts";

function folder(title: string, standard: string, description: string) {
  return Type.String({ title, default: standard, maxLength: 4096, description });
}

function threshold(what: string, alias: string) {
  return Type.Number({
    title: `Threshold of ${what}`,
    minimum: 0,
    maximum: 100,
    default: 0,
    unit: "percent",
    description: "At or above it the webhook of alerts is posted; 0: never",
    aliases: [alias],
  });
}

export const agent = branch("The agent of this machine inside `belfry up`.", {
  enabled: Type.Boolean({
    title: "Watch this machine",
    default: true,
    description: "false: `belfry up` does not collect from the machine it runs on",
  }),
  interval: Type.Number({
    title: "Interval of samples",
    minimum: 1,
    maximum: 3600,
    default: 5,
    unit: "seconds",
    description: "From one sample of this machine to the next",
    price: "Disk, in proportion; CPU, in proportion",
  }),
  disk_path: Type.String({
    title: "Main file system",
    default: "/",
    minLength: 1,
    maxLength: 4096,
    description: "The file system that counts as the machine's disk in lists and in `/system`",
    aliases: ["SYSTEM_STATS_DISK_PATH"],
  }),
  proc: folder(
    "Where /proc is",
    "/proc",
    "Another place inside a container that watches its machine",
  ),
  sys: folder("Where /sys is", "/sys", "Another place inside a container that watches its machine"),
  root: folder(
    "Where the root of the machine is",
    "",
    "Put before `/etc`, `/run` and mount points inside a container that watches its machine",
  ),
});

export const hosts = branch("What hosts may send.", {
  max_series: Type.Integer({
    title: "Series of one host",
    minimum: 100,
    maximum: 20_000,
    default: 5000,
    unit: "series",
    description: "Further series are refused, counted, and said on the host's page",
    price: "Memory and disk, in proportion",
  }),
});

export const monitoringStack = branch("The Monitoring Stack's surface, for its clients.", {
  api_key: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      title: "Key of the dangerous routes",
      secret: true,
      description:
        "Where set, clean and delete need `Authorization: Bearer` with it, or a key of Belfry; where unset, as all routes",
      aliases: ["STATIX_API_KEY"],
    }),
  ),
  rate_limit: Type.Integer({
    title: "Posts a minute",
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    unit: "posts per minute",
    description: "Posts to `/metrics` of one address; beyond it the answer is 429; 0: no limit",
    aliases: ["STATIX_RATE_LIMIT"],
  }),
  max_content_length: Type.Integer({
    title: "Largest post",
    minimum: 1024,
    maximum: 16_777_216,
    default: 524_288,
    unit: "bytes",
    description: "Of one request to `POST /metrics`",
    aliases: ["STATIX_MAX_CONTENT_LENGTH"],
  }),
  max_details_bytes: Type.Integer({
    title: "Largest details",
    minimum: 0,
    maximum: 1_048_576,
    default: 65_536,
    unit: "bytes",
    description: "Larger `details` are left out of a post, and the rest is kept",
    aliases: ["STATIX_MAX_DETAILS_BYTES"],
  }),
  retention_days: Type.Optional(
    Type.Number({
      title: "Retention of posted samples",
      minimum: 0,
      maximum: 36_500,
      unit: "days",
      description:
        "Of hosts that only ever posted to this surface; 0: for ever; unset: as all other samples",
      price: "Disk, in proportion",
      aliases: ["STATIX_RETENTION_DAYS"],
    }),
  ),
  offline_threshold: Type.Number({
    title: "Offline after",
    minimum: 1,
    maximum: 604_800,
    default: 300,
    unit: "seconds",
    description: "Of `online` in `GET /hosts`: without a post for longer, a host is offline",
    aliases: ["STATIX_OFFLINE_THRESHOLD"],
  }),
  server_version: Type.String({
    title: "Version it gives as its own",
    default: "dev",
    maxLength: 100,
    description: "Of `GET /health`",
    aliases: ["STATIX_SERVER_VERSION"],
  }),
  expected_client_version: Type.String({
    title: "Version it expects of clients",
    default: "dev",
    maxLength: 100,
    description: "Of `GET /health`",
    aliases: ["STATIX_EXPECTED_CLIENT_VERSION"],
  }),
  alert_webhook_url: Type.Optional(
    Type.String({
      title: "Webhook of alerts",
      maxLength: 4096,
      pattern: "^https?://[^\\s/?#]+[^\\s]*$",
      expected: "an address that begins with http:// or https://",
      secret: true,
      description:
        "Is posted `hostname`, `metric`, `value`, `threshold` and `timestamp` when a host is at a threshold; unset: nobody is",
      aliases: ["STATIX_ALERT_WEBHOOK_URL"],
    }),
  ),
  alert_cpu_threshold: threshold("CPU", "STATIX_ALERT_CPU_THRESHOLD"),
  alert_ram_threshold: threshold("memory", "STATIX_ALERT_RAM_THRESHOLD"),
  alert_cooldown: Type.Integer({
    title: "Cool-down of alerts",
    minimum: 0,
    maximum: 2_592_000,
    default: 300,
    unit: "seconds",
    description: "Of each host and metric: posted again after it while it lasts; at least 1 second",
    aliases: ["STATIX_ALERT_COOLDOWN"],
  }),
});
