/**
 * The chart of a monitor as uPlot's options: stacked areas over time, gaps as gaps, spans of trouble shaded, a drag that
 * names a span. uPlot does not stack by itself: the areas are drawn from the highest sum down, each over the one before.
 */
import type uPlot from "uplot";
import type { Span } from "../route/route.ts";
import { formatLatency } from "../format/number.ts";
import { slowestKey, type Phase } from "./phases.ts";
import { stackColumns, type Timeline } from "./timeline.ts";

/** Colours and font as the page has them now. */
export interface ChartStyle {
  readonly font: string;
  readonly text: string;
  readonly grid: string;
  readonly slowest: string;
  readonly down: string;
  readonly downShade: string;
  readonly quietShade: string;
  /** By the phase's custom property. */
  readonly phase: (property: string) => string;
}

/** A time in which something was not as it should be. Epoch ms. */
export interface Shade extends Span {
  readonly tone: "down" | "quiet";
}

export interface ChartInput {
  readonly width: number;
  readonly height: number;
  readonly span: () => Span;
  readonly phases: readonly Phase[];
  readonly hasSlowest: boolean;
  readonly style: ChartStyle;
  readonly shades: () => readonly Shade[];
  readonly onZoom: (span: Span) => void;
  /** The place under the cursor; null when it has left. */
  readonly onCursor: (place: number | null) => void;
}

/** Columns for uPlot: time in seconds, then the sums from the highest down, then the slowest. */
export function chartData(
  timeline: Timeline,
  phases: readonly Phase[],
  hasSlowest: boolean,
): uPlot.AlignedData {
  const sums = stackColumns(
    timeline,
    phases.map((phase) => phase.key),
  );
  return [
    timeline.times.map((time) => time / 1000),
    ...sums.toReversed().map((column) => [...column]),
    ...(hasSlowest ? [[...(timeline.columns.get(slowestKey) ?? [])]] : []),
  ];
}

/** Everything uPlot needs to know. */
export function chartOptions(input: ChartInput): uPlot.Options {
  const { style, phases } = input;
  const axis = {
    stroke: style.text,
    font: `11px ${style.font}`,
    grid: { stroke: style.grid, width: 1 },
    ticks: { show: false },
  } as const;
  return {
    width: input.width,
    height: input.height,
    padding: [12, 8, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true, range: () => [input.span().from / 1000, input.span().to / 1000] },
      y: { range: (_chart, _min, max) => [0, roof(max)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 72,
        values: (_chart, splits, _axis, _space, step) => timeLabels(splits, step),
      },
      {
        ...axis,
        size: 62,
        space: 36,
        values: (_chart, splits) =>
          splits.map((seconds) => (seconds === 0 ? "0" : formatLatency(seconds * 1000))),
      },
    ],
    series: [
      {},
      ...phases.toReversed().map((phase) => ({
        label: phase.title,
        fill: style.phase(phase.color),
        stroke: style.phase(phase.color),
        width: 1,
        points: lonePoints,
      })),
      ...(input.hasSlowest
        ? [
            {
              label: "Slowest",
              stroke: style.slowest,
              width: 1,
              dash: [3, 3],
              points: { show: false },
            },
          ]
        : []),
    ],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: 5 },
    },
    hooks: {
      drawClear: [(chart) => drawShades(chart, input)],
      setSelect: [(chart) => takeSelection(chart, input)],
      setCursor: [
        (chart) =>
          input.onCursor(
            chart.cursor.left !== undefined && chart.cursor.left >= 0
              ? (chart.cursor.idx ?? null)
              : null,
          ),
      ],
    },
  };
}

/** A line needs two points: one that stands alone between gaps is drawn as a dot. */
const lonePoints: uPlot.Series.Points = {
  show: true,
  size: 4,
  filter: (chart, series) => lonePlaces(chart.data[series] ?? []),
};

/** Places of values with none beside them. */
export function lonePlaces(values: ArrayLike<number | null | undefined>): number[] {
  const places: number[] = [];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) places.push(i);
  }
  return places;
}

function takeSelection(chart: uPlot, input: ChartInput): void {
  const { left, width } = chart.select;
  if (width < 2) return;
  const from = chart.posToVal(left, "x") * 1000;
  const to = chart.posToVal(left + width, "x") * 1000;
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  input.onZoom({ from, to });
}

function drawShades(chart: uPlot, { shades, style }: ChartInput): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const shade of shades()) {
    const left = chart.valToPos(shade.from / 1000, "x", true);
    const width = Math.max(devicePixelRatio, chart.valToPos(shade.to / 1000, "x", true) - left);
    ctx.fillStyle = shade.tone === "down" ? style.downShade : style.quietShade;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    if (shade.tone === "down") {
      ctx.fillStyle = style.down;
      ctx.fillRect(left, bbox.top, width, 2 * devicePixelRatio);
    }
  }
  ctx.restore();
}

/** A round number a little above the highest value, in seconds. */
export function roof(max: number | null): number {
  if (max === null || !Number.isFinite(max) || max <= 0) return 0.1;
  const size = 10 ** Math.floor(Math.log10(max));
  const found = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * size >= max * 1.02);
  return (found ?? 12) * size;
}

/** Labels of the time axis for places `step` seconds apart. Midnight says the day. */
export function timeLabels(splits: readonly number[], step: number): string[] {
  return splits.map((seconds) => {
    const at = new Date(seconds * 1000);
    const isMidnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0;
    if (step >= 86_400 || isMidnight) return dayForm.format(at);
    return (step < 60 ? secondForm : minuteForm).format(at);
  });
}

const dayForm = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const minuteForm = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const secondForm = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
