import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { auditOf, frameOf, keyOf, monitorOf, noLog, retention } from "../contract/fixtures.ts";
import { createId } from "../../model/id.ts";
import type { Hint } from "./messages.ts";
import { startWorker } from "./start.ts";
import { StoreThread } from "./thread.ts";

interface Opened extends AsyncDisposable {
  readonly thread: StoreThread;
  readonly workers: readonly Worker[];
  readonly errors: readonly string[];
}

/** A writer on a file of its own, with its workers at hand, to be ended by a test. */
async function openThread(): Promise<Opened> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "belfry-thread-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const workers: Worker[] = [];
  const errors: string[] = [];
  const thread = stack.use(
    new StoreThread(
      "writer",
      { database: join(folder, "belfry.db"), retention },
      {
        bounds: { maxCalls: 100, maxBytes: 1_000_000 },
        log: { ...noLog, error: (_, message) => errors.push(message) },
        start(role) {
          const worker = startWorker(role);
          workers.push(worker);
          return worker;
        },
      },
    ),
  );
  await thread.open();
  const resources = stack.move();
  return { thread, workers, errors, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Calls until the thread takes calls again. */
async function pingAgain(thread: StoreThread): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await thread.ping();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(10);
    }
  }
}

describe("a store thread", () => {
  test("that ends by itself fails its calls and is started again, with all that was committed", async () => {
    await using opened = await openThread();
    const { thread, workers, errors } = opened;
    const key = keyOf();
    await thread.call("createKey", [key, auditOf()]);
    const [first] = workers;
    assert.ok(first !== undefined);
    const lost = thread.call("createKey", [keyOf(), auditOf()]);
    const ended = once(first, "exit");
    void first.terminate();
    await assert.rejects(lost, { code: "unavailable" });
    await ended;
    await assert.rejects(thread.ping(), { code: "unavailable", detail: /starting again/ });
    await pingAgain(thread);
    assert.equal(workers.length, 2);
    assert.deepEqual(errors, ["the store's writer has ended; another is started"]);
    assert.equal((await thread.call("keys", []))[0]?.id, key.id);
    assert.equal(thread.queue.depth, 0);
  });

  test("names the series of frames anew to the one that was started", async () => {
    await using opened = await openThread();
    const { thread, workers } = opened;
    const frame = frameOf(monitorOf().id, Date.now(), 1);
    assert.deepEqual(await thread.call("append", [], [frame]), { accepted: 1, refused: 0 });
    await workers[0]?.terminate();
    await pingAgain(thread);
    const later = { ...frame, times: Float64Array.of(Date.now() + 1) };
    assert.deepEqual(await thread.call("append", [], [later]), { accepted: 1, refused: 0 });
  });

  test("that is full takes what keeps a process in its fleet, and refuses the rest", async () => {
    await using opened = await openThread();
    const { thread } = opened;
    const waiting = Array.from({ length: 100 }, () => thread.ping());
    await assert.rejects(thread.ping(), { code: "unavailable", detail: /100 calls already wait/ });
    const id = createId<"process">(1);
    // It came through: SQLite itself has no fleet.
    await assert.rejects(thread.call("leaveFleet", [id]), { detail: /only on PostgreSQL/ });
    await Promise.all(waiting);
  });

  test("that ends by itself hears nobody until another listens", async () => {
    await using opened = await openThread();
    const { promise, resolve } = Promise.withResolvers<Hint>();
    opened.thread.onHint(resolve);
    await opened.workers[0]?.terminate();
    assert.equal(await promise, "lost");
  });

  test("can be closed while another is being started", async () => {
    await using opened = await openThread();
    const { thread, workers } = opened;
    await workers[0]?.terminate();
    await thread[Symbol.asyncDispose]();
    await assert.rejects(thread.ping(), { code: "unavailable", detail: /is closed/ });
    assert.equal(workers.length, 1);
  });

  test("refuses a frame of a wrong shape, and takes the next", async () => {
    await using opened = await openThread();
    const frame = frameOf(monitorOf().id, Date.now(), 1);
    const wrong = { ...frame, values: Float64Array.of(1, 2) };
    await assert.rejects(opened.thread.call("append", [], [wrong]), {
      code: "internal",
      detail: /has 2 values for 1 series at 1 times/,
    });
    assert.deepEqual(await opened.thread.call("append", [], [frame]), { accepted: 1, refused: 0 });
  });
});
