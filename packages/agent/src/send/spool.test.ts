import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { TestTime, until } from "./clock.kit.ts";
import { makeFolder } from "./folder.kit.ts";
import type { Run, SeriesList } from "./run.ts";
import { hashOf } from "./series-list.ts";
import type { SenderLog } from "./settings.ts";
import { Spool, type SpoolSettings, type Taken } from "./spool.ts";

const lists = [2, 3].map((count): SeriesList => {
  const series = Array.from({ length: count }, (_, s) => ({ name: `s${s}`, labels: {} }));
  return { hash: hashOf(series), series };
});
const [list = { hash: "", series: [] }] = lists;

function runAt(time: number, its = list): Run {
  const values = Float64Array.from(its.series, (_, s) => time * 10 + s);
  return { list: its, times: Float64Array.of(time), values };
}

const quiet: SenderLog = { info: () => {}, warn: () => {} };

function openSpool(folder: string | null, more: Partial<SpoolSettings> = {}, log = quiet): Spool {
  const bounds = { maxSamples: 1_000, maxBytes: 1_000_000, maxInMemory: 1_000 };
  return new Spool({ folder, ...bounds, ...more }, { after: new TestTime().after, log });
}

const timesIn = (taken: Taken | undefined): number[] =>
  (taken?.runs ?? []).flatMap((run) => [...run.times]);

const isWritten = (spool: Spool): Promise<void> =>
  until("everything is on disk", () => spool.stats().inMemory === 0);

/** Takes and settles everything; the times in their order. */
async function drained(spool: Spool): Promise<number[]> {
  const times: number[] = [];
  for (;;) {
    const taken = await spool.next();
    if (taken === undefined) return times;
    times.push(...timesIn(taken));
    await spool.settle(taken, "sent");
  }
}

const upTo = (count: number, from = 1): number[] =>
  Array.from({ length: count }, (_, i) => from + i);

describe("a spool on disk", () => {
  it("gives back in order what it was given, over a restart", async () => {
    await using folder = await makeFolder();
    const before = openSpool(folder.path);
    before.add(upTo(260).map((time) => runAt(time)));
    await before.close();
    assert.deepEqual(
      readdirSync(folder.path).map((name) => name.replace(/^0+/, "")),
      ["1-120-1.seg", "2-120-121.seg", "3.log"],
    );
    const after = openSpool(folder.path);
    after.add([runAt(261, lists[1])]);
    await isWritten(after);
    assert.equal(after.stats().samples, 261);
    assert.equal(after.stats().oldestAt, 1);
    assert.deepEqual(await drained(after), upTo(261));
    assert.deepEqual(readdirSync(folder.path), []);
    const { samples, bytes, oldestAt } = after.stats();
    assert.deepEqual({ samples, bytes, oldestAt }, { samples: 0, bytes: 0, oldestAt: null });
    await after.close();
  });

  it("keeps what could not be sent where it was", async () => {
    await using folder = await makeFolder();
    const spool = openSpool(folder.path);
    spool.add([runAt(1), runAt(2)]);
    await isWritten(spool);
    const first = await spool.next();
    assert.deepEqual(timesIn(first), [1, 2]);
    assert.equal(await spool.next(), undefined, "nobody gets what another has taken");
    spool.add([runAt(3)]);
    if (first !== undefined) await spool.settle(first, "kept");
    assert.deepEqual(await drained(spool), [1, 2, 3]);
    await spool.close();
  });

  it("gives up the oldest beyond its bounds, and counts it", async () => {
    await using folder = await makeFolder();
    const spool = openSpool(folder.path, { maxSamples: 40 });
    spool.add(upTo(100).map((time) => runAt(time)));
    await until("100 were written", () => spool.stats().dropped === 60);
    assert.deepEqual(await drained(spool), upTo(40, 61));
    await spool.close();
    const small = openSpool(folder.path, { maxBytes: 16_000 });
    for (const time of upTo(400)) small.add([runAt(time)]);
    await isWritten(small);
    await until("the bytes are bounded", () => small.stats().bytes <= 16_000);
    const { dropped } = small.stats();
    assert.deepEqual(await drained(small), upTo(400 - dropped, 1 + dropped));
    await small.close();
  });

  it("goes on behind the torn end of a record", async () => {
    await using folder = await makeFolder();
    const before = openSpool(folder.path);
    before.add([runAt(1), runAt(2), runAt(3)]);
    await before.close();
    const log = join(folder.path, "000000000001.log");
    await truncate(log, statSync(log).size - 5);
    const after = openSpool(folder.path);
    after.add([runAt(4)]);
    assert.deepEqual(await drained(after), [1, 2, 4]);
    assert.equal(after.stats().damaged, 0);
    await after.close();
  });

  it("sets damage aside, counts it once, and gives the rest", async () => {
    await using folder = await makeFolder();
    const before = openSpool(folder.path);
    before.add(upTo(123).map((time) => runAt(time)));
    await before.close();
    const segment = join(folder.path, "000000000001-120-1.seg");
    writeFileSync(segment, Buffer.from(readFileSync(segment).fill(7, 30, 60)));
    const log = join(folder.path, "000000000002.log");
    const bytes = readFileSync(log);
    const second = bytes.indexOf(bytes.subarray(0, 4), 4);
    writeFileSync(log, Buffer.from(bytes.fill(7, second + 20, second + 30)));
    const told: string[] = [];
    const log2 = { info: () => {}, warn: (_: object, message: string) => void told.push(message) };
    const after = openSpool(folder.path, {}, log2);
    assert.deepEqual(await drained(after), [121, 123]);
    assert.equal(after.stats().damaged, 2);
    assert.equal(after.stats().dropped, 120, "a segment without a record left is lost");
    assert.deepEqual(readdirSync(join(folder.path, "damaged")), [
      "000000000001-120-1.seg-0",
      `000000000002.log-${second}`,
    ]);
    assert.deepEqual(
      new Set(told),
      new Set(["part of the kept samples is damaged; it was set aside"]),
    );
    await after.close();
  });

  it("sets a file aside that cannot be read, and gives the rest", async () => {
    await using folder = await makeFolder();
    const before = openSpool(folder.path);
    before.add(upTo(121).map((time) => runAt(time)));
    await before.close();
    mkdirSync(join(folder.path, "000000000000-7-1.seg"));
    mkdirSync(join(folder.path, "000000000000.log"));
    mkdirSync(join(folder.path, "000000000009.log"));
    mkdirSync(join(folder.path, "x.tmp"));
    const after = openSpool(folder.path);
    assert.deepEqual(await drained(after), upTo(121));
    const { damaged, dropped, fault } = after.stats();
    assert.deepEqual({ damaged, dropped, fault }, { damaged: 2, dropped: 7, fault: null });
    assert.deepEqual(readdirSync(join(folder.path, "damaged")), [
      "000000000000-7-1.seg",
      "000000000009.log",
    ]);
    await after.close();
  });

  it("finishes what a process that was killed had begun", async () => {
    await using folder = await makeFolder();
    const before = openSpool(folder.path);
    before.add(upTo(119).map((time) => runAt(time)));
    await isWritten(before);
    const log = readFileSync(join(folder.path, "000000000001.log"));
    before.add([runAt(120)]);
    await before.close();
    // The segment was there, its log not yet gone; another was half-written.
    writeFileSync(join(folder.path, "000000000001.log"), log);
    writeFileSync(join(folder.path, "000000000002-120-1.seg.tmp"), "half");
    writeFileSync(join(folder.path, "notes.txt"), "somebody else's");
    const after = openSpool(folder.path);
    after.add([runAt(121)]);
    assert.deepEqual(await drained(after), upTo(121));
    assert.deepEqual(readdirSync(folder.path), ["notes.txt"]);
    await after.close();
  });

  it("works like a queue, whatever is done to it", async () => {
    const actions = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant("add" as const), count: fc.integer({ min: 1, max: 30 }) }),
        fc.record({
          do: fc.constantFrom("sent", "kept", "restart", "kill", "tear", "list" as const),
        }),
      ),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(actions, async (steps) => {
        await using folder = await makeFolder();
        const world = new World(folder.path);
        for (const step of steps) await world.step(step);
        await world.end();
      }),
      { numRuns: 25 },
    );
  });
});

/** A spool beside a plain array that says what must be in it. */
class World {
  readonly #folder: string;
  #generation = 0;
  #spool: Spool;
  #queue: number[] = [];
  #time = 0;
  #list = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#spool = this.#open();
  }

  async step(step: { readonly do: string; readonly count?: number }): Promise<void> {
    await isWritten(this.#spool);
    assert.equal(this.#spool.stats().samples, this.#queue.length);
    if (step.do === "add") {
      const times = upTo(step.count ?? 1, this.#time + 1);
      this.#time += times.length;
      this.#queue.push(...times);
      this.#spool.add(times.map((time) => runAt(time, lists[this.#list])));
    } else if (step.do === "list") {
      this.#list = 1 - this.#list;
    } else if (step.do === "sent" || step.do === "kept") {
      const taken = await this.#spool.next();
      const times = timesIn(taken);
      assert.equal(taken === undefined, this.#queue.length === 0);
      assert.deepEqual(times, this.#queue.slice(0, times.length));
      for (const { list: its, values } of taken?.runs ?? []) {
        assert.equal(values.length % its.series.length, 0);
      }
      if (taken !== undefined) await this.#spool.settle(taken, step.do);
      if (step.do === "sent") this.#queue.splice(0, times.length);
    } else {
      await this.#restart(step.do);
    }
  }

  async end(): Promise<void> {
    await isWritten(this.#spool);
    assert.deepEqual(await drained(this.#spool), this.#queue);
    assert.equal(this.#spool.stats().dropped, 0);
    assert.equal(this.#spool.stats().damaged, 0);
    await this.#spool.close();
  }

  /** A process that is killed leaves the files as they are at that moment. */
  async #restart(how: string): Promise<void> {
    if (how === "restart") await this.#spool.close();
    const [from, to] = [this.#path(), ((this.#generation += 1), this.#path())];
    cpSync(from, to, { recursive: true });
    if (how !== "restart") await this.#spool.close();
    const log = readdirSync(to).findLast((name) => name.endsWith(".log"));
    // Half a record at the end of the log: what was being written.
    if (how === "tear" && log !== undefined)
      appendFileSync(join(to, log), "\xb5\x0f\x5a", "latin1");
    this.#spool = this.#open();
    await until("it is open", () => this.#spool.stats().samples === this.#queue.length);
  }

  #path(): string {
    return join(this.#folder, String(this.#generation));
  }

  #open(): Spool {
    mkdirSync(this.#path(), { recursive: true });
    return openSpool(this.#path(), { maxSamples: 1_000, maxBytes: 40_000 });
  }
}

describe("a spool without a disk", () => {
  it("keeps the newest in memory, in order", async () => {
    const spool = openSpool(null, { maxInMemory: 50 });
    spool.add(upTo(60).map((time) => runAt(time)));
    assert.equal(spool.stats().dropped, 10);
    const taken = await spool.next();
    assert.deepEqual(timesIn(taken), upTo(50, 11));
    spool.add([runAt(61)]);
    if (taken !== undefined) await spool.settle(taken, "kept");
    assert.deepEqual(await drained(spool), upTo(50, 12));
    assert.equal(spool.stats().samples, 0);
    await spool.close();
  });

  it("goes on in memory while the folder cannot be used, and tells it once", async () => {
    await using folder = await makeFolder();
    writeFileSync(join(folder.path, "file"), "");
    const told: string[] = [];
    const log = { info: () => {}, warn: (_: object, message: string) => void told.push(message) };
    const spool = openSpool(join(folder.path, "file", "spool"), {}, log);
    spool.add([runAt(1)]);
    await until("the fault is known", () => spool.stats().fault !== null);
    spool.add([runAt(2)]);
    assert.match(spool.stats().fault ?? "", /ENOTDIR/);
    assert.deepEqual(await drained(spool), [1, 2]);
    await spool.close();
    assert.equal(told.length, 1);
  });
});

describe("a spool on a full disk", () => {
  it("goes on in memory, loses nothing that fits there, and goes back to disk", async (t) => {
    await using folder = await makeFolder();
    using disk = mountSmallDisk(t, folder.path);
    if (disk === undefined) return;
    const time = new TestTime();
    const told: string[] = [];
    const tell = (_: object, message: string): void => void told.push(message);
    const spool = new Spool(
      { folder: folder.path, maxSamples: 1_000, maxBytes: 1_000_000, maxInMemory: 50 },
      { after: time.after, log: { info: tell, warn: tell } },
    );
    writeFileSync(join(folder.path, "ballast"), Buffer.alloc(56 * 1024));
    let at = 0;
    while (spool.stats().fault === null) {
      spool.add([runAt((at += 1))]);
      await until(
        "it is settled",
        () => spool.stats().fault !== null || spool.stats().inMemory === 0,
      );
      assert.ok(at < 1_000, "the disk gets full");
    }
    assert.match(spool.stats().fault ?? "", /ENOSPC/);
    spool.add(upTo(20, at + 1).map((one) => runAt(one)));
    time.pass(10_000);
    await until("it was tried again", () => spool.stats().inMemory === 21);
    writeFileSync(join(folder.path, "ballast"), "");
    time.pass(10_000);
    await isWritten(spool);
    assert.equal(spool.stats().fault, null);
    assert.equal(spool.stats().damaged, 0);
    assert.deepEqual(await drained(spool), upTo(at + 20));
    assert.equal(spool.stats().dropped, 0);
    assert.deepEqual(told, [
      "samples cannot be kept on disk; they wait in memory, and the oldest are dropped",
      "samples are kept on disk again",
    ]);
    await spool.close();
  });
});

/** A disk of 64 KB; undefined (and the test skipped) where this process may not mount one. */
function mountSmallDisk(t: TestContext, path: string): Disposable | undefined {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", path], { stdio: "ignore" });
  } catch {
    t.skip("needs the right to mount a small file system");
    return undefined;
  }
  return { [Symbol.dispose]: () => void execFileSync("umount", [path]) };
}
