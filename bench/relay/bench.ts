/**
 * The sidecar as a process: durable events per second through HTTP, how long an acknowledgement takes, memory and start with
 * a backlog. It has one core, the load another. Limit: a bare `node:http` server under the same load, which reads bodies,
 * answers 202 and stores nothing.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { usageOf } from "../process-usage.ts";
import type { BenchReport, BenchRow } from "../report.ts";
import { isPinned, load, startServer, type LoadSettings, type Server } from "./process.ts";

const megabyte = 1e6;

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), "belfry-bench-relay-"));
  const seconds = short ? 3 : 8;
  const warmSeconds = short ? 1.5 : 4;
  const single = { connections: 64, pipelined: 16, eventsPerRequest: 1, seconds };
  const keepAlive = { connections: 256, pipelined: 1, eventsPerRequest: 1, seconds };
  const batched = { connections: 16, pipelined: 1, eventsPerRequest: 100, seconds };
  const bench = new Bench(folder, warmSeconds);
  try {
    const rows = [
      ...(await bench.throughput("single events, pipelined", single, 15_000)),
      ...(await bench.throughput("single events, one at a time a connection", keepAlive, null)),
      ...(await bench.throughput("events in batches of 100", batched, 80_000)),
      ...(await bench.latency({ ...keepAlive, connections: 50, eventsPerSecond: 5_000 })),
      ...(await bench.backlog(batched, short ? [100, 400] : [250, 1_000])),
    ];
    return {
      name: "relay",
      rows,
      notes: [
        isPinned ? "sidecar on one core, load on another" : "sidecar and load share their cores",
        "every event was synced (fdatasync) before its answer; about 600 bytes of JSON each, every id new",
        "single, pipelined: 64 connections, 16 requests under way on each; else 256 with one; batches: 16 with one",
        "two sinks draining: they take everything at once and cost nothing themselves",
        "acknowledgement: a request's time runs from when it was due; 50 connections",
        "backlog: of one sink that is away; files in the page cache",
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Sinks = "none" | "two" | "away";

const integrations: Readonly<Record<Sinks, readonly object[]>> = {
  none: [],
  two: [
    { type: "takes", name: "one" },
    { type: "takes", name: "two" },
  ],
  away: [{ type: "away", name: "away" }],
};

/** As `packages/hub/bin/belfry.js` starts it. */
const runtimeFlags = ["--max-semi-space-size=4"];
const runtimeEnv = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "131072",
};

class Bench {
  readonly #folder: string;
  readonly #warmSeconds: number;

  constructor(folder: string, warmSeconds: number) {
    this.#folder = folder;
    this.#warmSeconds = warmSeconds;
  }

  #start(spool: string, sinks: Sinks): Promise<Server> {
    const env = {
      SPOOL_DIR: join(this.#folder, spool),
      BELFRY_SIDECAR_SPOOL_MB: "40000",
      INTEGRATIONS_CONFIG: JSON.stringify(integrations[sinks]),
    };
    const args = ["--listen", "127.0.0.1:0"];
    return startServer("sidecar.ts", args, { ...env, ...runtimeEnv }, runtimeFlags);
  }

  #forget(spool: string): void {
    rmSync(join(this.#folder, spool), { recursive: true, force: true });
  }

  async #measure(
    server: Server,
    settings: LoadSettings,
  ): Promise<{ perSecond: number; microseconds: number; taken: number }> {
    await load(server.port, { ...settings, seconds: this.#warmSeconds });
    const before = usageOf(server.pid).cpuMicroseconds;
    const takenBefore = await takenBy(server);
    const begin = performance.now();
    const { perSecond, events, refused } = await load(server.port, settings);
    if (refused > 0) throw new Error(`${refused} requests were refused`);
    const microseconds = (usageOf(server.pid).cpuMicroseconds - before) / Math.max(events, 1);
    const seconds = (performance.now() - begin) / 1000;
    return { perSecond, microseconds, taken: ((await takenBy(server)) - takenBefore) / seconds };
  }

  async throughput(
    what: string,
    settings: LoadSettings,
    budget: number | null,
  ): Promise<BenchRow[]> {
    let bare: number;
    {
      await using server = await startServer("bare.ts", []);
      await load(server.port, { ...settings, seconds: this.#warmSeconds });
      bare = (await load(server.port, settings)).perSecond;
    }
    const rows: BenchRow[] = [];
    for (const sinks of ["none", "two"] as const) {
      // Its spool goes when it has ended.
      await using stack = new AsyncDisposableStack();
      stack.defer(() => this.#forget("throughput"));
      const server = stack.use(await this.#start("throughput", sinks));
      const { perSecond, microseconds, taken } = await this.#measure(server, settings);
      const isFirst = sinks === "none";
      rows.push(
        {
          what: isFirst ? what : "  with two sinks draining beside it",
          value: perSecond,
          unit: "events/s",
          budget: isFirst ? budget : null,
          atMost: false,
          ...(isFirst ? { peer: { name: "bare node:http, stores nothing", value: bare } } : {}),
        },
        info("  CPU of the whole process", microseconds, "µs/event"),
      );
      if (sinks === "two")
        rows.push(info("  taken by each of the two meanwhile", taken, "events/s"));
    }
    return rows;
  }

  async latency(settings: LoadSettings): Promise<BenchRow[]> {
    await using stack = new AsyncDisposableStack();
    stack.defer(() => this.#forget("latency"));
    const server = stack.use(await this.#start("latency", "two"));
    await load(server.port, { ...settings, seconds: this.#warmSeconds });
    const { p50Ms, p99Ms, maxMs, perSecond } = await load(server.port, settings);
    return [
      info("an acknowledgement at 5,000 events/s, two sinks, p50", p50Ms, "ms"),
      { what: "  p99", value: p99Ms, unit: "ms", budget: 25, atMost: true },
      info("  longest", maxMs, "ms"),
      info("  answered", perSecond, "events/s"),
    ];
  }

  /** Memory and start with backlogs of several sizes. */
  async backlog(settings: LoadSettings, sizes: readonly number[]): Promise<BenchRow[]> {
    const rows: BenchRow[] = [];
    let emptyMs: number;
    {
      await using server = await this.#start("backlog", "away");
      emptyMs = server.startMs;
    }
    for (const size of sizes) {
      let last: number;
      {
        await using server = await this.#start("backlog", "away");
        while ((await bytesOf(server)) < size * megabyte) {
          await load(server.port, { ...settings, seconds: 1 });
        }
        last = usageOf(server.pid).residentBytes;
      }
      await using again = await this.#start("backlog", "away");
      const held = await bytesOf(again);
      const perGb = ((again.startMs - emptyMs) / 1000) * (1e9 / held);
      await load(again.port, { ...settings, eventsPerSecond: 5_000, seconds: this.#warmSeconds });
      const name = `with a backlog of ${Math.round(held / megabyte)} MB`;
      rows.push(
        {
          ...resident(`resident ${name}, taking 5,000 events/s`, usageOf(again.pid).residentBytes),
          budget: 150,
        },
        resident("  after filling it at full speed", last),
        { what: "  start until it listens", value: perGb, unit: "s/GB", budget: 2, atMost: true },
      );
    }
    this.#forget("backlog");
    return rows;
  }
}

async function healthOf({ port }: Server): Promise<unknown> {
  return (await fetch(`http://127.0.0.1:${port}/health`)).json();
}

/** Events the first sink took since the start; 0 where there is none. */
async function takenBy(server: Server): Promise<number> {
  return Number(Object(await healthOf(server)).integrations?.one?.delivered ?? 0);
}

async function bytesOf(server: Server): Promise<number> {
  return Number(Object(await healthOf(server)).spool.bytes);
}

function resident(what: string, bytes: number): BenchRow {
  return info(what, bytes / megabyte, "MB");
}

function info(what: string, value: number, unit: string): BenchRow {
  return { what, value, unit, budget: null, atMost: true };
}
