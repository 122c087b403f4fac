/**
 * Monitors that are checked from several locations: outcomes on their way to be judged, and what is known of each
 * location. An outcome is taken once for each monitor, location and slot, whoever brings it how often.
 */
import type { Selectable } from "kysely";
import type { CommitResult } from "../../model/change.ts";
import type { MonitorId } from "../../model/id.ts";
import type { JudgeState } from "../../model/judgement.ts";
import {
  takeSlot,
  type LocationKnown,
  type LocationOutcome,
  type LocationsJudged,
  type LocationWork,
  type SeenSlots,
  type TakenOutcomes,
  type WaitingOutcome,
} from "../../model/location.ts";
import type { LastCheck } from "../../model/board.ts";
import type { Monitor } from "../../model/monitor.ts";
import { monitorOfSource } from "../../model/monitor-series.ts";
import type { LocationStateTable } from "../tables.ts";
import { asWritten, foreignText, fromJson, inChunks, rowsPerStatement, toJson } from "../values.ts";
import { commit, type Decisions } from "./checks.ts";
import { changeLocations, rewriteHistory } from "./location-history.ts";
import type { OperationContext } from "./operation.ts";

/** Clocks may differ by so much, ms; what lies further ahead is refused. */
const mostAheadMs = 60_000;

/** See `LocationStore.takeOutcomes`. */
export async function takeOutcomes(
  context: OperationContext,
  outcomes: readonly LocationOutcome[],
  now: number,
): Promise<TakenOutcomes> {
  const intervals = await intervalsOf(context, new Set(outcomes.map((one) => one.monitorId)));
  const wanted = outcomes
    .filter((one) => intervals.has(one.monitorId) && latestOf(one) <= now + mostAheadMs)
    .toSorted(byPlace);
  const rows = await lockStates(context, wanted);
  const seen = new Map(
    [...rows].flatMap(([key, row]): [string, SeenSlots][] =>
      // A row that was made just now has seen nothing.
      row === "new" ? [] : [[key, { newest: row.newest_slot, gaps: fromJson(row.gaps) }]],
    ),
  );
  const taken: { readonly outcome: LocationOutcome; readonly fills: boolean }[] = [];
  const changed = new Map<string, LocationOutcome>();
  for (const outcome of wanted) {
    const key = placeOf(outcome);
    const result = takeSlot(seen.get(key), outcome.slot, intervals.get(outcome.monitorId) ?? 0);
    if (result.kind === "duplicate") continue;
    seen.set(key, result.seen);
    changed.set(key, outcome);
    taken.push({ outcome, fills: result.kind === "fills" });
  }
  await writeSeen(context, changed, seen);
  await writeOutcomes(context, taken);
  return {
    taken: taken.length,
    duplicates: wanted.length - taken.length,
    refused: outcomes.length - wanted.length,
  };
}

/** The intervals of the monitors that are there, which stay until the transaction ends. */
async function intervalsOf(
  context: OperationContext,
  ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, number>> {
  const here = await context.monitors.hold(ids, "keep");
  const found = new Map<string, number>();
  for (const some of inChunks([...here], rowsPerStatement)) {
    const rows = await context.db
      .selectFrom("monitor")
      .select(["id", "interval_ms"])
      .where("id", "in", some)
      .where("placement", "is not", null)
      .execute();
    for (const row of rows) found.set(row.id, row.interval_ms);
  }
  return found;
}

type StateRow = Selectable<LocationStateTable>;

/** The rows of all places, made where they are missing, held until the transaction ends; by `placeOf`. */
async function lockStates(
  context: OperationContext,
  outcomes: readonly LocationOutcome[],
): Promise<ReadonlyMap<string, StateRow | "new">> {
  const places = new Map(outcomes.map((one) => [placeOf(one), one]));
  const found = new Map<string, StateRow | "new">();
  for (const some of inChunks([...places.values()], rowsPerStatement)) {
    const made = await context.db
      .insertInto("location_state")
      .values(
        some.map((one) => ({
          monitor_id: one.monitorId,
          location: one.location,
          newest_slot: one.slot,
          gaps: "[]",
          judged_at: null,
          state: null,
          last: null,
          from_version: 0,
        })),
      )
      .onConflict((conflict) => conflict.columns(["monitor_id", "location"]).doNothing())
      .returning(["monitor_id", "location"])
      .execute();
    for (const row of made) found.set(keyOf(row.monitor_id, row.location), "new");
    const select = context.db
      .selectFrom("location_state")
      .selectAll()
      .where("monitor_id", "in", [...new Set(some.map((one) => one.monitorId))])
      .orderBy("monitor_id")
      .orderBy("location");
    const locked = context.engine === "postgres" ? select.forUpdate() : select;
    for (const row of await locked.execute()) {
      const key = keyOf(row.monitor_id, row.location);
      if (!found.has(key)) found.set(key, row);
    }
  }
  return found;
}

async function writeSeen(
  { db }: OperationContext,
  changed: ReadonlyMap<string, LocationOutcome>,
  seen: ReadonlyMap<string, SeenSlots>,
): Promise<void> {
  const rows = [...changed].flatMap(([key, { monitorId, location }]) => {
    const slots = seen.get(key);
    return slots === undefined ? [] : [{ monitorId, location, slots }];
  });
  for (const some of inChunks(rows, rowsPerStatement)) {
    await db
      .insertInto("location_state")
      .values(
        some.map(({ monitorId, location, slots }) => ({
          monitor_id: monitorId,
          location,
          newest_slot: slots.newest,
          gaps: toJson(slots.gaps),
          judged_at: null,
          state: null,
          last: null,
          from_version: 0,
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(["monitor_id", "location"]).doUpdateSet((row) => ({
          newest_slot: row.ref("excluded.newest_slot"),
          gaps: row.ref("excluded.gaps"),
        })),
      )
      .execute();
  }
}

async function writeOutcomes(
  { db }: OperationContext,
  taken: readonly { readonly outcome: LocationOutcome; readonly fills: boolean }[],
): Promise<void> {
  for (const some of inChunks(taken, rowsPerStatement)) {
    await db
      .insertInto("location_outcome")
      .values(
        some.map(({ outcome, fills }) => ({
          monitor_id: outcome.monitorId,
          location: outcome.location,
          slot: outcome.slot,
          fills: fills ? 1 : 0,
          body: foreignText(toJson(outcome)),
        })),
      )
      .execute();
  }
}

/** See `LocationStore.monitorsWithOutcomes`. */
export async function monitorsWithOutcomes(
  { db }: OperationContext,
  limit: number,
): Promise<readonly MonitorId[]> {
  const rows = await db
    .selectFrom("location_outcome")
    .select("monitor_id")
    .distinct()
    .orderBy("monitor_id")
    .limit(limit)
    .execute();
  return rows.map((row) => asWritten<MonitorId>(row.monitor_id));
}

/** See `LocationStore.locationWork`. */
export async function locationWork(
  { db }: OperationContext,
  ids: readonly MonitorId[],
  limit: number,
): Promise<readonly LocationWork[]> {
  const known = new Map<string, LocationKnown[]>(ids.map((id) => [id, []]));
  const outcomes = new Map<string, WaitingOutcome[]>(ids.map((id) => [id, []]));
  for (const some of inChunks(ids, rowsPerStatement)) {
    const states = await db
      .selectFrom("location_state")
      .selectAll()
      .where("monitor_id", "in", some)
      .orderBy("monitor_id")
      .orderBy("location")
      .execute();
    for (const row of states) known.get(row.monitor_id)?.push(knownOf(row));
    const waiting = await db
      .selectFrom("location_outcome")
      .select(["monitor_id", "fills", "body"])
      .where("monitor_id", "in", some)
      .orderBy("monitor_id")
      .orderBy("slot")
      .orderBy("location")
      .limit(limit)
      .execute();
    for (const { monitor_id, fills, body } of waiting) {
      const outcome = fromJson<LocationOutcome>(body);
      outcomes.get(monitor_id)?.push({ ...outcome, fills: fills === 1 });
    }
  }
  return ids.map((monitorId) => ({
    monitorId,
    known: known.get(monitorId) ?? [],
    outcomes: outcomes.get(monitorId) ?? [],
  }));
}

function knownOf(row: StateRow): LocationKnown {
  return {
    location: row.location,
    judgedAt: row.judged_at,
    judge: row.state === null ? null : fromJson<JudgeState>(row.state),
    last: row.last === null ? null : fromJson<LastCheck>(row.last),
    fromVersion: row.from_version,
  };
}

/** See `LocationStore.commitLocations`. */
export async function commitLocations(
  context: OperationContext,
  decisions: Decisions,
  judged: readonly LocationsJudged[],
): Promise<{ readonly result: CommitResult; readonly written: readonly MonitorId[] }> {
  const current = await ofCurrentVersion(context, judged);
  const isCurrent = (one: { readonly monitorId: string }): boolean => current.has(one.monitorId);
  const frames = context.frames.filter((frame) => {
    const id = monitorOfSource(frame.source);
    return id === undefined || current.has(id);
  });
  const { shown } = decisions;
  const result = await commit(
    { ...context, frames },
    {
      ...decisions,
      judged: decisions.judged.filter(isCurrent),
      statusChanges: decisions.statusChanges.filter(isCurrent),
      failedChecks: decisions.failedChecks.filter(isCurrent),
      transitions: decisions.transitions.filter(isCurrent),
      ...(shown === undefined ? {} : { shown: shown.filter(isCurrent) }),
    },
  );
  if (result === "fenced") return { result, written: [] };
  const kept = judged.filter(isCurrent).toSorted((a, b) => (a.monitorId < b.monitorId ? -1 : 1));
  await writeKnown(context, kept);
  await changeLocations(context, kept);
  await dropDone(context, kept);
  for (const one of kept) {
    if (one.rewrite !== null) await rewriteHistory(context, one.monitorId, one.rewrite);
  }
  return { result, written: kept.map((one) => one.monitorId) };
}

/** Those whose monitor is the one that was judged; nobody changes it until the transaction ends. */
async function ofCurrentVersion(
  context: OperationContext,
  judged: readonly LocationsJudged[],
): Promise<ReadonlySet<string>> {
  const versions = new Map<string, number>(judged.map((one) => [one.monitorId, one.version]));
  const here = await context.monitors.hold(new Set(versions.keys()), "change");
  const current = new Set<string>();
  for (const some of inChunks([...here], rowsPerStatement)) {
    const rows = await context.db
      .selectFrom("monitor")
      .select(["id", "version"])
      .where("id", "in", some)
      .execute();
    for (const { id, version } of rows) if (versions.get(id) === version) current.add(id);
  }
  return current;
}

async function writeKnown(
  { db }: OperationContext,
  judged: readonly LocationsJudged[],
): Promise<void> {
  const rows = judged.flatMap(({ monitorId, known }) =>
    known.map((one) => ({
      monitor_id: monitorId,
      location: one.location,
      newest_slot: one.judgedAt ?? 0,
      gaps: "[]",
      judged_at: one.judgedAt,
      state: one.judge === null ? null : toJson(one.judge),
      last: one.last === null ? null : toJson(one.last),
      from_version: one.fromVersion,
    })),
  );
  for (const some of inChunks(rows, rowsPerStatement)) {
    await db
      .insertInto("location_state")
      .values([...some])
      .onConflict((conflict) =>
        conflict.columns(["monitor_id", "location"]).doUpdateSet((row) => ({
          judged_at: row.ref("excluded.judged_at"),
          state: row.ref("excluded.state"),
          last: row.ref("excluded.last"),
        })),
      )
      .execute();
  }
}

async function dropDone(
  { db }: OperationContext,
  judged: readonly LocationsJudged[],
): Promise<void> {
  for (const { monitorId, done } of judged) {
    for (const [location, some] of Map.groupBy(done, (one) => one.location)) {
      for (const slots of inChunks(some, rowsPerStatement)) {
        await db
          .deleteFrom("location_outcome")
          .where("monitor_id", "=", monitorId)
          .where("location", "=", location)
          .where(
            "slot",
            "in",
            slots.map(({ slot }) => slot),
          )
          .execute();
      }
    }
  }
}

/**
 * What was judged of the former settings of a monitor does not count: its locations begin anew, at the version it has
 * now. The transaction holds the monitor.
 */
export async function resetLocations(
  { db }: OperationContext,
  { id, version, updatedAt }: Monitor,
): Promise<void> {
  await db
    .updateTable("location_state")
    .set({ judged_at: null, state: null, last: null, from_version: version })
    .where("monitor_id", "=", id)
    .execute();
  const open = await db
    .deleteFrom("location_interval")
    .where("monitor_id", "=", id)
    .where("ended_at", "is", null)
    .where("started_at", ">=", updatedAt)
    .returning("location")
    .execute();
  const gone = open.map(({ location }) => location);
  let end = db
    .updateTable("location_interval")
    .set({ ended_at: updatedAt })
    .where("monitor_id", "=", id)
    .where("ended_at", "is", null);
  if (gone.length > 0) end = end.where("location", "not in", gone);
  await end.execute();
}

/** None of its times may lie ahead: the location would seem to be there until then. */
function latestOf({ slot, at, endedAt }: LocationOutcome): number {
  return Math.max(slot, at, endedAt);
}

function byPlace(a: LocationOutcome, b: LocationOutcome): number {
  const left = placeOf(a);
  const right = placeOf(b);
  return left === right ? a.slot - b.slot : left < right ? -1 : 1;
}

function placeOf({ monitorId, location }: LocationOutcome): string {
  return keyOf(monitorId, location);
}

function keyOf(monitorId: string, location: string): string {
  return `${monitorId} ${location}`;
}
