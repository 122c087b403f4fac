import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultBounds, Output, type OutputBounds, type OutputParts } from "./output.ts";
import { SinkFailure, type Sink } from "./sink.ts";
import { recordOf } from "./record.kit.ts";

/** A destination that does as it is told, and what happened to it. Stands for disks and pipes that misbehave. */
function createDestination() {
  const state = {
    lines: [] as string[],
    handOvers: 0,
    opened: 0,
    closed: 0,
    log: [] as string[],
    pauses: [] as number[],
    beforeOpen: (): Promise<void> | void => undefined,
    beforeWrite: (_lines: readonly string[], _signal: AbortSignal): Promise<void> | void =>
      undefined,
  };
  const sink: Sink = {
    async write(lines, signal) {
      state.handOvers += 1;
      await state.beforeWrite(lines, signal);
      state.lines.push(...lines);
    },
    close: () => {
      state.closed += 1;
      return Promise.resolve();
    },
  };
  const parts: OutputParts = {
    label: "test",
    format: (record) => record.monitor.name,
    async open() {
      await state.beforeOpen();
      state.opened += 1;
      return sink;
    },
    log: {
      info: (_fields, message) => state.log.push(`info ${message}`),
      warn: (_fields, message) => state.log.push(`warn ${message}`),
    },
    clock: { monotonicMs: () => performance.now() },
    async sleep(ms, signal) {
      state.pauses.push(ms);
      await sleep(Math.min(ms, 1), undefined, { signal });
    },
  };
  return { state, parts };
}

function start(bounds: Partial<OutputBounds> = {}) {
  const { state, parts } = createDestination();
  return { state, output: new Output(parts, { ...defaultBounds, gatherMs: 1, ...bounds }) };
}

function push(output: Output, ...names: readonly string[]): void {
  for (const name of names) output.push(recordOf({ name }));
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `not in time: ${condition.toString()}`);
    await sleep(1);
  }
}

describe("an output", () => {
  it("hands records over in order, gathered, one line each", async () => {
    const { state, output } = start();
    push(output, "a", "b", "c");
    await until(() => state.lines.length === 3);
    push(output, "d");
    await output[Symbol.asyncDispose]();
    assert.deepEqual(state.lines, ["a\n", "b\n", "c\n", "d\n"]);
    assert.ok(state.handOvers <= 3);
    assert.equal(state.closed, 1);
    const { depth, dropped, written, failed, ageSeconds } = output.stats();
    assert.deepEqual([depth, dropped, written, failed, ageSeconds], [0, 0, 4, 0, 0]);
  });

  it("opens nothing before the first record", async () => {
    const { state, output } = start();
    await output[Symbol.asyncDispose]();
    assert.equal(state.opened, 0);
  });

  it("returns from push at once while the destination hangs, and drops the oldest when full", async () => {
    const { state, output } = start({ capacity: 4, batch: 2, flushMs: 20 });
    state.beforeWrite = (_lines, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("given up")));
      });
    push(output, "a", "b");
    await until(() => state.handOvers === 1);
    push(output, "c", "d", "e", "f", "g");
    assert.equal(output.stats().depth, 4);
    await output[Symbol.asyncDispose]();
    const { dropped, written, depth } = output.stats();
    assert.deepEqual([dropped, written, depth], [7, 0, 0]);
    assert.ok(state.log.some((line) => line.includes("did not take what was left")));
  });

  it("counts what newer records pushed out during a hand-over that worked as written", async () => {
    const { state, output } = start({ capacity: 3, batch: 3 });
    const { promise, resolve } = Promise.withResolvers<void>();
    state.beforeWrite = () => promise;
    push(output, "a", "b", "c");
    await until(() => state.handOvers === 1);
    push(output, "d", "e");
    resolve();
    await output[Symbol.asyncDispose]();
    assert.deepEqual(state.lines, ["a\n", "b\n", "c\n", "d\n", "e\n"]);
    assert.deepEqual([output.stats().written, output.stats().dropped], [5, 0]);
  });

  it("counts everything exactly once when a hand-over fails half-way while records are pushed out", async () => {
    const { state, output } = start({ capacity: 3, batch: 3 });
    const { promise, resolve } = Promise.withResolvers<void>();
    let first = true;
    state.beforeWrite = async (lines) => {
      if (!first) return;
      first = false;
      await promise;
      state.lines.push(...lines.slice(0, 1));
      throw new SinkFailure(1, new Error("half-way"));
    };
    push(output, "a", "b", "c");
    await until(() => state.handOvers === 1);
    push(output, "d", "e");
    resolve();
    await output[Symbol.asyncDispose]();
    assert.deepEqual(state.lines, ["a\n", "c\n", "d\n", "e\n"]);
    assert.deepEqual([output.stats().written, output.stats().dropped], [4, 1]);
  });

  it("does not send again what was taken before a hand-over failed, and opens the destination anew", async () => {
    const { state, output } = start();
    let failures = 2;
    state.beforeWrite = (lines) => {
      if (failures === 0) return;
      failures -= 1;
      state.lines.push(...lines.slice(0, 1));
      throw new SinkFailure(1, new Error("no space"));
    };
    push(output, "a", "b", "c");
    await until(() => state.lines.length === 3);
    await output[Symbol.asyncDispose]();
    assert.deepEqual(state.lines, ["a\n", "b\n", "c\n"]);
    assert.deepEqual([state.opened, state.closed, output.stats().failed], [3, 3, 2]);
  });

  it("waits longer and longer up to half a minute, and says so once at either end", async () => {
    const { state, output } = start();
    let failures = 11;
    state.beforeOpen = () => {
      if (failures === 0) return;
      failures -= 1;
      throw new Error("read-only file system");
    };
    push(output, "a");
    await until(() => state.lines.length === 1);
    await output[Symbol.asyncDispose]();
    assert.deepEqual(
      state.pauses.slice(1, 12),
      [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000],
    );
    assert.deepEqual(state.log, ["warn an output cannot be written", "info an output works again"]);
  });

  it("ends within its limit when the destination does not even give up", async () => {
    const { state, output } = start({ flushMs: 10 });
    state.beforeWrite = () => new Promise(() => undefined);
    push(output, "a");
    await until(() => state.handOvers === 1);
    const begin = performance.now();
    await output[Symbol.asyncDispose]();
    assert.ok(performance.now() - begin < 2_000);
    assert.equal(output.stats().dropped, 1);
  });

  it("drops and counts what comes after the end", async () => {
    const { output } = start();
    await output[Symbol.asyncDispose]();
    push(output, "late");
    assert.equal(output.stats().dropped, 1);
  });
});
