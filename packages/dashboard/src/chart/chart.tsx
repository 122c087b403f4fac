/** Draws the chart of a monitor with uPlot, and keeps it as wide as its place, as the theme and as new as its data. */
import { useParts } from "../shell/parts.ts";
import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Span } from "../route/route.ts";
import { chartData, chartOptions, type ChartStyle, type Shade } from "./options.ts";
import type { Phase } from "./phases.ts";
import type { Timeline } from "./timeline.ts";

interface ChartProps {
  readonly span: Span;
  readonly timeline: Timeline;
  readonly phases: readonly Phase[];
  readonly hasSlowest: boolean;
  readonly shades: readonly Shade[];
  /** Said in place of the picture. */
  readonly label: string;
  readonly onZoom: (span: Span) => void;
  readonly onCursor: (place: number | null) => void;
}

const height = 240;

/** The areas over time. */
export function Chart(props: ChartProps) {
  const { theme } = useParts();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { timeline, phases, hasSlowest, span } = props;
  const shape = `${phases.map((phase) => phase.key).join()} ${hasSlowest} ${theme.changes.value}`;

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new UPlot(
      chartOptions({
        width: element.clientWidth,
        height,
        span: () => latest.current.span,
        phases,
        hasSlowest,
        style: styleOf(element),
        shades: () => latest.current.shades,
        onZoom: (zoomed) => latest.current.onZoom(zoomed),
        onCursor: (at) => latest.current.onCursor(at),
      }),
      chartData(latest.current.timeline, phases, hasSlowest),
      element,
    );
    chart.current = made;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [shape]);

  useEffect(() => {
    chart.current?.setData(chartData(timeline, phases, hasSlowest));
  }, [timeline, span]);

  return <div ref={place} class="chart" role="img" aria-label={props.label} />;
}

/** Colours as they are computed now: a canvas knows no custom properties. */
function styleOf(element: HTMLElement): ChartStyle {
  const probe = document.createElement("span");
  element.append(probe);
  const color = (property: string): string => {
    probe.style.color = `var(${property})`;
    return getComputedStyle(probe).color;
  };
  const style: ChartStyle = {
    font: getComputedStyle(element).fontFamily,
    text: color("--ink-2"),
    grid: color("--line"),
    slowest: color("--ink-2"),
    down: color("--down"),
    downShade: color("--down-soft"),
    quietShade: color("--shade"),
    phase: mapped(color),
  };
  probe.remove();
  return style;
}

/** Looks every colour of a phase up while the probe is still there. */
function mapped(color: (property: string) => string): (property: string) => string {
  const colors = new Map(
    ["resolve", "connect", "tls", "processing", "transfer"].map((phase) => [
      `--phase-${phase}`,
      color(`--phase-${phase}`),
    ]),
  );
  return (property) => colors.get(property) ?? "gray";
}
