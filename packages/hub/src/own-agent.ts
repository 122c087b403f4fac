/**
 * This machine's own agent inside the hub's process: its samples go the way all samples go, without the network between.
 * What the store does not take at the moment is kept, bounded, and handed in later with its true times.
 */
import { hostname } from "node:os";
import {
  createAgent,
  createRunMaker,
  expositionText,
  mergeRuns,
  readIdentity,
  readUname,
  serveAgent,
  snapshotView,
  systemView,
  type Agent,
  type AgentParts,
  type AgentSettings,
  type Run,
  type SystemView,
} from "@belfry/agent";
import type { BatchHost, SampleBatch } from "@belfry/contract";
import type { Clock } from "./model/clock.ts";
import { AppError } from "./model/error.ts";

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
  readonly #runOf = createRunMaker();
  /** One instant each, oldest first. */
  readonly #waiting: Run[] = [];
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
    this.#waiting.push(this.#runOf(sample));
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
    for (;;) {
      // A new run begins where the list of series changes and where the clock was set back.
      const [run] = mergeRuns(this.#waiting.slice(0, mostAtOnce), mostAtOnce);
      if (run === undefined) return;
      const taken = new Set(this.#waiting.slice(0, run.times.length));
      const details = this.#details();
      try {
        await this.#parts.receive(this.#batchOf(run, details));
        this.#sentDetails = details;
      } catch (err) {
        const fields = { err, waiting: this.#waiting.length, dropped: this.#dropped };
        if (!(err instanceof AppError && err.code === "invalid")) {
          this.#parts.log.warn(fields, "samples of this machine could not be stored; they wait");
          this.#tryLater();
          return;
        }
        this.#dropped += taken.size;
        this.#parts.log.warn(fields, "samples of this machine were refused; they are dropped");
      }
      while (this.#waiting[0] !== undefined && taken.has(this.#waiting[0])) this.#waiting.shift();
    }
  }

  #tryLater(): void {
    if (this.#stopped) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#run();
    }, retryMs);
  }

  #batchOf(run: Run, details: Agent["details"]): SampleBatch {
    const { list, ...samples } = run;
    return {
      ...samples,
      host: { ...this.#host, sent_at: this.#parts.clock.now() },
      seriesHash: list.hash,
      series: list.series,
      seriesCount: list.series.length,
      details: details === this.#sentDetails ? null : details,
    };
  }
}
