import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HostSeries, pick } from "./host-plan.ts";
import { listOf, SeriesLists, type SeriesList } from "./host-series.ts";

function list(...names: readonly string[]): SeriesList {
  return listOf(names.map((name) => ({ name, labels: {} })));
}

function named(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `series_${from + i}`);
}

const dayMs = 86_400_000;

describe("which series of a host are kept", () => {
  test("all of a list within the bound, as the same object", () => {
    const series = new HostSeries(10);
    const whole = list(...named(0, 10));
    const plan = series.planFor("h", whole, 0);
    assert.equal(plan.list, whole);
    assert.equal(plan.refused, 0);
    assert.equal(series.planFor("h", whole, 5), plan);
    assert.equal(series.complaint, null);
  });

  test("the first ones of a longer list", () => {
    const series = new HostSeries(10);
    const plan = series.planFor("h", list(...named(0, 25)), 0);
    assert.deepEqual(
      plan.list.series.map(({ name }) => name),
      named(0, 10),
    );
    assert.equal(plan.refused, 15);
    assert.equal(
      series.complaint,
      "It has 25 series; 15 of them are refused, since a host may have 10",
    );
  });

  test("100,000 different ones over a day are bounded, and those known before stay", () => {
    const most = 500;
    const series = new HostSeries(most);
    const kept = new Set<string>();
    const stable = named(1_000_000, 100);
    for (let from = 0; from < 100_000; from += 400) {
      const plan = series.planFor(`h${from}`, list(...stable, ...named(from, 400)), from);
      for (const { name } of plan.list.series) kept.add(name);
      assert.equal(plan.list.series.length + plan.refused, 500);
      assert.deepEqual(
        plan.list.series.slice(0, 100).map(({ name }) => name),
        stable,
      );
    }
    assert.ok(kept.size <= 4 * most, `${kept.size} different series were let in`);
    assert.equal(series.refused, 400);
    assert.equal(
      series.complaint,
      "It names ever new series, more than 2000 within a day; 400 of its 500 are refused until the day is over",
    );
    const again = list(...stable, ...named(7, 400));
    assert.equal(series.planFor("later", again, dayMs + 1).refused, 0, "a new day");
  });

  test("what was refused is looked at again when the day is over", () => {
    const series = new HostSeries(10);
    for (let i = 0; i < 10; i += 1) series.planFor(`h${i}`, list(...named(i * 10, 10)), 0);
    const last = list(...named(90, 10));
    assert.equal(series.planFor("h9", last, 1).refused, 10);
    assert.equal(series.planFor("h9", last, dayMs).refused, 0);
  });

  test("a list that only changes its order brings no new ones", () => {
    const series = new HostSeries(10);
    for (let i = 0; i < 100; i += 1) {
      const names = named(0, 10);
      const plan = series.planFor(`h${i}`, list(...(i % 2 === 0 ? names : names.toReversed())), 0);
      assert.equal(plan.refused, 0);
    }
  });
});

describe("values of what is kept", () => {
  const make = (size: number): Float64Array => new Float64Array(size);

  test("are the same array when all of it is", () => {
    const plan = new HostSeries(10).planFor("h", list("a", "b"), 0);
    const all = Float64Array.of(1, 2, 3, 4);
    assert.equal(pick(plan, all, 2, make), all);
  });

  test("are those of the first columns, or of the chosen ones", () => {
    const series = new HostSeries(2);
    const first = series.planFor("h", list("a", "b", "c"), 0);
    const all = Float64Array.of(1, 2, 3, 4, 5, 6);
    assert.deepEqual(pick(first, all, 2, make), Float64Array.of(1, 2, 3, 4));
    for (let i = 0; i < 8; i += 1) series.planFor(`x${i}`, list(`n${i}`), 0);
    const chosen = series.planFor("y", list("new", "b", "a"), 0);
    assert.deepEqual(
      chosen.list.series.map(({ name }) => name),
      ["b", "a"],
    );
    assert.deepEqual(pick(chosen, all, 2, make), Float64Array.of(3, 4, 5, 6));
  });
});

describe("lists of series", () => {
  const wire = (...names: readonly string[]) => names.map((name) => ({ name, labels: { a: "1" } }));

  test("are one object for all who name the same", () => {
    const lists = new SeriesLists();
    const one = lists.put("h", wire("a", "b"));
    assert.equal(lists.get("h"), one);
    assert.equal(lists.put("h", wire("a", "b")), one);
    assert.equal(lists.get("other"), undefined);
  });

  test("share the series they have in common", () => {
    const lists = new SeriesLists();
    const one = lists.put("h", wire("a", "b"));
    const other = lists.put("i", wire("b", "c"));
    assert.equal(one.series[1], other.series[0]);
  });

  test("are forgotten when there are too many, the least used first", () => {
    const lists = new SeriesLists(6);
    lists.put("h", wire("a", "b"));
    lists.put("i", wire("c", "d"));
    lists.put("j", wire("e", "f"));
    lists.get("h");
    lists.put("k", wire("g"));
    assert.deepEqual(
      ["h", "i", "j", "k"].map((hash) => lists.get(hash) !== undefined),
      [true, false, true, true],
    );
  });

  test("a list that is larger than all room is kept alone", () => {
    const lists = new SeriesLists(2);
    lists.put("h", wire("a"));
    lists.put("i", wire("b", "c", "d"));
    assert.equal(lists.count, 1);
    assert.notEqual(lists.get("i"), undefined);
  });

  test("know where the figures are; a figure has no labels", () => {
    const { figures } = listOf([
      { name: "x", labels: {} },
      { name: "belfry_host_cpu_ratio", labels: {} },
      { name: "node_load1", labels: { a: "b" } },
      { name: "belfry_host_cpu_mode_ratio", labels: {} },
    ]);
    assert.deepEqual(figures, [{ figure: "cpuRatio", column: 1 }]);
  });
});
