/** What checks are made of: kinds, the network they may use, and how Belfry's own faults are told from the target's. */
import type { Settings } from "./config/settings.ts";
import type { HubParts } from "./app.ts";
import type { CheckKind } from "./model/check-kind.ts";
import type { Monitor } from "./model/monitor.ts";
import type { MonitorId } from "./model/id.ts";
import type { Outcome } from "./model/outcome.ts";
import { parseHost } from "./probe/address.ts";
import { createProber } from "./probe/check.ts";
import { createProbeParts } from "./probe/parts.ts";
import { createCheckKinds } from "./probe/registry.ts";
import type { OwnNetwork } from "./probe/own-network.ts";
import { readSurroundings } from "./probe/surroundings.ts";
import { watchLoop } from "./self/loop-stalls.ts";
import type { Metrics } from "./self/metrics.ts";

/** Everything a check needs. */
export interface Checking {
  readonly kinds: ReadonlyMap<string, CheckKind>;
  readonly check: (monitor: Monitor, signal: AbortSignal) => Promise<Outcome>;
  readonly forget: (id: MonitorId) => void;
  readonly targetOf: (monitor: Monitor) => string;
  readonly hostOf: (monitor: Monitor) => string;
  /** The addresses a name had when a check last looked it up. */
  readonly addressesOf: (name: string) => readonly string[];
  /** Whether Belfry's own network is there. */
  readonly network: OwnNetwork;
  /** For how long the event loop stood still within the last so many ms, in ms. */
  readonly stalledMs: (withinMs: number) => number;
}

/** Opens the kinds of checks and what they ask about Belfry itself; `stack` ends it. */
export function openChecking(
  settings: Settings,
  { clock, log, version }: HubParts,
  metrics: Metrics,
  stack: AsyncDisposableStack,
): Checking {
  const stalls = stack.use(watchLoop(clock, (seconds) => metrics.stalled(seconds)));
  const { anchors, resolvers, network } = settings.checks;
  const probeParts = stack.use(
    createProbeParts(
      {
        guard: network,
        anchors: anchors.flatMap(({ host, port }) => {
          const parsed = parseHost(host);
          return parsed === undefined ? [] : [{ host: parsed, port }];
        }),
        surroundings: () => readSurroundings(),
        ...(resolvers.length > 0 ? { nameServers: resolvers } : {}),
        userAgent: `Belfry/${version}`,
      },
      { clock, stalls, random: Math.random },
    ),
  );
  const kinds = createCheckKinds(probeParts);
  const prober = createProber(kinds, {
    clock,
    onDefect: (err, monitor) => log.error({ err, monitor: monitor.id }, "a check failed inside"),
  });
  return {
    kinds,
    check: (monitor, signal) => prober.check(monitor, signal),
    forget: (id) => prober.forget(id),
    targetOf: ({ kind, settings: own }) => kinds.get(kind)?.targetOf(own) ?? kind,
    hostOf: ({ kind, settings: own }) => kinds.get(kind)?.hostOf(own) ?? kind,
    addressesOf: (name) => probeParts.names.addressesOf(name),
    network: probeParts.network,
    stalledMs(withinMs) {
      const now = clock.monotonicMs();
      return stalls.stalledBetween(now - withinMs, now);
    },
  };
}
