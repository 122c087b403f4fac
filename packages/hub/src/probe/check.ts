/**
 * Runs the check of a monitor: keeps the prepared probe of each monitor, and is the wall around all kinds. Whatever a
 * probe does, an outcome comes back within the time limit, and what it throws is a fault of Belfry.
 */
import type { CheckKind, Probe } from "../model/check-kind.ts";
import type { Clock } from "../model/clock.ts";
import type { MonitorId } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";
import type { Outcome } from "../model/outcome.ts";

export interface Prober {
  /** Does one check. Never rejects, and ends within the monitor's time limit (and a moment, if a probe is at fault). */
  check(monitor: Monitor, signal: AbortSignal): Promise<Outcome>;
  /** Drops what was prepared for a monitor. */
  forget(id: MonitorId): void;
}

export interface ProberParts {
  readonly clock: Clock;
  /** Told of what a probe threw: a defect of Belfry, for the log. */
  readonly onDefect: (error: unknown, monitor: Monitor) => void;
}

/** Probes end themselves at their limit; one that is this much later is given up. */
const wallMs = 250;

/** Makes a prober over the registry's kinds. */
export function createProber(
  kinds: ReadonlyMap<string, CheckKind>,
  { clock, onDefect }: ProberParts,
): Prober {
  const prepared = new Map<MonitorId, { readonly version: number; readonly probe: Probe }>();

  function probeOf(monitor: Monitor): Probe {
    const known = prepared.get(monitor.id);
    if (known?.version === monitor.version) return known.probe;
    const kind = kinds.get(monitor.kind);
    if (kind === undefined) throw new TypeError(`there is no check kind ${monitor.kind}`);
    const probe = kind.createProbe(monitor.settings);
    prepared.set(monitor.id, { version: monitor.version, probe });
    return probe;
  }

  async function guarded(monitor: Monitor, signal: AbortSignal): Promise<Outcome> {
    const startedMs = clock.monotonicMs();
    const defect = (message: string): Outcome => ({
      result: "unknown",
      reason: "internal",
      message,
      durationMs: Math.round((clock.monotonicMs() - startedMs) * 1_000) / 1_000,
    });
    let timer: NodeJS.Timeout | undefined;
    try {
      const probe = probeOf(monitor);
      const outcome = probe({ signal, timeoutMs: monitor.timeoutMs });
      const wall = new Promise<Outcome>((resolve) => {
        const late = (): void => resolve(defect(`the ${monitor.kind} check did not end in time`));
        timer = setTimeout(late, monitor.timeoutMs + wallMs);
      });
      return await Promise.race([outcome, wall]);
    } catch (error) {
      onDefect(error, monitor);
      return defect(`the ${monitor.kind} check failed inside of Belfry`);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    check: guarded,
    forget: (id) => void prepared.delete(id),
  };
}
