/** Settings of the forwarder: its documented variables, where an empty one counts as unset. */
import { stateDirOf } from "../../bin/state-dir.js";
import type { LogLevel } from "../command/log.ts";
import { numberOf, SettingsError } from "../command/option.ts";
import { levelOf } from "../command/settings.ts";

export interface ForwardSettings {
  /** `/system` of a System Stats Service or of an agent. */
  readonly source: URL;
  /** `/metrics` of one or several servers. */
  readonly servers: readonly URL[];
  readonly intervalMs: number;
  readonly logLevel: LogLevel;
  /** What was not taken yet is kept here; null: in memory only. */
  readonly bufferDir: string | null;
}

const standard = {
  source: "http://127.0.0.1:5001/system",
  servers: "http://127.0.0.1:5050/metrics",
  intervalSeconds: 30,
};

/** Throws `SettingsError` at the first that is wrong. */
export function readForwardSettings(
  env: Readonly<Record<string, string | undefined>>,
): ForwardSettings {
  const interval = env["SYSTEM_STATS_FORWARD_INTERVAL"];
  const level = env["SYSTEM_STATS_FORWARD_LOG_LEVEL"];
  const listName = "MONITORING_SERVER_METRICS_URL";
  const servers = (env[listName] || standard.servers)
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .map((text) => urlOf(text, listName));
  if (servers.length === 0) throw new SettingsError(`${listName}: expected an address, found none`);
  return {
    source: urlOf(env["SYSTEM_STATS_URL"] || standard.source, "SYSTEM_STATS_URL"),
    servers: servers.filter(
      (url, place) => servers.findIndex(({ href }) => href === url.href) === place,
    ),
    intervalMs: interval
      ? 1000 *
        numberOf(
          { text: interval, from: "SYSTEM_STATS_FORWARD_INTERVAL" },
          { least: 0.1, most: 86_400, unit: "seconds" },
        )
      : 1000 * standard.intervalSeconds,
    logLevel: levelOf(level ? { text: level, from: "SYSTEM_STATS_FORWARD_LOG_LEVEL" } : undefined),
    bufferDir: stateDirOf("forwarder", [], env),
  };
}

function urlOf(text: string, from: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new SettingsError(
      `${from}: expected an address like http://127.0.0.1:5050/metrics, found ${text.replace(/\/\/[^/@]*@/, "//…@")}`,
    );
  }
  return url;
}
