import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { OneSeries } from "../collect/one-series.ts";
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

  it("shows the round before while one is under way", () => {
    const table = new SeriesTable();
    const section = table.section("load", 1_000);
    section.begin();
    section.put(load, {}, 1);
    section.end(0);
    section.begin();
    section.put(load, {}, 2);
    section.put(read, { device: "sda" }, 10);
    assert.deepEqual(shown(table.read(1, 10)), ["node_load1{} 1"]);
    section.end(20);
    assert.deepEqual(shown(table.read(2, 20)), [
      "node_load1{} 2",
      'node_disk_read_bytes_total{"device":"sda"} 10',
    ]);
  });

  it("shows nothing of a section whose round was given up, until one is complete", () => {
    const table = new SeriesTable();
    const section = table.section("load", 1_000);
    const other = table.section("other", 1_000);
    for (const one of [section, other]) {
      one.begin();
      one.put(load, { of: one.name }, 1);
      one.end(0);
    }
    section.begin();
    section.put(load, { of: "load" }, 2);
    section.fail();
    assert.deepEqual(shown(table.read(1, 1)), ['node_load1{"of":"other"} 1']);
    section.begin();
    section.put(load, { of: "load" }, 3);
    section.end(2);
    assert.deepEqual(shown(table.read(2, 2)), [
      'node_load1{"of":"load"} 3',
      'node_load1{"of":"other"} 1',
    ]);
  });

  it("forgets the series of a section that stays overdue, but not under a round that hangs", () => {
    const table = new SeriesTable();
    const section = table.section("load", 1_000);
    const one = new OneSeries(section, load);
    section.begin();
    one.set(1);
    section.end(0);
    section.begin();
    for (let i = 0; i < 100; i += 1) table.read(i, 10_000);
    assert.equal(table.read(1, 10_000).series.length, 1);
    section.fail();
    table.read(1, 10_000);
    assert.equal(table.read(1, 10_000).series.length, 0);
    section.begin();
    one.set(5);
    section.end(20_000);
    assert.deepEqual(shown(table.read(2, 20_000)), ["node_load1{} 5"]);
  });

  it("uses room again: devices that come and go do not fill it", () => {
    const table = new SeriesTable();
    const section = table.section("disk", 1_000);
    for (let round = 0; round < 30_000; round += 1) {
      section.begin();
      section.put(read, { device: String(round) }, round);
      section.end(round);
    }
    assert.equal(table.refused, 0);
    assert.deepEqual(shown(table.read(1, 30_000)), [
      'node_disk_read_bytes_total{"device":"29999"} 29999',
    ]);
  });

  it("agrees with a simple model, whatever comes and goes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(40), { maxLength: 30 }), { maxLength: 150 }),
        (rounds) => {
          const table = new SeriesTable();
          const section = table.section("disk", 1_000);
          for (const [round, devices] of rounds.entries()) {
            section.begin();
            for (const device of devices)
              section.put(read, { device: String(device) }, round + device);
            section.end(round);
            const expected = [...new Set(devices)].map(
              (device) => `node_disk_read_bytes_total{"device":"${device}"} ${round + device}`,
            );
            assert.deepEqual(shown(table.read(round, round)).toSorted(), expected.toSorted());
          }
        },
      ),
      { numRuns: 60 },
    );
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
