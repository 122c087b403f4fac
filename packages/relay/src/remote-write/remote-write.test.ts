import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Worker } from "node:worker_threads";
import { receiverToken, startReceiver, type Receiver } from "../sinks/prometheus/receiver.kit.ts";
import { temporaryFolder } from "../spool/spool.kit.ts";
import { openRemoteWrite, startRealThread, type RemoteWrite } from "./remote-write.ts";
import { destinationOf, frameOf, storeParts, until } from "./remote-write.kit.ts";

const quotaBytes = 64 * 1024 * 1024;

/** Settings for the receiver of these tests. */
function toReceiver(url: string, change: object = {}): ReturnType<typeof destinationOf> {
  return destinationOf({
    url: `${url}/api/v1/write`,
    authorization: { credentials: receiverToken },
    queue_config: { batch_send_deadline: "10ms" },
    ...change,
  });
}

function open(
  folder: string,
  destinations: readonly ReturnType<typeof destinationOf>[],
): Promise<RemoteWrite> {
  return openRemoteWrite({ destinations, folder, quotaBytes }, storeParts());
}

async function allSent(out: RemoteWrite): Promise<void> {
  await until("everything is sent", () => {
    const { intake, destinations } = out.status();
    return (
      intake.waiting === 0 &&
      destinations.every(({ sent, dropped, pending }) => {
        const gone = Object.values(dropped).reduce((sum, one) => sum + one, 0);
        return pending === 0 && sent + gone > 0;
      })
    );
  });
}

function valuesOf(receiver: Receiver, name: string): readonly (readonly [number, number])[] {
  return receiver.samples(name);
}

describe("remote write", () => {
  it("sends every sample with the labels of its series, its source and the destination", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    const destination = toReceiver(receiver.url, {
      external_labels: { cluster: "eu1", kind: "x" },
    });
    await using out = await open(folder.path, [destination]);
    const special = [Number.NaN, Infinity, -Infinity, -0, 0, 5e-324];
    out.take([
      frameOf("a", ["one", "two"], [1000, 2000, 3000]),
      {
        ...frameOf(
          "b",
          ["odd"],
          [1000, 2000, 3000, 4000, 5000, 6000],
          (_, t) => special[t / 1000 - 1] ?? 1,
        ),
      },
      { ...frameOf("c", ["gap", "full"], [7000]), present: Uint8Array.of(0, 1) },
    ]);
    await until("12 samples and one", () => out.status().destinations[0]?.sent === 13);
    assert.deepEqual(valuesOf(receiver, "two"), [
      [1000, 2],
      [2000, 3],
      [3000, 4],
    ]);
    assert.deepEqual(
      valuesOf(receiver, "odd").map(([, value]) => value),
      special,
    );
    assert.deepEqual(valuesOf(receiver, "gap"), []);
    assert.equal(valuesOf(receiver, "full").length, 1);
    const [first] = receiver.series.values();
    assert.deepEqual(first?.labels, {
      __name__: "one",
      cluster: "eu1",
      instance: "a",
      kind: "test",
      own: "one-own",
    });
    await allSent(out);
    assert.equal(out.status().destinations[0]?.trouble, null);
  });

  it("keeps samples while a receiver is away, over restarts, and sends them in order afterwards", async () => {
    using folder = temporaryFolder();
    const times = (round: number): number[] =>
      [0, 1, 2, 3, 4].map((i) => (round * 5 + i + 1) * 1000);
    const away = await startReceiver({ takesLate: false });
    const { url } = away;
    await away[Symbol.asyncDispose]();
    const destination = toReceiver(url);
    for (let round = 0; round < 3; round += 1) {
      await using out = await open(folder.path, [destination]);
      out.take([frameOf("a", ["one", "two"], times(round))]);
      await until("it is stored", () => out.status().destinations[0]?.pending === (round + 1) * 10);
    }
    await using receiver = await startReceiver();
    await using out = await open(folder.path, [
      { ...destination, url: `${receiver.url}/api/v1/write` },
    ]);
    await allSent(out);
    assert.deepEqual(
      valuesOf(receiver, "one").map(([at]) => at),
      [...times(0), ...times(1), ...times(2)],
    );
    assert.equal(out.status().destinations[0]?.sent, 30);
    out.take([frameOf("a", ["one"], [16_000])]);
    await until("the books before are gone", () => out.status().destinations[0]?.sent === 31);
    out.take([frameOf("a", ["one"], [17_000])]);
    await until("the last sample", () => out.status().destinations[0]?.sent === 32);
    assert.equal((await readdir(join(folder.path, "labels"))).length, 1);
  });

  it("starts its thread again when that ends, and describes every series anew", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    const threads: Worker[] = [];
    await using out = await openRemoteWrite(
      { destinations: [toReceiver(receiver.url)], folder: folder.path, quotaBytes },
      {
        log: storeParts().log,
        startThread(data) {
          const thread = startRealThread(data);
          threads.push(thread);
          return thread;
        },
      },
    );
    const list = frameOf("a", ["one", "two"], [1000]);
    out.take([list]);
    await until("the first samples", () => valuesOf(receiver, "two").length === 1);
    await threads[0]?.terminate();
    await until("another thread", () => threads.length === 2);
    let round = 2;
    await until("samples of another round", () => {
      out.take([{ ...list, times: Float64Array.of(round * 1000) }]);
      round += 1;
      return valuesOf(receiver, "two").length > 1;
    });
  });

  it("cannot be opened twice for one folder, and says so", async () => {
    using folder = temporaryFolder();
    await using _first = await open(folder.path, [toReceiver("http://127.0.0.1:9")]);
    await assert.rejects(open(folder.path, [toReceiver("http://127.0.0.1:9")]), { code: "in_use" });
  });

  it("is nothing without a destination: no thread, no file", async () => {
    using folder = temporaryFolder();
    await using out = await open(folder.path, []);
    out.take([frameOf("a", ["one"], [1000])]);
    assert.deepEqual([out.status().destinations, out.status().spool], [[], null]);
    assert.deepEqual(await readdir(folder.path), []);
  });
});
