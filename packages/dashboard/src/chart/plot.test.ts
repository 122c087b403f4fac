import assert from "node:assert/strict";
import { test } from "node:test";
import {
  lonePlaces,
  plotData,
  plotOptions,
  timeLabels,
  type PlotLine,
  type PlotStyle,
} from "./plot.ts";
import { units } from "./unit.ts";

const style: PlotStyle = {
  font: "sans-serif",
  text: "#000",
  grid: "#ccc",
  down: "#f00",
  downShade: "#fee",
  quietShade: "#eee",
  stroke: (property) => `color of ${property}`,
  fill: (property) => `fill of ${property}`,
};
const lines: readonly PlotLine[] = [
  { key: "connect", title: "Connect", color: "--connect", draw: "area" },
  { key: "tls", title: "TLS", color: "--tls", draw: "area" },
  { key: "slowest", title: "Slowest", color: "--slowest", draw: "dashed" },
];

test("areas are drawn from the highest sum down, the slowest on top of all", () => {
  const timeline = {
    times: [1000, 2000],
    columns: new Map([
      ["connect", [0.1, 0.1]],
      ["tls", [0.2, null]],
      ["slowest", [0.9, 0.8]],
    ]),
  };
  const [times, top, bottom, slowest] = plotData(timeline, lines);
  assert.deepEqual(times, [1, 2]);
  assert.deepEqual(bottom, [0.1, 0.1]);
  assert.ok(Math.abs(Number(top?.[0]) - 0.3) < 1e-9);
  assert.equal(top?.[1], 0.1);
  assert.deepEqual(slowest, [0.9, 0.8]);
  const options = plotOptions({
    width: 600,
    height: 200,
    span: () => ({ from: 0, to: 60_000 }),
    lines,
    unit: units.seconds,
    style,
    shades: () => [],
    onZoom: () => undefined,
    onCursor: () => undefined,
  });
  assert.deepEqual(
    options.series.slice(1).map(({ label, fill }) => [label, fill]),
    [
      ["TLS", "fill of --tls"],
      ["Connect", "fill of --connect"],
      ["Slowest", undefined],
    ],
  );
});

test("what flows the other way is drawn below zero, upon one another as above", () => {
  const timeline = {
    times: [1000],
    columns: new Map([
      ["in", [3]],
      ["out", [1]],
      ["out too", [4]],
    ]),
  };
  const flows: readonly PlotLine[] = [
    { key: "in", title: "In", color: "--in", draw: "line" },
    { key: "out", title: "Out", color: "--out", draw: "area", below: true },
    { key: "out too", title: "Out too", color: "--out", draw: "area", below: true },
  ];
  assert.deepEqual(plotData(timeline, flows), [[1], [-5], [-1], [3]]);
});

test("a cursor is shared with charts of the same name; a drag is not", () => {
  const input = {
    width: 600,
    height: 200,
    span: () => ({ from: 0, to: 60_000 }),
    lines,
    unit: units.seconds,
    style,
    shades: () => [],
    onZoom: () => undefined,
    onCursor: () => undefined,
  };
  assert.equal(plotOptions(input).cursor?.sync, undefined);
  const sync = plotOptions({ ...input, cursorOf: "host" }).cursor?.sync;
  assert.equal(sync?.key, "host");
  assert.deepEqual(sync?.scales, ["x", null]);
});

test("the time axis says seconds, minutes or days as its steps are; midnight says the day", () => {
  const noon = new Date(2026, 4, 7, 12, 30, 15).getTime() / 1000;
  const midnight = new Date(2026, 4, 8).getTime() / 1000;
  assert.match(timeLabels([noon], 15)[0] ?? "", /12:30:15/);
  assert.match(timeLabels([noon], 300)[0] ?? "", /^12:30$/);
  assert.match(timeLabels([midnight], 3600)[0] ?? "", /8/);
  assert.doesNotMatch(timeLabels([noon], 86_400)[0] ?? "", /:/);
});

test("values that stand alone are found, at the ends too", () => {
  assert.deepEqual(lonePlaces([1, null, 2, 3, null, 4, undefined, 0]), [0, 5, 7]);
  assert.deepEqual(lonePlaces([]), []);
});
