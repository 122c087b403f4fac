import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ImportResult, SeriesListView, SeriesRangeView } from "@belfry/contract";
import type { Frame } from "../model/series.ts";
import { openTestHub, startOfTime, type TestHub } from "./hub.kit.ts";

const start = startOfTime / 1000;

async function fill(hub: TestHub): Promise<void> {
  const frame: Frame = {
    source: "import:a/b",
    sourceLabels: { job: "a" },
    series: [
      { name: "cpu", labels: { mode: "user" } },
      { name: "cpu", labels: { mode: "idle" } },
    ],
    times: Float64Array.of(startOfTime, startOfTime + 1000, startOfTime + 60_000),
    values: Float64Array.of(
      1,
      Number.NaN,
      3,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      -0.5,
    ),
  };
  await hub.store.append([frame]);
  hub.clock.move(120_000);
}

const find = (query: Record<string, string>): string => new URLSearchParams(query).toString();

describe("/api/v1/series", () => {
  test("lists series with all their labels, and says when there are more", async (t) => {
    const hub = await openTestHub(t);
    await fill(hub);
    const all = (
      await hub.ask("GET", `/api/v1/series?${find({ match: 'cpu{job="a"}' })}`)
    ).json<SeriesListView>();
    assert.deepEqual(all, {
      items: [
        { name: "cpu", labels: { job: "a", mode: "idle" } },
        { name: "cpu", labels: { job: "a", mode: "user" } },
      ],
      truncated: false,
    });
    const some = await hub.ask("GET", `/api/v1/series?${find({ match: "cpu", limit: "1" })}`);
    assert.deepEqual(
      [some.json<SeriesListView>().items.length, some.json<SeriesListView>().truncated],
      [1, true],
    );
  });

  test("gives samples as columns, with NaN and infinities as text", async (t) => {
    const hub = await openTestHub(t);
    await fill(hub);
    const query = find({ match: "cpu", start: String(start), raw: "true" });
    const range = (await hub.ask("GET", `/api/v1/series/range?${query}`)).json<SeriesRangeView>();
    assert.deepEqual(
      [range.from_ms, range.to_ms, range.step_seconds],
      [startOfTime, startOfTime + 120_000, null],
    );
    assert.deepEqual(
      range.items.map((one) => ("values" in one ? one.values : [])),
      [
        ["+Inf", "-Inf", -0.5],
        [1, "NaN", 3],
      ],
    );
    const [first] = range.items;
    assert.ok(first !== undefined && "times_ms" in first);
    assert.deepEqual(first.times_ms, [startOfTime, startOfTime + 1000, startOfTime + 60_000]);
  });

  test("gives buckets as columns", async (t) => {
    const hub = await openTestHub(t);
    await fill(hub);
    const query = find({
      match: 'cpu{mode="idle"}',
      start: "2026-01-01T00:01:00Z",
      end: "2026-01-01T00:02:00Z",
      step: "60",
    });
    const range = (await hub.ask("GET", `/api/v1/series/range?${query}`)).json<SeriesRangeView>();
    assert.deepEqual(range.items, [
      {
        name: "cpu",
        labels: { job: "a", mode: "idle" },
        starts_ms: [startOfTime + 60_000],
        min: [-0.5],
        max: [-0.5],
        sum: [-0.5],
        count: [1],
        last: [-0.5],
      },
    ]);
  });

  const refused: { query: Record<string, string>; path: string }[] = [
    { query: { start: "1" }, path: "match" },
    { query: { match: "{}", start: "1", raw: "true" }, path: "match" },
    { query: { match: "cpu" }, path: "start" },
    { query: { match: "cpu", start: "1" }, path: "step" },
    { query: { match: "cpu", start: "1", raw: "true", step: "5" }, path: "step" },
    { query: { match: "cpu", start: "5", end: "1", raw: "true" }, path: "start" },
    { query: { match: "cpu", start: "1", raw: "true" }, path: "start" },
    { query: { match: "cpu", start: "1", step: "1" }, path: "step" },
    { query: { match: "cpu", start: "noon", step: "60" }, path: "start" },
  ];
  test("refuses what cannot be answered, at its place", async (t) => {
    const hub = await openTestHub(t);
    for (const { query, path } of refused) {
      const answer = await hub.ask("GET", `/api/v1/series/range?${find(query)}`);
      assert.equal(answer.status, 422, find(query));
      assert.equal(
        answer.json<{ errors: { path: string }[] }>().errors[0]?.path,
        path,
        find(query),
      );
    }
  });
});

describe("/api/v1/import/prometheus", () => {
  const url = "/api/v1/import/prometheus";
  const types = ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream"];
  for (const type of types) {
    test(`keeps good lines and reports bad ones, sent as ${type}`, async (t) => {
      const hub = await openTestHub(t);
      const answer = await hub.ask("POST", url, {
        body: "a 1\nb\nc 3\n",
        headers: { "content-type": type },
      });
      assert.equal(answer.status, 200);
      const { accepted, refused, bad_lines, errors } = answer.json<ImportResult>();
      assert.deepEqual([accepted, refused, bad_lines], [2, 0, 1]);
      assert.deepEqual(
        errors.map(({ line }) => line),
        [2],
      );
      const list = await hub.ask("GET", "/api/v1/series?match=a");
      assert.equal(list.json<SeriesListView>().items.length, 1);
    });
  }

  const rows: { title: string; body: string; headers?: Record<string, string>; status: number }[] =
    [
      { title: "nothing", body: "", status: 200 },
      { title: "bad lines only", body: "a\nb\n", status: 422 },
      {
        title: "a compressed body",
        body: "a 1\n",
        headers: { "content-encoding": "gzip" },
        status: 415,
      },
      { title: "more than the limit", body: `a ${"1".repeat(2000)}`, status: 413 },
    ];
  test("refuses what it cannot store", async (t) => {
    const hub = await openTestHub(t, { importLimitBytes: 1000 });
    for (const { title, body, headers, status } of rows) {
      const answer = await hub.ask("POST", url, {
        body,
        headers: { "content-type": "text/plain", ...headers },
      });
      assert.equal(answer.status, status, title);
    }
  });
});
