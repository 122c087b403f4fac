/**
 * The chart of a monitor: its timeline over the span of the address, and the spans in which it was not up. A span that
 * ends now is followed: after a check only what is new is fetched and joined. While `hold` is on (somebody looks
 * closely) nothing moves.
 */
import {
  computed,
  effect,
  signal,
  untracked,
  type ReadonlySignal,
  type Signal,
} from "@preact/signals";
import type { MonitorView, SeriesRangeView, UptimeView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import { bucketStart, gapFor, spanOf, stepFor } from "../../chart/resolution.ts";
import { locationKey, slowestKey, wholeKey } from "../../chart/phases.ts";
import {
  alignLines,
  breakAtGaps,
  emptyTimeline,
  joinTimelines,
  linesOf,
  type Timeline,
} from "../../chart/timeline.ts";
import { createFollower, type Follower } from "../../live/follower.ts";
import type { Range, Span } from "../../route/route.ts";

export interface Chart {
  readonly span: Span;
  /** Broken at gaps. */
  readonly timeline: Timeline;
  /** Seconds of a bucket; null: every check. */
  readonly step: number | null;
  readonly intervals: UptimeView["intervals"];
}

export interface ChartModel extends Disposable {
  /** null until the first answer. */
  readonly chart: ReadonlySignal<Chart | null>;
  readonly failed: ReadonlySignal<boolean>;
  hold(on: boolean): void;
  reload(): void;
}

export interface ChartParts {
  readonly client: Pick<Client, "series" | "uptime">;
  readonly view: ReadonlySignal<{ readonly range: Range; readonly zoom: Span | null }>;
  readonly monitor: ReadonlySignal<MonitorView | null>;
  /** Changes with every check. */
  readonly heard: ReadonlySignal<number>;
  /** Epoch ms. */
  readonly now: () => number;
}

/** At most so often is the newest fetched. */
const followEveryMs = 2000;

/** Starts the model; it waits for the monitor to be known. */
export function createChartModel(id: string, parts: ChartParts): ChartModel {
  return new MonitorChart(id, parts);
}

class MonitorChart implements ChartModel {
  readonly chart: Signal<Chart | null> = signal(null);
  readonly failed: Signal<boolean> = signal(false);
  readonly #id: string;
  readonly #parts: ChartParts;
  readonly #stops: readonly (() => void)[];
  #whole: Timeline = emptyTimeline;
  readonly #follower: Follower;

  constructor(id: string, parts: ChartParts) {
    this.#id = id;
    this.#parts = parts;
    this.#follower = createFollower((followed, aborted) => this.#load(followed, aborted));
    // Another interval or time limit changes what is a gap; all else of a monitor does not matter here.
    const pace = computed(() => {
      const monitor = parts.monitor.value;
      return monitor === null ? null : `${monitor.interval} ${monitor.timeout}`;
    });
    this.#stops = [
      effect(() => {
        void parts.view.value;
        if (pace.value !== null) untracked(() => this.reload());
      }),
      effect(() => {
        if (parts.heard.value > 0) untracked(() => this.#follow());
      }),
    ];
  }

  hold(on: boolean): void {
    this.#follower.hold(on);
  }

  reload(): void {
    this.#follower.reload();
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stops) stop();
    this.#follower[Symbol.dispose]();
  }

  #span(monitor: MonitorView): Span {
    const { range, zoom } = this.#parts.view.value;
    return zoom ?? spanOf(range, Date.parse(monitor.created_at), this.#parts.now());
  }

  /** Fetches the span; with `followed`, only what came since. */
  async #load(followed: boolean, aborted: AbortSignal): Promise<void> {
    const monitor = this.#parts.monitor.value;
    if (monitor === null) return;
    const span = this.#span(monitor);
    // Locations check at moments of their own: as buckets of a slot each they share their times, and are lines.
    const placed = monitor.locations.length > 0 ? monitor.interval : null;
    const step = stepFor(span, monitor.interval) ?? placed;
    const last = followed ? this.#whole.times.at(-1) : undefined;
    // The last bucket was not full when it was fetched.
    const asked = { from: Math.max(span.from, bucketStart(last ?? span.from, step)), to: span.to };
    const { client } = this.#parts;
    const [phases, durations, uptime] = await Promise.all([
      client.series(`{monitor="${this.#id}",phase!=""}`, asked, step, aborted),
      client.series(`probe_duration_seconds{monitor="${this.#id}"}`, asked, step, aborted),
      client.uptime(this.#id, span, aborted),
    ]);
    if (aborted.aborted) return;
    if (phases.kind === "failed" || durations.kind === "failed" || uptime.kind === "failed") {
      this.failed.value = true;
      return;
    }
    this.failed.value = false;
    const fresh = timelineOf(phases.value, durations.value, step);
    this.#whole = followed ? joinTimelines(this.#whole, fresh, span) : fresh;
    this.chart.value = {
      span,
      timeline: breakAtGaps(this.#whole, gapFor(step, monitor.interval, monitor.timeout)),
      step,
      intervals: uptime.value.intervals,
    };
  }

  #follow(): void {
    if (this.#parts.view.value.zoom === null) this.#follower.follow(followEveryMs);
  }
}

/**
 * Phases where the kind measures them, else the whole; with buckets, the slowest of each as well. Of a monitor with several
 * locations, a line for each.
 */
function timelineOf(
  phases: SeriesRangeView,
  durations: SeriesRangeView,
  step: number | null,
): Timeline {
  const located = linesOf(durations, ({ location }) =>
    location === undefined ? undefined : locationKey(location),
  );
  if (located.length > 0) return alignLines(located);
  const measured = linesOf(phases, (labels) => labels["phase"]);
  return alignLines([
    ...(measured.length > 0 ? measured : linesOf(durations, () => wholeKey)),
    ...(step === null ? [] : linesOf(durations, () => slowestKey, "max")),
  ]);
}
