/** What a worker elsewhere tells of itself at `/metrics`, beside what every process does. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { OutboxStats } from "./outbox.ts";

export interface RemoteWorkerFigures {
  readonly outbox: () => OutboxStats;
  readonly assigned: () => number;
  /** When the hub answered last, epoch ms; null: not yet. */
  readonly heardAt: () => number | null;
  readonly clockOffsetMs: () => number;
}

/** Adds them; they are read when somebody asks. */
export function addRemoteWorkerMetrics(registry: Registry, figures: RemoteWorkerFigures): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  const { outbox, assigned, heardAt, clockOffsetMs } = figures;
  gauge("belfry_remote_worker_monitors", "Monitors the hub assigned to this worker", assigned);
  gauge(
    "belfry_remote_worker_outcomes_waiting",
    "Outcomes on disk that the hub does not have yet",
    () => outbox().waiting,
  );
  gauge(
    "belfry_remote_worker_outcomes_waiting_bytes",
    "Bytes of outcomes on disk that the hub does not have yet",
    () => outbox().bytes,
  );
  gauge(
    "belfry_remote_worker_oldest_outcome_seconds",
    "Age of the oldest outcome that the hub does not have yet",
    () => outbox().oldestSeconds,
  );
  counter("belfry_remote_worker_outcomes_sent_total", "Outcomes the hub took", () => outbox().sent);
  counter(
    "belfry_remote_worker_outcomes_duplicate_total",
    "Outcomes the hub had already",
    () => outbox().duplicates,
  );
  counter(
    "belfry_remote_worker_outcomes_dropped_total",
    "Outcomes there was no room for, or that the hub refused for good",
    () => outbox().dropped,
  );
  gauge(
    "belfry_remote_worker_hub_heard_timestamp_seconds",
    "When the hub answered last; 0: not yet",
    () => (heardAt() ?? 0) / 1000,
  );
  gauge(
    "belfry_remote_worker_clock_offset_seconds",
    "This machine's clock less the hub's",
    () => clockOffsetMs() / 1000,
  );
}
