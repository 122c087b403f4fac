/** The charts of a job with the span they share. */
import { PanelView } from "../../chart/panel-view.tsx";
import { formatDuration } from "../../format/time.ts";
import { TimeRange, type Shown } from "../../parts/time-range.tsx";
import type { Span } from "../../route/route.ts";
import { jobRanges } from "../../route/job-route.ts";
import type { ChartsModel, JobCharts as Charts } from "./charts-model.ts";

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
            cursorName={cursorName}
            class="job-panel"
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
