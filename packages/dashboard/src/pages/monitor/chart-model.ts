/**
 * The chart of a monitor: its timeline over the span of the address, and the spans in which it was not up. A span that
 * ends now is followed: after a check only what is new is fetched and joined. While `hold` is on (somebody looks
 * closely) nothing moves.
 */
import { effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import type { MonitorView, UptimeView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import { gapFor, rangeMs, stepFor } from "../../chart/resolution.ts";
import { slowestKey, wholeKey } from "../../chart/phases.ts";
import {
  alignLines,
  breakAtGaps,
  emptyTimeline,
  joinTimelines,
  linesOf,
  type Timeline,
} from "../../chart/timeline.ts";
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
  const { client, view, monitor, heard, now } = parts;
  const chart = signal<Chart | null>(null);
  const failed = signal(false);
  let whole: Timeline = emptyTimeline;
  let request = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let held = false;
  let missed = false;

  function spanNow(): Span {
    const { range, zoom } = view.value;
    return zoom ?? { from: now() - rangeMs[range], to: now() };
  }

  /** Fetches the span; with `followed`, only what came since. */
  async function load(followed: boolean): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const known = untracked(() => monitor.value);
    if (known === null) return;
    request.abort();
    request = new AbortController();
    const { signal: aborted } = request;
    const span = untracked(spanNow);
    const step = stepFor(span, known.interval);
    const last = followed ? whole.times.at(-1) : undefined;
    const asked = { from: Math.max(span.from, alignTo(last ?? span.from, step)), to: span.to };
    const [phases, durations, uptime] = await Promise.all([
      client.series(`{monitor="${id}",phase!=""}`, asked, step, aborted),
      client.series(`probe_duration_seconds{monitor="${id}"}`, asked, step, aborted),
      client.uptime(id, span, aborted),
    ]);
    if (aborted.aborted) return;
    if (phases.kind === "failed" || durations.kind === "failed" || uptime.kind === "failed") {
      failed.value = true;
      return;
    }
    failed.value = false;
    const measured = linesOf(phases.value, (labels) => labels["phase"]);
    const fresh = alignLines([
      ...(measured.length > 0 ? measured : linesOf(durations.value, () => wholeKey)),
      ...(step === null ? [] : linesOf(durations.value, () => slowestKey, "max")),
    ]);
    whole = followed ? joinTimelines(whole, fresh, span) : fresh;
    const gap = gapFor(step, known.interval, known.timeout);
    chart.value = {
      span,
      timeline: breakAtGaps(whole, gap),
      step,
      intervals: uptime.value.intervals,
    };
  }

  function follow(): void {
    if (view.value.zoom !== null) return;
    if (held) missed = true;
    else timer ??= setTimeout(() => void load(true), followEveryMs);
  }

  const isKnown = signal(false);
  const stops = [
    effect(() => {
      isKnown.value = monitor.value !== null;
    }),
    effect(() => {
      void view.value;
      if (isKnown.value) untracked(() => void load(false));
    }),
    effect(() => {
      if (heard.value > 0) untracked(follow);
    }),
  ];

  return {
    chart,
    failed,
    hold(on) {
      held = on;
      if (on || !missed) return;
      missed = false;
      follow();
    },
    reload: () => void load(false),
    [Symbol.dispose]() {
      for (const stop of stops) stop();
      clearTimeout(timer);
      request.abort();
    },
  };
}

/** The start of the bucket a time lies in: the last bucket was not full when it was fetched. */
function alignTo(at: number, step: number | null): number {
  return step === null ? at : Math.floor(at / (step * 1000)) * step * 1000;
}
