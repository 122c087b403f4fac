/** A fleet to be measured: a hub that checks nothing, workers that do, one PostgreSQL, and monitors of a local server. */
import type { FleetView } from "@belfry/contract";
import pg from "pg";
import { startHub, until, type Hub } from "../../test/kit/hub.ts";
import { startPostgres, type Postgres } from "../../test/kit/postgres.ts";
import { usageOf } from "../process-usage.ts";
import { startBenchTarget } from "../target.ts";
import { cpuWithChildren } from "./database-usage.ts";

/** What was used and done up to a moment. */
export interface Reading {
  /** Epoch ms. */
  readonly at: number;
  /** Of all workers that run, µs. */
  readonly workerCpu: number;
  /** Of all processes of PostgreSQL, µs. */
  readonly databaseCpu: number;
  /** Of the hub, µs. */
  readonly hubCpu: number;
  readonly checks: number;
  readonly transactions: number;
  readonly walBytes: number;
}

export interface Crew extends AsyncDisposable {
  readonly hub: Hub;
  readonly target: string;
  workers(): readonly Hub[];
  /** Starts so many workers more. */
  hire(count: number): Promise<void>;
  /** Ends the newest worker: `SIGKILL` as a crash, `SIGTERM` in order. Answers when the signal was sent, epoch ms. */
  dismiss(signal: "SIGKILL" | "SIGTERM"): Promise<number>;
  /** Makes monitors until there are `count`. */
  watch(count: number, intervalSeconds: number): Promise<void>;
  fleet(): Promise<FleetView>;
  read(): Promise<Reading>;
}

const env = {
  BELFRY_AGENT_ENABLED: "false",
  BELFRY_RATE_LIMIT_REQUESTS_PER_MINUTE: "10000000",
  BELFRY_LOG_LEVEL: "error",
  // All monitors are of one address here, which is no target that has to be spared.
  BELFRY_CHECKS_MAX_CONCURRENT_PER_HOST: "500",
};

/** Starts database, hub and target; no worker yet. */
export async function startCrew(): Promise<Crew> {
  await using opened = new AsyncDisposableStack();
  const postgres = opened.use(await startPostgres({ maxConnections: 200 }));
  const database = await postgres.createDatabase();
  const target = opened.use(await startBenchTarget());
  const member = { ...env, BELFRY_DATABASE: database };
  const hub = opened.use(await startHub({ command: "hub", args: ["--no-checks"], env: member }));
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  opened.defer(() => client.end());
  const workers: Hub[] = [];
  opened.defer(async () => {
    for (const one of workers) await one[Symbol.asyncDispose]();
  });
  let watched = 0;
  const resources = opened.move();
  return {
    hub,
    target: target.name,
    workers: () => workers,
    async hire(count) {
      const hired = Array.from({ length: count }, () =>
        startHub({ command: "worker", env: member }),
      );
      workers.push(...(await Promise.all(hired)));
    },
    async dismiss(signal) {
      const worker = workers.pop();
      const at = Date.now();
      await worker?.end(signal);
      await worker?.[Symbol.asyncDispose]();
      return at;
    },
    async watch(count, intervalSeconds) {
      for (; watched < count; watched += 20) {
        const some = Array.from({ length: Math.min(20, count - watched) }, (_, i) => ({
          name: `check ${watched + i}`,
          url: `${target.url}?n=${watched + i}`,
          interval: intervalSeconds,
          timeout: 5,
        }));
        await Promise.all(some.map((one) => hub.ask("POST", "/api/v1/monitors", one)));
      }
    },
    fleet: () => hub.ask<FleetView>("GET", "/api/v1/fleet"),
    read: () => readAll(workers, hub, postgres, client),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function readAll(
  workers: readonly Hub[],
  hub: Hub,
  postgres: Postgres,
  client: pg.Client,
): Promise<Reading> {
  const [checks, { rows }, processes] = await Promise.all([
    Promise.all(workers.map(checksOf)),
    client.query<{ transactions: string; wal: string }>(
      `select xact_commit::text as transactions, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as wal
        from pg_stat_database where datname = current_database()`,
    ),
    postgres.pids(),
  ]);
  return {
    at: Date.now(),
    workerCpu: sum(workers.map(({ pid }) => usageOf(pid).cpuMicroseconds)),
    databaseCpu: cpuWithChildren(processes),
    hubCpu: usageOf(hub.pid).cpuMicroseconds,
    checks: sum(checks),
    transactions: Number(rows[0]?.transactions ?? 0),
    walBytes: Number(rows[0]?.wal ?? 0),
  };
}

async function checksOf({ url }: Hub): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.matchAll(/^belfry_checks_total(?:\{[^}]*\})? (\S+)/gm);
  return sum([...found].map(([, value]) => Number(value)));
}

/** Waits until everybody has work, and all of it is somebody's; `fairly`: shares differ by no more than a few. */
export async function isSpread(crew: Crew, fairly: boolean): Promise<void> {
  const workers = crew.workers().length;
  await until(
    "shares are spread",
    async () => {
      const { members, unheld } = await crew.fleet();
      const held = members
        .filter(({ kind, state }) => kind === "worker" && state === "alive")
        .map(({ shares }) => shares.check);
      const least = Math.min(...held);
      const isFair = fairly ? Math.max(...held) - least <= 5 : least >= 20;
      return held.length === workers && unheld.check === 0 && isFair;
    },
    120_000,
  );
}

/** Adds up. */
export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
