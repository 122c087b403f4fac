/**
 * A chart over time as uPlot's options: areas that lie upon one another, lines, gaps as gaps, spans of trouble shaded,
 * a drag that names a span, a cursor that other charts follow. uPlot does not stack by itself: the areas are drawn from
 * the highest sum down, each over the one before.
 */
import type uPlot from "uplot";
import type { Span } from "../route/route.ts";
import { stackColumns, type Timeline, type Value } from "./timeline.ts";
import { markOf, type Unit } from "./unit.ts";

/** One thing that is drawn. */
export interface PlotLine {
  /** Its column of the timeline. */
  readonly key: string;
  readonly title: string;
  /** A custom property of the style sheet. */
  readonly color: string;
  /** Areas lie upon one another, the first one lowest. */
  readonly draw: "area" | "line" | "dashed";
  /** Drawn below zero: what flows the other way. */
  readonly below?: boolean;
}

/** Colours and font as the page has them now. */
export interface PlotStyle {
  readonly font: string;
  readonly text: string;
  readonly grid: string;
  readonly down: string;
  readonly downShade: string;
  readonly quietShade: string;
  /** Of a line, by its custom property. */
  stroke(property: string): string;
  /** Of the area below a line. */
  fill(property: string): string;
}

/** A time in which something was not as it should be. Epoch ms. */
export interface Shade extends Span {
  readonly tone: "down" | "quiet";
}

export interface PlotInput {
  readonly width: number;
  readonly height: number;
  readonly span: () => Span;
  readonly lines: readonly PlotLine[];
  readonly unit: Unit;
  readonly style: PlotStyle;
  readonly shades: () => readonly Shade[];
  /** Charts of one name share their cursor. */
  readonly cursorOf?: string;
  readonly onZoom: (span: Span) => void;
  /** The place under the cursor; null when it has left. */
  readonly onCursor: (place: number | null) => void;
}

/** In the order in which they are drawn: areas from the highest down, then lines. */
function drawn(lines: readonly PlotLine[]): readonly PlotLine[] {
  const areas = lines.filter(({ draw }) => draw === "area");
  return [
    ...areas.filter(({ below }) => below !== true).toReversed(),
    ...areas.filter(({ below }) => below === true).toReversed(),
    ...lines.filter(({ draw }) => draw !== "area"),
  ];
}

/** Columns for uPlot: time in seconds, then values as they are drawn. */
export function plotData(timeline: Timeline, lines: readonly PlotLine[]): uPlot.AlignedData {
  const sums = new Map<string, readonly Value[]>();
  for (const side of [false, true]) {
    const keys = lines
      .filter(({ draw, below = false }) => draw === "area" && below === side)
      .map(({ key }) => key);
    stackColumns(timeline, keys).forEach((column, i) => sums.set(keys[i] ?? "", column));
  }
  return [
    timeline.times.map((time) => time / 1000),
    ...drawn(lines).map(({ key, draw, below }) => {
      const column = (draw === "area" ? sums : timeline.columns).get(key) ?? [];
      return column.map((value) => (value === null ? null : below === true ? -value : value));
    }),
  ];
}

/** Everything uPlot needs to know. */
export function plotOptions(input: PlotInput): uPlot.Options {
  const { unit } = input;
  return {
    width: input.width,
    height: input.height,
    padding: [12, 8, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true, range: () => [input.span().from / 1000, input.span().to / 1000] },
      y: {
        range: (_chart, min, max) => {
          const [bottom, top] = unit.range(min, max);
          return [bottom, top];
        },
      },
    },
    axes: axesOf(input),
    series: [{}, ...drawn(input.lines).map((line) => seriesOf(line, input.style))],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: 5 },
      ...(input.cursorOf === undefined
        ? {}
        : {
            sync: {
              key: input.cursorOf,
              setSeries: false,
              scales: ["x", null],
              // A drag is of the chart it happens on.
              filters: { pub: (type: string) => type === "mousemove" || type === "mouseleave" },
            },
          }),
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

/** Width of the axis of values. */
const yAxisPx = 62;
/** Half of a time's label, less what is free at the right. */
const leastRoomPx = 8;

function axesOf({ style, unit, span }: PlotInput): uPlot.Axis[] {
  const axis = {
    stroke: style.text,
    font: `11px ${style.font}`,
    grid: { stroke: style.grid, width: 1 },
    ticks: { show: false },
  } as const;
  return [
    {
      ...axis,
      size: 28,
      space: 72,
      values: (chart, splits, _axis, _space, step) => {
        const { to, from } = span();
        const perPixel = (to - from) / 1000 / Math.max(1, chart.width - yAxisPx);
        // A label at the very end would be cut off.
        return timeLabels(splits, step).map((label, i) =>
          to / 1000 - (splits[i] ?? 0) < perPixel * leastRoomPx ? "" : label,
        );
      },
    },
    {
      ...axis,
      size: yAxisPx,
      space: 36,
      ...(unit.steps === undefined ? {} : { incrs: [...unit.steps] }),
      values: (_chart, splits) => splits.map((value) => markOf(unit, value)),
    },
  ];
}

function seriesOf({ title, draw, color }: PlotLine, style: PlotStyle): uPlot.Series {
  const stroke = style.stroke(color);
  const common = { label: title, stroke, width: draw === "line" ? 1.5 : 1 };
  switch (draw) {
    case "area":
      return { ...common, fill: style.fill(color), fillTo: 0, points: lonePoints };
    case "line":
      return { ...common, points: lonePoints };
    case "dashed":
      return { ...common, dash: [3, 3], points: { show: false } };
  }
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

function takeSelection(chart: uPlot, input: PlotInput): void {
  const { left, width } = chart.select;
  if (width < 2) return;
  const from = chart.posToVal(left, "x") * 1000;
  const to = chart.posToVal(left + width, "x") * 1000;
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  input.onZoom({ from, to });
}

function drawShades(chart: uPlot, { shades, style }: PlotInput): void {
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
