/** Monitors with several locations from outcomes to whoever shows them, through the real store. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { createSoloFleet } from "./fleet/port.ts";
import { createJudgingTable } from "./judge/judging.ts";
import { createBoard } from "./live/board.ts";
import { LocationPath, type LocationPathParts } from "./location-path.ts";
import { createId } from "./model/id.ts";
import { awayAfterMs, type LocationOutcome } from "./model/location.ts";
import { exampleMonitor } from "./model/monitor.kit.ts";
import { monitorSource } from "./model/monitor-series.ts";
import type { Outcome } from "./model/outcome.ts";
import { auditOf, everything, noLog, retention, statusOf } from "./store/contract/fixtures.ts";
import { createStore } from "./store/open.ts";
import { until } from "../../../test/kit/hub.ts";

const begin = Date.now() - 3_600_000;
const up: Outcome = {
  result: "up",
  durationMs: 5,
  measurements: { probe_success: 1, probe_duration_seconds: 0.005 },
  statusCode: 200,
  certificateDays: null,
};
const down: Outcome = {
  result: "down",
  reason: "refused",
  message: "nobody listens",
  evidence: {},
  durationMs: 1,
  measurements: { probe_success: 0 },
  statusCode: null,
};

/** A hub that stands at `fra`, with a monitor that is checked from there, from paris and from tokyo. */
async function openPath(
  t: TestContext,
  over: Partial<LocationPathParts["fleet"]> = {},
  away: { isAway: boolean; troubles: number } = { isAway: false, troubles: 0 },
) {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const folder = await mkdtemp(join(tmpdir(), "belfry-locations-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const database = join(folder, "belfry.db");
  const store = stack.use(await createStore({ database, retention }, { log: noLog }));
  const monitor = {
    ...exampleMonitor(),
    id: createId<"monitor">(begin),
    intervalMs: 1_000,
    timeoutMs: 1_000,
    createdAt: begin,
    placement: { locations: ["local", "paris", "tokyo"], quorum: null },
  };
  await store.createMonitor(monitor, statusOf(monitor.id, "pending", begin), auditOf());
  const time = { now: begin };
  const found: { outcome: Outcome } = { outcome: up };
  const told: string[] = [];
  const board = createBoard();
  const judging = createJudgingTable();
  board.put(monitor, undefined, begin);
  judging.add(monitor.id, undefined, { intervalIsOpen: true, at: begin });
  const path = stack.use(
    new LocationPath({
      clock: { now: () => time.now, monotonicMs: () => time.now },
      location: "fra",
      store: {
        ...store,
        takeOutcomes: (outcomes, now) =>
          away.isAway ? Promise.reject(new Error("away")) : store.takeOutcomes(outcomes, now),
      },
      fleet: { ...createSoloFleet(), ...over },
      board,
      judging,
      check: () => Promise.resolve(found.outcome),
      targetOf: () => "target",
      onChecked(entry, outcome, transition) {
        told.push(`${entry.lastCheck?.location} ${outcome.result}`);
        if (transition !== null) told.push(`→ ${transition.to}`);
      },
      onStatus: (_entry, transition) => void told.push(`→ ${transition.to}, nothing was checked`),
      onError(error) {
        assert.ok(away.isAway, String(error));
        away.troubles += 1;
      },
      onDropped: () => assert.fail(),
    }),
  );
  const never = new AbortController().signal;
  async function tell(location: string, slot: number, outcome: Outcome): Promise<void> {
    const { id: monitorId, version } = monitor;
    const times = { slot, at: slot, endedAt: slot + 5 };
    const one: LocationOutcome = { monitorId, version, location, ...times, outcome };
    await path.take([one]);
    await path.flush();
  }
  return {
    path,
    store,
    monitor,
    time,
    found,
    told,
    board,
    judging,
    tell,
    check: async (): Promise<number | null> => {
      const retry = await path.run(monitor, never);
      await path.flush();
      return retry;
    },
  };
}

describe("a monitor with several locations", () => {
  test("is judged by those who can tell, shown, and its samples are kept by location", async (t) => {
    const { store, monitor, time, told, board, tell, check } = await openPath(t);
    time.now = begin + 1_000;
    assert.equal(await check(), null);
    assert.equal(board.get(monitor.id)?.status, "pending");
    await tell("paris", begin + 1_000, up);
    assert.equal(board.get(monitor.id)?.status, "up");
    assert.deepEqual(told, ["local up", "paris up", "→ up"]);
    const [local, paris] = await store.rawOf(
      monitorSource(monitor.id),
      ["local", "paris"].map((location) => ({ name: "probe_success", labels: { location } })),
      everything,
    );
    assert.deepEqual([local?.times.length, paris?.times.length], [1, 1]);
  });

  test("asks for a retry here by the rule of one location, whatever the others say", async (t) => {
    const { time, found, check } = await openPath(t);
    time.now = begin + 1_000;
    assert.equal(await check(), null);
    found.outcome = down;
    time.now += 1_000;
    assert.equal(await check(), 1_000);
    time.now += 1_000;
    assert.equal(await check(), null, "it is settled");
  });

  test("becomes unknown, and says so, when its locations are not heard of any more", async (t) => {
    const { path, monitor, time, told, board, store, tell } = await openPath(t);
    time.now = begin + 1_000;
    await tell("paris", begin + 1_000, up);
    await tell("tokyo", begin + 1_000, up);
    told.length = 0;
    time.now = begin + 1_000 + awayAfterMs(monitor);
    await path.look();
    assert.deepEqual(told, []);
    time.now += 1;
    await path.look();
    assert.deepEqual(told, ["→ unknown, nothing was checked"]);
    assert.equal(board.get(monitor.id)?.status, "unknown");
    const [last] = (await store.statusIntervals(monitor.id, everything)).slice(-1);
    assert.deepEqual([last?.status, last?.reason], ["unknown", "not_running"]);
  });

  test("goes on after a restart with what was found while nobody judged", async (t) => {
    const { path, monitor, time, judging, store, tell } = await openPath(t);
    const at = (i: number): number => begin + i * 1_000;
    for (let i = 1; i <= 5; i += 1) {
      time.now = at(i);
      await tell("paris", at(i), up);
      await tell("tokyo", at(i), up);
    }
    // The hub was not running for ten seconds; its workers were, and found it down in between.
    await store.closeGap(at(5));
    judging.reopen(monitor.id);
    time.now = at(15);
    for (const location of ["paris", "tokyo"]) {
      const outcomes = Array.from({ length: 10 }, (_, i) => i + 6).map((i) => ({
        monitorId: monitor.id,
        version: 1,
        location,
        slot: at(i),
        at: at(i),
        endedAt: at(i) + 5,
        outcome: i >= 8 && i < 12 ? down : up,
      }));
      await path.take(outcomes);
    }
    await path.flush();
    const history = await store.statusIntervals(monitor.id, everything);
    assert.deepEqual(
      history.map(({ status, from }) => [status, (from - begin) / 1_000]),
      [
        ["pending", 0],
        ["up", 1],
        ["down", 8],
        ["up", 12],
      ],
    );
  });

  test("keeps its status while it is in maintenance, and is judged all the same", async (t) => {
    const { monitor, time, judging, store, tell } = await openPath(t);
    judging.maintain(monitor.id, true);
    time.now = begin + 1_000;
    await tell("paris", begin + 1_000, up);
    await tell("tokyo", begin + 1_000, up);
    assert.equal(judging.state(monitor.id)?.status, "up");
    assert.equal((await store.statusIntervals(monitor.id, everything)).length, 1);
  });

  test("keeps what was found here while the store is away, and holds nobody up", async (t) => {
    const away = { isAway: true, troubles: 0 };
    const { path, time, told, check } = await openPath(t, {}, away);
    time.now = begin + 1_000;
    await check();
    assert.deepEqual([told, away.troubles], [[], 1]);
    away.isAway = false;
    await until("it is stored and judged", async () => {
      await path.flush();
      return told.length > 0;
    });
    assert.deepEqual(told, ["local up"]);
  });

  test("is judged by nobody who does not look after it", async (t) => {
    const { path, monitor, time, store, told } = await openPath(t, { holds: () => false });
    time.now = begin + 1_000;
    const { id: monitorId } = monitor;
    const outcome = { monitorId, version: 1, location: "paris", slot: begin, at: begin };
    await path.take([{ ...outcome, endedAt: begin, outcome: up }]);
    await path.flush();
    assert.deepEqual(told, []);
    assert.deepEqual(await store.monitorsWithOutcomes(10), [monitorId]);
  });
});
