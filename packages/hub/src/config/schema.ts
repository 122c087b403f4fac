/**
 * The settings of the hub as they are written in `belfry.yaml`: names, bounds, defaults, units and the price of changing
 * them. `docs/CONFIG.md`, `docs/belfry.schema.json` and `.env.example` are generated from here. Beyond JSON Schema an
 * entry may carry `unit`, `price`, `expected` (how messages say what is accepted), `secret` (also read from a file, and
 * never shown), `example` and `aliases` (names of the environment variables of other systems that mean the same).
 */
import { ChannelInputSchema } from "@belfry/contract";
import { outputSchemas, RemoteWriteSchema } from "@belfry/relay";
import { Type, type Static } from "typebox";
import { alertLists, alertListsForEditors } from "./alert-schema.ts";
import { agent, hosts, monitoringStack } from "./host-schema.ts";
import { branch, networks } from "./schema-parts.ts";

const log = branch("The log on standard error.", {
  level: Type.Enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
    title: "Level of the log",
    default: "info",
    description: "Lines below this level are not written",
    aliases: ["LOG_LEVEL"],
  }),
  format: Type.Enum(["text", "json"], {
    title: "Form of the log",
    default: "text",
    description: "`text` for people, `json` (one object a line) for machines",
  }),
});

const worker = branch(
  "A worker elsewhere: `belfry worker` with a hub has no access to the database, and checks for that hub from its location.",
  {
    hub: Type.Optional(
      Type.String({
        title: "Hub of a worker elsewhere",
        minLength: 1,
        maxLength: 2048,
        description:
          "Where the hub is; `https://`, or `http://` to this machine. Unset: `belfry worker` shares the database of its hubs",
        example: "https://belfry.example.org",
      }),
    ),
    key: Type.Optional(
      Type.String({
        title: "Key of a worker elsewhere",
        minLength: 1,
        maxLength: 200,
        secret: true,
        description: "With the scope `worker`: `belfry key create paris --scope worker` at the hub",
      }),
    ),
    ca_file: Type.Optional(
      Type.String({
        title: "Certificate authority of the hub",
        minLength: 1,
        description: "PEM file of an authority that is trusted beside the known ones",
      }),
    ),
    spool_bytes: Type.Integer({
      title: "Disk space of a worker elsewhere",
      minimum: 16_777_216,
      maximum: Number.MAX_SAFE_INTEGER,
      default: 268_435_456,
      unit: "bytes",
      description:
        "What was found waits in `worker` in the data folder while the hub is away; beyond this the oldest are given up, counted",
      price: "About 600 bytes for each check of the time without a hub",
    }),
  },
);

const openTo = branch(
  "Networks whose clients may use a surface without a key: for clients that can send none.",
  {
    operations: networks({
      title: "Metrics without a key",
      description: "Who may read `/metrics` without a key",
      example: ["10.0.0.0/8"],
    }),
    amaunator: networks({
      title: "Targets without a key",
      description: "Who may use `/targets` and `/stats` without a key",
      price: "Anybody in these networks can create and delete monitors through `/targets`",
    }),
    monitoring_stack: networks({
      title: "Host metrics without a key",
      description: "Who may use `POST /metrics`, `/data`, `/details` and `/hosts` without a key",
      price: "Anybody in these networks can add hosts and delete them with their history",
      example: ["10.0.0.0/8"],
    }),
    monitoring_component: networks({
      title: "Events of jobs without a key",
      description: "Who may send events of runs below `/v1/` and read them there without a key",
      price: "Anybody in these networks can fill the disk and report runs that never were",
      example: ["10.0.0.0/8"],
    }),
    prometheus: networks({
      title: "Remote write without a key",
      description: "Who may send samples to `/prometheus/api/v1/write` without a key",
      price: "Anybody in these networks can fill the disk",
    }),
    alertmanager: networks({
      title: "Alerts without a key",
      description: "Who may send alerts to `/api/v2/alerts`, and use silences there, without a key",
      price: "Anybody in these networks can ring, and keep others from being told",
    }),
  },
);

const rateLimit = branch("How much one caller may ask.", {
  requests_per_minute: Type.Integer({
    title: "Requests a minute",
    minimum: 1,
    maximum: 10_000_000,
    default: 60_000,
    unit: "requests per minute",
    description: "Of one key, session or address; beyond it the answer is 429",
  }),
  failed_keys_per_minute: Type.Integer({
    title: "Wrong keys a minute",
    minimum: 1,
    maximum: 10_000,
    default: 20,
    unit: "attempts per minute",
    description: "Keys that fit nobody, of one address; beyond it the answer is 429",
  }),
});

const checkNetwork = branch(
  "Where checks may connect to. Link-local and metadata addresses are refused unless allowed here.",
  {
    deny: networks({
      title: "Networks no check may connect to",
      description: "In addition to those refused by default",
      example: ["10.20.0.0/16"],
    }),
    allow: networks({
      title: "Networks checks may connect to all the same",
      description: "Goes before `deny` and before the default",
      price: "Allowing 169.254.169.254 lets monitors read the credentials of a cloud machine",
    }),
  },
);

const checks = branch("How monitors are checked.", {
  enabled: Type.Boolean({
    title: "Checks by this hub",
    default: true,
    description:
      "false, or `belfry hub --no-checks`: this hub checks nothing, workers and other hubs on the same PostgreSQL do",
    price: "Where no other process checks, nothing is checked",
  }),
  max_concurrent: Type.Integer({
    title: "Checks at once",
    minimum: 1,
    maximum: 20_000,
    default: 500,
    unit: "checks",
    description: "Further checks wait, and the wait shows in `belfry_check_lag_seconds`",
    price: "Each running check holds a socket",
    aliases: ["MAX_CONCURRENT_CHECKS"],
  }),
  max_concurrent_per_host: Type.Integer({
    title: "Checks at once of one host",
    minimum: 1,
    maximum: 20_000,
    default: 50,
    unit: "checks",
    description: "Bounds what one target machine is asked at the same time",
  }),
  default_interval: Type.Number({
    title: "Interval of new monitors",
    minimum: 1,
    maximum: 86_400,
    default: 60,
    unit: "seconds",
    description: "For monitors that are created without one",
    aliases: ["CHECK_INTERVAL"],
  }),
  default_timeout: Type.Number({
    title: "Time limit of new monitors",
    minimum: 0.1,
    maximum: 600,
    default: 10,
    unit: "seconds",
    description: "For monitors that are created without one",
    aliases: ["DEFAULT_TIMEOUT"],
  }),
  anchors: Type.Array(
    Type.String({ maxLength: 300, expected: "host:port, for instance 192.0.2.1:443" }),
    {
      title: "Anchors",
      default: [],
      maxItems: 10,
      example: ["192.0.2.1:443", "192.0.2.2:53"],
      description:
        "Places (host:port) that answer as long as this machine's network works. When checks time out and all anchors " +
        "fail as well, the outcome is `unknown`, not an outage",
      price: "They are connected to when checks fail",
    },
  ),
  resolvers: Type.Array(
    Type.String({ maxLength: 60, expected: "an address like 192.0.2.53 or 192.0.2.53:5353" }),
    {
      title: "DNS servers",
      default: [],
      maxItems: 10,
      description: "Asked instead of those of the system",
      example: ["192.0.2.53"],
    },
  ),
  network: checkNetwork,
});

function days(title: string, standard: number, description: string, price: string) {
  return Type.Number({
    title,
    minimum: 0.04,
    maximum: 36_500,
    default: standard,
    unit: "days",
    description,
    price,
  });
}

const retention = branch("How long numeric history is kept, per resolution.", {
  raw_days: days("Every sample", 15, "Samples as they were measured", "Disk, in proportion"),
  five_minutes_days: days(
    "Five-minute buckets",
    90,
    "Minimum, maximum, sum, count and last of five minutes; at least as long as `raw_days`",
    "Disk, in proportion",
  ),
  one_hour_days: days(
    "One-hour buckets",
    730,
    "The same of an hour; at least as long as `five_minutes_days`",
    "Disk, in proportion",
  ),
  max_bytes: Type.Optional(
    Type.Integer({
      title: "Cap on the database",
      minimum: 1_048_576,
      maximum: Number.MAX_SAFE_INTEGER,
      unit: "bytes",
      expected: "a whole number of at least 1048576",
      description: "When the database grows larger, the oldest history goes first; unset: no cap",
    }),
  ),
});

/** Everything but `outputs`, whose entries are checked by the sink they name; those about alerts are lists of anything. */
export const PlainConfigSchema = Type.Object(
  {
    listen: Type.String({
      title: "Address to listen on",
      default: "127.0.0.1:8000",
      maxLength: 300,
      pattern: "^(\\[[0-9a-fA-F:.]+\\]|[^:\\[\\]\\s/]+):[0-9]{1,5}$",
      expected: "host:port, for instance 127.0.0.1:8000",
      description: "Host and port of everything Belfry serves; port 0 takes a free one",
      price: "An address other machines can reach makes keys required",
      aliases: ["API_HOST", "API_PORT"],
    }),
    public_url: Type.Optional(
      Type.String({
        title: "Address people use",
        pattern: "^https?://[^\\s?#]+$",
        maxLength: 2000,
        expected: "a URL like https://belfry.example.org",
        description: "Printed at the start, where Belfry is reached through a proxy",
      }),
    ),
    data_dir: Type.String({
      title: "Data folder",
      default: "./data",
      minLength: 1,
      description:
        "Holds the database, the lock and the first key; relative to the working directory. Created with mode 0700",
      price: "Moving it moves the whole installation",
    }),
    database: Type.Optional(
      Type.String({
        minLength: 1,
        title: "Database",
        secret: true,
        description:
          "A path for the embedded database, or a `postgres://` URL; unset: `belfry.db` in the data folder",
        price: "History is not carried over from one database to another",
        aliases: ["DATABASE_URL"],
        example: "postgres://belfry@db.example.org:5432/belfry",
      }),
    ),
    database_password: Type.Optional(
      Type.String({
        minLength: 1,
        title: "Password of the database",
        secret: true,
        description:
          "For a `postgres://` URL that holds none, so that the URL is no secret and the password can be a file",
      }),
    ),
    location: Type.String({
      title: "Location",
      default: "local",
      pattern: "^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$",
      expected: "a name of letters, digits, dots, dashes and underscores",
      description: "Where this process checks from; every outcome carries it",
    }),
    dashboard: Type.Boolean({
      title: "Pages",
      default: true,
      description: "false: the pages below `/dashboard/` are not served",
    }),
    auth: Type.Optional(
      Type.Enum(["keys", "off"], {
        title: "Who needs a key",
        description:
          "`keys`: every request; `off`: none; unset: none on a loopback address, every request anywhere else",
        price: "`off` lets anybody who reaches the address do anything",
      }),
    ),
    admin_key: Type.Optional(
      Type.String({
        minLength: 16,
        maxLength: 200,
        pattern: "^[!-~]+$",
        title: "A key that is known beforehand",
        secret: true,
        expected: "16 to 200 printable characters without spaces",
        description: "Has the scope `admin`; for installations that are made by a program",
        aliases: ["API_KEY"],
      }),
    ),
    open_to: openTo,
    trusted_proxies: networks({
      title: "Trusted proxies",
      description: "Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed",
      price: "A proxy in this list can claim any address for its callers",
    }),
    rate_limit: rateLimit,
    session_days: Type.Number({
      title: "Life of a page's session",
      minimum: 0.01,
      maximum: 365,
      default: 7,
      unit: "days",
      description: "After so long without use, a page asks for a key again",
    }),
    import_limit_bytes: Type.Integer({
      title: "Largest import",
      minimum: 1024,
      maximum: 1_073_741_824,
      default: 33_554_432,
      unit: "bytes",
      description: "Of one request to `/api/v1/import/prometheus`",
      price: "A request is held in memory",
    }),
    drain_seconds: Type.Optional(
      Type.Number({
        title: "Notice before a hub stops",
        minimum: 0,
        maximum: 300,
        unit: "seconds",
        description:
          "From SIGTERM on `/ready` answers 503, and for so long a hub goes on serving, so that a balancer takes it out; " +
          "unset: 0 with the embedded database, 2 with PostgreSQL",
        price:
          "Stopping takes so much longer; whoever stops it must wait for that and 5 seconds more",
      }),
    ),
    log,
    checks,
    worker,
    retention,
    agent,
    hosts,
    monitoring_stack: monitoringStack,
    outputs_spool_bytes: Type.Integer({
      title: "Disk space of the outputs",
      minimum: 134_217_728,
      maximum: Number.MAX_SAFE_INTEGER,
      default: 1_073_741_824,
      unit: "bytes",
      description:
        "Records wait in `outputs-spool` in the data folder until every output has them; beyond this the oldest are given up, counted",
    }),
    channels: Type.Array(ChannelInputSchema, {
      title: "Channels",
      default: [],
      maxItems: 100,
      secret: true,
      description:
        "Where notices go, besides the channels made on their page: name, kind and the settings of the kind, as the API has them. Made, changed and removed at the start; the API does not change them",
      example: [
        {
          name: "ops",
          kind: "slack",
          settings: { webhook_url: "https://hooks.slack.com/services/T0/B0/secret" },
        },
      ],
    }),
    ...alertLists,
    remote_write: Type.Array(RemoteWriteSchema, {
      title: "Remote write",
      default: [],
      maxItems: 10,
      secret: true,
      description:
        "Engines that every sample is sent on to: Prometheus, VictoriaMetrics, Mimir, Thanos. In the form of Prometheus's own `remote_write`; docs/OPERATIONS.md says what is understood",
      price: "About 3 to 5 bytes of disk a sample until every destination has it",
      example: [{ url: "https://mimir.example.org/push" }],
    }),
    remote_write_spool_bytes: Type.Integer({
      title: "Disk space of remote write",
      minimum: 67_108_864,
      maximum: Number.MAX_SAFE_INTEGER,
      default: 1_073_741_824,
      unit: "bytes",
      description:
        "Samples wait in `remote-write` in the data folder until every destination has them; beyond this the oldest are given up, counted. Labels may take a quarter of it besides",
    }),
    drop_in_ports: Type.Boolean({
      title: "Ports of the systems Belfry stands in for",
      default: false,
      description:
        "true: at the same address this machine's agent also answers at port 5001, as the System Stats Service does, and everything Belfry serves also at port 17000, where clients of the Monitoring Component's sidecar send",
      price:
        "Two more open ports; that of the agent gives host metrics to whoever reaches it, without a key",
    }),
  },
  { additionalProperties: false },
);

/** Everything. The order is the order of the documentation. */
export const ConfigSchema = Type.Object(
  {
    ...PlainConfigSchema.properties,
    ...alertListsForEditors,
    outputs: Type.Array(Type.Union([...outputSchemas()]), {
      title: "Outputs",
      default: [],
      maxItems: 20,
      description: "Where what Belfry learns is handed on to, besides the database",
      example: [
        {
          type: "file",
          path: "/var/log/belfry/results.log",
          format: "{time} {target_name} {result}",
        },
      ],
    }),
  },
  { additionalProperties: false, title: "Settings of Belfry" },
);

/** The settings as written, with defaults filled in and without `outputs`. */
export type PlainConfig = Static<typeof PlainConfigSchema>;
