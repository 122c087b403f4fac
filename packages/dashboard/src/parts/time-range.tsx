/** Which span of time is shown: ranges that end now, steps of zooming and moving, and the way back. By mouse, key or finger. */
import { formatDuration, formatMoment } from "../format/time.ts";
import { stepped, type ZoomStep } from "../chart/zoom.ts";
import type { Range, Span } from "../route/route.ts";
import { useKeys } from "../shell/use-keys.ts";
import { Icon, type IconName } from "./icon.tsx";
import "./time-range.css";

/** What of a view is chosen here. */
export interface Shown {
  readonly range: Range;
  readonly zoom: Span | null;
}

interface TimeRangeProps {
  readonly ranges: readonly Range[];
  readonly shown: Shown;
  /** The span as it is drawn; null before anything is. */
  readonly span: Span | null;
  readonly onShow: (shown: Shown) => void;
}

const steps: readonly (readonly [step: ZoomStep, icon: IconName, title: string])[] = [
  ["earlier", "back", "Earlier"],
  ["later", "onward", "Later"],
  ["out", "minus", "Zoom out"],
  ["in", "plus", "Zoom in"],
];

/** Draws the buttons and binds their keys. */
export function TimeRange({ ranges, shown, span, onShow }: TimeRangeProps) {
  const { range, zoom } = shown;
  const step = (by: ZoomStep): void => {
    // The address is ahead of what is drawn.
    const present = zoom ?? span;
    const found = present === null ? null : stepped(present, by, Date.now());
    if (found !== null) onShow({ range, zoom: found });
  };
  const toRange = (by: number): void => {
    const next = ranges[ranges.indexOf(range) + by];
    if (next !== undefined) onShow({ range: next, zoom: null });
  };
  useKeys({
    "[": () => toRange(-1),
    "]": () => toRange(1),
    "+": () => step("in"),
    "-": () => step("out"),
    ArrowLeft: () => step("earlier"),
    ArrowRight: () => step("later"),
    Escape: () => onShow({ range, zoom: null }),
  });
  return (
    <div class="time-range">
      {zoom !== null && (
        <span class="time-range-zoom">
          <span>
            {formatMoment(zoom.from, Date.now())}, {formatDuration(zoom.to - zoom.from)}
          </span>
          <button type="button" class="button-quiet" onClick={() => onShow({ range, zoom: null })}>
            Reset zoom <kbd aria-hidden="true">Esc</kbd>
          </button>
        </span>
      )}
      <div class="time-steps" role="group" aria-label="Zoom">
        {steps.map(([by, icon, title]) => (
          <button
            key={by}
            type="button"
            class="button-icon"
            aria-label={title}
            title={title}
            onClick={() => step(by)}
          >
            <Icon name={icon} />
          </button>
        ))}
      </div>
      <div class="ranges" role="group" aria-label="Time range">
        {ranges.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={zoom === null && range === one}
            onClick={() => onShow({ range: one, zoom: null })}
          >
            {one.replace(/(\d+)(\w)/, "$1 $2")}
          </button>
        ))}
      </div>
    </div>
  );
}
