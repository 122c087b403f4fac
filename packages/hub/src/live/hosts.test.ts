import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { HostView } from "@belfry/contract";
import { createId, type HostId } from "../model/id.ts";
import { exampleMonitor } from "../model/monitor.kit.ts";
import { createBoard } from "./board.ts";
import { createLive, type Live } from "./live.ts";

interface Event {
  readonly event: string;
  readonly data: unknown;
}

function viewOf(id: HostId): HostView {
  return {
    id,
    name: "web",
    status: "up",
    status_since: "2026-01-01T00:00:00.000Z",
    labels: {},
    names: ["web"],
    agent_version: "1",
    interval: 5,
    last_heard_at: null,
    last_sample_at: null,
    clock_offset: 0,
    series: 1,
    notices: [],
    figures: {
      cpu_ratio: 0.5,
      memory_ratio: null,
      swap_ratio: null,
      disk_ratio: null,
      fullest_disk_ratio: null,
      load1: null,
      load5: null,
      load15: null,
      cores: null,
      disk_read_bytes_per_second: null,
      disk_written_bytes_per_second: null,
      network_receive_bytes_per_second: null,
      network_transmit_bytes_per_second: null,
      temperature_celsius: null,
      boot_time: null,
    },
  };
}

/** A hub that follows so many hosts, and a clock that only moves when it is told to. */
function setUp(t: TestContext, count: number) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  let now = 1_000_000;
  const board = createBoard();
  const ids = Array.from({ length: count }, () => createId<"monitor">(1));
  for (const id of ids) board.put(exampleMonitor({ id, kind: "host" }), undefined, now);
  const live = createLive({
    clock: { now: () => now, monotonicMs: () => now },
    board,
    readRuns: async () => [],
  });
  const asked: HostId[] = [];
  live.watchHosts((id) => {
    asked.push(id);
    return ids.includes(id) ? viewOf(id) : undefined;
  });
  t.after(() => live[Symbol.dispose]());
  const tick = (ms: number): void => {
    now += ms;
    t.mock.timers.tick(ms);
  };
  return { live, board, ids, asked, tick };
}

/** Opens a stream; each call gives the events since the one before. */
function open(live: Live, hosts: "all" | readonly HostId[]): () => Promise<Event[]> {
  const stream = live.open({
    monitors: [],
    hosts,
    runs: [],
    lastEventId: undefined,
    keyId: undefined,
    onDropped: () => assert.fail("dropped"),
  });
  const iterator = (stream ?? assert.fail("not opened"))[Symbol.asyncIterator]();
  return async () => {
    const read = await iterator.next();
    const text = read.done === true ? "" : read.value;
    const blocks = text.split("\n\n").filter((block) => block.includes("event:"));
    return blocks.map((block) => ({
      event: /^event: (.*)$/m.exec(block)?.[1] ?? "",
      data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? "null") as unknown,
    }));
  };
}

function idsIn(events: readonly Event[]): string[] {
  return events
    .filter(({ event }) => event === "hosts")
    .flatMap(({ data }) => (data as HostView[]).map(({ id }) => id));
}

describe("live events of hosts", () => {
  test("begin with how many hosts have each status, apart from the monitors", async (t) => {
    const { live, board } = setUp(t, 3);
    board.put(exampleMonitor(), undefined, 1);
    const first = await open(live, [])();
    const pending = first.map(({ event, data }) => [event, (data as { pending: number }).pending]);
    assert.deepEqual(pending, [
      ["counts", 1],
      ["host_counts", 3],
    ]);
  });

  test("come once a second for each host, to whoever asked for it", async (t) => {
    const { live, ids, asked, tick } = setUp(t, 3);
    const [a, b, c] = ids;
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    const [all, one, none] = [open(live, "all"), open(live, [a]), open(live, [])];
    for (const next of [all, one, none]) await next();
    for (let i = 0; i < 10; i += 1) for (const id of [a, b]) live.hostShown(id);
    tick(1000);
    assert.deepEqual(idsIn(await all()), [a, b]);
    assert.deepEqual(idsIn(await one()), [a]);
    assert.deepEqual(asked, [a, b], "each view is made once, for all readers");
    live.hostStatusChanged(c);
    tick(1000);
    const events = await none();
    assert.deepEqual(
      events.map(({ event }) => event),
      ["host_counts"],
      "that the counts changed reaches everybody",
    );
    assert.deepEqual(idsIn(await all()), [c]);
  });

  test("are made for nobody when nobody asked", async (t) => {
    const { live, ids, asked, tick } = setUp(t, 2);
    const next = open(live, []);
    await next();
    for (const id of ids) live.hostShown(id);
    tick(5000);
    assert.deepEqual(asked, []);
  });

  test("are at most a thousand hosts a second, a hundred in one event; the rest follows", async (t) => {
    const { live, ids, tick } = setUp(t, 2500);
    const next = open(live, "all");
    await next();
    for (const id of ids) live.hostShown(id);
    const seen: string[] = [];
    for (const expected of [1000, 1000, 500]) {
      tick(1000);
      const events = await next();
      assert.equal(idsIn(events).length, expected);
      assert.ok(events.every(({ data }) => (data as unknown[]).length <= 100));
      seen.push(...idsIn(events));
    }
    assert.deepEqual(new Set(seen), new Set(ids));
  });

  test("leave out a host that is gone", async (t) => {
    const { live, ids, tick } = setUp(t, 1);
    const next = open(live, "all");
    await next();
    const gone = createId<"monitor">(1);
    for (const id of [gone, ...ids]) live.hostShown(id);
    tick(1000);
    assert.deepEqual(idsIn(await next()), ids);
  });

  test("of a changed host come with its counts, of a changed monitor without", async (t) => {
    const { live, board, ids, tick } = setUp(t, 1);
    const monitor = exampleMonitor();
    board.put(monitor, undefined, 1);
    const next = open(live, []);
    await next();
    live.monitorsChanged({ changed: ids, deleted: [] });
    tick(1000);
    assert.deepEqual(
      (await next()).map(({ event }) => event),
      ["monitors", "host_counts"],
    );
    live.monitorsChanged({ changed: [monitor.id], deleted: [] });
    tick(1000);
    assert.deepEqual(
      (await next()).map(({ event }) => event),
      ["monitors", "counts"],
    );
  });
});
