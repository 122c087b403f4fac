/** What the charts of a job show: how long its runs took and what they used, over the span of the address. */
import {
  computed,
  effect,
  signal,
  untracked,
  type ReadonlySignal,
  type Signal,
} from "@preact/signals";
import type { JobView, RunView } from "@belfry/contract";
import type { Client, Page } from "../../api/client.ts";
import type { Panel } from "../../chart/panel-view.tsx";
import { spanOf, stepFor } from "../../chart/resolution.ts";
import { createFollower } from "../../live/follower.ts";
import type { Range, Span } from "../../route/route.ts";
import { panelsOf } from "./panels.ts";

export interface JobCharts {
  readonly span: Span;
  /** Seconds of a bucket; null: every run. */
  readonly step: number | null;
  readonly panels: readonly Panel[];
}

export interface ChartsModel extends Disposable {
  /** null until the first answer. */
  readonly charts: ReadonlySignal<JobCharts | null>;
  readonly failed: ReadonlySignal<boolean>;
  hold(on: boolean): void;
}

export interface ChartsParts {
  readonly client: Pick<Client, "series">;
  readonly view: ReadonlySignal<{ readonly range: Range; readonly zoom: Span | null }>;
  readonly job: ReadonlySignal<JobView | null>;
  readonly runs: ReadonlySignal<Page<RunView> | null>;
  /** Changes with every run that ends. */
  readonly ended: ReadonlySignal<number>;
  /** Epoch ms. */
  readonly now: () => number;
}

const followEveryMs = 3000;

/** Starts the model; it waits for the job and its runs to be known. */
export function createChartsModel(parts: ChartsParts): ChartsModel {
  const charts: Signal<JobCharts | null> = signal(null);
  const failed = signal(false);
  const follower = createFollower((_followed, aborted) => load(aborted));
  const isKnown = computed(() => parts.job.value !== null && parts.runs.value !== null);
  const limit = computed(() => parts.job.value?.slow_limit_seconds ?? null);

  async function load(aborted: AbortSignal): Promise<void> {
    const job = parts.job.peek();
    if (job === null) return;
    const runs = parts.runs.peek()?.items ?? [];
    const { range, zoom } = parts.view.peek();
    const first = runs.at(-1)?.started_at ?? job.created_at;
    const oldest = Math.min(Date.parse(job.created_at), Date.parse(first));
    const span = zoom ?? spanOf(range, oldest, parts.now());
    const step = stepFor(span, paceOf(runs));
    const reply = await parts.client.series(selectorOf(job), span, step, aborted);
    if (aborted.aborted) return;
    failed.value = reply.kind === "failed";
    if (reply.kind === "failed") return;
    charts.value = { span, step, panels: panelsOf(reply.value, job.slow_limit_seconds) };
  }

  const stops = [
    effect(() => {
      void parts.view.value;
      void limit.value;
      if (isKnown.value) untracked(() => follower.reload());
    }),
    effect(() => {
      if (parts.ended.value === 0) return;
      untracked(() => {
        if (parts.view.peek().zoom === null) follower.follow(followEveryMs);
      });
    }),
  ];
  return {
    charts,
    failed,
    hold: (on) => follower.hold(on),
    [Symbol.dispose]() {
      for (const stop of stops) stop();
      follower[Symbol.dispose]();
    },
  };
}

/** The series of a job: those of its source have its name, application and site. */
export function selectorOf({ name, app, site }: Pick<JobView, "name" | "app" | "site">): string {
  return `{job=${quoted(name)},app=${quoted(app)},site=${quoted(site)}}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

const plainPace = 3600;

/** Seconds from one run to the next, as the last ones came; one second at least. */
export function paceOf(runs: readonly RunView[]): number {
  const starts = runs.flatMap(({ started_at: at }) => (at === null ? [] : [Date.parse(at)]));
  const [newest] = starts;
  const oldest = starts.at(-1);
  if (newest === undefined || oldest === undefined || starts.length < 2) return plainPace;
  return Math.max(1, (newest - oldest) / 1000 / (starts.length - 1));
}
