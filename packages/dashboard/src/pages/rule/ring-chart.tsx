/** The values a rule compared, of one series, with its limit and the times it would have rung. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { RuleCondition } from "@belfry/contract";
import { Chart } from "../../chart/chart.tsx";
import type { PlotLine } from "../../chart/plot.ts";
import { zoomOf } from "../../chart/resolution.ts";
import { alignLines, breakAtGaps, type Timeline } from "../../chart/timeline.ts";
import { roof, type Unit } from "../../chart/unit.ts";
import { formatMoment } from "../../format/time.ts";
import { countedBy, valueWords, type Counted } from "../../parts/metric-words.ts";
import { subjectOfCondition } from "../../parts/rule-words.ts";
import type { Span } from "../../route/route.ts";
import { useParts } from "../../shell/parts.ts";
import type { Lane } from "./ring-lanes.ts";
import { bucketsOf, comparedLine, selectorsOf } from "./rule-series.ts";
import type { Tried } from "./trial.tsx";

interface ChartProps {
  readonly lane: Lane;
  readonly tried: Tried;
}

const height = 190;
/** What is not sampled for so long is a gap, s. */
const leastGap = 300;

/** Draws the chart; dragging zooms. */
export function RingChart({ lane, tried }: ChartProps) {
  const { rule, span } = tried;
  const zoom = useSignal<Span | null>(null);
  const place = useSignal<number | null>(null);
  const timeline = useTimeline(lane, tried);
  const { condition } = rule;
  const counted = countedBy(condition);
  const unit = useMemo(() => unitOf(counted), [counted]);
  if (timeline === null) return <div class="chart ring-chart-empty" />;
  if (timeline === "nothing") {
    return <p class="quiet">Its samples cannot be read, or are too old to be kept.</p>;
  }
  const shown = zoom.value ?? span;
  const at = place.value === null ? undefined : timeline.times[place.value];
  const value =
    place.value === null ? null : (timeline.columns.get("value")?.[place.value] ?? null);
  return (
    <div class="ring-chart">
      <p class="ring-chart-head">
        <span class="mono">{subjectOfCondition(condition)}</span>
        {at !== undefined && (
          <span>
            {formatMoment(at, Date.now())} <b>{value === null ? "–" : unit.format(value)}</b>
          </span>
        )}
        {zoom.value !== null && (
          <button type="button" class="button-link" onClick={() => (zoom.value = null)}>
            Whole range
          </button>
        )}
      </p>
      <Chart
        span={shown}
        timeline={timeline}
        lines={linesOf(condition)}
        unit={unit}
        height={height}
        shades={lane.rings.map(({ from, to }) => ({ from, to, tone: "down" as const }))}
        label={`${subjectOfCondition(condition)} of ${lane.subject.name}, with the times it would have rung`}
        onZoom={(dragged) => {
          const found = zoomOf(dragged);
          if (found !== null) zoom.value = found;
        }}
        onCursor={(found) => (place.value = found)}
      />
    </div>
  );
}

/** The columns of the chart; null while they are read. */
function useTimeline(lane: Lane, { rule, replay, span }: Tried): Timeline | "nothing" | null {
  const { client } = useParts();
  const timeline = useSignal<Timeline | "nothing" | null>(null);
  useEffect(() => {
    const request = new AbortController();
    async function load(): Promise<void> {
      const { condition } = rule;
      const step = replay.resolution_seconds;
      const back = "over_seconds" in condition ? (condition.over_seconds ?? 0) * 1000 : 0;
      const asked = { from: span.from - back, to: span.to };
      const replies = await Promise.all(
        selectorsOf(condition, lane).map((selector) =>
          client.series(selector, asked, step, request.signal),
        ),
      );
      if (request.signal.aborted) return;
      const [first = [], second = []] = replies.map((reply) =>
        reply.kind === "ok" ? bucketsOf(reply.value) : [],
      );
      const line = comparedLine(condition, first, second, step);
      if (line === undefined) timeline.value = "nothing";
      else timeline.value = withLimits(alignLines([line]), condition, step);
    }
    void load();
    return () => request.abort();
  }, []);
  return timeline.value;
}

function withLimits(timeline: Timeline, condition: RuleCondition, step: number): Timeline {
  const broken = breakAtGaps(timeline, Math.max(leastGap, step * 2.5) * 1000);
  const columns = new Map(broken.columns);
  for (const [key, value] of limitsOf(condition)) {
    columns.set(
      key,
      broken.times.map(() => value),
    );
  }
  return { times: broken.times, columns };
}

/** The limit it rings beyond, and the one it ends at. */
function limitsOf(condition: RuleCondition): readonly (readonly [key: string, value: number])[] {
  if (condition.kind === "absence") return [];
  const { value, recover_value: recover } = condition;
  return recover === undefined
    ? [["limit", value]]
    : [
        ["limit", value],
        ["recover", recover],
      ];
}

function linesOf(condition: RuleCondition): readonly PlotLine[] {
  const titles = { limit: "Limit", recover: "Ends at" } as const;
  return [
    { key: "value", title: "Value", color: "--series-1", draw: "line" },
    ...limitsOf(condition).map(([key]): PlotLine => ({
      key,
      title: key === "limit" ? titles.limit : titles.recover,
      color: key === "limit" ? "--down" : "--ink-3",
      draw: "dashed",
    })),
  ];
}

/** A unit for what a rule compares: its axis reaches from zero to a little beyond what is there, both ways. */
function unitOf(counted: Counted): Unit {
  return {
    format: (value) => valueWords(value, counted),
    range: (min, max) => {
      const below = min !== null && min < 0 ? -roof(-min, 1) : 0;
      return [below, max !== null && max > 0 ? roof(max, 1) : below < 0 ? 0 : 1];
    },
  };
}
