/** Response times over the span of the address, with the strip of statuses below; dragging zooms. */
import { useSignal } from "@preact/signals";
import { Chart } from "../../chart/chart.tsx";
import { isLocationKey, phasesOf, slowestKey, wholeKey, type Phase } from "../../chart/phases.ts";
import { zoomOf } from "../../chart/resolution.ts";
import type { PlotLine } from "../../chart/plot.ts";
import { speakingKeys } from "../../chart/timeline.ts";
import { units } from "../../chart/unit.ts";
import { formatLatency } from "../../format/number.ts";
import { formatDuration, formatInstant, formatMoment } from "../../format/time.ts";
import { ranges, type MonitorPageView } from "../../route/route.ts";
import type { Chart as ChartData, ChartModel } from "./chart-model.ts";
import { TimeRange } from "../../parts/time-range.tsx";
import { shadesOf } from "../../parts/shades.ts";
import { StatusStrip } from "../../parts/status-strip.tsx";

interface SectionProps {
  readonly model: ChartModel;
  readonly view: MonitorPageView;
  /** It is not checked: what has no duration is drawn as its status alone. */
  readonly isPassive: boolean;
  readonly onView: (change: Partial<Pick<MonitorPageView, "range" | "zoom">>) => void;
}

const chartHeight = 240;

/** Draws the section. */
export function ChartSection({ model, view, isPassive, onView }: SectionProps) {
  const chart = model.chart.value;
  const isStatusAlone =
    isPassive && chart !== null && phasesOf(speakingKeys(chart.timeline)).length === 0;
  return (
    <section class="chart-section" aria-labelledby="chart-title">
      <header>
        <h2 id="chart-title">
          {isStatusAlone ? "Status" : isPassive ? "Duration" : "Response time"}
        </h2>
        <TimeRange ranges={ranges} shown={view} span={chart?.span ?? null} onShow={onView} />
      </header>
      {chart === null ? (
        <div class="chart chart-empty">
          {model.failed.value && <p>The series cannot be read.</p>}
        </div>
      ) : isStatusAlone ? (
        <div class="chart-drawn chart-status-alone">
          <StatusStrip intervals={chart.intervals} span={chart.span} />
          <p class="chart-note">
            {formatMoment(chart.span.from, Date.now())} – {formatMoment(chart.span.to, Date.now())}
          </p>
        </div>
      ) : (
        <Drawn chart={chart} model={model} onView={onView} />
      )}
    </section>
  );
}

function Drawn({
  chart,
  model,
  onView,
}: { chart: ChartData } & Pick<SectionProps, "model" | "onView">) {
  const place = useSignal<number | null>(null);
  const { timeline, span, intervals, step } = chart;
  const speaking = speakingKeys(timeline);
  const phases = phasesOf(speaking);
  const hasSlowest = speaking.includes(slowestKey);
  const lines: readonly PlotLine[] = [
    ...phases.map((phase) => ({
      ...phase,
      draw: isLocationKey(phase.key) ? ("line" as const) : ("area" as const),
    })),
    ...(hasSlowest
      ? [{ key: slowestKey, title: "Slowest", color: "--ink-2", draw: "dashed" as const }]
      : []),
  ];
  const isEmpty = phases.length === 0;
  return (
    <div
      class="chart-drawn"
      onPointerMove={(event) => event.pointerType === "mouse" && model.hold(true)}
      onPointerLeave={() => model.hold(false)}
    >
      <Legend chart={chart} phases={phases} place={place.value} />
      <div class="chart-frame">
        <Chart
          span={span}
          timeline={timeline}
          lines={lines}
          unit={units.seconds}
          height={chartHeight}
          shades={shadesOf(intervals, span)}
          label={`Response time by phase from ${formatInstant(span.from)} to ${formatInstant(span.to)}`}
          onZoom={(dragged) => {
            const zoom = zoomOf(dragged);
            if (zoom !== null) onView({ zoom });
          }}
          onCursor={(at) => (place.value = at)}
        />
        {isEmpty && <p class="chart-nothing">Nothing was measured in this span.</p>}
      </div>
      <StatusStrip intervals={intervals} span={span} />
      <p class="chart-note">
        {step === null
          ? "Every check"
          : `Mean of ${formatDuration(step * 1000)}${hasSlowest ? "; dashed: the slowest of them" : ""}`}
        <span class="chart-note-drag"> · drag to zoom</span>
      </p>
    </div>
  );
}

function Legend({
  chart,
  phases,
  place,
}: {
  chart: ChartData;
  phases: readonly Phase[];
  place: number | null;
}) {
  const { timeline } = chart;
  const at = place === null ? undefined : timeline.times[place];
  const valueOf = (key: string): number | null =>
    place === null ? null : (timeline.columns.get(key)?.[place] ?? null);
  const values = phases.map(({ key }) => valueOf(key));
  const isWhole = phases.every(({ key }) => !isLocationKey(key));
  const sum =
    isWhole && values.some((value) => value !== null)
      ? values.reduce<number>((total, value) => total + (value ?? 0), 0)
      : null;
  return (
    <dl class="chart-legend">
      {phases.map(({ key, title, color }, i) => (
        <div key={key}>
          <dt>
            <span class="chart-swatch" style={{ "--swatch": `var(${color})` }} />
            {key === wholeKey ? "Response" : title}
          </dt>
          {at !== undefined && <dd>{inMs(values[i] ?? null)}</dd>}
        </div>
      ))}
      {at !== undefined && (
        <div class="chart-legend-at">
          <dt>{formatMoment(at, Date.now())}</dt>
          {isWhole && <dd>{inMs(sum)}</dd>}
        </div>
      )}
    </dl>
  );
}

function inMs(seconds: number | null): string {
  return formatLatency(seconds === null ? null : seconds * 1000);
}
