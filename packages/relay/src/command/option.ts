/** The options of `belfry sidecar`: what is parsed, what help prints and what the documents may name. */

export interface SidecarOption {
  /** Without the dashes; null where there is only a variable. */
  readonly flag: string | null;
  /** What follows it; null for a switch. */
  readonly value: string | null;
  /** The first that is set wins over the others only when they agree. */
  readonly variables: readonly string[];
  /** Whether `<variable>_FILE` names a file that holds it. */
  readonly secret?: true;
  readonly many?: true;
  readonly help: string;
}

export const sidecarOptions = {
  listen: {
    flag: "listen",
    value: "HOST:PORT|unix:PATH",
    variables: ["BELFRY_SIDECAR_LISTEN"],
    help: "address or socket to listen on (127.0.0.1:17000); port 0: a free one",
  },
  spoolDir: {
    flag: "spool-dir",
    value: "DIR",
    variables: ["BELFRY_SIDECAR_SPOOL_DIR", "SPOOL_DIR"],
    help: "where events are kept until every sink has them (./data/sidecar-spool)",
  },
  integrations: {
    flag: "integrations",
    value: "FILE|JSON",
    variables: ["INTEGRATIONS_CONFIG", "INTEGRATION_CONFIG"],
    help: "the sinks: a list as JSON, or a file of it (./config/integrations.json where it exists)",
  },
  localApiBase: {
    flag: null,
    value: "URL",
    variables: ["LOCAL_API_BASE"],
    help: "where the sink goes that stands for an empty configuration (http://localhost:18000)",
  },
  localApiTimeout: {
    flag: null,
    value: "SECONDS",
    variables: ["LOCAL_API_TIMEOUT"],
    help: "its time limit (5)",
  },
  token: {
    flag: null,
    value: "TOKEN",
    variables: ["BELFRY_SIDECAR_TOKEN"],
    secret: true,
    help: "what clients must send as Authorization: Bearer",
  },
  auth: {
    flag: null,
    value: "off",
    variables: ["BELFRY_SIDECAR_AUTH"],
    help: "off: without a token, listen to other machines all the same",
  },
  rate: {
    flag: null,
    value: "EVENTS[,BURST]",
    variables: ["BELFRY_SIDECAR_RATE"],
    help: "events per second of one client, and how many at once (no limit; ten seconds' worth)",
  },
  redactKeys: {
    flag: null,
    value: "NAME,NAME",
    variables: ["BELFRY_SIDECAR_REDACT_KEYS"],
    help: "keys of metadata whose values are not written anywhere; * stands for any text",
  },
  redactPatterns: {
    flag: null,
    value: "JSON",
    variables: ["BELFRY_SIDECAR_REDACT_PATTERNS"],
    help: "a JSON list of regular expressions; what fits is not written anywhere",
  },
  quota: {
    flag: null,
    value: "MB",
    variables: ["BELFRY_SIDECAR_SPOOL_MB"],
    help: "most MB of events on disk (10240)",
  },
  whenFull: {
    flag: null,
    value: "refuse|drop_oldest",
    variables: ["BELFRY_SIDECAR_WHEN_FULL"],
    help: "what happens at that limit (refuse)",
  },
  forget: {
    flag: "forget",
    value: "NAME",
    variables: [],
    many: true,
    help: "give up what is kept for a sink that is not configured any more; may be repeated",
  },
  check: {
    flag: "check",
    value: null,
    variables: [],
    help: "read the settings, report every problem, end",
  },
} as const satisfies Record<string, SidecarOption>;

export type SidecarOptionName = keyof typeof sidecarOptions;

/** What `belfry sidecar --help` prints. */
export function sidecarHelp(): string {
  const all: readonly SidecarOption[] = Object.values(sidecarOptions);
  const flags = all.flatMap(({ flag, value, help }) =>
    flag === null ? [] : [[value === null ? `--${flag}` : `--${flag} ${value}`, help] as const],
  );
  const variables = all.flatMap((option) => {
    const [first] = option.variables;
    if (first === undefined) return [];
    return [
      [option.secret ? `${first}[_FILE]` : option.variables.join(", "), option.help] as const,
    ];
  });
  return [
    "belfry sidecar [OPTIONS]",
    "",
    "Takes events of jobs, keeps them on disk, and delivers them to every sink.",
    "",
    "Options:",
    ...columns([...flags, ["--help", "print this"], ["--version", "print the version"]]),
    "",
    "Variables:",
    ...columns(variables),
    "",
    "docs/SIDECAR.md tells more.",
    "",
  ].join("\n");
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
