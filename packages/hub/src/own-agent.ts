/**
 * This machine's own agent inside the hub's process: its samples go the way all samples go, without the network between.
 * What the store does not take at the moment is kept, bounded, and handed in later with its true times.
 */
import { hostname } from "node:os";
import {
  createAgent,
  expositionText,
  readIdentity,
  readUname,
  serveAgent,
  snapshotView,
  systemView,
  type Agent,
  type AgentParts,
  type AgentSettings,
  type SystemView,
} from "@belfry/agent";
import { seriesHash, type BatchHost, type BatchSeries, type SampleBatch } from "@belfry/contract";
import type { Clock } from "./model/clock.ts";

/** A sample as collectors leave it. */
type Sample = NonNullable<Agent["latest"]>;

export interface OwnAgentSettings {
  readonly intervalMs: number;
  readonly diskPath: string;
  readonly roots: AgentSettings["roots"];
  /** Where a machine without an id of its own keeps one. */
  readonly stateDir: string;
}

export interface OwnAgentParts {
  readonly clock: Clock;
  readonly log: AgentParts["log"];
  readonly version: string;
  readonly sha256: (text: string) => string;
  /** Resolves once the samples are durable. */
  readonly receive: (batch: SampleBatch) => Promise<unknown>;
}

export interface OwnAgent extends AsyncDisposable {
  /** What `GET /system` tells; null before the first sample. */
  system(): SystemView | null;
  /** Answers at a port of its own as the System Stats Service and node_exporter do, until it is disposed. */
  serve(listen: { readonly host: string; readonly port: number }): Promise<AsyncDisposable>;
}

/** Samples kept while the store takes none: an hour of them at 5 s. */
const mostWaiting = 720;
const mostAtOnce = 120;
const retryMs = 2_000;
const topProcesses = 10;

/** Starts collecting. Disposing stops it; what waits is tried once more. */
export function startOwnAgent(settings: OwnAgentSettings, parts: OwnAgentParts): OwnAgent {
  const { clock, log, version } = parts;
  const { machineId, bootId } = readIdentity({ ...settings, override: null, hostname: hostname() });
  const host = {
    machine_id: machineId,
    boot_id: bootId,
    name: hostname(),
    version,
    interval: settings.intervalMs / 1000,
    labels: {},
  };
  const queue = new SampleQueue(host, parts, () => agent.details);
  const told = { diskPath: settings.diskPath, version, uname: readUname() };
  let latest: Sample | null = null;
  let previous: Sample | null = null;
  const agent = createAgent(
    { ...settings, topProcesses, containerSocket: null },
    {
      clock: { now: () => clock.now(), monotonicMs: () => clock.monotonicMs() },
      log,
      onSample(sample) {
        previous = latest;
        latest = sample;
        queue.push(sample);
      },
    },
  );
  const system = (): SystemView | null =>
    latest && systemView(latest, previous, agent.details, told);
  return {
    system,
    serve: (listen) =>
      serveAgent(
        { listen },
        {
          system,
          snapshot: () => latest && snapshotView(latest, agent.details, host),
          metrics: (format) => expositionText(latest, [], format),
          warn: (fields, message) => log.warn(fields, message),
        },
      ),
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await queue[Symbol.asyncDispose]();
    },
  };
}

class SampleQueue implements AsyncDisposable {
  readonly #host: Omit<BatchHost, "sent_at">;
  readonly #parts: OwnAgentParts;
  readonly #details: () => Agent["details"];
  readonly #waiting: Sample[] = [];
  #list: {
    readonly of: Sample["series"];
    readonly series: readonly BatchSeries[];
    readonly hash: string;
  } | null = null;
  #sentDetails: Agent["details"] | null = null;
  #running: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #dropped = 0;
  #stopped = false;

  constructor(
    host: Omit<BatchHost, "sent_at">,
    parts: OwnAgentParts,
    details: () => Agent["details"],
  ) {
    this.#host = host;
    this.#parts = parts;
    this.#details = details;
  }

  push(sample: Sample): void {
    this.#waiting.push(sample);
    if (this.#waiting.length > mostWaiting) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    if (this.#retry === null) this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#run();
    await this.#running;
  }

  #run(): void {
    this.#running ??= this.#handIn().finally(() => {
      this.#running = null;
    });
  }

  async #handIn(): Promise<void> {
    while (this.#waiting.length > 0) {
      const samples = this.#next();
      const details = this.#details();
      try {
        await this.#parts.receive(this.#batchOf(samples, details));
      } catch (err) {
        this.#parts.log.warn(
          { err, waiting: this.#waiting.length, dropped: this.#dropped },
          "samples of this machine could not be stored; they wait",
        );
        if (this.#stopped) return;
        this.#retry = setTimeout(() => {
          this.#retry = null;
          this.#run();
        }, retryMs);
        return;
      }
      this.#sentDetails = details;
      const taken = new Set(samples);
      while (this.#waiting[0] !== undefined && taken.has(this.#waiting[0])) this.#waiting.shift();
    }
  }

  /** The oldest samples that list the same series. */
  #next(): readonly Sample[] {
    const first = this.#waiting[0];
    const other = this.#waiting.findIndex((sample) => sample.series !== first?.series);
    const end = other === -1 ? this.#waiting.length : other;
    return this.#waiting.slice(0, Math.min(end, mostAtOnce));
  }

  #batchOf(samples: readonly Sample[], details: Agent["details"]): SampleBatch {
    const { series, hash } = this.#listOf(samples[0]?.series ?? []);
    const times = Float64Array.from(samples, ({ at }) => at);
    const values = new Float64Array(series.length * times.length);
    const present = new Uint8Array(values.length);
    for (const [t, sample] of samples.entries()) {
      for (let s = 0; s < series.length; s += 1) {
        values[s * times.length + t] = sample.values[s] ?? Number.NaN;
        present[s * times.length + t] = sample.present?.[s] ?? 1;
      }
    }
    const host: BatchHost = { ...this.#host, sent_at: this.#parts.clock.now() };
    const complete = samples.every((sample) => sample.present === undefined);
    return {
      host,
      seriesHash: hash,
      series,
      seriesCount: series.length,
      times,
      values,
      ...(complete ? {} : { present }),
      details: details === this.#sentDetails ? null : details,
    };
  }

  #listOf(of: Sample["series"]): {
    readonly series: readonly BatchSeries[];
    readonly hash: string;
  } {
    if (this.#list?.of === of) return this.#list;
    const series = of.map(({ metric, labels }) => ({ name: metric.name, labels }));
    this.#list = { of, series, hash: seriesHash(series, this.#parts.sha256) };
    return this.#list;
  }
}
