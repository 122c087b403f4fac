/** One chart with its title and its legend: values under the cursor, or the latest. */
import { useSignal } from "@preact/signals";
import { Chart } from "../../chart/chart.tsx";
import type { PlotLine } from "../../chart/plot.ts";
import { zoomOf } from "../../chart/resolution.ts";
import { formatMoment } from "../../format/time.ts";
import type { Span } from "../../route/route.ts";
import type { Panel } from "./panel.ts";

interface PanelProps {
  readonly panel: Panel;
  readonly span: Span;
  readonly onZoom: (zoom: Span) => void;
}

const height = 168;
/** All charts of a page share their cursor. */
const cursorName = "host";

/** Draws the chart. */
export function PanelView({ panel, span, onZoom }: PanelProps) {
  const place = useSignal<number | null>(null);
  const { title, unit, timeline, lines, note } = panel;
  const at = place.value === null ? undefined : timeline.times[place.value];
  const shownAt = at === undefined ? timeline.times.length - 1 : (place.value ?? 0);
  return (
    <section class="panel">
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
