/** The statuses of a span as a strip, under the chart and as wide as its field. */
import type { UptimeView } from "@belfry/contract";
import { formatDuration, formatInstant } from "../format/time.ts";
import { titleOf } from "./status-words.ts";
import type { Span } from "../route/route.ts";
import "./status-strip.css";
import { segmentsOf, type Segment } from "./shades.ts";

/** Draws the strip; each segment says what it was, from when and how long. */
export function StatusStrip({
  intervals,
  span,
}: {
  intervals: UptimeView["intervals"];
  span: Span;
}) {
  const segments = segmentsOf(intervals, span);
  return (
    <ol class="status-strip" aria-label="Status over time">
      {segments.map((segment) => (
        <li
          key={segment.from}
          class={`is-${segment.status}`}
          title={sentence(segment, span)}
          style={{
            left: `min(${segment.left * 100}%, calc(100% - 2px))`,
            width: `${segment.width * 100}%`,
          }}
        >
          <span class="visually-hidden">{sentence(segment, span)}</span>
        </li>
      ))}
    </ol>
  );
}

function sentence({ status, reason, from, to }: Segment, span: Span): string {
  const why = reason === null ? "" : ` (${reason.replaceAll("_", " ")})`;
  const length = formatDuration((to ?? span.to) - from);
  return `${titleOf(status)}${why} from ${formatInstant(from)}, ${length}${to === null ? " so far" : ""}`;
}
