/**
 * Several processes on one PostgreSQL: checks against the number of workers, what the database does for them, how long a
 * killed worker's monitors wait for somebody else, and what it costs when a worker leaves and all it had moves. A hub that
 * checks nothing, one to three workers and the database share the machine.
 */
import { setTimeout as delay } from "node:timers/promises";
import { fleetShareCounts } from "@belfry/contract";
import { until } from "../../test/kit/hub.ts";
import { usageOf } from "../process-usage.ts";
import type { BenchReport, BenchRow } from "../report.ts";
import { isSpread, startCrew, sum, type Crew, type Reading } from "./crew.ts";

/** Workers are measured at this load, checks a second, for so many seconds. */
const loads = { short: { monitors: 300, seconds: 3 }, whole: { monitors: 900, seconds: 20 } };
/** Two workers look after these; what one of them has moves when it leaves. Interval in seconds. */
const storms = { monitors: 20_000, interval: 20 };
const kills = { short: 1, whole: 5 };

/** Runs it. */
export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const size = short ? "short" : "whole";
  const load = loads[size];
  await using crew = await startCrew();
  await crew.hire(3);
  await crew.watch(load.monitors, 1);
  await isSpread(crew, !short);
  const three = await measure(crew, load.seconds);
  const moved = short ? await leave(crew) : undefined;
  const takeOvers = await takeOver(crew, kills[size], !short);
  while (crew.workers().length > 1) await crew.dismiss("SIGTERM");
  await holdsAll(crew);
  // What the others left behind is over.
  await delay(short ? 500 : 5_000);
  const one = await measure(crew, load.seconds);
  const resident = usageOf(crew.workers()[0]?.pid ?? 0).residentBytes;
  return {
    name: "fleet",
    rows: [
      ...loadRows(one, three, load.monitors),
      ...takeOverRows(takeOvers),
      ...stormRows(moved ?? (await storm(storms)), short),
      row(`worker with ${load.monitors} monitors, resident`, resident / 1e6, "MB", null),
    ],
    notes: [
      `${load.monitors} monitors at 1 s for ${load.seconds} s against ${crew.target}, all on one machine; the database without fsync`,
      `${takeOvers.length} workers killed; ${short ? "shares were not yet spread evenly" : "shares spread evenly before each"}`,
    ],
  };
}

function row(what: string, value: number, unit: string, budget: number | null): BenchRow {
  return { what, value, unit, budget, atMost: true };
}

/** What was used per check between two readings. */
interface Cost {
  readonly perSecond: number;
  /** µs. */
  readonly workerCpu: number;
  readonly databaseCpu: number;
  readonly hubCpu: number;
  readonly transactionsPerSecond: number;
  readonly walBytes: number;
}

async function measure(crew: Crew, seconds: number): Promise<Cost> {
  const before = await crew.read();
  await delay(seconds * 1000);
  return costOf(before, await crew.read());
}

function costOf(before: Reading, after: Reading): Cost {
  const seconds = (after.at - before.at) / 1000;
  const checks = after.checks - before.checks;
  return {
    perSecond: checks / seconds,
    workerCpu: (after.workerCpu - before.workerCpu) / checks,
    databaseCpu: (after.databaseCpu - before.databaseCpu) / checks,
    hubCpu: (after.hubCpu - before.hubCpu) / checks,
    transactionsPerSecond: (after.transactions - before.transactions) / seconds,
    walBytes: (after.walBytes - before.walBytes) / checks,
  };
}

function loadRows(one: Cost, three: Cost, asked: number): readonly BenchRow[] {
  return [
    row("CPU of a check, three workers to one", three.workerCpu / one.workerCpu, "×", 1.3),
    row("CPU of a check in a worker, one worker", one.workerCpu, "µs", null),
    row("CPU of a check in a worker, three workers", three.workerCpu, "µs", null),
    {
      what: `checks done per second by three workers, of ${asked} asked for`,
      value: three.perSecond,
      unit: "/s",
      budget: asked * 0.99,
      atMost: false,
    },
    row("database, CPU of 1,000 checks, one worker", one.databaseCpu / 1000, "s", null),
    row("database, CPU of 1,000 checks, three workers", three.databaseCpu / 1000, "s", null),
    row("database, transactions, one worker", one.transactionsPerSecond, "/s", null),
    row("database, transactions, three workers", three.transactionsPerSecond, "/s", null),
    row("database, log written for a check, three workers", three.walBytes, "B", null),
    row("hub that shows what workers check, CPU of a check", three.hubCpu, "µs", null),
  ];
}

/** ms from the kill of a worker until others hold all it had, of one kill after another. */
async function takeOver(crew: Crew, count: number, fairly: boolean): Promise<readonly number[]> {
  const took: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const missing = 3 - crew.workers().length;
    if (i > 0) await crew.hire(missing);
    await isSpread(crew, fairly);
    const at = await crew.dismiss("SIGKILL");
    await holdsAll(crew);
    took.push(Date.now() - at);
  }
  return took.toSorted((a, b) => a - b);
}

function takeOverRows(took: readonly number[]): readonly BenchRow[] {
  const seconds = (place: number): number => (took[place] ?? Number.NaN) / 1000;
  return [
    row(
      "kill -9 of a worker until others hold its monitors, longest",
      seconds(took.length - 1),
      "s",
      15,
    ),
    row("the same, median", seconds(Math.floor(took.length / 2)), "s", null),
  ];
}

/** The workers that run hold everything there is; one that was killed holds its shares until its lease ended. */
async function holdsAll(crew: Crew): Promise<void> {
  await until(
    "everything is held",
    async () => {
      const { members } = await crew.fleet();
      const held = members
        .filter(({ name }) => crew.workers().some(({ pid }) => name.endsWith(`:${pid}`)))
        .map(({ shares }) => shares.check);
      return sum(held) === fleetShareCounts.check;
    },
    120_000,
  );
}

interface Move {
  readonly monitors: number;
  readonly ms: number;
  readonly missed: number;
  /** CPU of the database meanwhile, µs. */
  readonly databaseCpu: number;
}

/** The newest worker leaves in order, and others take what it had. */
async function leave(crew: Crew): Promise<Move> {
  const { members, missed_slots: missedBefore } = await crew.fleet();
  const pid = crew.workers().at(-1)?.pid;
  const leaver = members.find(({ name }) => name.endsWith(`:${pid}`));
  const before = await crew.read();
  const at = await crew.dismiss("SIGTERM");
  await holdsAll(crew);
  const ms = Date.now() - at;
  const after = await crew.read();
  // How many slots were missed is told with the next renewal.
  await delay(3_000);
  const { missed_slots: missed } = await crew.fleet();
  return {
    monitors: leaver?.monitors ?? 0,
    ms,
    missed: missed - missedBefore,
    databaseCpu: after.databaseCpu - before.databaseCpu,
  };
}

/** Two workers, and one of them leaves. */
async function storm({
  monitors,
  interval,
}: {
  monitors: number;
  interval: number;
}): Promise<Move> {
  await using crew = await startCrew();
  await crew.watch(monitors, interval);
  await crew.hire(2);
  await isSpread(crew, true);
  await delay(10_000);
  return leave(crew);
}

function stormRows(
  { monitors, ms, missed, databaseCpu }: Move,
  short: boolean,
): readonly BenchRow[] {
  const what = `a worker leaves, ${monitors.toLocaleString("en")} monitors move`;
  return [
    row(`${what}: until others hold them`, ms / 1000, "s", 10),
    row(`${what}: slots missed`, missed, "", short ? null : 0),
    row(`${what}: CPU of the database`, databaseCpu / 1e6, "s", null),
  ];
}
