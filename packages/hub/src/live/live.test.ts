import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { createId, type MonitorId } from "../model/id.ts";
import { defaultJudging } from "../model/monitor-input.ts";
import type { Monitor } from "../model/monitor.ts";
import { createBoard } from "./board.ts";
import { createLive, type Live } from "./live.ts";

interface Event {
  readonly id: number;
  readonly event: string;
  readonly data: unknown;
}

function monitor(name: string): Monitor {
  return {
    id: createId<"monitor">(1),
    name,
    kind: "http",
    settings: {},
    labels: {},
    dependsOn: [],
    enabled: true,
    intervalMs: 1000,
    timeoutMs: 1000,
    judging: defaultJudging(),
    version: 1,
    createdAt: 1,
    updatedAt: 1,
  };
}

/** A hub with two monitors and a clock that only moves when it is told to. */
function setUp(t: TestContext): {
  live: Live;
  board: ReturnType<typeof createBoard>;
  a: Monitor;
  b: Monitor;
  tick: (ms: number) => void;
} {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  let now = 1_000_000;
  const board = createBoard();
  const [a, b] = [monitor("a"), monitor("b")];
  board.put(a, undefined, now);
  board.put(b, undefined, now);
  const live = createLive({
    clock: { now: () => now, monotonicMs: () => now },
    board,
    readRuns: async () => [],
  });
  t.after(() => live[Symbol.dispose]());
  return {
    live,
    board,
    a,
    b,
    tick(ms) {
      now += ms;
      t.mock.timers.tick(ms);
    },
  };
}

function open(
  live: Live,
  options: { monitors?: MonitorId[]; lastEventId?: string; keyId?: string; onDropped?: () => void },
): { next: () => Promise<Event[]>; end: () => Promise<boolean> } {
  const stream = live.open({
    hosts: [],
    monitors: options.monitors ?? [],
    runs: [],
    lastEventId: options.lastEventId,
    keyId: options.keyId,
    onDropped: options.onDropped ?? (() => assert.fail("dropped")),
  });
  const iterator = (stream ?? assert.fail("not opened"))[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { value, done } = await iterator.next();
      return done === true ? [] : parse(value);
    },
    end: async () => (await iterator.next()).done === true,
  };
}

function parse(text: string): Event[] {
  return text
    .split("\n\n")
    .filter((block) => block.includes("event:"))
    .map((block) => {
      const fields = new Map(
        block.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]),
      );
      return {
        id: Number(fields.get("id")),
        event: fields.get("event") ?? "",
        data: JSON.parse(fields.get("data") ?? "null") as unknown,
      };
    });
}

function entryOf(board: ReturnType<typeof createBoard>, id: MonitorId) {
  return board.get(id) ?? assert.fail("not on the board");
}

describe("live events", () => {
  test("begin with how many monitors have each status", async (t) => {
    const { live } = setUp(t);
    const [first] = await open(live, {}).next();
    assert.equal(first?.event, "counts");
    assert.deepEqual(first?.data, {
      pending: 2,
      up: 0,
      degraded: 0,
      down: 0,
      unknown: 0,
      maintenance: 0,
      paused: 0,
    });
  });

  test("gather what happens within a second into one event of each sort", async (t) => {
    const { live, board, a, b, tick } = setUp(t);
    const reader = open(live, { monitors: [a.id] });
    await reader.next();
    for (let i = 0; i < 50; i += 1) live.checked(entryOf(board, a.id));
    live.checked(entryOf(board, b.id));
    tick(20);
    const events = await reader.next();
    assert.deepEqual(
      events.map(({ event, data }) => [event, (data as { id: string }[]).map(({ id }) => id)]),
      [["checks", [a.id]]],
    );
    live.checked(entryOf(board, a.id));
    tick(500);
    live.statusChanged(entryOf(board, b.id));
    tick(500);
    const later = await reader.next();
    assert.deepEqual(
      later.map(({ event }) => event),
      ["checks", "counts"],
      "a change of status reaches whoever did not ask for the monitor",
    );
    const ids = ((later[0]?.data ?? []) as { id: string }[]).map(({ id }) => id);
    assert.deepEqual(new Set(ids), new Set([a.id, b.id]));
  });

  test("have growing ids, and resuming with the latest one misses nothing", async (t) => {
    const { live, a, tick } = setUp(t);
    const reader = open(live, {});
    const [first] = await reader.next();
    live.monitorsChanged({ changed: [a.id], deleted: [] });
    tick(1000);
    const events = await reader.next();
    assert.deepEqual(
      events.map(({ event }) => event),
      ["monitors", "counts"],
    );
    const ids = [first, ...events].map((event) => event?.id ?? 0);
    assert.deepEqual(
      ids,
      ids.toSorted((x, y) => x - y),
    );
    const latest = String(ids.at(-1));
    const resumed = await open(live, { lastEventId: latest }).next();
    assert.deepEqual(
      resumed.map(({ event }) => event),
      ["counts", "host_counts"],
    );
  });

  const missed: { title: string; happens: (live: Live, ids: MonitorId[]) => void }[] = [
    {
      title: "a monitor changed",
      happens: (live, [id]) =>
        live.monitorsChanged({ changed: id === undefined ? [] : [id], deleted: [] }),
    },
    {
      title: "an incident opened",
      happens: (live) => live.incidentsChanged([createId<"incident">(1)]),
    },
  ];
  for (const { title, happens } of missed) {
    test(`are answered by reset when ${title} while nobody read`, async (t) => {
      const { live, a } = setUp(t);
      const reader = open(live, { keyId: "k" });
      const [first] = await reader.next();
      live.dropKey("k");
      assert.ok(await reader.end());
      happens(live, [a.id]);
      const events = await open(live, { lastEventId: String(first?.id) }).next();
      assert.deepEqual(
        events.map(({ event }) => event),
        ["reset", "counts", "host_counts"],
      );
    });
  }

  test("are answered by reset after the id of another process", async (t) => {
    const { live } = setUp(t);
    const events = await open(live, { lastEventId: "17" }).next();
    assert.equal(events[0]?.event, "reset");
  });

  test("drop a reader that does not take them, and nobody else", async (t) => {
    const { live, board, tick } = setUp(t);
    const ids: MonitorId[] = [];
    for (let i = 0; i < 1000; i += 1) {
      const one = monitor(`m${i}`);
      board.put(one, undefined, 1);
      ids.push(one.id);
    }
    let dropped = 0;
    const slow = open(live, { monitors: ids, onDropped: () => (dropped += 1) });
    const quick = open(live, { monitors: ids });
    await quick.next();
    for (let i = 0; i < 10 && dropped === 0; i += 1) {
      for (const id of ids) live.checked(entryOf(board, id));
      tick(1000);
      assert.equal((await quick.next())[0]?.event, "checks");
    }
    assert.equal(dropped, 1);
    assert.ok(await slow.end());
    assert.deepEqual(live.stats, { readers: 1, dropped: 1 });
  });

  test("carry a heartbeat, and end after half an hour", async (t) => {
    const { live, tick } = setUp(t);
    const reader = open(live, {});
    await reader.next();
    for (let i = 0; i < 120; i += 1) tick(15_000);
    assert.deepEqual(await reader.next(), [], "comments are no events");
    tick(15_000);
    assert.ok(await reader.end());
    assert.equal(live.stats.readers, 0);
  });

  test("leave nothing behind when a reader goes", async (t) => {
    const { live, a } = setUp(t);
    const stream = live.open({
      monitors: [a.id],
      hosts: [],
      runs: [],
      lastEventId: undefined,
      keyId: undefined,
      onDropped: () => assert.fail("dropped"),
    });
    for await (const text of stream ?? []) {
      assert.match(text, /event: counts/);
      break;
    }
    assert.equal(live.stats.readers, 0);
  });

  test("are refused beyond five hundred readers", (t) => {
    const { live } = setUp(t);
    for (let i = 0; i < 500; i += 1) open(live, {});
    const one = {
      monitors: [],
      hosts: [],
      runs: [],
      lastEventId: undefined,
      keyId: undefined,
      onDropped: () => {},
    };
    assert.equal(live.open(one), undefined);
    live.closeAll();
    assert.notEqual(live.open(one), undefined);
  });
});
