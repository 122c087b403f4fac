/** Metrics of remote write: what was sent, waits and was given up, for each destination. */
import { Counter, Gauge, type Registry } from "prom-client";

/** How a destination is doing; counters since the start. */
export interface WatchedDestination {
  readonly name: string;
  readonly sent: number;
  readonly sentBytes: number;
  readonly requests: number;
  /** Samples given up, by why. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Samples of attempts that failed, by why. */
  readonly failed: Readonly<Record<string, number>>;
  readonly pending: number;
  readonly oldestSeconds: number;
  readonly trouble: object | null;
}

/** Remote write as it is watched. */
export interface WatchedRemoteWrite {
  readonly destinations: readonly WatchedDestination[];
  readonly spool: { readonly bytes: number; readonly labelBytes: number } | null;
  readonly intake: { readonly waiting: number; readonly dropped: number };
}

/** Reads remote write at each scrape. */
export function watchRemoteWrite(registry: Registry, read: () => WatchedRemoteWrite): void {
  const add = ofDestinations(registry, read);
  add.counter(
    "belfry_remote_write_out_samples_total",
    "Samples a destination took",
    ({ sent }) => sent,
  );
  add.counter(
    "belfry_remote_write_out_bytes_total",
    "Bytes sent of samples that were taken, compressed",
    (one) => one.sentBytes,
  );
  add.counter(
    "belfry_remote_write_out_requests_total",
    "Requests, those that failed included",
    (one) => one.requests,
  );
  add.byReason(
    "belfry_remote_write_out_samples_dropped_total",
    "Samples given up: late, too_old and refused by the destination; lost: for the quota, or with damage",
    ({ dropped }) => dropped,
  );
  add.byReason(
    "belfry_remote_write_out_samples_failed_total",
    "Samples of attempts that failed; all but poison are tried again",
    ({ failed }) => failed,
  );
  add.gauge(
    "belfry_remote_write_out_samples_pending",
    "Samples that wait on disk",
    ({ pending }) => pending,
  );
  add.gauge(
    "belfry_remote_write_out_oldest_age_seconds",
    "Age of the oldest sample that waits on disk",
    (one) => one.oldestSeconds,
  );
  add.gauge("belfry_remote_write_out_up", "Whether a destination takes samples", ({ trouble }) =>
    trouble === null ? 1 : 0,
  );
  watchIntake(registry, read);
}

type Reader<T> = (one: WatchedDestination) => T;

/** Makes metrics that every destination has. */
function ofDestinations(registry: Registry, read: () => WatchedRemoteWrite) {
  const registers = [registry];
  return {
    counter(name: string, help: string, value: Reader<number>): void {
      new Counter({
        name,
        help,
        labelNames: ["destination"],
        registers,
        collect() {
          this.reset();
          for (const one of read().destinations) this.inc({ destination: one.name }, value(one));
        },
      });
    },
    gauge(name: string, help: string, value: Reader<number>): void {
      new Gauge({
        name,
        help,
        labelNames: ["destination"],
        registers,
        collect() {
          for (const one of read().destinations) this.set({ destination: one.name }, value(one));
        },
      });
    },
    byReason(name: string, help: string, value: Reader<Readonly<Record<string, number>>>): void {
      new Counter({
        name,
        help,
        labelNames: ["destination", "reason"],
        registers,
        collect() {
          this.reset();
          for (const one of read().destinations) {
            for (const [reason, count] of Object.entries(value(one))) {
              this.inc({ destination: one.name, reason }, count);
            }
          }
        },
      });
    },
  };
}

function watchIntake(registry: Registry, read: () => WatchedRemoteWrite): void {
  const registers = [registry];
  new Gauge({
    name: "belfry_remote_write_out_spool_bytes",
    help: "Bytes on disk, by part: samples that wait, labels of series",
    labelNames: ["part"],
    registers,
    collect() {
      const { spool } = read();
      this.set({ part: "samples" }, spool?.bytes ?? 0);
      this.set({ part: "labels" }, spool?.labelBytes ?? 0);
    },
  });
  new Gauge({
    name: "belfry_remote_write_out_intake_samples",
    help: "Samples that wait to be written to the spool",
    registers,
    collect() {
      this.set(read().intake.waiting);
    },
  });
  new Counter({
    name: "belfry_remote_write_out_intake_dropped_total",
    help: "Samples left out because the spool took too few",
    registers,
    collect() {
      this.reset();
      this.inc(read().intake.dropped);
    },
  });
}
