import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { EventSink } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { eventSinkContract, sinkParts } from "../event-sink.contract.ts";
import { createTestFolder, mountSmallDisk } from "../files/folder.kit.ts";
import { idOfJson, tornBytes } from "../files/tail.ts";
import { jobRecord } from "../record.kit.ts";
import { fileKind } from "./kind.ts";

const never = new AbortController().signal;

const wrong = [
  { what: "no path", config: {}, path: "path" },
  { what: "a path that is none", config: { path: "a\u0000b" }, path: "path" },
  { what: "a size below one KiB", config: { path: "a", max_bytes: 1 }, path: "max_bytes" },
  { what: "less than no backups", config: { path: "a", backup_count: -1 }, path: "backup_count" },
  { what: "a format that is none", config: { path: "a", format: "xml" }, path: "format" },
  { what: "a stray brace", config: { path: "a", format: "{" }, path: "format" },
  { what: "a placeholder that is none", config: { path: "a", line: "{nothing}" }, path: "line" },
];

eventSinkContract({
  kind: fileKind,
  async createFixture() {
    await using stack = new AsyncDisposableStack();
    const disk = await mountSmallDisk(4 * 1024 * 1024);
    const folder = stack.use(disk ?? (await createTestFolder()));
    const path = join(folder.path, "deep/er/records.log");
    const blocked = stack.use(await createTestFolder());
    await writeFile(join(blocked.path, "file"), "");
    const kept = stack.move();
    return {
      config: { path, format: "json" },
      arrived: async () => (await readLines(path)).flatMap((line) => idOfJson(line) ?? []),
      ...(disk && { away: { begin: () => disk.fill(), end: () => disk.free() } }),
      misconfigured: {
        config: { path: join(blocked.path, "file/records.log"), line: "a-secret {value}" },
        secret: "a-secret",
      },
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    };
  },
  wrong,
  knowsIds: false,
});

async function readLines(path: string): Promise<string[]> {
  const content = await readFile(path, "utf8").catch(() => "");
  return content.split("\n").slice(0, -1);
}

function fileTo(path: string, config: object = {}): EventSink {
  const parsed = fileKind.parseSettings({ path, ...config });
  assert.equal(parsed.kind, "ok", JSON.stringify(parsed));
  return fileKind.create(parsed.kind === "ok" ? parsed.value : {}, sinkParts());
}

async function take(sink: EventSink, ...records: readonly SinkRecord[]): Promise<void> {
  const answers = await sink.deliver(records, never);
  assert.deepEqual(
    answers,
    records.map(() => ({ kind: "sent" })),
  );
}

const check: SinkRecord = {
  kind: "check",
  id: "check-1",
  at: "2026-01-02T03:04:05.678Z",
  monitor: {
    id: "0190a2b4-0000-7000-8000-000000000001",
    name: "two\nlines",
    labels: {},
    kind: "http",
    target: "https://example.org/",
  },
  result: "up",
  reason: null,
  status: "up",
  latency_ms: 12.3456,
  value: 12,
  location: "local",
};

const others: readonly SinkRecord[] = [
  {
    kind: "status",
    id: "status-1",
    at: "2026-01-02T03:04:06.000Z",
    subject: { kind: "monitor", id: "m", name: "api", labels: {} },
    from: "up",
    to: "down",
    reason: "timeout",
  },
  {
    kind: "host",
    id: "host-1",
    at: "2026-01-02T03:04:07.000Z",
    host: { id: "h", name: "web-1", labels: {} },
    figures: { cpu_ratio: 0.25, cores: 4 },
  },
];

describe("the lines", () => {
  it("of text tell every kind of record on one line each", async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, "a.log");
    await using sink = fileTo(path, {
      line: "{time} {target_name} {value} {latency_ms}",
      records: ["job_event", "check", "status", "host"],
    });
    const job = jobRecord("job-1", {
      event: { at: "2026-01-02T03:04:04.000Z", metadata: { error: 'a "b"\nc' }, metrics: { n: 1 } },
    });
    await take(sink, job, check, ...others);
    assert.deepEqual(await readLines(path), [
      '2026-01-02T03:04:04.000Z - etl daily-batch run-1 - finished succeeded n=1 error="a \\"b\\"\\nc"',
      "2026-01-02T03:04:05.678Z two lines 12 12.346",
      "2026-01-02T03:04:06.000Z - monitor api - up → down (timeout)",
      "2026-01-02T03:04:07.000Z - host web-1 - cpu_ratio=0.25 cores=4",
    ]);
  });

  it("are those of Amaunator for its settings", async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, "a.log");
    await using sink = fileTo(path, { format: "{target_name} {{{value}}}" });
    await take(sink, check, ...others);
    assert.deepEqual(await readLines(path), ["two lines {12}"]);
  });

  it("of JSON are the records, without a control character", async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, "a.log");
    await using sink = fileTo(path, { format: "json", records: ["check", "status"] });
    const named = { ...check, monitor: { ...check.monitor, name: "a\u2028\u009b\u007f\n" } };
    await take(sink, named, ...others);
    const lines = await readLines(path);
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      [named, others[0]],
    );
    // oxlint-disable-next-line no-control-regex -- control characters are what this is about
    assert.ok(!/[\u0000-\u001f\u007f-\u009f\u2028]/.test(lines.join("")));
  });
});

describe("rotation", () => {
  it("shifts older files, drops those beyond the count, and cuts no line", async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, "a.log");
    await using sink = fileTo(path, { format: "json", max_bytes: 1024, backup_count: 2 });
    const ids = Array.from({ length: 12 }, (_, i) => `id-${i}`);
    await take(sink, ...ids.map((id) => jobRecord(id)));
    assert.deepEqual((await readdir(folder.path)).toSorted(), ["a.log", "a.log.1", "a.log.2"]);
    const found: string[] = [];
    for (const suffix of [".2", ".1", ""]) {
      assert.ok((await stat(path + suffix)).size <= 1024);
      for (const line of await readLines(path + suffix)) found.push(idOfJson(line) ?? "");
    }
    assert.deepEqual(found, ids.slice(-found.length));
    assert.ok(found.length >= 3);
  });

  it("lets a line be larger than the file may be", async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, "a.log");
    await using sink = fileTo(path, { format: "json", max_bytes: 1024, backup_count: 0 });
    const large = jobRecord("large", { event: { metadata: { text: "x".repeat(5_000) } } });
    await take(sink, jobRecord("a"), large);
    assert.deepEqual((await readLines(path)).map(idOfJson), ["large"]);
    await take(sink, jobRecord("b"));
    assert.deepEqual(await readdir(folder.path), ["a.log"]);
    assert.deepEqual((await readLines(path)).map(idOfJson), ["b"]);
  });
});

describe("a file that changes under its feet", () => {
  const rows = [
    { what: "moved away", spoil: (path: string) => rename(path, `${path}.moved`), left: ["b"] },
    { what: "deleted", spoil: (path: string) => rm(path), left: ["b"] },
    { what: "emptied", spoil: (path: string) => writeFile(path, ""), left: ["b"] },
    {
      what: "appended to",
      spoil: (path: string) => appendFile(path, '{"idempotency_key":"x"}\n'),
      left: ["a", "x", "b"],
    },
  ];
  for (const { what, spoil, left } of rows) {
    it(`goes on after it was ${what}`, async () => {
      await using folder = await createTestFolder();
      const path = join(folder.path, "a.log");
      await using sink = fileTo(path, { format: "json" });
      await take(sink, jobRecord("a"));
      await spoil(path);
      await take(sink, jobRecord("b"));
      assert.deepEqual((await readLines(path)).map(idOfJson), left);
    });
  }
});

describe("a file that was left in the middle of a line", () => {
  it("is cut behind its last line, and has nothing twice that comes again", async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, "a.log");
    {
      await using sink = fileTo(path, { format: "json" });
      await take(sink, jobRecord("a"), jobRecord("b"));
    }
    const whole = await readFile(path, "utf8");
    await appendFile(path, whole.slice(0, 100));
    await using sink = fileTo(path, { format: "json" });
    await take(sink, jobRecord("b"), jobRecord("c"), jobRecord("a"), jobRecord("d"));
    assert.deepEqual((await readLines(path)).map(idOfJson), ["a", "b", "c", "d"]);
  });

  it("is somebody else's when what would be cut off is more than a batch", async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, "a.bin");
    const content = Buffer.alloc(tornBytes + 1, 1);
    await writeFile(path, content);
    await using sink = fileTo(path);
    const [answer] = await sink.deliver([jobRecord("a")], never);
    assert.deepEqual(answer, { kind: "misconfigured", why: `${path} is not a file of lines` });
    assert.ok(content.equals(await readFile(path)));
  });

  it("has nothing of the file before it, when it was rotated a moment ago", async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, "a.log");
    const ids = ["a", "b", "c", "d"];
    for (const part of [ids.slice(0, 3), ids]) {
      await using sink = fileTo(path, { format: "json", max_bytes: 1024 });
      await take(sink, ...part.map((id) => jobRecord(id)));
    }
    const found = [...(await readLines(`${path}.1`)), ...(await readLines(path))];
    assert.deepEqual(found.map(idOfJson), ids);
  });

  it("is begun anew when there is no line in it at all", async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, "a.log");
    await writeFile(path, "x".repeat(200_000));
    await using sink = fileTo(path, { format: "json" });
    await take(sink, jobRecord("a"));
    assert.deepEqual((await readLines(path)).map(idOfJson), ["a"]);
  });
});

describe("a destination that cannot take it", () => {
  it("is an outage when it is full", { skip: skipWithoutFull() }, async () => {
    await using sink = fileTo("/dev/full");
    const [answer] = await sink.deliver([jobRecord("a")], never);
    assert.equal(answer?.kind, "retry");
    assert.match(answer.kind === "retry" ? answer.why : "", /ENOSPC/);
  });

  it("keeps whole lines of a batch on a disk that becomes full", async (t) => {
    await using disk = await mountSmallDisk(64 * 1024);
    if (disk === undefined) return t.skip("a small file system cannot be mounted here");
    const path = join(disk.path, "a.log");
    await using sink = fileTo(path, { format: "json", max_bytes: 16_384, backup_count: 9 });
    const records = Array.from({ length: 300 }, (_, i) => jobRecord(`id-${i}`));
    const answers = await sink.deliver(records, never);
    const sent = answers.filter(({ kind }) => kind === "sent").length;
    assert.ok(sent > 0 && sent < 300);
    assert.ok(answers.slice(sent).every(({ kind }) => kind === "retry"));
    const found: (string | undefined)[] = [];
    for (const name of (await readdir(disk.path)).toSorted().toReversed()) {
      const content: string = await readFile(join(disk.path, name), "utf8");
      assert.ok(content === "" || content.endsWith("\n"), `${name} ends with a line`);
    }
    for (let n = 9; n >= 0; n -= 1) {
      found.push(...(await readLines(n === 0 ? path : `${path}.${n}`)).map(idOfJson));
    }
    assert.deepEqual(
      found,
      records.slice(0, sent).map(({ id }) => id),
    );
  });

  it("is a wrong setting where there is a folder", async () => {
    await using folder = await createTestFolder();
    await using sink = fileTo(folder.path);
    assert.equal((await sink.deliver([jobRecord("a")], never))[0]?.kind, "misconfigured");
    assert.equal((await sink.health(never)).status, "unhealthy");
  });

  it("is a wrong setting where there is a pipe", { skip: skipWithoutMkfifo() }, async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, "pipe");
    execFileSync("mkfifo", [path]);
    await using sink = fileTo(path);
    assert.equal((await sink.deliver([jobRecord("a")], never))[0]?.kind, "misconfigured");
  });
});

function skipWithoutFull(): string | false {
  return existsSync("/dev/full") ? false : "this system has no /dev/full";
}

function skipWithoutMkfifo(): string | false {
  return spawnSync("mkfifo", ["--version"]).error === undefined ? false : "there is no mkfifo";
}
