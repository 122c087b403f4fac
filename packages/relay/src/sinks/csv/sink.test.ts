import assert from "node:assert/strict";
import { appendFile, readFile, readdir, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "csv-parse/sync";
import type { EventSink, EventSinkParts } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { eventSinkContract, sinkParts } from "../event-sink.contract.ts";
import { createTestFolder, mountSmallDisk } from "../files/folder.kit.ts";
import { awkwardTexts, jobRecord } from "../record.kit.ts";
import { guarded, unguarded } from "./cell.ts";
import { columns } from "./columns.ts";
import { csvKind } from "./kind.ts";

const never = new AbortController().signal;
const dayMs = 86_400_000;

eventSinkContract({
  kind: csvKind,
  async createFixture() {
    await using stack = new AsyncDisposableStack();
    const disk = await mountSmallDisk(4 * 1024 * 1024);
    const folder = stack.use(disk ?? (await createTestFolder()));
    const blocked = stack.use(await createTestFolder());
    await writeFile(join(blocked.path, "file"), "");
    const kept = stack.move();
    return {
      config: { output_dir: join(folder.path, "deep/er"), rotation: "none" },
      arrived: async () => {
        const rows = await readRows(join(folder.path, "deep/er/wafer_events_events.csv"));
        return rows.slice(1).map((row) => row[1] ?? "");
      },
      ...(disk && { away: { begin: () => disk.fill(), end: () => disk.free() } }),
      misconfigured: {
        config: { output_dir: join(blocked.path, "file"), delimiter: "|" },
        secret: "there is none",
      },
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    };
  },
  wrong: [
    { what: "a folder that is none", config: { output_dir: "" }, path: "output_dir" },
    { what: "a rotation that is none", config: { rotation: "weekly" }, path: "rotation" },
    { what: "two delimiters", config: { delimiter: ",," }, path: "delimiter" },
    { what: "a quote as delimiter", config: { delimiter: '"' }, path: "delimiter" },
    { what: "a size below one KiB", config: { max_bytes: 1 }, path: "max_bytes" },
    { what: "no file kept", config: { keep_files: 0 }, path: "keep_files" },
    { what: "records that are none", config: { records: ["runs"] }, path: "records[0]" },
  ],
  knowsIds: false,
});

/** Cells as another reader of CSV sees them; no file: none. */
async function readRows(path: string, delimiter = ","): Promise<string[][]> {
  const content = await readFile(path).catch(() => "");
  return parse(content, { delimiter, record_delimiter: "\r\n", bom: true }) as string[][];
}

function csvTo(folder: string, config: object = {}, change: Partial<EventSinkParts> = {}) {
  const parsed = csvKind.parseSettings({ output_dir: folder, ...config });
  assert.equal(parsed.kind, "ok", JSON.stringify(parsed));
  const settings = parsed.kind === "ok" ? parsed.value : {};
  return csvKind.create(settings, { ...sinkParts(), ...change });
}

function clockAt(text: string) {
  const clock = { now: () => Date.parse(text), monotonicMs: () => 0 };
  return { clock, set: (next: string) => (clock.now = () => Date.parse(next)) };
}

async function take(sink: EventSink, ...records: readonly SinkRecord[]): Promise<void> {
  assert.deepEqual(
    await sink.deliver(records, never),
    records.map(() => ({ kind: "sent" })),
  );
}

async function idsIn(path: string): Promise<(string | undefined)[]> {
  return (await readRows(path)).slice(1).map((row) => row[1]);
}

const at = "2026-01-02T03:04:05.678Z";
const others: readonly SinkRecord[] = [
  {
    kind: "check",
    id: "check-1",
    at,
    monitor: { id: "m-1", name: "a, b", labels: { team: "core" }, kind: "http", target: "x" },
    result: "down",
    reason: "timeout",
    status: "up",
    latency_ms: null,
    value: -1,
    location: "local",
  },
  {
    kind: "status",
    id: "status-1",
    at,
    subject: { kind: "monitor", id: "m-1", name: "a, b", labels: {} },
    from: "up",
    to: "down",
    reason: null,
  },
  {
    kind: "host",
    id: "host-1",
    at,
    host: { id: "h-1", name: "web-1", labels: {} },
    figures: { cpu_ratio: 0.25, load1: 0, cores: 4 },
  },
];

describe("the tables", () => {
  it("have the Monitoring Component's name, columns and line ends", async () => {
    await using folder = await createTestFolder();
    const { clock } = clockAt("2026-01-02T23:30:00Z");
    await using sink = csvTo(folder.path, {}, { clock });
    await take(sink, jobRecord("e-1", { event: { at, metadata: { lot: 'A"7' } } }));
    assert.equal(
      await readFile(join(folder.path, "wafer_events_20260102.csv"), "utf8"),
      "timestamp,idempotency_key,site_id,app_id,app_name,app_version,entity_type,entity_id,parent_id,business_key," +
        "sub_key,event_kind,status,duration_s,cpu_user_s,cpu_system_s,mem_max_mb,metadata_json\r\n" +
        `${at},e-1,fab1,7a1c,etl,1.0,job,run-1,,daily-batch,,finished,succeeded,1.5,0.4,0.1,64,` +
        '"{""lot"":""A\\""7""}"\r\n',
    );
  });

  it("of every kind of record are files of their own", async () => {
    await using folder = await createTestFolder();
    await using sink = csvTo(folder.path, { rotation: "none", include_headers: false });
    await take(sink, ...others, jobRecord("e-1"));
    const read = (name: string): Promise<string> => readFile(join(folder.path, name), "utf8");
    assert.equal(
      await read("belfry_checks.csv"),
      `${at},check-1,m-1,"a, b",http,x,down,timeout,up,,-1,local,"{""team"":""core""}"\r\n`,
    );
    assert.equal(
      await read("belfry_statuses.csv"),
      `${at},status-1,monitor,m-1,"a, b",up,down,,\r\n`,
    );
    assert.equal(
      await read("belfry_hosts.csv"),
      `${at},host-1,h-1,web-1,0.25,,,,0,,,,"{""cores"":4}",\r\n`,
    );
    for (const [kind, file] of [
      ["check", "belfry_checks.csv"],
      ["status", "belfry_statuses.csv"],
      ["host", "belfry_hosts.csv"],
      ["job_event", "wafer_events_events.csv"],
    ] as const) {
      assert.equal((await readRows(join(folder.path, file)))[0]?.length, columns[kind].length);
    }
  });

  it("pass by what is not asked for", async () => {
    await using folder = await createTestFolder();
    await using sink = csvTo(folder.path, { rotation: "none", records: ["status"] });
    await take(sink, ...others, jobRecord("e-1"));
    assert.deepEqual(await readdir(folder.path), ["belfry_statuses.csv"]);
  });

  it("have all metrics, another delimiter and a byte order mark where that is asked for", async () => {
    await using folder = await createTestFolder();
    const config = { rotation: "none", delimiter: ";", bom: true, metrics_json: true };
    const event = { metrics: { duration_s: -1.5e-7, own: 1 }, metadata: { a: ";" } };
    {
      await using sink = csvTo(folder.path, config);
      await take(sink, jobRecord("e-1", { event }));
    }
    await using sink = csvTo(folder.path, config);
    await take(sink, jobRecord("e-2", { event }));
    const path = join(folder.path, "wafer_events_events.csv");
    assert.ok((await readFile(path, "utf8")).startsWith("\ufefftimestamp;"));
    const [header, row, last] = await readRows(path, ";");
    assert.deepEqual(header, [...columns.job_event, "metrics_json"]);
    assert.deepEqual(row?.slice(13), [
      "-1.5e-7",
      "",
      "",
      "",
      '{"a":";"}',
      '{"duration_s":-1.5e-7,"own":1}',
    ]);
    assert.equal(last?.[1], "e-2");
  });

  it("give every text back as it was", async () => {
    await using folder = await createTestFolder();
    await using sink = csvTo(folder.path, { rotation: "none" });
    const texts = [...awkwardTexts, " blank ", '"', "\r", "a,b", "'=1", "''+x", "-", "-5", "+5"];
    const records = texts.map((text, i) =>
      jobRecord(`${text}${i}`, { entity: { business_key: text }, event: { metadata: { text } } }),
    );
    await take(sink, ...records);
    const rows = (await readRows(join(folder.path, "wafer_events_events.csv"))).slice(1);
    assert.deepEqual(
      rows.map((row) => [row[1], row[9]].map((cell) => unguarded(cell ?? ""))),
      texts.map((text, i) => [`${text}${i}`, text]),
    );
    assert.deepEqual(
      rows.map((row) => JSON.parse(row[17] ?? "") as unknown),
      texts.map((text) => ({ text })),
    );
  });
});

describe("the formula guard", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["=1+1", "'=1+1"],
    ["+49 30 1234", "'+49 30 1234"],
    ["-5", "-5"],
    ["-5.25e-3", "-5.25e-3"],
    ["-5+cmd|x", "'-5+cmd|x"],
    ["- a list", "'- a list"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t=1"],
    ["\r=1", "'\r=1"],
    ["\ttext", "'\ttext"],
    ["  =1", "'  =1"],
    ["\u00a0=1", "'\u00a0=1"],
    ["\uff1d1", "'\uff1d1"],
    ["'=1", "''=1"],
    ["'quoted'", "'quoted'"],
    ["a=1", "a=1"],
    ["", ""],
  ];
  for (const [text, expected] of rows) {
    it(`writes ${JSON.stringify(text)} as ${JSON.stringify(expected)}`, () => {
      assert.equal(guarded(text), expected);
      assert.equal(unguarded(expected), text);
    });
  }

  it("can be left out", async () => {
    await using folder = await createTestFolder();
    await using sink = csvTo(folder.path, { rotation: "none", formula_guard: false });
    await take(sink, jobRecord("=1"));
    assert.deepEqual(await idsIn(join(folder.path, "wafer_events_events.csv")), ["=1"]);
  });
});

describe("rotation", () => {
  const rows = [
    {
      rotation: "daily",
      names: ["wafer_events_20260102.csv", "wafer_events_20260103.csv"],
    },
    {
      rotation: "hourly",
      names: ["wafer_events_20260102_23.csv", "wafer_events_20260103_00.csv"],
    },
    { rotation: "none", names: ["wafer_events_events.csv"] },
  ];
  for (const { rotation, names } of rows) {
    it(`${rotation} goes by the UTC time of writing`, async () => {
      await using folder = await createTestFolder();
      const { clock, set } = clockAt("2026-01-02T23:59:59.999Z");
      await using sink = csvTo(folder.path, { rotation }, { clock });
      await take(sink, jobRecord("a", { event: { at: "2025-12-31T00:00:00Z" } }));
      set("2026-01-03T00:00:00Z");
      await take(sink, jobRecord("b", { event: { at: "2025-12-31T00:00:00Z" } }));
      assert.deepEqual((await readdir(folder.path)).toSorted(), names);
      assert.deepEqual(await idsIn(join(folder.path, names.at(-1) ?? "")), [
        ...(names.length === 1 ? ["a"] : []),
        "b",
      ]);
    });
  }

  it("by size goes on in the next number, with a header, and never cuts a row", async () => {
    await using folder = await createTestFolder();
    const config = { rotation: "size", max_bytes: 1024 };
    const ids = Array.from({ length: 20 }, (_, i) => `id-${i}`);
    for (const part of [ids.slice(0, 13), ids.slice(13)]) {
      await using sink = csvTo(folder.path, config);
      await take(sink, ...part.map((id) => jobRecord(id)));
    }
    const names = (await readdir(folder.path)).toSorted();
    assert.ok(names.length >= 4 && names.includes("wafer_events_events.3.csv"), names.join());
    const found: (string | undefined)[] = [];
    for (let n = 0; n < names.length; n += 1) {
      const path = join(folder.path, `wafer_events_events${n === 0 ? "" : `.${n}`}.csv`);
      assert.ok((await readFile(path)).length <= 1024);
      found.push(...(await idsIn(path)));
    }
    assert.deepEqual(found, ids);
  });
});

describe("retention", () => {
  async function filled(config: object) {
    const folder = await createTestFolder();
    for (const [name, age] of [
      ["wafer_events_20260101.csv", 9],
      ["wafer_events_20260105_13.csv", 5],
      ["wafer_events_20260108.2.csv", 2.5],
      ["belfry_checks_20260101.csv", 9],
      ["wafer_events_notes.csv", 9],
      ["wafer_events_20260101.csv.bak", 9],
    ] as const) {
      const path = join(folder.path, name);
      await writeFile(path, "");
      const time = (Date.parse("2026-01-10T12:00:00Z") - age * dayMs) / 1000;
      await utimes(path, time, time);
    }
    const { clock } = clockAt("2026-01-10T12:00:00Z");
    await using sink = csvTo(folder.path, config, { clock });
    await take(sink, jobRecord("a"));
    const names = await readdir(folder.path);
    await folder[Symbol.asyncDispose]();
    return names.filter((name) => /^wafer_events_\d{8}.*csv$/.test(name)).toSorted();
  }
  const untouched = [
    "belfry_checks_20260101.csv",
    "wafer_events_notes.csv",
    "wafer_events_20260101.csv.bak",
  ];
  const rows = [
    {
      config: {},
      left: [
        "wafer_events_20260101.csv",
        "wafer_events_20260105_13.csv",
        "wafer_events_20260108.2.csv",
      ],
    },
    {
      config: { keep_days: 6 },
      left: ["wafer_events_20260105_13.csv", "wafer_events_20260108.2.csv"],
    },
    { config: { keep_files: 2 }, left: ["wafer_events_20260108.2.csv"] },
    { config: { keep_files: 1 }, left: [] },
    { config: { keep_days: 3, keep_files: 10 }, left: ["wafer_events_20260108.2.csv"] },
  ];
  for (const { config, left } of rows) {
    it(`of ${JSON.stringify(config)} leaves ${left.length} finished files`, async () => {
      assert.deepEqual(await filled(config), [...left, "wafer_events_20260110.csv"].toSorted());
    });
  }

  it("touches no file of another name or kind", async () => {
    await using folder = await createTestFolder();
    for (const name of untouched) {
      await writeFile(join(folder.path, name), "");
      await utimes(join(folder.path, name), 1, 1);
    }
    await using sink = csvTo(folder.path, { keep_days: 1, keep_files: 1, rotation: "none" });
    await take(sink, jobRecord("a"));
    assert.deepEqual(
      (await readdir(folder.path)).toSorted(),
      [...untouched, "wafer_events_events.csv"].toSorted(),
    );
  });
});

describe("a file that is there already", () => {
  const path = (folder: string, part = ""): string =>
    join(folder, `wafer_events_events${part}.csv`);

  it("is cut behind its last whole row, wherever it was torn, and has nothing twice", async () => {
    await using folder = await createTestFolder();
    {
      await using sink = csvTo(folder.path, { rotation: "none" });
      await take(sink, jobRecord("a"), jobRecord("b"));
      await take(sink, jobRecord("c\r\nwith, a line end", { app: { name: "x\r\ny\r\nz" } }));
    }
    const whole = await readFile(path(folder.path));
    for (let size = whole.length - 1; size > 0; size -= 13) {
      await writeFile(path(folder.path), whole);
      await truncate(path(folder.path), size);
      await using sink = csvTo(folder.path, { rotation: "none" });
      await take(
        sink,
        jobRecord("a"),
        jobRecord("b"),
        jobRecord("c\r\nwith, a line end"),
        jobRecord("d"),
      );
      assert.deepEqual(
        new Set(await idsIn(path(folder.path))),
        new Set(["a", "b", "c\r\nwith, a line end", "d"]),
        `torn at ${size}`,
      );
      assert.equal((await idsIn(path(folder.path))).length, 4, `torn at ${size}`);
    }
  });

  it("has nothing of the file before it, when a new day began with a crash", async () => {
    await using folder = await createTestFolder();
    const { clock, set } = clockAt("2026-01-02T23:59:59Z");
    for (const [time, ids] of [
      ["2026-01-02T23:59:59Z", ["a", "b"]],
      ["2026-01-03T00:00:01Z", ["a", "b", "c"]],
    ] as const) {
      set(time);
      await using sink = csvTo(folder.path, {}, { clock });
      await take(sink, ...ids.map((id) => jobRecord(id)));
    }
    assert.deepEqual(await idsIn(join(folder.path, "wafer_events_20260102.csv")), ["a", "b"]);
    assert.deepEqual(await idsIn(join(folder.path, "wafer_events_20260103.csv")), ["c"]);
  });

  it("with other columns is left as it is; the next number is begun", async () => {
    await using folder = await createTestFolder();
    await writeFile(path(folder.path), "time,what\r\n1,2\r\n");
    await using sink = csvTo(folder.path, { rotation: "none" });
    await take(sink, jobRecord("a"));
    assert.equal(await readFile(path(folder.path), "utf8"), "time,what\r\n1,2\r\n");
    assert.deepEqual(await idsIn(path(folder.path, ".1")), ["a"]);
  });

  it("with another number of columns is left as it is, with no header to tell by", async () => {
    await using folder = await createTestFolder();
    await writeFile(path(folder.path), "1,2\r\n");
    await using sink = csvTo(folder.path, { rotation: "none", include_headers: false });
    await take(sink, jobRecord("a"));
    assert.equal(await readFile(path(folder.path), "utf8"), "1,2\r\n");
    assert.equal((await readRows(path(folder.path, ".1")))[0]?.[1], "a");
  });

  it("of the Monitoring Component is gone on with", async () => {
    await using folder = await createTestFolder();
    const theirs = `${columns.job_event.join()}\r\nx,old,,,,,,,,,,,,,,,,"{'a': ""b"", 'c': None}"\r\n`;
    await writeFile(path(folder.path), theirs);
    await using sink = csvTo(folder.path, { rotation: "none" });
    await take(sink, jobRecord("a"));
    assert.deepEqual(await idsIn(path(folder.path)), ["old", "a"]);
  });

  it("is begun anew with its header after it was deleted", async () => {
    await using folder = await createTestFolder();
    await using sink = csvTo(folder.path, { rotation: "none" });
    await take(sink, jobRecord("a"));
    await rm(path(folder.path));
    await take(sink, jobRecord("b"));
    assert.deepEqual(await readRows(path(folder.path)).then((rows) => rows.length), 2);
  });

  it("goes on behind rows that somebody else appended", async () => {
    await using folder = await createTestFolder();
    await using sink = csvTo(folder.path, { rotation: "none", include_headers: false });
    await take(sink, jobRecord("a"));
    await appendFile(path(folder.path), `${",x".padEnd(18, ",")}\r\n`);
    await take(sink, jobRecord("b"));
    assert.deepEqual(
      (await readRows(path(folder.path))).map((row) => row[1]),
      ["a", "x", "b"],
    );
  });
});

describe("a disk that is full", () => {
  it("keeps whole rows, and takes the rest when there is room", async (t) => {
    await using disk = await mountSmallDisk(64 * 1024);
    if (disk === undefined) return t.skip("a small file system cannot be mounted here");
    await using sink = csvTo(disk.path, { rotation: "none" });
    await take(sink, jobRecord("first"));
    const before = await readFile(join(disk.path, "wafer_events_events.csv"));
    const records = Array.from({ length: 900 }, (_, i) => jobRecord(`id-${i}`));
    const answers = await sink.deliver(records, never);
    assert.deepEqual(new Set(answers.map(({ kind }) => kind)), new Set(["retry"]));
    assert.ok(before.equals(await readFile(join(disk.path, "wafer_events_events.csv"))));
    const { status, details } = await sink.health(never);
    assert.equal(status, "unhealthy");
    assert.match(String(details["error"]), /ENOSPC/);
    await take(sink, ...records.slice(0, 100));
    assert.equal((await sink.health(never)).status, "healthy");
    assert.equal((await idsIn(join(disk.path, "wafer_events_events.csv"))).length, 101);
  });
});
