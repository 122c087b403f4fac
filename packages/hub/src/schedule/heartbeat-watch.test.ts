import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  heartbeatKind,
  neverCalled,
  takePing,
  type HeartbeatState,
  type Ping,
} from "../model/heartbeat.ts";
import { createId, type MonitorId } from "../model/id.ts";
import type { JudgeState } from "../model/judgement.ts";
import type { Monitor } from "../model/monitor.ts";
import { exampleMonitor } from "../model/monitor.kit.ts";
import { HeartbeatWatch } from "./heartbeat-watch.ts";

const second = 1_000;
const minute = 60_000;
const hour = 3_600_000;
const midnight = Date.UTC(2026, 0, 1);

const daily = { kind: "cron", expression: "0 2 * * *", timezone: "UTC" } as const;

/** A watch whose time is told, over one heartbeat that is expected daily at two, with an hour of grace. */
function watching(settings: object = {}, judged?: Partial<JudgeState>) {
  let ms = midnight;
  let jumped = 0;
  let state: HeartbeatState = neverCalled;
  const said: string[] = [];
  const excused: number[] = [];
  const monitor: Monitor = exampleMonitor({
    id: createId<"monitor">(midnight),
    kind: heartbeatKind,
    settings: {
      schedule: daily,
      grace_seconds: 3600,
      max_run_seconds: null,
      slug: null,
      token: "t",
      ...settings,
    },
    updatedAt: midnight - 21 * hour,
  });
  const watch = new HeartbeatWatch({
    clock: { now: () => ms, monotonicMs: () => ms - jumped },
    state: () => state,
    judged: () => (judged === undefined ? undefined : { ...known, ...judged }),
    conclude(_, outcome, at) {
      const time = new Date(at).toISOString().slice(11, 19);
      said.push(
        `${time} ${outcome.result} ${outcome.result === "up" ? "" : outcome.reason}`.trim(),
      );
      if (outcome.result === "down" && outcome.message.includes("could not be called")) {
        said.push(outcome.message.replace(/^.*; /, ""));
      }
    },
    onExcused(_id: MonitorId, until: number) {
      excused.push(until);
      state = { ...state, excusedAt: until };
    },
  });
  return {
    watch,
    monitor,
    said,
    excused,
    /** Lets time pass, second by second. */
    pass(span: number) {
      for (const end = ms + span; ms < end;) {
        ms += second;
        watch.look();
      }
    },
    /** Nothing runs for a while. */
    stall(span: number) {
      ms += span;
      watch.look();
    },
    jump(span: number) {
      ms += span;
      jumped += span;
    },
    call(over: Partial<Ping> = {}) {
      state = takePing(state, { ...ping, at: ms, ...over }).state;
      watch.called(monitor.id);
    },
    state: (next: HeartbeatState) => void (state = next),
  };
}

const ping: Ping = {
  at: 0,
  kind: "success",
  exitCode: null,
  rid: null,
  method: "GET",
  source: "",
  userAgent: "",
  body: "",
  bodyBytes: 0,
  ownDurationMs: null,
};

const known: JudgeState = {
  status: "up",
  since: midnight - hour,
  lastKnown: "up",
  failuresInRow: 0,
  successesInRow: 1,
  degradedInRow: 0,
  firstFailure: null,
  changes: [],
  flapping: false,
};

describe("the watch over heartbeats", () => {
  it("says that a call is late when the grace is over, and again at each expected time", (t) => {
    const one = watching();
    t.after(() => one.watch[Symbol.dispose]());
    one.state({ ...neverCalled, lastSuccessAt: midnight - 22 * hour, verdict: "success" });
    one.watch.start(undefined);
    one.watch.add(one.monitor);
    assert.deepEqual(one.said, ["00:00:00 up"]);
    one.pass(3 * hour - second);
    assert.equal(one.said.length, 1);
    one.pass(second);
    assert.deepEqual(one.said.splice(0), ["00:00:00 up", "03:00:00 down late"]);
    one.pass(24 * hour);
    assert.deepEqual(one.said, ["03:00:00 down late"]);
  });

  it("takes a call a little early for the time it was meant for", (t) => {
    const one = watching();
    t.after(() => one.watch[Symbol.dispose]());
    one.watch.start(undefined);
    one.watch.add(one.monitor);
    one.pass(2 * hour - 30 * second);
    one.call();
    one.pass(24 * hour);
    assert.deepEqual(one.said, []);
  });

  it("waits for the end of a run that began, and no longer than it may take", (t) => {
    const one = watching({ max_run_seconds: 7200 });
    t.after(() => one.watch[Symbol.dispose]());
    one.watch.start(undefined);
    one.watch.add(one.monitor);
    one.pass(2 * hour);
    one.call({ kind: "start" });
    one.pass(2 * hour - second);
    assert.deepEqual(one.said, []);
    one.pass(second);
    assert.deepEqual(one.said, ["04:00:00 down timeout"]);
  });

  it("says nothing of an expected time whose whole grace passed while Belfry was away", (t) => {
    const one = watching({}, {});
    t.after(() => one.watch[Symbol.dispose]());
    one.state({ ...neverCalled, lastSuccessAt: midnight - 22 * hour, verdict: "success" });
    one.jump(4 * hour);
    one.watch.add(one.monitor);
    one.watch.start(midnight + hour);
    one.pass(20 * hour);
    assert.deepEqual(one.said, ["04:00:00 up"]);
    assert.deepEqual(one.excused, [midnight + 3 * hour]);
    one.pass(3 * hour);
    assert.deepEqual(one.said, ["04:00:00 up", "03:00:00 down late"]);
  });

  it("gives another grace after a start within the time, and tells what it could not know", (t) => {
    const one = watching({}, {});
    t.after(() => one.watch[Symbol.dispose]());
    one.state({ ...neverCalled, lastSuccessAt: midnight - 22 * hour, verdict: "success" });
    one.jump(2 * hour + 30 * minute);
    one.watch.add(one.monitor);
    one.watch.start(midnight + 2 * hour + 10 * minute);
    one.pass(hour - second);
    assert.deepEqual(one.said, ["02:30:00 up"]);
    one.pass(2 * second);
    assert.deepEqual(one.said, [
      "02:30:00 up",
      "03:30:00 down late",
      "Belfry could not be called from 2026-01-01T02:10:00Z to 2026-01-01T02:30:00Z",
    ]);
  });

  it("gives another grace after the process was held up", (t) => {
    const one = watching();
    t.after(() => one.watch[Symbol.dispose]());
    one.watch.start(undefined);
    one.watch.add(one.monitor);
    one.pass(2 * hour + 30 * minute);
    one.stall(45 * minute);
    assert.deepEqual(one.said, []);
    one.pass(hour);
    assert.equal(one.said[0], "04:15:00 down late");
  });

  it("states after a start what the last call said, also when it was never judged", (t) => {
    const one = watching({}, {});
    t.after(() => one.watch[Symbol.dispose]());
    one.call({ kind: "fail", exitCode: 3 });
    one.watch.add(one.monitor);
    one.watch.start(midnight);
    assert.deepEqual(one.said, ["00:00:00 down reported"]);
  });
});
