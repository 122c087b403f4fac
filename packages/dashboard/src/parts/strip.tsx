/** Small drawings of a row: the bar of a day and the line of its latencies. */
import type { MonitorSummary } from "@belfry/contract";
import { useSignal } from "@preact/signals";
import { formatLatency } from "../format/number.ts";
import { formatMoment } from "../format/time.ts";
import { barPaths, describeBar, sparkPath } from "./day-bar.ts";
import { titleOf } from "./status-words.ts";
import "./strip.css";

const slotWidth = 5;
const gap = 1;
const height = 24;

interface StripProps {
  readonly summary: MonitorSummary | undefined;
}

/** Status over a day. Pointing at a slot says when and what. */
export function DayBar({ summary }: StripProps) {
  const hint = useSignal<string | null>(null);
  if (summary === undefined) return <span class="day-bar day-bar-empty" aria-hidden="true" />;
  const { bar, slot_seconds: seconds, latency_ms: latencies } = summary;
  const width = bar.length * slotWidth - gap;

  function point(event: PointerEvent): void {
    if (!(event.currentTarget instanceof Element)) return;
    const box = event.currentTarget.getBoundingClientRect();
    const slot = Math.floor(((event.clientX - box.left) / box.width) * bar.length);
    const status = bar[slot];
    if (status === undefined) return;
    const at = Date.parse(summary?.from ?? "") + slot * seconds * 1000;
    const latency = latencies[slot] ?? null;
    hint.value = [
      formatMoment(at, Date.now()).replace(/(\d\d:\d\d):\d\d$/, "$1"),
      status === null ? "nothing known" : titleOf(status),
      ...(latency === null ? [] : [formatLatency(latency)]),
    ].join(" · ");
  }

  return (
    <span class="day-bar" onPointerMove={point} onPointerLeave={() => (hint.value = null)}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Last 24 hours: ${describeBar(bar, seconds)}`}
      >
        {barPaths(bar, { slotWidth, gap, height }).map(({ status, d }) => (
          <path key={status} class={`is-${status}`} d={d} />
        ))}
      </svg>
      {hint.value !== null && (
        <span class="day-bar-hint" aria-hidden="true">
          {hint}
        </span>
      )}
    </span>
  );
}

const sparkWidth = 96;
const sparkHeight = 24;

/** Latency over a day; its own scale from zero to its highest. */
export function Spark({ summary }: StripProps) {
  if (summary === undefined) return <span class="spark" aria-hidden="true" />;
  const { line, dots } = sparkPath(summary.latency_ms, { width: sparkWidth, height: sparkHeight });
  return (
    <svg class="spark" viewBox={`0 0 ${sparkWidth} ${sparkHeight}`} aria-hidden="true">
      <path d={line} />
      {dots.map(([x, y]) => (
        <circle key={x} cx={x} cy={y} r="1.2" />
      ))}
    </svg>
  );
}
