/** What a worker has to check: kept up with the hub's answers, and handed to the schedule. */
import type { WorkerMonitor } from "@belfry/contract";
import type { CheckKind } from "../model/check-kind.ts";
import { parseId, type MonitorId } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";
import { slotAt, spreadOf, startOfSlot } from "../schedule/slots.ts";

export interface AssignmentParts {
  readonly kinds: ReadonlyMap<string, CheckKind>;
  /** The hub's clock, epoch ms. */
  readonly now: () => number;
  readonly scheduler: {
    add(monitor: Monitor, delayMs: number, soonerMs?: number): void;
    remove(id: MonitorId): void;
  };
  /** Drops what is prepared for a monitor. */
  readonly forget: (id: MonitorId) => void;
}

/** More new monitors than that are not checked at once, but within `mostSpreadMs`. */
const mostAtOnce = 20;
const mostSpreadMs = 10_000;

export class Assignment {
  readonly #parts: AssignmentParts;
  readonly #monitors = new Map<MonitorId, Monitor>();
  /** Why a monitor cannot be checked here. */
  readonly #misfits = new Map<MonitorId, string>();

  constructor(parts: AssignmentParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#monitors.size;
  }

  monitors(): Iterable<Monitor> {
    return this.#monitors.values();
  }

  /** Why it cannot be checked here; undefined: it can. */
  misfit(id: MonitorId): string | undefined {
    return this.#misfits.get(id);
  }

  /** From now on these are checked, and no others. */
  replace(wanted: readonly WorkerMonitor[]): void {
    const next = new Map(wanted.flatMap((one) => this.#read(one)));
    const isBehind = (id: MonitorId, { version }: Monitor): boolean =>
      next.get(id)?.version !== version;
    for (const [id, monitor] of this.#monitors) if (isBehind(id, monitor)) this.#drop(id);
    const added = [...next].filter(([id]) => !this.#monitors.has(id));
    for (const [id, monitor] of added) {
      this.#monitors.set(id, monitor);
      const now = this.#parts.now();
      const delayMs = startOfSlot(monitor, slotAt(monitor, now) + 1) - now;
      const spreadMs = Math.min(delayMs * 0.8, mostSpreadMs) * spreadOf(id);
      this.#parts.scheduler.add(monitor, delayMs, added.length > mostAtOnce ? spreadMs : 0);
    }
  }

  #drop(id: MonitorId): void {
    this.#parts.scheduler.remove(id);
    this.#parts.forget(id);
    this.#monitors.delete(id);
    this.#misfits.delete(id);
  }

  /** A hub of another release may have kinds and settings that this one does not know. */
  #read(one: WorkerMonitor): [MonitorId, Monitor][] {
    const id = parseId<"monitor">(one.id);
    if (id === undefined) return [];
    const kind = this.#parts.kinds.get(one.kind);
    const parsed = kind?.parseSettings(one.settings, "settings");
    if (parsed?.kind === "ok") this.#misfits.delete(id);
    else {
      const problem = parsed?.problems[0];
      this.#misfits.set(
        id,
        problem === undefined
          ? `this worker's release knows no checks of kind ${one.kind}`
          : `this worker's release cannot apply ${problem.path}: ${problem.message}`,
      );
    }
    const { judging } = one;
    const retry = judging.retry_interval;
    const slow = judging.degraded_response_time;
    return [
      [
        id,
        {
          id,
          name: one.name,
          kind: one.kind,
          settings: parsed?.kind === "ok" ? parsed.value : {},
          labels: {},
          dependsOn: [],
          enabled: true,
          intervalMs: Math.round(one.interval * 1000),
          timeoutMs: Math.round(one.timeout * 1000),
          judging: {
            downAfter: judging.down_after,
            upAfter: judging.up_after,
            retryIntervalMs: retry === null ? null : Math.round(retry * 1000),
            degradedAfterMs: slow === null ? null : Math.round(slow * 1000),
            degradedCertificateDays: judging.degraded_certificate_days,
          },
          version: one.version,
          createdAt: 0,
          updatedAt: 0,
        },
      ],
    ];
  }
}
