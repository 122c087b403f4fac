/** One chart with its title and its legend: values under the cursor, or the latest. */
import { useSignal } from "@preact/signals";
import { formatMoment } from "../format/time.ts";
import type { Span } from "../route/route.ts";
import { Chart } from "./chart.tsx";
import type { PlotLine } from "./plot.ts";
import { zoomOf } from "./resolution.ts";
import type { Timeline } from "./timeline.ts";
import type { Unit } from "./unit.ts";

/** What one chart shows. */
export interface Panel {
  readonly title: string;
  readonly unit: Unit;
  readonly timeline: Timeline;
  readonly lines: readonly PlotLine[];
  /** What a person should know to read it. */
  readonly note?: string;
}

interface PanelProps {
  readonly panel: Panel;
  readonly span: Span;
  /** Pixels of the plot. */
  readonly height: number;
  /** Charts of one name share their cursor. */
  readonly cursorName: string;
  readonly class: string;
  readonly onZoom: (zoom: Span) => void;
}

/** Draws the chart. */
export function PanelView({
  panel,
  span,
  height,
  cursorName,
  class: className,
  onZoom,
}: PanelProps) {
  const place = useSignal<number | null>(null);
  const { title, unit, timeline, lines, note } = panel;
  const at = place.value === null ? undefined : timeline.times[place.value];
  const shownAt = at === undefined ? timeline.times.length - 1 : (place.value ?? 0);
  return (
    <section class={className}>
      <header>
        <h3>{title}</h3>
        <p class="panel-note">{at === undefined ? note : formatMoment(at, Date.now())}</p>
      </header>
      <dl class="chart-legend">
        {lines.map((line) => (
          <Entry key={line.key} line={line} panel={panel} place={shownAt} />
        ))}
      </dl>
      <Chart
        span={span}
        timeline={timeline}
        lines={lines}
        unit={unit}
        height={height}
        label={`${title}: ${lines.map((line) => line.title).join(", ")}`}
        cursorOf={cursorName}
        onZoom={(dragged) => {
          const zoom = zoomOf(dragged);
          if (zoom !== null) onZoom(zoom);
        }}
        onCursor={(found) => (place.value = found)}
      />
    </section>
  );
}

function Entry({ line, panel, place }: { line: PlotLine; panel: Panel; place: number }) {
  const value = panel.timeline.columns.get(line.key)?.[place] ?? null;
  return (
    <div>
      <dt>
        <span
          class={`chart-swatch chart-swatch-${line.draw}`}
          style={{ "--swatch": `var(${line.color})` }}
        />
        {line.title}
      </dt>
      <dd>{value === null ? "–" : panel.unit.format(value)}</dd>
    </div>
  );
}
