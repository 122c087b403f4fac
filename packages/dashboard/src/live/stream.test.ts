import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createLive, mostWatched, type Live, type Source } from "./stream.ts";

type Listener = (event: { readonly data?: unknown }) => void;

/**
 * Stands for the browser's EventSource, which Node has not: opens nothing by itself, delivers only what a test sends,
 * and nothing after it was closed.
 */
class FakeSource implements Source {
  readonly #listeners = new Map<string, Listener[]>();
  readonly url: string;
  closed = false;
  constructor(url: string) {
    this.url = url;
  }
  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }
  close(): void {
    this.closed = true;
  }
  send(type: string, data?: unknown): void {
    if (this.closed) throw new Error("sent to a closed source");
    for (const listener of this.#listeners.get(type) ?? []) {
      listener(data === undefined ? {} : { data: JSON.stringify(data) });
    }
  }
}

function setUp(): {
  live: Live;
  sources: FakeSource[];
  last: () => FakeSource;
  lost: () => number;
} {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  const sources: FakeSource[] = [];
  let lost = 0;
  const live = createLive({
    open: (url) => {
      const source = new FakeSource(url);
      sources.push(source);
      return source;
    },
    now: () => Date.now(),
    random: () => 1,
    onLost: () => (lost += 1),
  });
  const last = (): FakeSource => {
    const source = sources.at(-1);
    assert.ok(source);
    return source;
  };
  return { live, sources, last, lost: () => lost };
}

test.afterEach(() => mock.timers.reset());

test("tells listeners what it hears, until they stop listening", () => {
  const { live, last } = setUp();
  const heard: unknown[] = [];
  const stop = live.listen({ counts: (counts) => heard.push(counts) });
  live.start();
  assert.equal(live.state.value.kind, "connecting");
  last().send("open");
  assert.equal(live.state.value.kind, "open");
  last().send("counts", { up: 3 });
  stop();
  last().send("counts", { up: 4 });
  assert.deepEqual(heard, [{ up: 3 }]);
});

test("tries a lost stream again, ever more slowly, and then has everything fetched anew", () => {
  const { live, sources, last, lost } = setUp();
  let resets = 0;
  live.listen({ reset: () => (resets += 1) });
  live.start();
  last().send("open");
  last().send("error");
  assert.deepEqual(live.state.value, { kind: "lost", since: 1_000_000, retryAt: 1_001_000 });
  mock.timers.tick(1000);
  assert.equal(sources.length, 2);
  last().send("error");
  assert.deepEqual(live.state.value, { kind: "lost", since: 1_000_000, retryAt: 1_003_000 });
  mock.timers.tick(1999);
  assert.equal(sources.length, 2);
  mock.timers.tick(1);
  assert.equal(sources.length, 3);
  assert.equal(resets, 0);
  last().send("open");
  assert.equal(live.state.value.kind, "open");
  assert.deepEqual([resets, lost()], [1, 2]);
});

test("a person need not wait for the next attempt", () => {
  const { live, sources, last } = setUp();
  live.start();
  last().send("error");
  live.retry();
  assert.equal(sources.length, 2);
  mock.timers.tick(60_000);
  assert.equal(sources.length, 2, "the attempt that was planned is not made as well");
});

test("watching others opens the new stream before it closes the old one", () => {
  const { live, sources, last } = setUp();
  live.watch(["a"]);
  live.start();
  const first = last();
  assert.equal(first.url, "/api/v1/live?monitors=a");
  first.send("open");
  live.watch(["a", "b"]);
  live.watch(["b", "c"]);
  mock.timers.tick(250);
  assert.equal(sources.length, 2);
  assert.equal(last().url, "/api/v1/live?monitors=b,c");
  assert.equal(first.closed, false);
  last().send("open");
  assert.equal(first.closed, true);
});

test("watching fewer than before leaves the stream alone", () => {
  const { live, sources, last } = setUp();
  live.watch(["a", "b"]);
  live.start();
  last().send("open");
  live.watch(["b"]);
  mock.timers.tick(1000);
  assert.equal(sources.length, 1);
});

test("all hosts are watched no longer than somebody looks at them", () => {
  const { live, sources, last } = setUp();
  live.watchHosts("all");
  live.start();
  assert.equal(last().url, "/api/v1/live?hosts=all");
  last().send("open");
  live.watchHosts([]);
  live.watchHosts(["a"]);
  live.watch(["m"]);
  mock.timers.tick(250);
  assert.equal(last().url, "/api/v1/live?monitors=m&hosts=a");
  last().send("open");
  live.watchHosts([]);
  mock.timers.tick(1000);
  assert.equal(sources.length, 2, "one host more or less is not worth a new stream");
});

test("runs are watched by a stream of their own, which says that it is another one", () => {
  const { live, sources, last } = setUp();
  live.start();
  last().send("open");
  assert.equal(live.opened.value, 1);
  const heard: string[] = [];
  live.listen({
    runs: (runs) => heard.push(`${runs.length} runs`),
    jobs: ({ changed }) => heard.push(...changed),
  });
  live.watchRuns(["r", "j"]);
  mock.timers.tick(250);
  assert.equal(last().url, "/api/v1/live?runs=r,j");
  last().send("open");
  assert.equal(live.opened.value, 2);
  last().send("runs", [{}, {}]);
  last().send("jobs", { changed: ["j"] });
  assert.deepEqual(heard, ["2 runs", "j"]);
  live.watchRuns(["j"]);
  live.watchRuns([]);
  mock.timers.tick(1000);
  assert.equal(sources.length, 2, "fewer runs are not worth a new stream");
});

test("what was asked for while connecting is watched once connected", () => {
  const { live, sources, last } = setUp();
  live.start();
  live.watch(["a"]);
  mock.timers.tick(1000);
  assert.equal(sources.length, 1);
  last().send("open");
  mock.timers.tick(250);
  assert.equal(last().url, "/api/v1/live?monitors=a");
});

test("no address grows beyond what servers accept", () => {
  const { live, last } = setUp();
  live.watch(Array.from({ length: 1000 }, (_, i) => `m${i}`));
  live.start();
  assert.equal(last().url.split(",").length, mostWatched);
});

test("a stopped stream stays closed and can be started again", () => {
  const { live, sources, last } = setUp();
  live.start();
  last().send("error");
  live.stop();
  mock.timers.tick(60_000);
  assert.equal(sources.length, 1);
  assert.equal(live.state.value.kind, "stopped");
  live.start();
  assert.equal(sources.length, 2);
});
