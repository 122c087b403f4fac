/**
 * What the charts of a host show: all its series over the span of the address, in buckets as wide as two pixels. A span
 * that ends now is followed: after a sample only what is new is fetched, from the last bucket on, and joined. While
 * `hold` is on (somebody looks closely), or nobody looks at all, nothing is fetched.
 */
import {
  computed,
  effect,
  signal,
  untracked,
  type ReadonlySignal,
  type Signal,
} from "@preact/signals";
import type { HostDetailView, HostSeriesView, UptimeView } from "@belfry/contract";
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { Client } from "../../api/client.ts";
import { bucketFor, bucketGapFor, bucketStart, rangeMs, spanOf } from "../../chart/resolution.ts";
import { createFollower, type Follower } from "../../live/follower.ts";
import type { Range, Span } from "../../route/route.ts";
import { deviceNames } from "./device-panels.ts";
import {
  hostSeriesOf,
  joinHostSeries,
  noSeries,
  withGaps,
  withoutUnfinished,
  type HostSeries,
} from "./host-series.ts";
import { machineNames } from "./machine-panels.ts";

export interface HostCharts {
  readonly span: Span;
  /** Seconds of a bucket. */
  readonly step: number;
  /** Broken at gaps, as `devices` is. */
  readonly machine: HostSeries;
  readonly devices: HostSeries;
  readonly intervals: UptimeView["intervals"];
}

export interface ChartsModel extends Disposable {
  /** null until the first answer. */
  readonly charts: ReadonlySignal<HostCharts | null>;
  readonly failed: ReadonlySignal<boolean>;
  hold(on: boolean): void;
  reload(): void;
}

export interface ChartsParts {
  readonly client: Pick<Client, "hostSeries" | "uptime">;
  readonly view: ReadonlySignal<{ readonly range: Range; readonly zoom: Span | null }>;
  readonly host: ReadonlySignal<HostDetailView | null>;
  /** Changes with every sample. */
  readonly heard: ReadonlySignal<number>;
  /** Whether somebody can see the page. */
  readonly isSeen: ReadonlySignal<boolean>;
  /** Width of a chart in px. */
  readonly width: () => number;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Of a host that does not say how often it samples. */
const plainInterval = 60;
/** Wide buckets are not fetched anew with every sample. */
const longestWaitMs = 60_000;

/** Starts the model; it waits for the host to be known. */
export function createChartsModel(id: string, parts: ChartsParts): ChartsModel {
  return new Charts(id, parts);
}

class Charts implements ChartsModel {
  readonly charts: Signal<HostCharts | null> = signal(null);
  readonly failed: Signal<boolean> = signal(false);
  readonly #id: string;
  readonly #parts: ChartsParts;
  readonly #stops: readonly (() => void)[];
  readonly #follower: Follower;
  #machine: HostSeries = noSeries;
  #devices: HostSeries = noSeries;
  /** When the last answer was asked for, and how wide its buckets were. */
  #askedAt = 0;
  #step = 0;
  /** From when on something may be known, epoch ms. */
  #since = 0;

  constructor(id: string, parts: ChartsParts) {
    this.#id = id;
    this.#parts = parts;
    this.#follower = createFollower((followed, aborted) => this.#load(followed, aborted));
    const isKnown = computed(() => parts.host.value !== null);
    const interval = computed(() => parts.host.value?.interval ?? plainInterval);
    this.#stops = [
      effect(() => {
        void parts.view.value;
        void interval.value;
        if (isKnown.value) untracked(() => this.reload());
      }),
      effect(() => {
        void parts.heard.value;
        if (parts.isSeen.value) untracked(() => this.#follow());
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

  /** Fetches the span; with `followed`, only what came since. */
  async #load(followed: boolean, aborted: AbortSignal): Promise<void> {
    const host = this.#parts.host.peek();
    if (host === null) return;
    const { client } = this.#parts;
    const interval = host.interval ?? plainInterval;
    const { range, zoom } = this.#parts.view.peek();
    const now = this.#parts.now();
    if (!followed) this.#since = Date.parse(host.created_at);
    if (!followed && zoom === null && this.#since > now - rangeMs[range]) {
      // An agent may have sampled long before it was heard for the first time.
      const first = await this.#firstSample({ from: now - rangeMs[range], to: now }, aborted);
      if (aborted.aborted) return;
      this.#since = Math.min(this.#since, first);
    }
    const span = zoom ?? spanOf(range, this.#since, now);
    const step = bucketFor(span, interval, this.#parts.width());
    const joins = followed && step === this.#step && this.#machine !== noSeries;
    const ask = (names: readonly string[], known: HostSeries) => {
      const last = joins ? (known.timeline.times.at(-1) ?? span.from) : span.from;
      // The last bucket was not full when it was fetched.
      const from = bucketStart(Math.max(span.from, last), step);
      return client.hostSeries(this.#id, names, { from, to: span.to }, step, aborted);
    };
    this.#askedAt = now;
    const [machine, devices, uptime] = await Promise.all([
      ask(machineNames, this.#machine),
      ask(deviceNames, this.#devices),
      client.uptime(this.#id, span, aborted),
    ]);
    if (aborted.aborted) return;
    if (machine.kind === "failed" || devices.kind === "failed" || uptime.kind === "failed") {
      this.failed.value = true;
      return;
    }
    this.failed.value = false;
    this.#step = step;
    // Buckets of one sample each are over with it.
    const lastStart = step > interval ? span.to - step * 1000 : span.to;
    const taken = (view: HostSeriesView, former: HostSeries): HostSeries =>
      join(joins ? former : noSeries, withoutUnfinished(hostSeriesOf(view), lastStart), span);
    this.#machine = taken(machine.value, this.#machine);
    this.#devices = taken(devices.value, this.#devices);
    const gapMs = bucketGapFor(step, interval);
    this.charts.value = {
      span,
      step,
      machine: withGaps(this.#machine, gapMs),
      devices: withGaps(this.#devices, gapMs),
      intervals: uptime.value.intervals,
    };
  }

  /** When the oldest known sample of a span was, roughly; infinite without any. */
  async #firstSample(span: Span, aborted: AbortSignal): Promise<number> {
    const step = bucketFor(span, plainInterval, 0);
    const names = [hostMetrics.cpuRatio.name, hostMetrics.load1.name];
    const reply = await this.#parts.client.hostSeries(this.#id, names, span, step, aborted);
    const times = reply.kind === "ok" ? hostSeriesOf(reply.value).timeline.times : [];
    return times[0] ?? Number.POSITIVE_INFINITY;
  }

  #follow(): void {
    // What failed is tried again; what was never asked for is not followed.
    if (this.charts.peek() === null && !this.failed.peek()) return;
    if (this.charts.peek() !== null && this.#parts.view.peek().zoom !== null) return;
    const wait = Math.min(longestWaitMs, (this.#step * 1000) / 5);
    const left = this.#askedAt + wait - this.#parts.now();
    this.#follower.follow(Math.max(0, left));
  }
}

function join(former: HostSeries, fresh: HostSeries, span: Span): HostSeries {
  return former === noSeries ? fresh : joinHostSeries(former, fresh, span);
}
