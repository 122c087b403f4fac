/** What the store promises about monitors that are checked from several locations. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isWorthWriting, judgeLocations, type PlacedMonitor } from "../../judge/locations.ts";
import { initialState } from "../../judge/judge.ts";
import { createId } from "../../model/id.ts";
import type { JudgeState } from "../../model/judgement.ts";
import { awayAfterMs, type LocationOutcome, type WorkerId } from "../../model/location.ts";
import type { Outcome } from "../../model/outcome.ts";
import type { Store } from "../port.ts";
import { auditOf, create, everything, monitorOf, type ContractStores } from "./fixtures.ts";

const up: Outcome = {
  result: "up",
  durationMs: 5,
  measurements: {},
  statusCode: 200,
  certificateDays: null,
};
const down: Outcome = {
  result: "down",
  reason: "refused",
  message: "nobody listens",
  evidence: { port: 80 },
  durationMs: 1,
  measurements: {},
  statusCode: null,
};
const second = 1_000;
const begin = 1_700_000_000_000;

function placedMonitor(): PlacedMonitor {
  return {
    ...monitorOf({
      id: createId<"monitor">(begin),
      intervalMs: second,
      timeoutMs: second,
      createdAt: begin,
    }),
    placement: { locations: ["local", "paris", "tokyo"], quorum: 2 },
  };
}

function outcomeOf(
  monitor: PlacedMonitor,
  location: string,
  slot: number,
  outcome: Outcome,
): LocationOutcome {
  const { id: monitorId, version } = monitor;
  return { monitorId, version, location, slot, at: slot + 3, endedAt: slot + 8, outcome };
}

/** Judges what waits of a monitor, as the hub does; `state` is what it was before. */
async function judgeNow(
  store: Store,
  monitor: PlacedMonitor,
  state: JudgeState,
  now: number,
): Promise<JudgeState> {
  const [work = assert.fail()] = await store.locationWork([monitor.id], 1_000);
  const verdict = judgeLocations(monitor, work, { state, isCut: false, now });
  if (!isWorthWriting(verdict)) return state;
  const { written } = await store.commitLocations(
    {
      judged: verdict.state === null ? [] : [{ monitorId: monitor.id, state: verdict.state }],
      statusChanges: verdict.statusChange === null ? [] : [verdict.statusChange],
      failedChecks: verdict.failedChecks,
      transitions: verdict.transition === null ? [] : [verdict.transition],
      frames: [],
    },
    [verdict.judged],
  );
  return written.length === 1 ? verdict.current : state;
}

/** Location → when it found the target down, seconds from the begin. */
type Story = Readonly<Record<string, readonly (readonly [number, number])[]>>;

/** Plays a story of `seconds`; what a location found while it was cut comes when that is over. */
async function play(
  store: Store,
  story: Story,
  seconds: number,
  cut: { readonly location: string; readonly from: number; readonly to: number } | null,
) {
  const monitor = placedMonitor();
  await create(store, monitor);
  let state = initialState(begin);
  const held: LocationOutcome[] = [];
  for (let at = 1; at <= seconds; at += 1) {
    const now = begin + at * second;
    const found = Object.entries(story).map(([location, times]) => {
      const isDown = times.some(([from, to]) => from <= at && at < to);
      return outcomeOf(monitor, location, now, isDown ? down : up);
    });
    const isCut = cut !== null && cut.from <= at && at < cut.to;
    held.push(...found.filter((one) => isCut && one.location === cut.location));
    const heard = found.filter((one) => !isCut || one.location !== cut.location);
    if (cut !== null && at === cut.to) heard.unshift(...held);
    await store.takeOutcomes(heard, now);
    state = await judgeNow(store, monitor, state, now + 500);
  }
  return {
    state: state.status,
    history: await store.statusIntervals(monitor.id, everything),
    locations: await store.locationIntervals(monitor.id, everything),
    failed: await store.failedChecks(monitor.id, everything, 1_000),
    transitions: (await store.pendingTransitions(1_000)).filter(
      (one) => one.transition.monitorId === monitor.id,
    ),
  };
}

/** What must be the same for two monitors with the same story. */
function told({ state, history, locations, failed }: Awaited<ReturnType<typeof play>>) {
  return { state, history, locations, failed: failed.map((one) => ({ ...one, monitorId: "" })) };
}

export function locationContract({ open }: ContractStores): void {
  describe("outcomes of several locations", () => {
    test("are taken once for each monitor, location and slot", async () => {
      await using store = await open();
      const monitor = placedMonitor();
      await create(store, monitor);
      const batch = [1, 2, 3].map((i) => outcomeOf(monitor, "paris", begin + i * second, up));
      const now = begin + 10 * second;
      assert.deepEqual(await store.takeOutcomes(batch, now), {
        taken: 3,
        duplicates: 0,
        refused: 0,
      });
      assert.deepEqual(await store.monitorsWithOutcomes(10), [monitor.id]);
      assert.deepEqual(await store.takeOutcomes(batch, now), {
        taken: 0,
        duplicates: 3,
        refused: 0,
      });
      await judgeNow(store, monitor, initialState(begin), now);
      assert.deepEqual(await store.monitorsWithOutcomes(10), []);
      const again = await store.takeOutcomes(batch, now);
      assert.equal(again.duplicates, 3, "also when they were judged");
      const other = [outcomeOf(monitor, "tokyo", begin + second, up)];
      assert.equal((await store.takeOutcomes(other, now)).taken, 1);
    });

    test("are taken once by two hubs at the same time", async () => {
      await using store = await open();
      const monitor = placedMonitor();
      await create(store, monitor);
      const batch = Array.from({ length: 50 }, (_, i) =>
        outcomeOf(monitor, "paris", begin + i * second, up),
      );
      const now = begin + 100 * second;
      const taken = await Promise.all(
        Array.from({ length: 6 }, () => store.takeOutcomes(batch, now)),
      );
      assert.equal(
        taken.reduce((sum, one) => sum + one.taken, 0),
        50,
      );
      const [work = assert.fail()] = await store.locationWork([monitor.id], 1_000);
      assert.equal(work.outcomes.length, 50);
    });

    test("of monitors that are gone, of one location only, or of the future are refused", async () => {
      await using store = await open();
      const monitor = placedMonitor();
      const alone = { ...monitorOf({ id: createId<"monitor">(begin) }) };
      await create(store, monitor);
      await create(store, alone);
      const now = begin + second;
      const gone = placedMonitor();
      const refused = [
        outcomeOf(gone, "paris", begin, up),
        outcomeOf({ ...monitor, id: alone.id }, "paris", begin, up),
        outcomeOf(monitor, "paris", begin + 3_600_000, up),
        { ...outcomeOf(monitor, "paris", begin, up), at: begin + 3_600_000 },
      ];
      assert.deepEqual(await store.takeOutcomes(refused, now), {
        taken: 0,
        duplicates: 0,
        refused: 4,
      });
    });

    test("leave the same history when one location was cut off and hands in late", async () => {
      await using store = await open();
      const story: Story = {
        local: [
          [30, 45],
          [60, 70],
        ],
        paris: [
          [32, 44],
          [63, 80],
        ],
        tokyo: [[90, 95]],
      };
      const never = await play(store, story, 120, null);
      assert.deepEqual(
        never.history.map((one) => [one.status, (one.from - begin) / second]),
        [
          ["pending", 0],
          ["up", 1.003],
          ["down", 32.003],
          ["up", 44.003],
          ["down", 63.003],
          ["up", 70.003],
        ],
      );
      const late = await play(store, story, 120, { location: "paris", from: 20, to: 100 });
      assert.deepEqual(told(late), told(never));
      const downs = (list: typeof late.transitions): number =>
        list.filter(({ transition }) => transition.to === "down").length;
      assert.equal(downs(never.transitions), 2);
      assert.equal(downs(late.transitions), 0, "alerts of the past are not sent");
    });

    test("leave the same history while two are away as well", async () => {
      await using store = await open();
      const story: Story = { local: [[30, 45]], paris: [[31, 40]], tokyo: [] };
      const gone = { ...story };
      delete (gone as Record<string, unknown>)["tokyo"];
      const never = await play(store, gone, 80, null);
      const late = await play(store, gone, 80, { location: "paris", from: 10, to: 70 });
      assert.deepEqual(told(late), told(never));
    });

    test("that never came are a gap of their location", async () => {
      await using store = await open();
      const monitor = placedMonitor();
      await create(store, monitor);
      const at = (i: number): number => begin + i * second;
      let state = initialState(begin);
      for (const i of [1, 2, 3, 60]) {
        await store.takeOutcomes([outcomeOf(monitor, "paris", at(i), up)], at(i));
        state = await judgeNow(store, monitor, state, at(i) + 500);
      }
      const away = at(3) + 3 + awayAfterMs(monitor);
      assert.deepEqual(
        (await store.locationIntervals(monitor.id, everything)).map((one) => [
          one.status,
          one.from,
          one.to,
        ]),
        [
          ["up", at(1) + 3, away],
          ["unknown", away, at(60) + 3],
          ["up", at(60) + 3, null],
        ],
      );
    });

    test("of a monitor that was changed meanwhile wait, and do not count for what it is now", async () => {
      await using store = await open();
      const monitor = placedMonitor();
      await create(store, monitor);
      const now = begin + 10 * second;
      await store.takeOutcomes([outcomeOf(monitor, "paris", begin + second, down)], now);
      const next = { ...monitor, version: 2, updatedAt: now };
      const status = { monitorId: monitor.id, status: "pending", reason: null, at: now } as const;
      await store.updateMonitor(next, { status, resetState: true }, auditOf());
      await judgeNow(store, monitor, initialState(begin), now);
      assert.deepEqual(await store.monitorsWithOutcomes(10), [monitor.id]);
      await judgeNow(store, next, initialState(now), now);
      assert.deepEqual(await store.monitorsWithOutcomes(10), []);
      assert.equal((await store.failedChecks(monitor.id, everything, 10)).length, 1);
      assert.deepEqual(await store.locationIntervals(monitor.id, everything), []);
      const [work = assert.fail()] = await store.locationWork([monitor.id], 10);
      assert.equal(work.known[0]?.judge, null);
    });

    test("go with their monitor", async () => {
      await using store = await open();
      const monitor = placedMonitor();
      await create(store, monitor);
      const now = begin + 10 * second;
      await store.takeOutcomes([outcomeOf(monitor, "paris", begin, up)], now);
      await judgeNow(store, monitor, initialState(begin), now);
      await store.takeOutcomes([outcomeOf(monitor, "paris", begin + second, up)], now);
      assert.equal(await store.deleteMonitor(monitor.id, auditOf()), true);
      assert.deepEqual(await store.monitorsWithOutcomes(10), []);
      assert.deepEqual(await store.locationIntervals(monitor.id, everything), []);
    });
  });

  describe("workers elsewhere", () => {
    test("are kept, and told of by when they were heard", async () => {
      await using store = await open();
      const id = createId<"worker">(begin);
      const worker = {
        id,
        name: "vm/1",
        location: "paris",
        version: "1.2.3",
        joinedAt: 5,
        seenAt: 5,
        waiting: 0,
        dropped: 0,
        clockOffsetMs: 0,
      };
      await store.saveWorker(worker, auditOf({ resource: "worker", action: "hello" }));
      assert.deepEqual(await store.remoteWorkers(5), [worker]);
      assert.deepEqual(await store.remoteWorkers(6), []);
      const figures = { seenAt: 9, waiting: 3, dropped: 1, clockOffsetMs: -4 };
      assert.equal(await store.touchWorker(id, figures), true);
      assert.deepEqual(await store.remoteWorkers(9), [{ ...worker, ...figures }]);
      const nobody: WorkerId = createId<"worker">(begin);
      assert.equal(await store.touchWorker(nobody, figures), false);
      const [entry] = await store.auditEntries({ limit: 1 });
      assert.equal(entry?.resource, "worker");
    });
  });
}
