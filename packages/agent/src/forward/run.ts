/**
 * `system-stats-forwarder`: reads `/system` again and again and posts it to the servers, each on a way of its own. One
 * that is dead delays no other, and loses at most what is older than a day.
 */
import { hash } from "node:crypto";
import { hostname as readHostname } from "node:os";
import { join } from "node:path";
import { createLog, type Log } from "../command/log.ts";
import { SettingsError } from "../command/option.ts";
import { after } from "../send/timer.ts";
import { ForwardBuffer } from "./buffer.ts";
import { Delivery, type Outgoing } from "./delivery.ts";
import { flatten, isSameSample, type MetricsBody, type Reading } from "./flatten.ts";
import { createHttpClient, shownUrl, type HttpClient } from "./http.ts";
import { readForwardSettings, type ForwardSettings } from "./settings.ts";

export interface ForwardParts {
  readonly name: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly version: string;
  /** Aborts when the process is told to stop. */
  readonly signal: AbortSignal;
  readonly clock: { readonly now: () => number; readonly monotonicMs: () => number };
}

const keptMs = 24 * 3_600_000;
const keptBytes = 64 * 1024 * 1024;

/** Runs until `signal`; gives the exit code; 2: a setting is wrong. */
export async function runForwarder(argv: readonly string[], parts: ForwardParts): Promise<number> {
  const { name, env, stdout, stderr, version } = parts;
  const [first] = argv;
  if (first === "--version" || first === "-V") {
    stdout(`${name} ${version}\n`);
    return 0;
  }
  if (first === "--help" || first === "-h" || first === "help") {
    stdout(helpText(name));
    return 0;
  }
  try {
    if (first !== undefined)
      throw new SettingsError(`there is no option ${first}; settings are variables, see --help`);
    await forward(readForwardSettings(env), parts);
    return 0;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    stderr(`${name}: ${error.message}\n`);
    return 2;
  }
}

async function forward(settings: ForwardSettings, parts: ForwardParts): Promise<void> {
  const { clock, signal, version, stderr } = parts;
  const log = createLog(settings.logLevel, stderr, clock.now);
  const aborted = new AbortController();
  using client = createHttpClient(version, aborted.signal);
  const deliveries = settings.servers.map((url) =>
    createDelivery(url, settings, { client, log, clock }),
  );
  log.info(
    { interval: settings.intervalMs / 1000, kept: settings.bufferDir ?? "in memory" },
    `forwarding ${shownUrl(settings.source)} to ${settings.servers.map(shownUrl).join(", ")}`,
  );
  for (const delivery of deliveries) void delivery.resume();
  let before: Reading | null = null;
  let last: MetricsBody | null = null;
  while (!signal.aborted) {
    const begin = clock.monotonicMs();
    try {
      const reading = await read(settings.source, client, clock.monotonicMs);
      const context = { hostname: readHostname(), epochMs: clock.now() };
      const body: MetricsBody = flatten(reading, before, context);
      // Between two reads of one sample nothing was measured: its rates still hold.
      const isSame = before !== null && isSameSample(reading, before);
      last = isSame && last !== null ? withRatesOf(body, last) : body;
      if (!isSame) before = reading;
      const outgoing = outgoingOf(last, context.epochMs);
      for (const delivery of deliveries) void delivery.offer(outgoing);
    } catch (error) {
      if (!signal.aborted) log.warn({ error }, "Reading the source failed");
    }
    await pause(settings.intervalMs - (clock.monotonicMs() - begin), signal);
  }
  // What is under way ends, or is kept for the next start.
  const cut = setTimeout(() => aborted.abort(), 2_000);
  await Promise.all(deliveries.map((delivery) => delivery[Symbol.asyncDispose]()));
  clearTimeout(cut);
  log.info({}, "stopped");
}

function createDelivery(
  url: URL,
  { bufferDir }: ForwardSettings,
  { client, log, clock }: { client: HttpClient; log: Log; clock: ForwardParts["clock"] },
): Delivery {
  // By address, so that a list in another order finds what was kept.
  const folder =
    bufferDir === null ? null : join(bufferDir, hash("sha256", shownUrl(url)).slice(0, 16));
  const buffer = new ForwardBuffer(
    { folder, maxAgeMs: keptMs, maxBytes: keptBytes },
    {
      now: clock.now,
      warn: (fields, message) => log.warn({ server: shownUrl(url), ...fields }, message),
    },
  );
  return new Delivery(url, {
    client,
    buffer,
    monotonicMs: clock.monotonicMs,
    random: Math.random,
    after,
    log,
  });
}

async function read(source: URL, client: HttpClient, monotonicMs: () => number): Promise<Reading> {
  const { status, body } = await client.get(source);
  if (status !== 200) throw new Error(`${shownUrl(source)} answered with status ${status}`);
  const snapshot: unknown = JSON.parse(body);
  if (typeof snapshot !== "object" || snapshot === null || Array.isArray(snapshot)) {
    throw new Error(`${shownUrl(source)} did not answer with an object`);
  }
  return { snapshot: { ...snapshot }, readAtMs: monotonicMs() };
}

function withRatesOf(body: MetricsBody, last: MetricsBody): MetricsBody {
  const { disk_read, disk_write, net_read, net_write } = last;
  return {
    ...body,
    disk_read,
    disk_write,
    ...(net_read === undefined ? {} : { net_read }),
    ...(net_write === undefined ? {} : { net_write }),
    details: { ...body.details, throughput: last.details["throughput"] },
  };
}

function outgoingOf(body: MetricsBody, at: number): Outgoing {
  const percent = (value: number): string => `${value.toFixed(1)}%`;
  return {
    at,
    body: JSON.stringify(body),
    summary: `cpu=${percent(body.cpu)} ram=${percent(body.ram)} disk=${percent(body.disk)}`,
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}

function helpText(name: string): string {
  return [
    name,
    "",
    "Posts what a System Stats Service measures to one or several Monitoring Stack servers.",
    "",
    "Variables (an empty one counts as unset):",
    "  SYSTEM_STATS_URL                 default http://127.0.0.1:5001/system",
    "  MONITORING_SERVER_METRICS_URL    one or several, separated by commas; default http://127.0.0.1:5050/metrics",
    "  SYSTEM_STATS_FORWARD_INTERVAL    seconds; default 30",
    "  SYSTEM_STATS_FORWARD_LOG_LEVEL   debug, info, warn or error; default info",
    "  SYSTEM_STATS_FORWARD_BUFFER_DIR  where samples wait for a server; default $STATE_DIRECTORY, else in memory",
    "",
  ].join("\n");
}
