import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { receiverToken, startReceiver, type Receiver } from "../sinks/prometheus/receiver.kit.ts";
import { temporaryFolder } from "../spool/spool.kit.ts";
import { Gather } from "./gather.ts";
import { destinationOf, frameOf, storeParts, until } from "./remote-write.kit.ts";
import { Progress } from "./progress.ts";
import type { SampleFrame } from "./series-refs.ts";
import { openRemoteWriteStore, type RemoteWriteStore } from "./store.ts";

const quotaBytes = 64 * 1024 * 1024;
const nowhere = "http://127.0.0.1:9/write";

function toUrl(url: string, change: object = {}): ReturnType<typeof destinationOf> {
  return destinationOf({
    url,
    authorization: { credentials: receiverToken },
    queue_config: { batch_send_deadline: "5ms", max_backoff: "50ms" },
    ...change,
  });
}

interface Opened extends AsyncDisposable {
  readonly store: RemoteWriteStore;
  put(...frames: readonly SampleFrame[]): Promise<void>;
}

async function open(
  folder: string,
  destinations: readonly ReturnType<typeof destinationOf>[],
  quota = quotaBytes,
): Promise<Opened> {
  const store = await openRemoteWriteStore(
    { destinations, folder, quotaBytes: quota },
    storeParts(),
  );
  const gather = new Gather();
  return {
    store,
    async put(...frames) {
      gather.take(frames);
      const batch = gather.flush();
      if (batch !== undefined) await store.put(batch);
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function statusOf({ store }: Opened, name = "remote_write") {
  const found = store.status().destinations.find((one) => one.name === name);
  assert.ok(found !== undefined);
  return found;
}

async function allSent(opened: Opened): Promise<void> {
  await until("nothing waits", () => statusOf(opened).pending === 0);
}

function timesOf(receiver: Receiver, name: string): readonly number[] {
  return receiver.samples(name).map(([at]) => at);
}

describe("what waits for a destination", () => {
  it("is kept up to the quota, and what is given up for it is counted to the sample", async () => {
    using folder = temporaryFolder();
    const quota = 256 * 1024;
    const rounds = 60;
    {
      await using away = await open(folder.path, [toUrl(nowhere)], quota);
      for (let round = 0; round < rounds; round += 1) {
        const names = Array.from({ length: 1000 }, (_, i) => `metric_${i}`);
        await away.put(frameOf("a", names, [round + 1], () => Math.random()));
      }
      const { spool } = away.store.status();
      assert.ok((spool?.bytes ?? Infinity) <= quota, String(spool?.bytes));
    }
    await using receiver = await startReceiver();
    await using opened = await open(folder.path, [toUrl(receiver.url)], quota);
    await allSent(opened);
    const { sent, dropped } = statusOf(opened);
    assert.ok(dropped.lost > 0 && sent > 0);
    assert.equal(sent + dropped.lost, rounds * 1000);
    const times = timesOf(receiver, "metric_5");
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.equal(times.at(-1), rounds);
  });

  it("of a destination that is taken out of the settings is given up, and begins anew when it is put back", async () => {
    using folder = temporaryFolder();
    {
      await using both = await open(folder.path, [
        toUrl(nowhere, { name: "a" }),
        toUrl(nowhere, { name: "b" }),
      ]);
      await both.put(frameOf("s", ["one"], [1]));
      await until(
        "it waits",
        () => statusOf(both, "a").pending === 1 && statusOf(both, "b").pending === 1,
      );
    }
    {
      await using one = await open(folder.path, [toUrl(nowhere, { name: "b" })]);
      await one.put(frameOf("s", ["one"], [2]));
      await until("it waits", () => statusOf(one, "b").pending === 2);
    }
    await using receiver = await startReceiver({ takesLate: true });
    const back = [toUrl(receiver.url, { name: "a" }), toUrl(nowhere, { name: "b" })];
    await using both = await open(folder.path, back);
    await both.put(frameOf("s", ["one"], [3]));
    await until("it is sent", () => statusOf(both, "a").sent === 1);
    assert.deepEqual(timesOf(receiver, "one"), [3]);
    assert.equal(statusOf(both, "a").dropped.lost, 0);
  });

  it("is not sent again where a killed process had noted that it was taken, and is where it had not", async () => {
    using folder = temporaryFolder();
    {
      await using away = await open(folder.path, [toUrl(nowhere)]);
      for (const time of [1, 2, 3]) await away.put(frameOf("s", ["one", "two"], [time]));
    }
    {
      using progress = new Progress(join(folder.path, "progress"), "remote_write");
      progress.write({ settled: 2, underWay: 4 });
    }
    await using receiver = await startReceiver();
    await using opened = await open(folder.path, [toUrl(receiver.url)]);
    await until("it is sent", () => statusOf(opened).sent === 4);
    await allSent(opened);
    assert.deepEqual(timesOf(receiver, "one"), [2, 3]);
    assert.equal(receiver.requests.length, 2, "what was under way is sent again as it was");
    assert.deepEqual(Object.values(statusOf(opened).dropped), [0, 0, 0, 0]);
  });

  it("goes to each destination, whatever the others do", async () => {
    using folder = temporaryFolder();
    await using one = await startReceiver();
    await using other = await startReceiver();
    const destinations = [
      toUrl(one.url, { name: "one" }),
      toUrl(nowhere, { name: "away" }),
      toUrl(other.url, {
        name: "other",
        write_relabel_configs: [{ source_labels: ["__name__"], regex: "a.*", action: "keep" }],
      }),
    ];
    await using opened = await open(folder.path, destinations);
    await opened.put(frameOf("s", ["a1", "b1"], [1, 2]));
    await until(
      "it is sent",
      () => statusOf(opened, "one").sent === 4 && statusOf(opened, "other").sent === 2,
    );
    await until("it is told", () => statusOf(opened, "away").trouble?.failure === "outage");
    assert.deepEqual([statusOf(opened, "away").pending, statusOf(opened, "away").sent], [4, 0]);
  });

  it("is lost, counted, when the books are gone; what comes then is described anew", async () => {
    using folder = temporaryFolder();
    {
      await using away = await open(folder.path, [toUrl(nowhere)]);
      await away.put(frameOf("s", ["one", "two"], [1]));
    }
    for (const name of await readdir(join(folder.path, "labels"))) {
      await rm(join(folder.path, "labels", name));
    }
    await using receiver = await startReceiver();
    await using opened = await open(folder.path, [toUrl(receiver.url)]);
    await opened.put(frameOf("s", ["one", "two"], [2]));
    await until("it is sent", () => statusOf(opened).sent === 2);
    assert.equal(statusOf(opened).dropped.lost, 2);
    assert.deepEqual(timesOf(receiver, "one"), [2]);
  });

  it("is sent once somebody corrects what was wrong: credentials are read anew", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    const wrong = toUrl(receiver.url, { authorization: { credentials: "wrong" } });
    {
      await using opened = await open(folder.path, [wrong]);
      await opened.put(frameOf("s", ["one"], [1]));
      await until("it is told", () => statusOf(opened).trouble?.failure === "misconfigured");
      assert.match(statusOf(opened).trouble?.why ?? "", /401/);
      assert.doesNotMatch(statusOf(opened).trouble?.why ?? "", /wrong/);
    }
    await using opened = await open(folder.path, [toUrl(receiver.url)]);
    await until("it is sent", () => statusOf(opened).sent === 1);
  });

  it("arrives without a gap, in order, when its process is killed again and again", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    let from = 1;
    const stored: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      if (round === 2) await receiver.away.begin();
      if (round === 4) await receiver.away.end();
      const last = await runVictim(folder.path, receiver.url, from, 150 + round * 90);
      for (let time = from; time <= last; time += 3) stored.push(time);
      // Beyond anything it may have stored without a word.
      from = (last === 0 ? from : last) + 3000;
    }
    await using opened = await open(folder.path, [toUrl(receiver.url)]);
    await until(
      "it is known what waits",
      () => statusOf(opened).requests > 0 || statusOf(opened).pending === 0,
    );
    await allSent(opened);
    const { dropped } = statusOf(opened);
    assert.deepEqual([dropped.lost, dropped.refused, dropped.too_old], [0, 0, 0]);
    const found = timesOf(receiver, "metric_0");
    assert.ok(stored.length > 20, String(stored.length));
    const there = new Set(found);
    const missing = stored
      .flatMap((time) => [time, time + 1, time + 2])
      .filter((time) => !there.has(time));
    assert.deepEqual(missing, []);
    assert.deepEqual(
      found,
      found.toSorted((a, b) => a - b),
    );
  });
});

/** Lets a victim run for so long and kills it; the time of its last batch that was on disk, 0 for none. */
async function runVictim(folder: string, url: string, from: number, ms: number): Promise<number> {
  const script = fileURLToPath(new URL("victim.kit.ts", import.meta.url));
  const child = spawn(process.execPath, [script, folder, url, receiverToken, String(from)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => void (output += chunk.toString()));
  const closed = once(child, "close");
  await until("it stores", () => output.includes("stored") || child.exitCode !== null);
  await sleep(ms);
  child.kill("SIGKILL");
  await closed;
  const lines = output.slice(0, output.lastIndexOf("\n")).split("\n");
  return Number(lines.at(-1)?.split(" ")[1] ?? 0);
}
