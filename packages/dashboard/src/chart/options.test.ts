import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chartData,
  chartOptions,
  lonePlaces,
  roof,
  timeLabels,
  type ChartStyle,
} from "./options.ts";
import { phasesOf } from "./phases.ts";

const phases = phasesOf(["connect", "tls"]);
const style: ChartStyle = {
  font: "sans-serif",
  text: "#000",
  grid: "#ccc",
  slowest: "#333",
  down: "#f00",
  downShade: "#fee",
  quietShade: "#eee",
  phase: (property) => `color of ${property}`,
};

test("areas are drawn from the highest sum down, the slowest on top of all", () => {
  const timeline = {
    times: [1000, 2000],
    columns: new Map([
      ["connect", [0.1, 0.1]],
      ["tls", [0.2, null]],
      ["slowest", [0.9, 0.8]],
    ]),
  };
  const [times, top, bottom, slowest] = chartData(timeline, phases, true);
  assert.deepEqual(times, [1, 2]);
  assert.deepEqual(bottom, [0.1, 0.1]);
  assert.ok(Math.abs(Number(top?.[0]) - 0.3) < 1e-9);
  assert.equal(top?.[1], 0.1);
  assert.deepEqual(slowest, [0.9, 0.8]);
  const options = chartOptions({
    width: 600,
    height: 200,
    span: () => ({ from: 0, to: 60_000 }),
    phases,
    hasSlowest: true,
    style,
    shades: () => [],
    onZoom: () => undefined,
    onCursor: () => undefined,
  });
  assert.deepEqual(
    options.series.slice(1).map(({ label, fill }) => [label, fill]),
    [
      ["TLS", "color of --phase-tls"],
      ["Connect", "color of --phase-connect"],
      ["Slowest", undefined],
    ],
  );
});

const roofs: readonly (readonly [max: number | null, roof: number])[] = [
  [null, 0.1],
  [0, 0.1],
  [Number.NaN, 0.1],
  [0.0034, 0.004],
  [0.099, 0.12],
  [1, 1.2],
  [7.5, 8],
];
for (const [max, expected] of roofs) {
  test(`values up to ${max} s are drawn below ${expected} s`, () =>
    assert.ok(Math.abs(roof(max) - expected) < 1e-9));
}

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
