/**
 * Builds a sidecar and runs it until it is told to stop: spool, a delivery per sink, intake. Stopping goes the other way:
 * nothing new is taken, what is on its way gets ten seconds, the rest stays on disk for the next start.
 */
import type { EventSinkKind } from "../event-sink.ts";
import { startDelivery, type Delivery } from "../delivery/delivery.ts";
import { IntakeCounts } from "../intake/counts.ts";
import { createHealth } from "../intake/health.ts";
import { metricsText } from "../intake/metrics.ts";
import { intakeDefaults, startIntake, type Intake } from "../intake/server.ts";
import { readLimits } from "../dialect/read-events.ts";
import { SpoolError, type SpoolLog } from "../spool/settings.ts";
import { openSpool, type Spool } from "../spool/spool.ts";
import { createThreadDisk } from "../spool/thread-disk.ts";
import type { Environment } from "./integrations.ts";
import { createLog } from "./log.ts";
import { sidecarHelp } from "./option.ts";
import { readSettings, type SidecarSettings } from "./settings.ts";

export interface SidecarParts {
  readonly kinds: ReadonlyMap<string, EventSinkKind>;
  readonly env: Environment;
  readonly version: string;
  /** Reads a text file; undefined where there is none; throws when it cannot be read. */
  readonly readText: (path: string) => string | undefined;
  readonly stdout: (text: string) => void;
  /** Where the console sink writes. */
  readonly console: NodeJS.WritableStream;
  readonly stderr: (text: string) => void;
  /** Aborts when the sidecar is to stop. */
  readonly signal: AbortSignal;
  readonly clock: { readonly now: () => number; readonly monotonicMs: () => number };
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0 to 1. */
  readonly random: () => number;
  /** Makes a key that nobody else has. */
  readonly newKey: () => string;
}

const drainMs = 10_000;

/** Runs `belfry sidecar` with these arguments; the exit code: 0 done, 1 it cannot run, 2 wrong settings. */
export async function runSidecar(argv: readonly string[], parts: SidecarParts): Promise<number> {
  const command = readSettings(argv, parts);
  switch (command.kind) {
    case "help":
      parts.stdout(sidecarHelp());
      return 0;
    case "version":
      parts.stdout(`belfry ${parts.version}\n`);
      return 0;
    case "wrong":
      for (const problem of command.problems) parts.stderr(`belfry sidecar: ${problem}\n`);
      return 2;
    case "run":
      break;
  }
  const { settings } = command;
  if (settings.checkOnly) {
    parts.stdout(`${settings.integrations.length} sinks from ${settings.integrationsFrom}: fine\n`);
    return 0;
  }
  try {
    await serve(settings, parts);
    return 0;
  } catch (error) {
    if (!(error instanceof SpoolError) && !isSystemError(error)) throw error;
    parts.stderr(`belfry sidecar: ${error.message}\n`);
    return 1;
  }
}

async function serve(settings: SidecarSettings, parts: SidecarParts): Promise<void> {
  const { clock, sleep, signal } = parts;
  const log = createLog(parts.stderr, clock.now);
  await using stack = new AsyncDisposableStack();
  const disk = stack.use(createThreadDisk());
  const { spoolFolder, quotaBytes, whenFull } = settings;
  const spool = stack.use(
    await openSpool({ folder: spoolFolder, quotaBytes, whenFull }, { disk, log, clock, sleep }),
  );
  const deliveries = await startDeliveries(spool, settings, parts, log);
  // All at once: each may wait for its sink.
  stack.defer(async () => {
    await Promise.all(deliveries.map((one) => one[Symbol.asyncDispose]()));
  });
  await tidyCursors(spool, settings, log);
  const intake = stack.use(await openIntake(spool, deliveries, settings, parts, log));
  const sinks = deliveries.map(({ name }) => name);
  log.info(
    { sinks, from: settings.integrationsFrom, spool: spoolFolder },
    `listening on ${intake.url}`,
  );
  await aborted(signal);
  log.info({}, "stopping: nothing more is taken");
  await intake[Symbol.asyncDispose]();
  await drain(deliveries, log, sleep);
}

async function startDeliveries(
  spool: Spool,
  { integrations }: SidecarSettings,
  { clock, sleep, random, console }: SidecarParts,
  log: SpoolLog,
): Promise<readonly Delivery[]> {
  // What came while there was no sink at all is for the first ones; a sink beside others begins with what is new.
  const from = spool.cursorNames().length === 0 ? "beginning" : "end";
  const places = [];
  for (const integration of integrations.filter(({ enabled }) => enabled)) {
    const { name } = integration;
    places.push({
      integration,
      cursor: await spool.cursor(name, { from }),
      dead: await spool.dead(name),
    });
  }
  return places.map(({ integration: { name, kind, settings }, cursor, dead }) =>
    startDelivery({
      name,
      kind,
      sink: kind.create(settings, { clock, log, stdout: console }),
      cursor,
      dead,
      log,
      clock,
      sleep,
      random,
    }),
  );
}

/** Places of sinks that are not configured or not enabled: without events they go; with events they stay, and are told. */
async function tidyCursors(
  spool: Spool,
  { integrations, forget }: SidecarSettings,
  log: SpoolLog,
): Promise<void> {
  const enabled = new Set(integrations.flatMap((one) => (one.enabled ? [one.name] : [])));
  const { cursors } = spool.stats();
  for (const [sink, { depth }] of Object.entries(cursors)) {
    if (enabled.has(sink)) continue;
    if (depth === 0 || forget.includes(sink)) {
      await spool.forgetCursor(sink);
      if (depth > 0) log.warn({ sink, events: depth }, "what was kept for a sink was given up");
    } else {
      const message = "events are kept for a sink that is not there; --forget gives them up";
      log.warn({ sink, events: depth }, message);
    }
  }
}

function openIntake(
  spool: Spool,
  deliveries: readonly Delivery[],
  settings: SidecarSettings,
  parts: SidecarParts,
  log: SpoolLog,
): Promise<Intake> {
  const { clock, version, newKey } = parts;
  const { host, port, access, redact, integrations, spoolFolder } = settings;
  const counts = new IntakeCounts();
  const names = integrations.map(({ name }) => name);
  const enabled = integrations.flatMap((one) => (one.enabled ? [one.name] : []));
  return startIntake(
    { ...intakeDefaults, host, port, access },
    {
      take: {
        append: (records) => spool.append(records),
        now: clock.now,
        monotonicMs: clock.monotonicMs,
        newKey,
        redact,
        maxEvents: readLimits.maxEvents,
        count: (what, events) => counts.events(what, events),
      },
      health: createHealth({
        version,
        spoolFolder,
        spool: () => spool.stats(),
        deliveries,
        monotonicMs: clock.monotonicMs,
      }),
      counts,
      metrics: () =>
        metricsText({
          version,
          routes: counts.routes(),
          events: counts.eventCounts(),
          spool: spool.stats(),
          sinks: deliveries.map((one) => one.stats()),
        }),
      integrations: () => ({
        total: names.length,
        enabled: enabled.length,
        integrations: names,
        enabled_integrations: enabled,
      }),
      log,
    },
  );
}

async function drain(
  deliveries: readonly Delivery[],
  log: SpoolLog,
  sleep: SidecarParts["sleep"],
): Promise<void> {
  const limit = new AbortController();
  const ended = new AbortController();
  sleep(drainMs, ended.signal).then(
    () => limit.abort(),
    () => undefined,
  );
  await Promise.all(deliveries.map((one) => one.drained(limit.signal)));
  ended.abort();
  for (const { name, depth } of deliveries.map((one) => one.stats())) {
    if (depth > 0) log.info({ sink: name, events: depth }, "left on disk for the next start");
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}

/** A port that is taken, a folder that may not be written: for whoever starts it, not a defect. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}
