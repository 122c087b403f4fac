/** The agent as a process: collects, serves, sends, until it is told to stop. */
import { hostname } from "node:os";
import type { Agent, AgentParts, AgentSettings } from "../agent.ts";
import { readIdentity } from "../identity.ts";
import type { Sample } from "../sample/series-table.ts";
import { createSender } from "../send/sender.ts";
import { expositionText, type TextFormat } from "../serve/exposition.ts";
import { ownFamilies } from "../serve/own-metrics.ts";
import { serveAgent } from "../serve/server.ts";
import { snapshotView, type SnapshotHost } from "../serve/snapshot-view.ts";
import { readUname, systemView } from "../serve/system-view.ts";
import type { Log } from "./log.ts";
import { warningsOf, type RunSettings } from "./settings.ts";
import { Watchdog } from "./watchdog.ts";

export interface RunAgentParts {
  readonly version: string;
  readonly log: Log;
  /** Aborts: stop. */
  readonly signal: AbortSignal;
  readonly clock: { readonly now: () => number; readonly monotonicMs: () => number };
  readonly createAgent: (settings: AgentSettings, parts: AgentParts) => Agent;
}

/** Ms there are for writing what was not sent and for ending connections. */
const stopMs = 4_000;

/** Runs until `signal`; gives the exit code: 0, or 1 when no sample could be taken for long. */
export async function runAgent(settings: RunSettings, parts: RunAgentParts): Promise<number> {
  const { log, clock, signal } = parts;
  for (const warning of warningsOf(settings)) log.warn({}, warning);
  const stopped = Promise.withResolvers<number>();
  signal.addEventListener("abort", () => stopped.resolve(0), { once: true });
  const watchdog = new Watchdog(settings, {
    monotonicMs: clock.monotonicMs,
    onSilence: (silentMs) => {
      log.error({ seconds: Math.round(silentMs / 1000) }, "no sample could be taken; giving up");
      stopped.resolve(1);
    },
  });
  const stack = new AsyncDisposableStack();
  stack.use(watchdog);
  try {
    await start(settings, parts, stack, watchdog);
    if (signal.aborted) stopped.resolve(0);
    return await stopped.promise;
  } finally {
    const begin = clock.monotonicMs();
    const isDone = await within(stopMs, stack.disposeAsync());
    const ms = Math.round(clock.monotonicMs() - begin);
    if (isDone) log.info({ ms }, "stopped");
    else log.warn({ ms }, "stopped before everything was written");
  }
}

/** Starts what samples go to before what makes them; stopping is the other way round. */
async function start(
  settings: RunSettings,
  parts: RunAgentParts,
  stack: AsyncDisposableStack,
  watchdog: Watchdog,
): Promise<void> {
  const { log, clock, version } = parts;
  const identity = readIdentity({ ...settings, override: settings.hostId, hostname: hostname() });
  const host: SnapshotHost = {
    machine_id: identity.machineId,
    boot_id: identity.bootId,
    name: settings.name,
    version,
    interval: settings.intervalMs / 1000,
    labels: settings.labels,
  };
  const sender = stack.use(createSender({ ...settings, host }, { clock, log }));
  const taken = { count: 0, latest: null as Sample | null, previous: null as Sample | null };
  const startedAt = clock.now();
  const agent = stack.use(
    parts.createAgent(settings, {
      clock,
      log,
      onSample: (sample) => {
        taken.count += 1;
        taken.previous = taken.latest;
        taken.latest = sample;
        watchdog.hear();
        sender.push(sample, agent.details);
      },
    }),
  );
  const settled = { diskPath: settings.diskPath, version, uname: readUname() };
  const fresh = (): Sample | null => freshOf(taken.latest, settings.intervalMs, clock.now());
  const metrics = (format: TextFormat): string =>
    expositionText(
      fresh(),
      ownFamilies({
        version,
        runtime: process.version,
        startedAt,
        samples: taken.count,
        sampledAt: taken.latest?.at ?? null,
        collectors: agent.collectors,
        hubs: sender.stats(),
        cpuSeconds: cpuSeconds(),
        residentBytes: process.memoryUsage.rss(),
      }),
      format,
    );
  if (settings.listen !== null) {
    const server = stack.use(
      await serveAgent(
        { listen: settings.listen },
        {
          system: () =>
            taken.latest && systemView(taken.latest, taken.previous, agent.details, settled),
          snapshot: () => taken.latest && snapshotView(taken.latest, agent.details, host),
          metrics,
          warn: (fields, message) => log.warn(fields, message),
        },
      ),
    );
    log.info({}, `serving http://${shownAddress(server.address)}`);
  }
  for (const { url } of settings.hubs) log.info({}, `sending to ${url}`);
}

/** Prometheus is not told old figures as if they were new. */
function freshOf(sample: Sample | null, intervalMs: number, now: number): Sample | null {
  const limitMs = Math.max(60_000, 3 * intervalMs);
  return sample === null || now - sample.at > limitMs ? null : sample;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function shownAddress({
  address,
  family,
  port,
}: {
  address: string;
  family: string;
  port: number;
}): string {
  return `${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

/** Whether it was done in time. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), ms);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
