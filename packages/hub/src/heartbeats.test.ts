/** Several hubs that are called on one PostgreSQL: who judges which call, and what no hub may miss or say twice. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { PingKind } from "@belfry/contract";
import { startPostgres, type Postgres } from "../../../test/kit/postgres.ts";
import { createHeartbeatPath } from "./heartbeats.ts";
import { createJudgingTable } from "./judge/judging.ts";
import { createBoard } from "./live/board.ts";
import { AppError } from "./model/error.ts";
import type { ProcessId } from "./model/fleet.ts";
import { heartbeatKind, type Ping } from "./model/heartbeat.ts";
import type { Span } from "./model/heartbeat-outcome.ts";
import { createId, type MonitorId } from "./model/id.ts";
import type { Monitor } from "./model/monitor.ts";
import { createPipeline } from "./pipeline.ts";
import {
  auditOf,
  everything,
  monitorOf,
  noLog,
  retention,
  statusOf,
} from "./store/contract/fixtures.ts";
import { createStore } from "./store/open.ts";
import type { Store } from "./store/port.ts";

const resources = new AsyncDisposableStack();
const stores: Store[] = [];

before(async () => {
  const server: Postgres = resources.use(await startPostgres());
  const database = await server.createDatabase();
  for (let hub = 0; hub < 2; hub += 1) {
    stores.push(resources.use(await createStore({ database, retention }, { log: noLog })));
  }
});
after(() => resources.disposeAsync());

const minute = 60_000;
/** The hub that holds every share. */
type Holder = { name: string };
/** When nobody could be called, as the store has it; null: it is asked. */
type Deaf = { gap: Span | null; isAway: boolean };

function pingOf(at: number, kind: PingKind = "success", exitCode: number | null = null): Ping {
  return {
    at,
    kind,
    exitCode,
    rid: null,
    method: "POST",
    source: "192.0.2.1",
    userAgent: "curl/8",
    body: "",
    bodyBytes: 0,
    ownDurationMs: null,
  };
}

/** What every minute wants to be called, with a minute of grace; one failure is down. */
function heartbeatOf(over: Partial<Monitor> = {}): Monitor {
  const now = Date.now();
  return monitorOf({
    id: createId<"monitor">(now),
    kind: heartbeatKind,
    settings: {
      schedule: { kind: "period", seconds: 60 },
      grace_seconds: 60,
      max_run_seconds: null,
      slug: "nightly",
      token: "t",
    },
    judging: { ...monitorOf().judging, downAfter: 1 },
    createdAt: now,
    updatedAt: now,
    ...over,
  });
}

/** One hub: real judging, pipeline and store; its clock and whether it holds the share are the test's. */
function openHub(
  name: string,
  {
    store,
    time,
    holder,
    id,
    deaf,
  }: { store: Store; time: { ms: number }; holder: Holder; id: MonitorId; deaf: Deaf },
  said: string[],
) {
  const clock = { now: () => time.ms, monotonicMs: () => time.ms };
  const board = createBoard();
  const judging = createJudgingTable();
  let hear: () => Promise<void> | void = () => undefined;
  let writing: Promise<unknown> = Promise.resolve();
  const pipeline = createPipeline({
    clock,
    location: name,
    check: () => assert.fail("a heartbeat is not checked"),
    targetOf: () => "",
    decide: (check) => judging.decide(check),
    enqueue({ state, statusChange, failedCheck, transition, shown, monitorId }) {
      writing = writing.then(() =>
        store.commit({
          judged: state === null ? [] : [{ monitorId, state }],
          statusChanges: statusChange === null ? [] : [statusChange],
          failedChecks: failedCheck === null ? [] : [failedCheck],
          transitions: transition === null ? [] : [transition],
          frames: [],
          shown: shown === undefined ? [] : [shown],
        }),
      );
    },
    show: () => undefined,
    onChecked: () => undefined,
  });
  const path = createHeartbeatPath({
    clock,
    log: { error: (fields) => assert.ok(deaf.isAway, JSON.stringify(fields)) },
    store: {
      ...store,
      async noteListening(isListening) {
        if (deaf.isAway) throw new AppError("unavailable", "the database is away");
        const gap = await store.noteListening(isListening);
        return deaf.gap ?? gap;
      },
    },
    board,
    fleet: {
      process: {
        id: createId<"process">(0) satisfies ProcessId,
        kind: "hub",
        name,
        location: name,
        version: "1",
        url: null,
        holds: ["hear"],
      },
      holds: () => holder.name === name,
      hint: () => undefined,
      onHint: (_, listener) => void (hear = listener),
    },
    judged: (id) => judging.state(id),
    reopens: (id) => judging.row(id)?.reopen === true,
    conclude(monitor, outcome, at, call) {
      const why = outcome.result === "up" ? "" : ` ${outcome.reason}`;
      said.push(`${name} ${outcome.result}${why} #${call ?? "?"}`);
      pipeline.conclude(monitor, outcome, at, call);
    },
  });
  path.start(undefined);
  return {
    name,
    path,
    call: async (id: MonitorId, kind?: PingKind, exitCode?: number) => {
      const taken = await path.heartbeats.take(id, pingOf(time.ms, kind, exitCode));
      return taken?.n;
    },
    /** Looks after the monitor from now on, as whoever has taken its share does; after a while nothing is known of it. */
    async take(isKnown = true) {
      const [row] = await store.monitorsOf([id]);
      assert.ok(row !== undefined);
      const { monitor, state } = row;
      board.put(monitor, state, time.ms);
      path.heartbeats.changed([id]);
      await path.takeUpHeartbeatsOf([id]);
      judging.add(id, state, { intervalIsOpen: isKnown, at: time.ms });
      path.watch.add(monitor);
    },
    /** Looks after nothing any more, without another word: its process was killed. */
    drop() {
      path.watch.remove(id);
      judging.remove(id);
    },
    /** Learns what others took in. */
    hear: async () => hear(),
    /** Resolves when what was decided is stored. */
    settled: async () => writing,
  };
}

async function startHubs() {
  await using stack = new AsyncDisposableStack();
  const [first, second] = stores;
  assert.ok(first !== undefined && second !== undefined);
  const monitor = heartbeatOf();
  const { id } = monitor;
  await first.createMonitor(monitor, statusOf(id, "pending", monitor.createdAt), auditOf());
  const time = { ms: monitor.createdAt + 1000 };
  const holder: Holder = { name: "a" };
  const deaf: Deaf = { gap: null, isAway: false };
  const said: string[] = [];
  const make = (name: string, store: Store) => {
    const hub = openHub(name, { store, time, holder, id, deaf }, said);
    stack.use(hub.path);
    return hub;
  };
  const hubs = { a: make("a", first), b: make("b", second) };
  for (const hub of Object.values(hubs)) await hub.path.takeUp();
  await hubs.a.take();
  const moved = stack.move();
  return {
    ...hubs,
    id,
    monitor,
    store: first,
    time,
    deaf,
    holder,
    said,
    /** Another hub holds the share from now on. */
    async moveTo(next: "a" | "b") {
      const former = next === "a" ? hubs.b : hubs.a;
      former.drop();
      await former.settled();
      holder.name = next;
      await hubs[next].take();
    },
    /** Everybody has learned of everything. */
    async quiet() {
      for (const hub of Object.values(hubs)) await hub.hear();
      for (const hub of Object.values(hubs)) await hub.settled();
    },
    /** Time passes, and the watches look each second; each look is waited for. */
    async pass(ms: number) {
      for (const end = time.ms + ms; time.ms < end;) {
        time.ms += 1000;
        for (const hub of Object.values(hubs)) await hub.path.watch.checkNow(id);
      }
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

describe("two hubs that are called", { timeout: 120_000 }, () => {
  interface Row {
    readonly title: string;
    /** `a`, `b`: a call there, with what it says; `→ b`: that one holds the share from now on. */
    readonly steps: readonly string[];
    readonly said: readonly string[];
  }
  const rows: readonly Row[] = [
    {
      title: "judge calls in turn where the share is held",
      steps: ["a", "b", "a", "b", "b"],
      said: ["a up #1", "a up #2", "a up #3", "a up #4", "a up #5"],
    },
    {
      title: "judge failures and exit codes in the order in which they came",
      steps: ["b fail", "a", "b 3", "b 0", "a fail", "b"],
      said: [
        "a down reported #1",
        "a up #2",
        "a down reported #3",
        "a up #4",
        "a down reported #5",
        "a up #6",
      ],
    },
    {
      title: "take starts and lines of a log in, and judge neither",
      steps: ["b start", "a log", "b", "b log", "a start", "b"],
      said: ["a up #3", "a up #6"],
    },
    {
      title: "judge nothing twice when the share moves",
      steps: ["a", "b fail", "→ b", "a", "b", "→ a", "b fail"],
      said: ["a up #1", "a down reported #2", "b up #3", "b up #4", "a down reported #5"],
    },
  ];
  for (const { title, steps, said } of rows) {
    test(title, async () => {
      await using desk = await startHubs();
      for (const step of steps) {
        desk.time.ms += 500;
        const [who, what] = step.split(" ");
        if (who === "→") await desk.moveTo(what === "a" ? "a" : "b");
        else {
          const code = what === undefined || Number.isNaN(Number(what)) ? undefined : Number(what);
          const kind = code === undefined ? what : code === 0 ? "success" : "fail";
          await desk[who === "a" ? "a" : "b"].call(desk.id, kindOf(kind), code);
        }
        await desk.quiet();
      }
      assert.deepEqual(desk.said, said);
      const states = ["a", "b"] as const;
      for (const name of states) {
        const state = desk[name].path.heartbeats.state(desk.id);
        assert.equal(state.pings, steps.filter((step) => !step.startsWith("→")).length, name);
      }
    });
  }

  test("judge each of many calls at once, in one order, and show the same", async () => {
    await using desk = await startHubs();
    const taken = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        desk[n % 2 === 0 ? "a" : "b"].call(desk.id, n % 3 === 0 ? "fail" : "success"),
      ),
    );
    assert.equal(new Set(taken).size, 60);
    await desk.quiet();
    const numbers = desk.said.map((text) => Number(text.split("#")[1]));
    assert.deepEqual(
      numbers,
      Array.from({ length: 60 }, (_, n) => n + 1),
    );
    const [first, second] = [desk.a, desk.b].map(({ path }) => path.heartbeats.state(desk.id));
    assert.deepEqual(first, second);
  });

  test("judge what was taken in while nobody held the share, when it is taken", async () => {
    await using desk = await startHubs();
    await desk.a.call(desk.id);
    await desk.quiet();
    desk.a.drop();
    await desk.a.settled();
    await desk.b.call(desk.id, "fail");
    await desk.b.call(desk.id);
    await desk.moveTo("b");
    await desk.quiet();
    assert.deepEqual(desk.said, ["a up #1", "b down reported #2", "b up #3"]);
  });

  test("call nobody late whom another hub heard, and everybody else once", async () => {
    await using desk = await startHubs();
    await desk.a.call(desk.id);
    await desk.quiet();
    await desk.pass(100_000);
    // The hub that watches was not told: it has to ask.
    await desk.b.call(desk.id);
    await desk.pass(100_000);
    assert.deepEqual(desk.said, ["a up #1", "a up #2"]);
    await desk.pass(30_000);
    assert.deepEqual(desk.said.slice(2), ["a down late #2"]);
    await desk.moveTo("b");
    await desk.pass(20_000);
    assert.deepEqual(desk.said.slice(3), [], "what was told is not told again");
    await desk.b.call(desk.id);
    await desk.quiet();
    assert.deepEqual(desk.said.slice(3), ["b up #3"]);
  });

  test("state again how it stands where nothing was known for a while", async () => {
    await using desk = await startHubs();
    await desk.a.call(desk.id);
    await desk.quiet();
    await desk.a.take(false);
    await desk.quiet();
    await desk.pass(2 * minute + 3000);
    await desk.quiet();
    await desk.a.take(false);
    await desk.quiet();
    assert.deepEqual(desk.said, ["a up #1", "a up #1", "a down late #1", "a down late #1"]);
    await desk.pass(10_000);
    assert.equal(desk.said.length, 4);
  });

  test("tell a deadline that passed while nobody held the share", async () => {
    await using desk = await startHubs();
    await desk.a.call(desk.id);
    await desk.quiet();
    desk.a.drop();
    await desk.a.settled();
    desk.time.ms += 2.5 * minute;
    await desk.moveTo("b");
    await desk.pass(3000);
    assert.deepEqual(desk.said, ["a up #1", "b down late #1"]);
  });

  test("do not count the time in which no hub could be called", async () => {
    await using desk = await startHubs();
    await desk.a.call(desk.id);
    await desk.quiet();
    const from = desk.time.ms;
    // The whole grace passed: that time says nothing, and the next one counts.
    desk.time.ms += 2.5 * minute;
    desk.deaf.gap = { from, to: desk.time.ms };
    await desk.moveTo("b");
    await desk.pass(20_000);
    assert.deepEqual(desk.said, ["a up #1"]);
    await desk.pass(3 * minute);
    assert.equal(desk.said[1], "b down late #1");
  });

  test("count the time in which only the one was away that looks after the monitor", async () => {
    await using desk = await startHubs();
    await desk.a.call(desk.id);
    await desk.quiet();
    desk.time.ms += 2 * minute + 3000;
    // It was stopped for longer than others wait before they take its monitors over.
    await desk.pass(1000);
    assert.deepEqual(desk.said, ["a up #1", "a down late #1"]);
  });

  test("call nobody late while the store cannot be asked", async () => {
    await using desk = await startHubs();
    await desk.a.call(desk.id);
    await desk.quiet();
    await desk.pass(minute);
    desk.deaf.isAway = true;
    await desk.pass(1.5 * minute);
    assert.deepEqual(desk.said, ["a up #1"]);
    desk.deaf.isAway = false;
    // Whoever was answered by the other hub in the meantime was in time.
    await desk.b.call(desk.id);
    await desk.pass(5000);
    assert.deepEqual(desk.said, ["a up #1", "a up #2"]);
  });

  test("say nothing of a monitor once its share may be somebody else's", async () => {
    await using desk = await startHubs();
    await desk.a.call(desk.id);
    await desk.quiet();
    // The lease of the hub ends, and nobody has told its watch yet.
    desk.holder.name = "nobody";
    await desk.b.call(desk.id);
    await desk.pass(3 * minute);
    assert.deepEqual(desk.said, ["a up #1"]);
  });

  test("judge nothing that came while the monitor was paused, but how it stands", async () => {
    await using desk = await startHubs();
    await desk.a.call(desk.id);
    await desk.quiet();
    desk.a.path.watch.remove(desk.id);
    await desk.b.call(desk.id);
    await desk.b.call(desk.id, "fail");
    await desk.quiet();
    desk.time.ms += 5000;
    const resumed = { ...desk.monitor, version: 2, updatedAt: desk.time.ms };
    const options = { status: statusOf(desk.id, "pending", desk.time.ms), resetState: true };
    assert.equal(await desk.store.updateMonitor(resumed, options, auditOf()), "updated");
    await desk.a.take();
    await desk.quiet();
    assert.deepEqual(desk.said, ["a up #1", "a down reported #3"]);
    await desk.b.call(desk.id);
    await desk.quiet();
    assert.deepEqual(desk.said.slice(2), ["a up #4"]);
  });

  test("go on behind the last call that was judged when the monitor was changed", async () => {
    await using desk = await startHubs();
    await desk.b.call(desk.id);
    await desk.quiet();
    const changed = { ...desk.monitor, name: "other", version: 2, updatedAt: desk.time.ms };
    const options = { status: null, resetState: false };
    assert.equal(await desk.store.updateMonitor(changed, options, auditOf()), "updated");
    // Judged by its former version, so nothing of it was stored.
    await desk.a.call(desk.id, "fail");
    await desk.quiet();
    await desk.a.take();
    await desk.quiet();
    assert.deepEqual(desk.said, ["a up #1", "a down reported #2", "a down reported #2"]);
    const [kept] = await desk.store.monitorsOf([desk.id]);
    assert.equal(kept?.state?.status, "down");
    assert.equal((await desk.store.failedChecks(desk.id, everything, 9)).length, 1);
  });
});

function kindOf(text: string | undefined): PingKind | undefined {
  switch (text) {
    case "fail":
    case "start":
    case "log":
    case "success":
      return text;
    default:
      return undefined;
  }
}
