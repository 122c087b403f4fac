import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFile, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { EventSink, EventSinkParts } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { eventSinkContract, sinkParts } from "../event-sink.contract.ts";
import { createTestFolder, mountSmallDisk } from "../files/folder.kit.ts";
import { idOfJson } from "../files/tail.ts";
import { awkwardTexts, jobRecord } from "../record.kit.ts";
import { jsonKind } from "./kind.ts";

const never = new AbortController().signal;

type Compression = false | "gzip" | "zstd";
const endings = { false: ".jsonl", gzip: ".jsonl.gz", zstd: ".jsonl.zst" } as const;

/** The text of a file as another reader of its format sees it; no file: none. */
async function readText(path: string): Promise<string> {
  const content = await readFile(path).catch(() => Buffer.alloc(0));
  if (content.length === 0) return "";
  if (path.endsWith(".gz")) return gunzipSync(content).toString();
  if (path.endsWith(".zst")) return zstdDecompressSync(content).toString();
  return content.toString();
}

async function idsIn(path: string): Promise<readonly (string | undefined)[]> {
  const text = await readText(path);
  assert.ok(text === "" || text.endsWith("\n"), "the last line is whole");
  return text.split("\n").slice(0, -1).map(idOfJson);
}

for (const compression of [false, "gzip", "zstd"] as const) {
  eventSinkContract({
    kind: jsonKind,
    async createFixture() {
      await using stack = new AsyncDisposableStack();
      const disk = await mountSmallDisk(4 * 1024 * 1024);
      const folder = stack.use(disk ?? (await createTestFolder()));
      const blocked = stack.use(await createTestFolder());
      await writeFile(join(blocked.path, "file"), "");
      const path = join(folder.path, `deep/wafer_events_events${endings[`${compression}`]}`);
      const kept = stack.move();
      return {
        config: { output_dir: join(folder.path, "deep"), rotation: "size", compression },
        arrived: async () => (await idsIn(path)).flatMap((id) => id ?? []),
        ...(disk && { away: { begin: () => disk.fill(), end: () => disk.free() } }),
        misconfigured: {
          config: { output_dir: join(blocked.path, "file/deeper"), compression },
          secret: "there is none",
        },
        [Symbol.asyncDispose]: () => kept.disposeAsync(),
      };
    },
    wrong: [
      { what: "a folder that is none", config: { output_dir: "a\u0000" }, path: "output_dir" },
      { what: "a rotation that is none", config: { rotation: "weekly" }, path: "rotation" },
      { what: "a compression that is none", config: { compression: "lz4" }, path: "compression" },
      { what: "blanks that are no choice", config: { pretty_print: 2 }, path: "pretty_print" },
    ],
    knowsIds: false,
  });
}

function jsonTo(folder: string, config: object = {}, change: Partial<EventSinkParts> = {}) {
  const parsed = jsonKind.parseSettings({ output_dir: folder, rotation: "none", ...config });
  assert.equal(parsed.kind, "ok", JSON.stringify(parsed));
  const settings = parsed.kind === "ok" ? parsed.value : {};
  return jsonKind.create(settings, { ...sinkParts(), ...change });
}

async function take(sink: EventSink, ...records: readonly SinkRecord[]): Promise<void> {
  assert.deepEqual(
    await sink.deliver(records, never),
    records.map(() => ({ kind: "sent" })),
  );
}

const status: SinkRecord = {
  kind: "status",
  id: "status-1",
  at: "2026-01-02T03:04:05.678Z",
  subject: { kind: "monitor", id: "m-1", name: "api", labels: { a: "b" } },
  from: "up",
  to: "down",
  reason: "timeout",
};

describe("the lines", () => {
  it("are the events as they came, and other records in files of their own", async () => {
    await using folder = await createTestFolder();
    await using sink = jsonTo(folder.path);
    const records = awkwardTexts.map((text, i) =>
      jobRecord(`e-${i}`, { event: { metadata: { [text]: [text] } } }),
    );
    await take(sink, ...records, status);
    const lines = (await readText(join(folder.path, "wafer_events_events.jsonl"))).split("\n");
    assert.deepEqual(
      lines.slice(0, -1).map((line) => JSON.parse(line) as unknown),
      records.map(({ event }) => event),
    );
    assert.equal(
      await readText(join(folder.path, "belfry_statuses.jsonl")),
      `${JSON.stringify(status)}\n`,
    );
  });

  it("stay lines where they are to be pretty", async () => {
    await using folder = await createTestFolder();
    await using sink = jsonTo(folder.path, { pretty_print: true, records: ["status"] });
    await take(sink, { ...status, subject: { ...status.subject, name: "a\n {}" } });
    assert.equal(
      await readText(join(folder.path, "belfry_statuses.jsonl")),
      '{ "kind": "status", "id": "status-1", "at": "2026-01-02T03:04:05.678Z", ' +
        '"subject": { "kind": "monitor", "id": "m-1", "name": "a\\n {}", "labels": { "a": "b" } }, ' +
        '"from": "up", "to": "down", "reason": "timeout" }\n',
    );
  });

  it("are in files named by the time of writing", async () => {
    await using folder = await createTestFolder();
    const clock = { now: () => Date.parse("2026-01-02T03:59:59Z"), monotonicMs: () => 0 };
    await using sink = jsonTo(folder.path, { rotation: "hourly", compression: true }, { clock });
    await take(sink, jobRecord("a"));
    assert.deepEqual(await readdir(folder.path), ["wafer_events_20260102_03.jsonl.gz"]);
  });

  it("go on in the next number where a file is full", async () => {
    for (const compression of [false, "gzip", "zstd"] as const) {
      await using folder = await createTestFolder();
      const ids = Array.from({ length: 40 }, (_, i) => `id-${i}`);
      for (const part of [ids.slice(0, 1), ids.slice(1, 30), ids.slice(30)]) {
        await using sink = jsonTo(folder.path, { max_bytes: 2048, compression });
        await take(sink, ...part.map((id) => jobRecord(id)));
      }
      const names = await readdir(folder.path);
      assert.ok(names.length > 2, names.join());
      const found: (string | undefined)[] = [];
      for (let n = 0; n < names.length; n += 1) {
        const name = `wafer_events_events${n === 0 ? "" : `.${n}`}${endings[`${compression}`]}`;
        assert.ok((await readFile(join(folder.path, name))).length <= 2048, name);
        found.push(...(await idsIn(join(folder.path, name))));
      }
      assert.deepEqual(found, ids);
    }
  });
});

describe("compressed files", () => {
  for (const [compression, program] of [
    ["gzip", ["gzip", "-dc"]],
    ["zstd", ["zstd", "-dcq"]],
  ] as const) {
    const [command, flags] = program;
    const missing = spawnSync(command, ["--version"]).error === undefined ? false : `no ${command}`;
    it(`are read by the program ${command}`, { skip: missing }, async () => {
      await using folder = await createTestFolder();
      await using sink = jsonTo(folder.path, { compression });
      for (const id of ["a", "b", "c"]) await take(sink, jobRecord(id), jobRecord(`${id}-2`));
      const path = join(folder.path, `wafer_events_events${endings[compression]}`);
      const { stdout, stderr } = spawnSync(command, [flags, path], { encoding: "utf8" });
      assert.equal(stderr, "");
      assert.deepEqual(stdout.split("\n").slice(0, -1).map(idOfJson), [
        "a",
        "a-2",
        "b",
        "b-2",
        "c",
        "c-2",
      ]);
    });
  }
});

describe("a file that is there already", () => {
  for (const compression of [false, "gzip", "zstd"] as const) {
    const name = `wafer_events_events${endings[`${compression}`]}`;

    it(`is cut behind what is whole, wherever it was torn (${compression})`, async () => {
      await using folder = await createTestFolder();
      const path = join(folder.path, name);
      const ends: number[] = [];
      for (const id of ["a", "b", "c"]) {
        await using sink = jsonTo(folder.path, { compression });
        await take(sink, jobRecord(id));
        ends.push((await readFile(path)).length);
      }
      const whole = await readFile(path);
      for (let size = whole.length; size >= 0; size -= 29) {
        const left = ["a", "b", "c"].filter((_, i) => (ends[i] ?? 0) <= size);
        for (const garbage of [0, 3, 100]) {
          // Behind text, half a line is all the garbage there is; and what does not begin as ours does is not ours.
          if (garbage > 0 && (compression === false || size < 40)) continue;
          await writeFile(path, Buffer.concat([whole.subarray(0, size), Buffer.alloc(garbage, 7)]));
          await using sink = jsonTo(folder.path, { compression });
          await take(sink, jobRecord("c"), jobRecord("a"), jobRecord("new"));
          const added = ["c", "a", "new"].filter((id) => !left.includes(id));
          assert.deepEqual(await idsIn(path), [...left, ...added], `torn at ${size}`);
        }
      }
    });
  }

  it("of zeros behind a line loses only these", async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, "wafer_events_events.jsonl");
    await writeFile(path, `${JSON.stringify({ idempotency_key: "a" })}\n`);
    await appendFile(path, Buffer.alloc(5_000));
    await using sink = jsonTo(folder.path);
    await take(sink, jobRecord("b"));
    assert.deepEqual(await idsIn(path), ["a", "b"]);
  });

  const foreign: readonly (readonly [Compression, Buffer])[] = [
    ["gzip", gzipSync('{"idempotency_key":"theirs"}\n')],
    ["zstd", zstdCompressSync('{"idempotency_key":"theirs"}\n')],
  ];
  for (const [compression, content] of foreign) {
    it(`and is somebody else's is left as it is (${compression})`, async () => {
      await using folder = await createTestFolder();
      const ending = endings[`${compression}`];
      await writeFile(join(folder.path, `wafer_events_events${ending}`), content);
      await using sink = jsonTo(folder.path, { compression });
      await take(sink, jobRecord("a"));
      assert.deepEqual(await idsIn(join(folder.path, `wafer_events_events${ending}`)), ["theirs"]);
      assert.deepEqual(await idsIn(join(folder.path, `wafer_events_events.1${ending}`)), ["a"]);
    });
  }
});
