/**
 * A fleet is started, looks after monitors, and is hurt according to a plan while the target fails for some of the
 * monitors now and then. What was done, asked and told comes back as evidence for the judge.
 */
import { setTimeout as delay } from "node:timers/promises";
import type {
  FleetView,
  HistoryRow,
  IncidentView,
  MonitorView,
  NoticeView,
  UptimeView,
} from "@belfry/contract";
import { spreadOf } from "../../../packages/hub/src/schedule/slots.ts";
import { until, type Hub } from "../../kit/hub.ts";
import { startNotices, type Notices } from "../../kit/notices.ts";
import { startPostgres, type Postgres } from "../../kit/postgres.ts";
import type {
  Asked,
  Evidence,
  Fault,
  HeldDown,
  Limits,
  Outage,
  Stored,
  Trouble,
  Watched,
} from "./evidence.ts";
import { planFaults, seededRandom, type FaultSettings, type PlannedFault } from "./faults.ts";
import { takeOverWindows } from "./judge.ts";
import { openMember, type Member } from "./member.ts";
import { startChaosTarget, type ChaosTarget } from "./target.ts";

export interface PlaySettings {
  readonly seed: number;
  readonly hubs: number;
  readonly workers: number;
  readonly monitors: number;
  readonly intervalMs: number;
  readonly faults: Omit<FaultSettings, "processes">;
  /** How many monitors have an outage, and for how long. */
  readonly outages: number;
  readonly outageMs: number;
  /** How many monitors' stored history is read in the end. */
  readonly histories: number;
  readonly limits: Limits;
}

export interface Played {
  readonly evidence: Evidence;
  /** What was done when, a line each. */
  readonly story: readonly string[];
  /** What each process printed. */
  readonly outputs: ReadonlyMap<string, string>;
}

interface Stage {
  readonly postgres: Postgres;
  readonly members: readonly Member[];
  readonly target: ChaosTarget;
  readonly notices: Notices;
  readonly watched: readonly Watched[];
}

/** Plays it; rejects when the fleet cannot be started or does not come to rest. */
export async function play(settings: PlaySettings): Promise<Played> {
  await using opened = new AsyncDisposableStack();
  const random = seededRandom(settings.seed);
  const stage = await prepare(settings, opened);
  const { members, target, watched } = stage;
  const begin = Date.now();
  const processes = members.length;
  const planned = planFaults({ ...settings.faults, processes }, random);
  const outages = planOutages(settings, watched, random, begin);
  for (const outage of outages) {
    target.fail(
      watched.findIndex(({ id }) => id === outage.monitor),
      outage.from,
      outage.to,
    );
  }
  const faults = await hurtAll(stage, planned, begin);
  await delay(Math.max(0, begin + settings.faults.forMs - Date.now()));
  await settle(stage, settings, faults);
  const evidence = await collect(stage, settings, { begin, faults, outages });
  return {
    evidence,
    story: faults.toSorted((a, b) => a.from - b.from).map((fault) => tell(fault, begin)),
    outputs: new Map(members.map((one) => [one.name, one.output()])),
  };
}

/** Every result; rejects when all have ended and one has failed, so that nothing goes on afterwards. */
async function all<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

const first = <T>(items: readonly T[]): T => {
  const [item] = items;
  if (item === undefined) throw new Error("there is none");
  return item;
};

const env = {
  BELFRY_AGENT_ENABLED: "false",
  BELFRY_RATE_LIMIT_REQUESTS_PER_MINUTE: "10000000",
};

async function prepare(settings: PlaySettings, opened: AsyncDisposableStack): Promise<Stage> {
  const postgres = opened.use(await startPostgres({ maxConnections: 200 }));
  const database = await postgres.createDatabase();
  const kinds = [
    ...Array.from({ length: settings.hubs }, () => "hub" as const),
    ...Array.from({ length: settings.workers }, () => "worker" as const),
  ];
  const target = opened.use(await startChaosTarget(kinds.length));
  const notices = opened.use(await startNotices());
  const members: Member[] = [];
  for (const [i, kind] of kinds.entries()) {
    const own = { ...env, BELFRY_CHECKS_RESOLVERS: target.resolverOf(i) };
    const name = `${kind}-${kind === "hub" ? i + 1 : i - settings.hubs + 1}`;
    members.push(opened.use(await openMember({ kind, name, database, env: own })));
  }
  // The first makes the tables.
  const [leader, ...others] = members;
  await leader?.start();
  await all(others.map((one) => one.start()));
  const hub = first(members).process;
  await dropMonitors(hub);
  const channel = await notices.connect(hub);
  // By itself a channel is told 60 times an hour, and then by digests.
  const often = { name: "all", matchers: [], channels: [channel], most_per_hour: 3600 };
  await hub.ask("POST", "/api/v1/alert-routes", often);
  const watched = await createMonitors(hub, target, settings);
  await isLookedAfter(members, target, settings);
  return { postgres, members, target, notices, watched };
}

/** Belfry's own monitor: it asks for one hub, which may be killed. */
async function dropMonitors(hub: Hub): Promise<void> {
  for (const { id } of await listOf<MonitorView>(hub, "/api/v1/monitors")) {
    await hub.ask("DELETE", `/api/v1/monitors/${id}`);
  }
}

async function createMonitors(
  hub: Hub,
  target: ChaosTarget,
  { monitors, intervalMs }: PlaySettings,
): Promise<readonly Watched[]> {
  const watched: Watched[] = [];
  for (let from = 0; from < monitors; from += 20) {
    const some = Array.from({ length: Math.min(20, monitors - from) }, async (_, i) => {
      const { id } = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
        name: `m${from + i}`,
        url: target.urlOf(from + i),
        interval: intervalMs / 1000,
        timeout: 5,
        judging: { down_after: 1 },
      });
      return { id, intervalMs, phaseMs: spreadOf(asMonitorId(id)) * intervalMs };
    });
    watched.push(...(await Promise.all(some)));
  }
  return watched;
}

/** Guarantee: the hub gave it as the id of a monitor. */
function asMonitorId(id: string): Parameters<typeof spreadOf>[0] {
  return id as Parameters<typeof spreadOf>[0];
}

/** Every monitor is checked, and everybody has work; shares go on moving for a while. */
async function isLookedAfter(
  members: readonly Member[],
  target: ChaosTarget,
  { monitors, intervalMs }: PlaySettings,
): Promise<void> {
  const hub = first(members).process;
  await until(
    "everybody has work",
    async () => {
      const fleet = await hub.ask<FleetView>("GET", "/api/v1/fleet");
      const alive = fleet.members.filter(({ state }) => state === "alive");
      const least = Math.min(...alive.map(({ shares }) => shares.check));
      return alive.length === members.length && least >= 10 && fleet.unheld.check === 0;
    },
    60_000,
  );
  const since = Date.now();
  await until(
    "every monitor is checked",
    async () => {
      const { times, monitors: asked } = await target.requests();
      const fresh = new Set(asked.filter((_, i) => (times[i] ?? 0) >= since));
      return fresh.size === monitors;
    },
    30_000 + 3 * intervalMs,
  );
}

function planOutages(
  { outages, outageMs, faults }: PlaySettings,
  watched: readonly Watched[],
  random: () => number,
  begin: number,
): readonly Outage[] {
  const chosen = watched
    .map((one) => ({ one, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .slice(0, outages);
  return chosen.map(({ one }) => {
    const lateMs = Math.max(faults.forMs / 2, faults.forMs - outageMs);
    const from = Math.round(begin + random() * lateMs);
    return { monitor: one.id, from, to: from + outageMs };
  });
}

/** What is planned for one process comes one after another: it may be back later than was planned. */
function hurtAll(
  stage: Stage,
  planned: readonly PlannedFault[],
  begin: number,
): Promise<readonly Fault[]> {
  const turns = new Map<number | null, Promise<unknown>>();
  return all(
    planned.map((one) => {
      const done = (turns.get(one.process) ?? Promise.resolve()).then(() =>
        hurt(stage, one, begin),
      );
      turns.set(one.process, done);
      return done;
    }),
  );
}

/** Does what was planned, and tells what became of it. */
async function hurt(
  { members, postgres }: Stage,
  { kind, process, afterMs, lastsMs, how }: PlannedFault,
  begin: number,
): Promise<Fault> {
  await delay(Math.max(0, begin + afterMs - Date.now()));
  const member = process === null ? undefined : members[process];
  const name = member?.name ?? null;
  let from = Date.now();
  switch (kind) {
    case "kill":
      await member?.kill();
      from = Math.min(from, Date.now());
      await delay(lastsMs);
      await member?.start(60_000);
      break;
    case "stop":
      member?.signal("SIGSTOP");
      await delay(lastsMs);
      member?.signal("SIGCONT");
      break;
    case "cut":
      await member?.way.cut(how);
      await delay(lastsMs);
      await member?.way.join();
      break;
    case "restart":
      await postgres.crash();
      await delay(lastsMs);
      await postgres.restart();
      break;
  }
  return { kind, process: name, from, to: Date.now() };
}

/** Everybody is back, and everything that was to be told is told. */
async function settle(
  { members, notices }: Stage,
  { intervalMs, limits }: PlaySettings,
  faults: readonly Fault[],
): Promise<void> {
  for (const member of members) {
    await until(
      `${member.name} is ready`,
      async () => (await fetch(`${member.process.url}/ready`)).ok,
      60_000,
    );
  }
  const hub = first(members).process;
  await until(
    "nothing is open and nothing waits",
    async () => {
      const open = await listOf<IncidentView>(hub, "/api/v1/incidents?open=true");
      const waiting = await listOf<NoticeView>(hub, "/api/v1/notices?state=waiting");
      return !open.some(isOfMonitor) && waiting.length === 0;
    },
    180_000,
  );
  const counted = notices.all.length;
  await until("no notice comes any more", () => notices.all.length === counted, 1_000);
  // What a take-over may miss lies behind; afterwards every slot is used.
  const last = Math.max(0, ...takeOverWindows(faults, limits).map(({ to }) => to));
  await delay(Math.max(0, last - Date.now()) + 3 * intervalMs);
}

const isOfMonitor = ({ subjects }: IncidentView): boolean =>
  subjects.some(({ kind }) => kind === "monitor");

async function collect(
  stage: Stage,
  { histories }: PlaySettings,
  {
    begin,
    faults,
    outages,
  }: { begin: number; faults: readonly Fault[]; outages: readonly Outage[] },
): Promise<Evidence> {
  const { members, watched, notices } = stage;
  const hub = first(members).process;
  const to = Date.now() - 1_000;
  const incidents = await listOf<IncidentView>(hub, "/api/v1/incidents");
  const skipped = await Promise.all(members.map((one) => one.skipped()));
  const { missed_slots: missed } = await hub.ask<FleetView>("GET", "/api/v1/fleet");
  return {
    from: begin,
    to,
    watched,
    asked: await readAsked(stage),
    faults,
    outages,
    troubles: incidents.flatMap(troublesOf),
    told: notices.all.map(({ id, kind, incidents: about, receivedAt }) => ({
      id,
      kind,
      incidents: about.map((one) => one.id),
      at: receivedAt,
    })),
    heldDown: await eachOf(watched, ({ id }) => readDowns(hub, id, begin, to)),
    stored: await eachOf(watched.slice(0, histories), ({ id }) => readStored(hub, id, begin, to)),
    counted: { takeOvers: missed, skipped: skipped.reduce((sum, one) => sum + one, 0) },
  };
}

function troublesOf({ id, troubles, decided_at }: IncidentView): readonly Trouble[] {
  return troubles
    .filter(({ kind }) => kind === "monitor")
    .map((one) => ({
      incident: id,
      monitor: one.id,
      since: Date.parse(one.since),
      decidedAt: Date.parse(decided_at),
      until: one.until === null ? null : Date.parse(one.until),
    }));
}

async function readAsked({ target, watched, members }: Stage): Promise<readonly Asked[]> {
  const { times, monitors, processes, failures } = await target.requests();
  return Array.from(times, (at, i) => ({
    monitor: watched[monitors[i] ?? -1]?.id ?? "",
    process: members[processes[i] ?? -1]?.name ?? "",
    at,
    failed: failures[i] === 1,
  }));
}

async function readDowns(hub: Hub, id: string, from: number, to: number): Promise<HeldDown[]> {
  const range = `from=${iso(from)}&to=${iso(to)}`;
  const { intervals } = await hub.ask<UptimeView>("GET", `/api/v1/monitors/${id}/uptime?${range}`);
  return intervals
    .filter(({ status }) => status === "down")
    .map((one) => ({
      monitor: id,
      from: Date.parse(one.from),
      to: one.to === null ? null : Date.parse(one.to),
    }));
}

async function readStored(hub: Hub, id: string, from: number, to: number): Promise<Stored[]> {
  const path = `/api/v1/monitors/${id}/history?from=${iso(from)}&to=${iso(to)}`;
  const rows = await listOf<HistoryRow>(hub, path);
  return rows
    .filter(({ status }) => status !== "UNKNOWN")
    .map(({ timestamp, status }) => ({
      monitor: id,
      at: Date.parse(timestamp),
      failed: status !== "UP",
    }));
}

/** Asks for twenty at a time. */
async function eachOf<T, R>(items: readonly T[], ask: (item: T) => Promise<R[]>): Promise<R[]> {
  const found: R[] = [];
  for (let i = 0; i < items.length; i += 20) {
    found.push(...(await Promise.all(items.slice(i, i + 20).map(ask))).flat());
  }
  return found;
}

async function listOf<T>(hub: Hub, path: string): Promise<readonly T[]> {
  const found: T[] = [];
  const mark = path.includes("?") ? "&" : "?";
  let cursor: string | null = "";
  while (cursor !== null) {
    const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: T[]; next_cursor: string | null } = await hub.ask(
      "GET",
      `${path}${mark}limit=100${from}`,
    );
    found.push(...page.items);
    cursor = page.next_cursor;
  }
  return found;
}

const iso = (at: number): string => new Date(at).toISOString();

function tell({ kind, process, from, to }: Fault, begin: number): string {
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  return `${seconds(from - begin)} s: ${kind} ${process ?? "the database"} for ${seconds(to - from)} s`;
}
