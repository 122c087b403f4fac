/**
 * Draws a chart with uPlot, and keeps it as wide as its place, as the theme and as new as its data. A chart that cannot
 * be seen is not drawn until it can be.
 */
import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Span } from "../route/route.ts";
import { useParts } from "../shell/parts.ts";
import "./chart.css";
import { plotData, plotOptions, type PlotLine, type PlotStyle, type Shade } from "./plot.ts";
import type { Timeline } from "./timeline.ts";
import type { Unit } from "./unit.ts";

interface ChartProps {
  readonly span: Span;
  readonly timeline: Timeline;
  readonly lines: readonly PlotLine[];
  readonly unit: Unit;
  readonly shades?: readonly Shade[];
  /** In px. */
  readonly height: number;
  /** Said in place of the picture. */
  readonly label: string;
  /** Charts of one name share their cursor. */
  readonly cursorOf?: string;
  readonly onZoom: (span: Span) => void;
  readonly onCursor: (place: number | null) => void;
}

const noShades: readonly Shade[] = [];
/** A chart this near to what can be seen is drawn, in px. */
const nearness = "300px";

/** Areas and lines over time. */
export function Chart(props: ChartProps) {
  const { theme } = useParts();
  const place = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { timeline, lines, span, height } = props;
  const shape = `${lines.map((line) => Object.values(line).join()).join(";")} ${theme.changes.value}`;

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = createDrawing(element, () => latest.current);
    drawing.current = made;
    return () => {
      made[Symbol.dispose]();
      drawing.current = null;
    };
  }, [shape, height]);

  useEffect(() => drawing.current?.follow(), [timeline, span]);

  return (
    <div
      ref={place}
      class="chart"
      role="img"
      aria-label={props.label}
      style={{ height: `${height}px` }}
    />
  );
}

interface Drawing extends Disposable {
  /** Takes in what is new, now or when it can be seen. */
  follow(): void;
}

function createDrawing(element: HTMLElement, props: () => ChartProps): Drawing {
  let chart: UPlot | undefined;
  let isNear = false;
  let isStale = true;
  const follow = (): void => {
    isStale = true;
    if (!isNear || element.clientWidth === 0) return;
    isStale = false;
    const { timeline, lines } = props();
    const data = plotData(timeline, lines);
    if (chart === undefined) chart = new UPlot(optionsOf(element, props), data, element);
    else chart.setData(data);
  };
  const near = new IntersectionObserver(
    (entries) => {
      isNear = entries.at(-1)?.isIntersecting ?? false;
      if (isNear && isStale) follow();
    },
    { rootMargin: nearness },
  );
  const size = new ResizeObserver(() => {
    if (chart === undefined) follow();
    else if (element.clientWidth > 0)
      chart.setSize({ width: element.clientWidth, height: props().height });
  });
  near.observe(element);
  size.observe(element);
  return {
    follow,
    [Symbol.dispose]() {
      near.disconnect();
      size.disconnect();
      chart?.destroy();
    },
  };
}

function optionsOf(element: HTMLElement, props: () => ChartProps): UPlot.Options {
  const { lines, unit, height, cursorOf } = props();
  return plotOptions({
    width: element.clientWidth,
    height,
    span: () => props().span,
    lines,
    unit,
    style: styleOf(
      element,
      lines.map((line) => line.color),
    ),
    shades: () => props().shades ?? noShades,
    ...(cursorOf === undefined ? {} : { cursorOf }),
    onZoom: (span) => props().onZoom(span),
    onCursor: (at) => props().onCursor(at),
  });
}

/** Colours as they are computed now: a canvas knows no custom properties. */
function styleOf(element: HTMLElement, properties: readonly string[]): PlotStyle {
  const probe = document.createElement("span");
  element.append(probe);
  const color = (value: string): string => {
    probe.style.color = value;
    return getComputedStyle(probe).color;
  };
  const strokes = new Map<string, string>();
  const fills = new Map<string, string>();
  for (const property of properties) {
    strokes.set(property, color(`var(${property})`));
    // Opaque: an area lies upon the one it is drawn over.
    fills.set(property, color(`color-mix(in oklab, var(${property}) 62%, var(--surface))`));
  }
  const style: PlotStyle = {
    font: getComputedStyle(element).fontFamily,
    text: color("var(--ink-2)"),
    grid: color("var(--line)"),
    down: color("var(--down)"),
    downShade: color("var(--down-soft)"),
    quietShade: color("var(--shade)"),
    stroke: (property) => strokes.get(property) ?? "gray",
    fill: (property) => fills.get(property) ?? "gray",
  };
  probe.remove();
  return style;
}
