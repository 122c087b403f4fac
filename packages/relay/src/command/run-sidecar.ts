/**
 * Builds a sidecar and runs it until it is told to stop: spool, a delivery per sink, intake. Stopping goes the other way:
 * nothing new is taken, what is on its way gets ten seconds, the rest stays on disk for the next start.
 */
import type { EventSinkKind } from "../event-sink.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { IntakeCounts } from "../intake/counts.ts";
import { createHealth } from "../intake/health.ts";
import { metricsText } from "../intake/metrics.ts";
import { intakeDefaults, startIntake, type Intake } from "../intake/server.ts";
import { readLimits } from "../dialect/read-events.ts";
import type { Redactor } from "../dialect/redact.ts";
import { SpoolError, type SpoolLog } from "../spool/settings.ts";
import { openSpool, type Spool } from "../spool/spool.ts";
import { createThreadDisk } from "../spool/thread-disk.ts";
import type { Environment } from "./integrations.ts";
import { createLog } from "./log.ts";
import { sidecarHelp } from "./option.ts";
import { createReloads } from "./reload.ts";
import { readSettings, type SidecarSettings } from "./settings.ts";
import { SinkSet } from "./sink-set.ts";

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
  /** Says what is to be called when the settings should be read again. */
  readonly onReload: (listener: () => void) => void;
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
    await serve(argv, settings, parts);
    return 0;
  } catch (error) {
    if (!(error instanceof SpoolError) && !isSystemError(error)) throw error;
    parts.stderr(`belfry sidecar: ${error.message}\n`);
    return 1;
  }
}

async function serve(
  argv: readonly string[],
  settings: SidecarSettings,
  parts: SidecarParts,
): Promise<void> {
  const { clock, sleep, signal, random } = parts;
  const log = createLog(parts.stderr, clock.now);
  await using stack = new AsyncDisposableStack();
  const disk = stack.use(createThreadDisk());
  const { spoolFolder, quotaBytes, whenFull } = settings;
  const spool = stack.use(
    await openSpool({ folder: spoolFolder, quotaBytes, whenFull }, { disk, log, clock, sleep }),
  );
  const sinks = stack.use(new SinkSet({ spool, log, clock, sleep, random, stdout: parts.console }));
  await sinks.change(settings.integrations, settings);
  const redactor = createSwitch(settings.redact);
  const intake = stack.use(await openIntake({ spool, sinks, settings, parts, log, redactor }));
  log.info(
    { sinks: namesOf(sinks), from: settings.integrationsFrom, spool: spoolFolder },
    `listening on ${intake.url}`,
  );
  const reloads = createReloads({
    read: () => readSettings(argv, parts),
    change: async (next) => {
      const change = await sinks.change(next.integrations);
      redactor.use(next.redact);
      return change;
    },
    log,
  });
  parts.onReload(() => reloads.begin());
  await aborted(signal);
  await reloads.end();
  log.info({}, "stopping: nothing more is taken");
  await intake[Symbol.asyncDispose]();
  await drain(sinks.deliveries, log, sleep);
}

function namesOf({ deliveries }: SinkSet): readonly string[] {
  return deliveries.map(({ name }) => name);
}

interface IntakeNeeds {
  readonly spool: Spool;
  readonly sinks: SinkSet;
  readonly settings: SidecarSettings;
  readonly parts: SidecarParts;
  readonly log: SpoolLog;
  readonly redactor: { readonly redact: Redactor };
}

function openIntake(needs: IntakeNeeds): Promise<Intake> {
  const { spool, sinks, settings, parts, log, redactor } = needs;
  const { clock, version, newKey } = parts;
  const { listen, access, rate, spoolFolder } = settings;
  const counts = new IntakeCounts();
  return startIntake(
    { ...intakeDefaults, listen, access, rate },
    {
      take: {
        append: (records) => spool.append(records),
        now: clock.now,
        monotonicMs: clock.monotonicMs,
        newKey,
        redact: redactor.redact,
        maxEvents: readLimits.maxEvents,
        count: (what, events) => counts.events(what, events),
      },
      health: createHealth({
        version,
        spoolFolder,
        spool: () => spool.stats(),
        deliveries: () => sinks.deliveries,
        monotonicMs: clock.monotonicMs,
      }),
      counts,
      metrics: () =>
        metricsText({
          version,
          routes: counts.routes(),
          events: counts.eventCounts(),
          crowd: counts.crowd(),
          spool: spool.stats(),
          sinks: sinks.deliveries.map((one) => one.stats()),
        }),
      integrations: () => integrationsView(sinks),
      log,
    },
  );
}

function integrationsView({ integrations, deliveries }: SinkSet): object {
  return {
    total: integrations.length,
    enabled: deliveries.length,
    integrations: integrations.map(({ name }) => name),
    enabled_integrations: deliveries.map(({ name }) => name),
  };
}

/** A redactor that can become another while events come in. */
function createSwitch(first: Redactor): { readonly redact: Redactor; use(next: Redactor): void } {
  let now = first;
  return {
    redact: (event) => now(event),
    use: (next) => {
      now = next;
    },
  };
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
