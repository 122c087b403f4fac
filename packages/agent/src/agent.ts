/**
 * The agent as a part: collects at its paces and hands every sample to whoever wants it. `belfry agent` serves and sends
 * them; in `belfry up` the hub takes them in directly.
 *
 * The first sample is taken right after the start and the second half a second later, so that rates are there soon;
 * then one at every whole interval since the start. A tick the process was too busy for is left out, not made up for.
 * Collectors of the core run with every sample, all others at paces of their own, a little apart from each other.
 */
import type { HostDetails } from "@belfry/contract";
import type { CollectorSettings, CollectorSpec } from "./collect/collector.ts";
import { collectorsFor } from "./collect/registry.ts";
import { FactBook } from "./sample/fact-book.ts";
import { Runner } from "./sample/runner.ts";
import { SeriesTable, type Sample } from "./sample/series-table.ts";
import type { After } from "./send/timer.ts";

export interface AgentSettings extends CollectorSettings {
  /** Ms between samples of the core: 1,000 to 3,600,000. */
  readonly intervalMs: number;
}

export interface AgentParts {
  readonly clock: { readonly now: () => number; readonly monotonicMs: () => number };
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** Told of every sample, right after it was taken, never before `createAgent` has returned. Must not throw. */
  readonly onSample?: (sample: Sample) => void;
  /** Instead of those of this platform. */
  readonly collectors?: readonly CollectorSpec[];
  /** Instead of real timers. */
  readonly after?: After;
}

/** A host that is being watched. */
export interface Agent extends AsyncDisposable {
  /** The newest sample; null until the first was taken. */
  readonly latest: Sample | null;
  /** What is known beside numbers; the same object until something changes. */
  readonly details: HostDetails;
  /** How the collectors do. */
  readonly collectors: readonly CollectorState[];
}

export interface CollectorState {
  readonly name: string;
  /** Ms the latest round took. */
  readonly elapsedMs: number;
  /** What went wrong in the latest round; null when it went well. */
  readonly fault: string | null;
  /** Failed rounds since the start. */
  readonly faults: number;
}

/** Ms from the first sample to the second. */
const secondSampleMs = 500;
/** Ms a slow collector waits for the one before it at the start; they keep that distance. */
const spreadMs = 90;
/** Ms a round may take that is not done at once. */
const roundLimitMs = 20_000;
/** Ms that stopping waits for rounds under way. */
const stopMs = 1_000;

/** Starts collecting; throws nothing: what cannot be read shows in `collectors`. */
export function createAgent(settings: AgentSettings, parts: AgentParts): Agent {
  const { clock, log, onSample, after = realTimers } = parts;
  const table = new SeriesTable();
  const facts = new FactBook(clock.now);
  const timers = new TimerSet(after);
  const specs = parts.collectors ?? collectorsFor(process.platform);
  const runnerOf = ({ spec, paceMs }: { spec: CollectorSpec; paceMs: number }): Runner => {
    // One round may be missed, or come late, before what it brought last is too old to be shown.
    const freshForMs = 2 * paceMs + 5_000;
    const section = table.section(spec.name, freshForMs);
    const limitMs = roundLimitMs;
    return new Runner(spec, settings, { section, facts, clock, log, after, limitMs });
  };
  const paced = specs.map((spec) => {
    const paceMs = spec.pace === "core" ? settings.intervalMs : spec.pace * 1_000;
    return { spec, paceMs, runner: runnerOf({ spec, paceMs }) };
  });
  const core = paced.filter(({ spec }) => spec.pace === "core").map(({ runner }) => runner);
  const slow = paced.filter(({ spec }) => spec.pace !== "core");
  let latest: Sample | null = null;
  const take = (): void => {
    const at = Math.round(clock.now());
    for (const runner of core) runner.run();
    latest = table.read(at, clock.monotonicMs());
    onSample?.(latest);
  };
  const start = clock.monotonicMs();
  timers.once(0, take);
  timers.once(secondSampleMs, take);
  timers.every(settings.intervalMs, { from: start, monotonicMs: clock.monotonicMs }, take);
  slow.forEach(({ runner, paceMs }, place) => {
    const from = start + spreadMs * (place + 1);
    timers.every(paceMs, { from, monotonicMs: clock.monotonicMs }, () => runner.run());
  });
  return {
    get latest() {
      return latest;
    },
    get details() {
      return facts.details;
    },
    get collectors() {
      return paced.map(({ runner }) => runner.state);
    },
    async [Symbol.asyncDispose]() {
      timers[Symbol.dispose]();
      const rounds = paced.flatMap(({ runner }) => runner.running ?? []);
      for (const { runner } of paced) runner[Symbol.dispose]();
      await within(stopMs, after, Promise.all(rounds));
    },
  };
}

/** Unlike those of the sender these keep a process alive: to collect is what it is for. */
const realTimers: After = (ms, run) => {
  const timer = setTimeout(run, ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
};

interface Rhythm {
  /** Monotonic ms that whole paces are counted from. */
  readonly from: number;
  readonly monotonicMs: () => number;
}

class TimerSet implements Disposable {
  readonly #after: After;
  readonly #timers = new Set<Disposable>();

  constructor(after: After) {
    this.#after = after;
  }

  once(ms: number, run: () => void): void {
    const timer = this.#after(ms, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }

  /** At every whole pace from `from` on, without drift and without making up for what was missed. */
  every(paceMs: number, rhythm: Rhythm, run: () => void): void {
    const { from, monotonicMs } = rhythm;
    const elapsed = monotonicMs() - from;
    // A timer may fire a little early: its tick is the one that is about to come.
    const next = (Math.floor((elapsed + 2) / paceMs) + 1) * paceMs;
    this.once(Math.max(1, next - elapsed), () => {
      this.every(paceMs, rhythm, run);
      run();
    });
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#timers.clear();
  }
}

async function within(ms: number, after: After, work: Promise<unknown>): Promise<void> {
  const limit = Promise.withResolvers<void>();
  using _ = after(ms, limit.resolve);
  await Promise.race([work, limit.promise]);
}
