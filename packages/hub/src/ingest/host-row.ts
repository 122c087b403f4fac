/** What is known of one host in memory: what lists and pages show of it, and what its next batch is taken in with. */
import type { HostNotice } from "@belfry/contract";
import { hostSource, type Host, type PostedDetails } from "../model/host.ts";
import type { HostEntry, HostFigures } from "../model/host-entry.ts";
import type { HostId } from "../model/id.ts";
import type { SeriesKey, SourceKey, SourceLabels } from "../model/series.ts";
import type { HostNow } from "./host-now.ts";
import { HostSeries } from "./host-plan.ts";
import { listOf, noFigures, type SeriesList } from "./host-series.ts";
import { TrendRing } from "./host-trend.ts";

/** What came of one batch or post. */
export interface Taken {
  /** Epoch ms, by Belfry's clock. */
  readonly heardAt: number;
  /** The columns of figures. */
  readonly list: SeriesList;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly present: Uint8Array | undefined;
  readonly refused: number;
}

const clockToleranceMs = 60_000;
/** A refusal is said for this long. */
const refusalShownMs = 3_600_000;
/** Gaps between posts from which an interval is told. */
const gapsWanted = 5;

const noNotices: readonly HostNotice[] = [];

export class HostRow implements HostEntry {
  readonly source: SourceKey;
  readonly series: HostSeries;
  host: Host;
  lastHeardAt: number | null;
  lastSampleAt: number | null = null;
  clockOffsetMs: number | null = null;
  seriesCount = 0;
  figures: HostFigures = noFigures;
  /** Of its interfaces, as the latest details say. */
  addresses: readonly string[] = [];
  notices: readonly HostNotice[] = noNotices;
  readonly trend = new TrendRing();
  sourceLabels: SourceLabels;
  /** Fulfilled once the host is stored; entries show it from then on. */
  ready: Promise<void> = Promise.resolve();
  isShown = false;
  /** Set while it is being deleted. */
  leaving: Promise<void> | null = null;
  /** The latest post's details; undefined: not known yet. */
  stack: PostedDetails | null | undefined;
  /** Set while its monitor is changed. */
  following: Promise<void> | null = null;
  /** Monotonic ms from which on its monitor may be changed again after a failure. */
  followAgainMs = Number.NEGATIVE_INFINITY;
  /** Epoch ms of the latest batch or post that was taken in here. */
  tookAt = Number.NEGATIVE_INFINITY;
  /** The oldest sample that other hubs were not told of; null: there is none. */
  untoldFrom: number | null = null;
  /** The oldest sample of another hub of which the trend has no more than its latest figures; null: there is none. */
  unseenFrom: number | null = null;
  readonly #inFlight = new Set<Promise<unknown>>();
  #shared: string | null = null;
  #refused = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #postedAt: number | null = null;
  #gaps: number[] = [];
  /** What another hub refused, and why, as it was last heard there. */
  #elsewhere: Pick<HostNow, "complaint" | "refused" | "heardAt"> | null = null;

  constructor(host: Host, instance: string, maxSeries: number) {
    this.host = host;
    this.source = hostSource(host.id);
    this.series = new HostSeries(maxSeries);
    this.lastHeardAt = host.lastHeardAt;
    this.sourceLabels = labelsOf(host.id, instance);
  }

  get id(): HostId {
    return this.host.id;
  }

  /** The name its series carry from now on; undefined: it is not known yet, and the former stays. */
  rename(instance: string | undefined): void {
    if (instance === undefined || this.sourceLabels["instance"] === instance) return;
    this.sourceLabels = labelsOf(this.host.id, instance);
  }

  /** Notes something that must end before the host can be deleted. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#inFlight.add(work);
    try {
      return await work;
    } finally {
      this.#inFlight.delete(work);
    }
  }

  /** Resolves when nothing is on its way to the store any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
  }

  /** Notes what was stored. Figures are those of the newest sample, whenever it came. */
  took({ heardAt, list, times, values, present, refused }: Taken, withFigures: boolean): void {
    this.lastHeardAt = heardAt;
    this.tookAt = heardAt;
    const [first] = times;
    if (first !== undefined) this.untoldFrom = Math.min(first, this.untoldFrom ?? first);
    if (refused > 0) {
      this.#refused =
        heardAt - this.#refusedAt < refusalShownMs ? this.#refused + refused : refused;
      this.#refusedAt = heardAt;
    }
    if (refused < values.length) this.trend.add(list, times, values, present, heardAt);
    const last = times.length - 1;
    const at = times[last];
    if (at !== undefined && refused < values.length && at >= (this.lastSampleAt ?? at)) {
      this.lastSampleAt = at;
      if (withFigures) {
        this.seriesCount = list.series.length;
        this.figures = figuresOf(list, times.length, values, present);
      }
    }
    this.notices = this.#noticesAt(heardAt);
  }

  /** What other hubs are told of it; `by` is this process. */
  told(by: string, isPost: boolean): HostNow {
    return {
      by,
      heardAt: this.lastHeardAt ?? 0,
      sampleAt: this.lastSampleAt,
      from: this.untoldFrom,
      clockOffsetMs: this.clockOffsetMs,
      seriesCount: this.seriesCount,
      figures: this.figures,
      addresses: this.addresses,
      complaint: this.series.complaint,
      refused: this.#refusedBy(this.lastHeardAt ?? 0),
      isPost,
    };
  }

  /** Takes over what another hub tells of it; `now` is epoch ms. */
  heardElsewhere(told: HostNow, now: number): void {
    const { heardAt, sampleAt, from } = told;
    this.lastHeardAt = Math.max(heardAt, this.lastHeardAt ?? heardAt);
    this.host = { ...this.host, lastHeardAt: this.lastHeardAt };
    this.clockOffsetMs = told.clockOffsetMs;
    // Its details may have changed there.
    this.stack = undefined;
    if (told.addresses.length > 0) this.addresses = told.addresses;
    if (told.isPost) this.#notePost(heardAt);
    if (sampleAt !== null && sampleAt > (this.lastSampleAt ?? Number.NEGATIVE_INFINITY)) {
      this.lastSampleAt = sampleAt;
      this.seriesCount = told.seriesCount;
      this.figures = told.figures;
      this.trend.note(told.figures, sampleAt, now);
    }
    if (from !== null) this.unseenFrom = Math.min(from, this.unseenFrom ?? from);
    this.#elsewhere = told;
    this.notices = this.#noticesAt(this.lastHeardAt);
  }

  /** Takes over what was kept of a host that was not heard since the start: its newest sample, as far as it has figures. */
  recall(
    kept: readonly { readonly key: SeriesKey; readonly at: number; readonly value: number }[],
  ): void {
    if (this.lastSampleAt !== null || kept.length === 0) return;
    const newest = Math.max(...kept.map(({ at }) => at));
    const last = kept.filter(({ at }) => at === newest);
    this.lastSampleAt = newest;
    const values = Float64Array.from(last, ({ value }) => value);
    this.figures = figuresOf(listOf(last.map(({ key }) => key)), 1, values, undefined);
  }

  /** Says with which other hosts it shares its machine id; null: with none. */
  shares(message: string | null): void {
    this.#shared = message;
    this.notices = this.#noticesAt(this.lastHeardAt ?? 0);
  }

  /** The interval of posts in ms as they come, once it is clear; the one there is while that still fits. */
  intervalAfterPost(heardAt: number): number | null {
    const present = this.host.intervalMs;
    const gap = this.#notePost(heardAt);
    if (gap === null || this.#gaps.length < gapsWanted) return present;
    const middle = this.#gaps.toSorted((a, b) => a - b)[Math.floor(gapsWanted / 2)] ?? gap;
    const fits = present !== null && Math.abs(middle - present) <= present / 2;
    return fits ? present : Math.max(1000, Math.round(middle / 1000) * 1000);
  }

  /** Notes when a post came, to whichever hub; answers with the ms since the one before, null where that tells nothing. */
  #notePost(heardAt: number): number | null {
    const gap = this.#postedAt === null ? null : heardAt - this.#postedAt;
    this.#postedAt = Math.max(heardAt, this.#postedAt ?? heardAt);
    if (gap === null || gap < 500) return null;
    this.#gaps = [...this.#gaps.slice(1 - gapsWanted), gap];
    return gap;
  }

  #refusedBy(now: number): number {
    return now - this.#refusedAt < refusalShownMs ? this.#refused : 0;
  }

  #noticesAt(now: number): readonly HostNotice[] {
    const notices: HostNotice[] = [];
    const offset = this.clockOffsetMs;
    if (offset !== null && Math.abs(offset) > clockToleranceMs) {
      const direction = offset > 0 ? "ahead of" : "behind";
      const message = `Its clock is ${spoken(Math.abs(offset))} ${direction} Belfry's`;
      notices.push({ code: "clock", message });
    }
    if (this.#shared !== null) notices.push({ code: "cloned_id", message: this.#shared });
    const there = now - (this.#elsewhere?.heardAt ?? 0) < refusalShownMs ? this.#elsewhere : null;
    const complaint = this.series.complaint ?? there?.complaint ?? null;
    if (complaint !== null) notices.push({ code: "too_many_series", message: complaint });
    const refused = this.#refusedBy(now) + (there?.refused ?? 0);
    if (refused > 0) {
      const message = `${refused} samples were refused: older than what is kept, or more than a day ahead`;
      notices.push({ code: "refused_samples", message });
    }
    return notices.length === 0 ? noNotices : notices;
  }
}

function labelsOf(id: HostId, instance: string): SourceLabels {
  return { host: id, instance, job: "node" };
}

function figuresOf(
  list: SeriesList,
  times: number,
  values: Float64Array,
  present: Uint8Array | undefined,
): HostFigures {
  const figures = { ...noFigures };
  for (const { figure, column } of list.figures) {
    const place = column * times + times - 1;
    const value = values[place];
    const isThere = present === undefined || present[place] === 1;
    if (isThere && value !== undefined && Number.isFinite(value)) figures[figure] = value;
  }
  return figures;
}

function spoken(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} ${minutes === 1 ? "minute" : "minutes"}`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
