/** What the schema cannot say: rules about texts and between settings. */
import { describe, type Parsed, type Problem } from "@belfry/contract";
import { parseRemoteWrite, type OutputSettings, type RemoteWriteSettings } from "@belfry/relay";
import { resolve } from "node:path";
import { hostAndPortText, isLoopback, isNetwork, isServer, parseHostAndPort } from "./address.ts";
import type { HostAndPort } from "./address.ts";
import { isShared, parseDatabase } from "./database.ts";
import type { PlainConfig } from "./schema.ts";
import { readAlertFile, type AlertFile, type AlertFileParts } from "./alert-file.ts";
import type { Settings, StackAlertSettings } from "./settings.ts";

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** Keys that everybody knows: the default of Sentinel and that of its example file. */
const knownKeys = ["dev-key-change-me", "change-me-in-production"];

/** From checked values to settings; every problem is named at its setting. */
export function toSettings(
  config: PlainConfig,
  outputs: readonly OutputSettings[],
  { cwd, ...alerting }: AlertFileParts & { readonly cwd: string },
): Parsed<Settings> {
  const problems: Problem[] = [];
  const expect = (path: string, expected: string, found: unknown): void => {
    problems.push({ path, message: `expected ${expected}, found ${describe(found)}` });
  };

  const listen = parseHostAndPort(config.listen);
  if (listen === undefined) {
    expect("listen", "host:port, for instance 127.0.0.1:8000", config.listen);
  }
  if (config.public_url !== undefined && URL.parse(config.public_url) === null) {
    expect("public_url", "a URL like https://belfry.example.org", config.public_url);
  }
  for (const [path, list] of networkLists(config)) {
    for (const [i, network] of list.entries()) {
      if (!isNetwork(network)) {
        expect(`${path}[${i}]`, "an address or a network like 10.0.0.0/8", network);
      }
    }
  }
  const anchors: HostAndPort[] = [];
  for (const [i, text] of config.checks.anchors.entries()) {
    const anchor = parseHostAndPort(text);
    if (anchor !== undefined && anchor.port > 0) anchors.push(anchor);
    else expect(`checks.anchors[${i}]`, "host:port, for instance 192.0.2.1:443", text);
  }
  for (const [i, server] of config.checks.resolvers.entries()) {
    if (!isServer(server)) {
      expect(`checks.resolvers[${i}]`, "an address like 192.0.2.53 or 192.0.2.53:5353", server);
    }
  }
  if (config.worker.hub !== undefined && config.worker.key === undefined) {
    expect("worker.key", "the key of the worker: its hub takes nothing without one", undefined);
  }
  problems.push(...retentionProblems(config.retention), ...keyProblems(config.admin_key));

  const dataDir = resolve(cwd, config.data_dir);
  const database = parseDatabase(
    config.database ?? resolve(dataDir, "belfry.db"),
    config.database_password,
    cwd,
  );
  if (database.kind === "bad") problems.push(...database.problems);
  else if (!config.checks.enabled && !isShared(database.value)) {
    const message =
      "expected a postgres:// URL in database: with the embedded database nobody else checks";
    problems.push({ path: "checks.enabled", message });
  }
  problems.push(...outputProblems(outputs));
  const remoteWrite = destinationsOf(config.remote_write, outputs, problems);
  const alertFile = readAlertFile(config, alerting, problems);
  if (problems.length > 0 || database.kind === "bad" || listen === undefined) {
    return { kind: "bad", problems };
  }
  return {
    kind: "ok",
    value: {
      ...settingsOf(config, { listen, dataDir, database: database.value, anchors, cwd }, outputs),
      remoteWrite,
      ...alertFile,
    },
  };
}

function workerOf(
  { hub, key, ca_file, spool_bytes }: PlainConfig["worker"],
  cwd: string,
): Settings["worker"] {
  if (hub === undefined || key === undefined) return null;
  const caFile = ca_file === undefined ? null : resolve(cwd, ca_file);
  return { hub, key, caFile, spoolBytes: spool_bytes };
}

function settingsOf(
  config: PlainConfig,
  read: {
    readonly listen: HostAndPort;
    readonly dataDir: string;
    readonly database: string;
    readonly anchors: readonly HostAndPort[];
    readonly cwd: string;
  },
  outputs: readonly OutputSettings[],
): Omit<Settings, "remoteWrite" | keyof AlertFile> {
  const { checks, retention } = config;
  return {
    listen: read.listen,
    publicUrl: config.public_url?.replace(/\/+$/, "") ?? null,
    dataDir: read.dataDir,
    database: read.database,
    location: config.location,
    dashboard: config.dashboard,
    auth: config.auth ?? (isLoopback(read.listen.host) ? "loopback" : "keys"),
    adminKey: config.admin_key ?? null,
    openTo: config.open_to,
    trustedProxies: config.trusted_proxies,
    rateLimit: {
      max: config.rate_limit.requests_per_minute,
      windowMs: minuteMs,
      failedAttempts: config.rate_limit.failed_keys_per_minute,
    },
    sessionLifetimeMs: Math.round(config.session_days * dayMs),
    importLimitBytes: config.import_limit_bytes,
    log: config.log,
    drainMs: drainMsOf(config.drain_seconds, read.database),
    checks: {
      enabled: checks.enabled,
      maxConcurrent: checks.max_concurrent,
      maxConcurrentPerHost: checks.max_concurrent_per_host,
      defaultIntervalMs: checks.default_interval * 1000,
      defaultTimeoutMs: checks.default_timeout * 1000,
      anchors: read.anchors,
      resolvers: checks.resolvers,
      network: checks.network,
    },
    worker: workerOf(config.worker, read.cwd),
    retention: {
      rawMs: Math.round(retention.raw_days * dayMs),
      fiveMinutesMs: Math.round(retention.five_minutes_days * dayMs),
      hourMs: Math.round(retention.one_hour_days * dayMs),
      maxBytes: retention.max_bytes ?? null,
    },
    agent: agentOf(config.agent),
    hosts: { maxSeries: config.hosts.max_series },
    monitoringStack: stackOf(config.monitoring_stack),
    dropInPorts: config.drop_in_ports,
    outputs,
    outputsSpoolBytes: config.outputs_spool_bytes,
    remoteWriteSpoolBytes: config.remote_write_spool_bytes,
  };
}

/** Where others go on serving, a balancer is given a moment to notice. */
function drainMsOf(seconds: number | undefined, database: string): number {
  return Math.round((seconds ?? (isShared(database) ? 2 : 0)) * 1000);
}

function agentOf(config: PlainConfig["agent"]): Settings["agent"] {
  if (!config.enabled) return null;
  const { interval, disk_path: diskPath } = config;
  const plain = (path: string): string => path.replace(/\/+$/, "");
  const roots = { proc: plain(config.proc), sys: plain(config.sys), root: plain(config.root) };
  return { intervalMs: Math.round(interval * 1000), diskPath, roots };
}

/** Longer than anybody keeps anything. */
const forEverMs = 36_500 * dayMs;

function stackOf(config: PlainConfig["monitoring_stack"]): Settings["monitoringStack"] {
  const days = config.retention_days;
  return {
    apiKey: config.api_key ?? null,
    rateLimitPerMinute: config.rate_limit,
    maxContentLength: config.max_content_length,
    maxDetailsBytes: config.max_details_bytes,
    retentionMs: days === undefined ? null : days === 0 ? forEverMs : Math.round(days * dayMs),
    offlineThresholdSeconds: config.offline_threshold,
    serverVersion: config.server_version,
    expectedClientVersion: config.expected_client_version,
    alerts: stackAlertsOf(config),
  };
}

function stackAlertsOf(config: PlainConfig["monitoring_stack"]): StackAlertSettings | null {
  if (config.alert_webhook_url === undefined) return null;
  return {
    webhookUrl: config.alert_webhook_url,
    cpuThreshold: config.alert_cpu_threshold,
    ramThreshold: config.alert_ram_threshold,
    cooldownSeconds: config.alert_cooldown,
  };
}

function networkLists(config: PlainConfig): readonly (readonly [string, readonly string[]])[] {
  return [
    ["open_to.operations", config.open_to.operations],
    ["open_to.amaunator", config.open_to.amaunator],
    ["open_to.monitoring_stack", config.open_to.monitoring_stack],
    ["open_to.monitoring_component", config.open_to.monitoring_component],
    ["open_to.prometheus", config.open_to.prometheus],
    ["open_to.alertmanager", config.open_to.alertmanager],
    ["trusted_proxies", config.trusted_proxies],
    ["checks.network.deny", config.checks.network.deny],
    ["checks.network.allow", config.checks.network.allow],
  ];
}

function retentionProblems(retention: PlainConfig["retention"]): Problem[] {
  const { raw_days, five_minutes_days, one_hour_days } = retention;
  const problems: Problem[] = [];
  if (five_minutes_days < raw_days) {
    problems.push({
      path: "retention.five_minutes_days",
      message: `expected at least the ${raw_days} of retention.raw_days, found ${five_minutes_days}`,
    });
  }
  if (one_hour_days < five_minutes_days) {
    problems.push({
      path: "retention.one_hour_days",
      message: `expected at least the ${five_minutes_days} of retention.five_minutes_days, found ${one_hour_days}`,
    });
  }
  return problems;
}

function keyProblems(key: string | undefined): Problem[] {
  if (key === undefined || !knownKeys.includes(key)) return [];
  const message = "expected a key of your own, found one that is published as an example";
  return [{ path: "admin_key", message }];
}

/** Two outputs of one name could not be told apart; two of one file would rotate it under each other's feet. */
function outputProblems(outputs: readonly OutputSettings[]): Problem[] {
  const names = new Map<string, number>();
  const files = new Map<string, number>();
  return outputs.flatMap(({ name, settings }, i) => {
    const path = "path" in settings && typeof settings.path === "string" ? settings.path : null;
    const sameFile = path === null ? undefined : files.get(resolve(path));
    const sameName = names.get(name);
    names.set(name, sameName ?? i);
    if (path !== null) files.set(resolve(path), sameFile ?? i);
    if (sameFile !== undefined) {
      const message = `expected another file than that of outputs[${sameFile}], found the same`;
      return [{ path: `outputs[${i}].path`, message }];
    }
    if (sameName === undefined) return [];
    const message = `expected another name than ${name}, which outputs[${sameName}] has`;
    return [{ path: `outputs[${i}].name`, message }];
  });
}

/** Destinations of remote write; their names must differ from one another, and from those of outputs. */
function destinationsOf(
  written: PlainConfig["remote_write"],
  outputs: readonly OutputSettings[],
  problems: Problem[],
): readonly RemoteWriteSettings[] {
  const names = new Map(outputs.map(({ name }, i) => [name, `outputs[${i}]`]));
  return written.flatMap((item, i) => {
    const at = `remote_write[${i}]`;
    const parsed = parseRemoteWrite(item, at);
    if (parsed.kind === "bad") {
      problems.push(...parsed.problems);
      return [];
    }
    const { name } = parsed.value;
    const other = names.get(name);
    if (other !== undefined) {
      const message = `expected another name than ${name}, which ${other} has`;
      problems.push({ path: `${at}.name`, message });
    }
    names.set(name, at);
    return [parsed.value];
  });
}

/** `host:port` of where Belfry listens, for messages. */
export function listenText(settings: Pick<Settings, "listen">): string {
  return hostAndPortText(settings.listen);
}
