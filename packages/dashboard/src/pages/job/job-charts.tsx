/** The charts of a job with the span they share. */
import { useSignal } from "@preact/signals";
import { Chart } from "../../chart/chart.tsx";
import type { PlotLine } from "../../chart/plot.ts";
import { zoomOf } from "../../chart/resolution.ts";
import { formatDuration, formatMoment } from "../../format/time.ts";
import { TimeRange, type Shown } from "../../parts/time-range.tsx";
import type { Span } from "../../route/route.ts";
import { jobRanges } from "../../route/job-route.ts";
import type { ChartsModel, JobCharts as Charts } from "./charts-model.ts";
import type { JobPanel } from "./panels.ts";

interface ChartsProps {
  readonly model: ChartsModel;
  readonly shown: Shown;
  readonly onShow: (shown: Shown) => void;
}

const heights = { first: 200, other: 150 } as const;
/** All charts of the page share their cursor. */
const cursorName = "job";

/** Draws the charts. */
export function JobCharts({ model, shown, onShow }: ChartsProps) {
  const charts = model.charts.value;
  return (
    <section class="job-section" aria-labelledby="charts-title">
      <header>
        <h2 id="charts-title">Over time</h2>
        <TimeRange ranges={jobRanges} shown={shown} span={charts?.span ?? null} onShow={onShow} />
      </header>
      {charts === null ? (
        <div class="job-charts-waiting">
          {model.failed.value && <p class="quiet">The series cannot be read.</p>}
        </div>
      ) : (
        <Drawn charts={charts} model={model} onZoom={(zoom) => onShow({ ...shown, zoom })} />
      )}
    </section>
  );
}

interface DrawnProps {
  readonly charts: Charts;
  readonly model: ChartsModel;
  readonly onZoom: (zoom: Span) => void;
}

function Drawn({ charts, model, onZoom }: DrawnProps) {
  if (charts.panels.length === 0) return <p class="quiet">No run ended in this span.</p>;
  return (
    <div
      onPointerMove={(event) => event.pointerType === "mouse" && model.hold(true)}
      onPointerLeave={() => model.hold(false)}
    >
      <div class="job-panels">
        {charts.panels.map((panel, i) => (
          <PanelView
            key={panel.title}
            panel={panel}
            span={charts.span}
            height={i === 0 ? heights.first : heights.other}
            onZoom={onZoom}
          />
        ))}
      </div>
      <p class="job-charts-note">
        {charts.step === null ? "Every run" : `Means of ${formatDuration(charts.step * 1000)}`}
        <span class="chart-note-drag"> · drag to zoom</span>
      </p>
    </div>
  );
}

interface PanelProps {
  readonly panel: JobPanel;
  readonly span: Span;
  readonly height: number;
  readonly onZoom: (zoom: Span) => void;
}

function PanelView({ panel, span, height, onZoom }: PanelProps) {
  const place = useSignal<number | null>(null);
  const { title, unit, timeline, lines } = panel;
  const at = place.value === null ? undefined : timeline.times[place.value];
  const shownAt = at === undefined ? timeline.times.length - 1 : (place.value ?? 0);
  return (
    <section class="job-panel">
      <header>
        <h3>{title}</h3>
        <p>{at !== undefined && formatMoment(at, Date.now())}</p>
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

function Entry({ line, panel, place }: { line: PlotLine; panel: JobPanel; place: number }) {
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
