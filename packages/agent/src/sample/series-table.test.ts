import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeriesTable, type Metric, type Sample } from "./series-table.ts";

const load: Metric = { name: "node_load1", type: "gauge", help: "1m load average." };
const read: Metric = { name: "node_disk_read_bytes_total", type: "counter", help: "Bytes read." };

function shown({ series, values, present }: Sample): string[] {
  return series.flatMap(({ metric, labels }, i) =>
    present?.[i] === 0 ? [] : [`${metric.name}${JSON.stringify(labels)} ${values[i] ?? ""}`],
  );
}

describe("a series table", () => {
  it("shows what was set in the latest complete round", () => {
    const table = new SeriesTable();
    const section = table.section("load", 1_000);
    section.begin();
    section.put(load, {}, 0.5);
    section.put(read, { device: "sda" }, 10);
    assert.deepEqual(shown(table.read(1, 0)), [], "a round that is not complete is not shown");
    section.end(0);
    const first = table.read(1, 0);
    assert.deepEqual(shown(first), [
      "node_load1{} 0.5",
      'node_disk_read_bytes_total{"device":"sda"} 10',
    ]);
    assert.equal(first.present, undefined);
    section.begin();
    section.put(load, {}, 0.75);
    section.end(10);
    const second = table.read(2, 10);
    assert.deepEqual(shown(second), ["node_load1{} 0.75"]);
    assert.equal(second.series, first.series, "an absent series stays in the list");
    assert.deepEqual([...first.values], [0.5, 10], "a sample is not touched by later rounds");
  });

  it("leaves out a section that is overdue, and shows it when it comes back", () => {
    const table = new SeriesTable();
    const section = table.section("load", 1_000);
    const slot = section.slot(load);
    section.begin();
    section.set(slot, 1);
    section.end(0);
    assert.deepEqual(shown(table.read(1, 1_001)), []);
    assert.equal(section.valueOf(slot), undefined);
    section.begin();
    section.set(slot, 2);
    section.end(2_000);
    assert.deepEqual(shown(table.read(2, 2_000)), ["node_load1{} 2"]);
    assert.equal(section.valueOf(slot), 2);
  });

  it("forgets a series that stayed away, and a stale slot sets nothing", () => {
    const table = new SeriesTable();
    const section = table.section("disk", 1_000);
    section.begin();
    const stale = section.slot(read, { device: "gone" });
    section.set(stale, 1);
    section.end(0);
    const before = table.read(1, 0).series;
    for (let round = 0; round < 60; round += 1) {
      section.begin();
      section.put(load, {}, round);
      section.end(0);
    }
    const sample = table.read(2, 0);
    assert.deepEqual(shown(sample), ["node_load1{} 59"]);
    assert.notEqual(sample.series, before);
    section.begin();
    section.put(load, {}, 1);
    section.set(stale, 3);
    section.put(read, { device: "new" }, 7);
    section.end(0);
    assert.deepEqual(shown(table.read(3, 0)), [
      "node_load1{} 1",
      'node_disk_read_bytes_total{"device":"new"} 7',
    ]);
  });

  it("refuses series beyond its bound, and counts them", () => {
    const table = new SeriesTable();
    const section = table.section("many", 1_000);
    section.begin();
    for (let i = 0; i < 20_010; i += 1) section.put(read, { device: String(i) }, i);
    section.end(0);
    const sample = table.read(1, 0);
    assert.equal(sample.series.length, 20_000);
    assert.equal(sample.values[19_999], 19_999);
    assert.equal(table.refused, 10);
  });
});
