/**
 * Takes in the samples of hosts: whose they are, which series are kept, what a host's latest figures are. A batch or post
 * is answered once its samples are synced to disk; what else changed of a host is written shortly after, since the next
 * batch says it again. That a host was heard is passed on before anything is stored: a store that is away is no silence
 * of a host. The present state of every host is kept here, in memory, for lists, pages and live events.
 */
import { hostMetrics, seriesHash, type HostDetails, type SampleBatch } from "@belfry/contract";
import { AppError } from "../model/error.ts";
import type { DecidedOfHost, Host, KeptDetails } from "../model/host.ts";
import type { HostEntry, StackPost } from "../model/host-entry.ts";
import type { HostId } from "../model/id.ts";
import type { Frame, SeriesBuckets, SeriesKey, SourceKey, TimeRange } from "../model/series.ts";
import { pick } from "./host-plan.ts";
import { detailsOf, postedSeries, valuesOf } from "./host-post.ts";
import type { HostNow } from "./host-now.ts";
import { HostRegistry, type RegistryParts, type RegistrySettings } from "./host-registry.ts";
import type { HostRow } from "./host-row.ts";
import { figureNames, SeriesLists, type SeriesList } from "./host-series.ts";
import { trendFigures, trendStepMs } from "./host-trend.ts";

/** What a batch or a post came to. */
export type ReceivedSamples =
  | {
      readonly kind: "stored";
      readonly hostId: HostId;
      readonly accepted: number;
      readonly refused: number;
      readonly seriesRefused: number;
    }
  /** The list of series is not known (any more): it has to be sent again. */
  | { readonly kind: "unknown_series" };

/** What was taken in, as it is counted. */
export interface CountedSamples {
  readonly from: "agent" | "post";
  readonly accepted: number;
  readonly refused: number;
  readonly seriesRefused: number;
  /** Age of the newest sample when it was sent, in seconds. */
  readonly ageSeconds: number;
}

export interface HostsParts extends RegistryParts {
  /** The hexadecimal SHA-256 of a text in UTF-8. */
  readonly sha256: (text: string) => string;
  readonly store: RegistryParts["store"] & {
    append(
      frames: readonly Frame[],
    ): Promise<{ readonly accepted: number; readonly refused: number }>;
    hostDetails(id: HostId): Promise<KeptDetails | undefined>;
    /** Lists of series that another hub was asked for; used where other hubs take in batches too. */
    seriesList(hash: string): Promise<readonly SeriesKey[] | undefined>;
    keepSeriesList(
      list: { readonly hash: string; readonly series: readonly SeriesKey[] },
      now: number,
    ): Promise<void>;
    latestOf(
      source: SourceKey,
      names: readonly string[],
      since: number,
    ): Promise<readonly { readonly key: SeriesKey; readonly at: number; readonly value: number }[]>;
    bucketsOf(
      sources: readonly SourceKey[],
      key: SeriesKey,
      range: TimeRange,
      stepMs: number,
    ): Promise<readonly (SeriesBuckets | undefined)[]>;
  };
  readonly onTaken: (samples: CountedSamples) => void;
}

const hourMs = 3_600_000;
/** Hosts whose last hour is read at once after a start. */
const hostsAtOnce = 10;

/** A list that was shared is not for so long, ms, and so many are remembered. */
const sharedAgainMs = 3_600_000;
const mostShared = 10_000;

/** Makes the intake of hosts. */
export function createHosts(settings: RegistrySettings, parts: HostsParts): Hosts {
  return new Hosts(settings, parts);
}

export class Hosts implements AsyncDisposable {
  readonly #parts: HostsParts;
  readonly #registry: HostRegistry;
  readonly #lists = new SeriesLists();
  /** Lists that were shared, and when they may be again: monotonic ms. */
  readonly #sharedMs = new Map<string, number>();

  constructor(settings: RegistrySettings, parts: HostsParts) {
    this.#parts = parts;
    this.#registry = new HostRegistry(settings, parts);
  }

  /** Takes in the hosts that were kept; their monitors are there already. */
  load(hosts: readonly Host[]): void {
    this.#registry.load(hosts);
  }

  get(id: HostId): HostEntry | undefined {
    return this.#registry.get(id);
  }

  entries(): Iterable<HostEntry> {
    return this.#registry.entries();
  }

  /** The host that has this name now. */
  byName(name: string): HostEntry | undefined {
    return this.#registry.byName(name);
  }

  /**
   * Reads the last hour of every host from the store, a few at a time, and the latest figures of those that were not heard
   * since the start; what was heard stays as it is.
   */
  async fillTrends(signal: AbortSignal): Promise<void> {
    const before = Math.floor(this.#parts.clock.now() / trendStepMs) * trendStepMs;
    const range = { from: before - hourMs, to: before - 1 };
    const rows = [...this.#registry.rows()];
    for (let from = 0; from < rows.length && !signal.aborted; from += hostsAtOnce) {
      const some = rows.slice(from, from + hostsAtOnce);
      const sources = some.map(({ source }) => source);
      for (const figure of trendFigures) {
        const key = { name: hostMetrics[figure].name, labels: {} };
        const found = await this.#parts.store.bucketsOf(sources, key, range, trendStepMs);
        for (const [i, buckets] of found.entries()) {
          if (buckets !== undefined) some[i]?.trend.fill(figure, buckets, before);
        }
      }
      for (const row of some) await this.#recall(row);
    }
  }

  async #recall(row: HostRow): Promise<void> {
    if (row.lastHeardAt === null || row.lastSampleAt !== null) return;
    const since = row.lastHeardAt - hourMs;
    row.recall(await this.#parts.store.latestOf(row.source, figureNames, since));
    this.#parts.onShown(row.id, "here");
  }

  /**
   * Reads from the store what other hubs took in for trends, but for the bucket that is not over; a few hosts at a time.
   */
  async refillTrends(signal: AbortSignal): Promise<void> {
    const before = Math.floor(this.#parts.clock.now() / trendStepMs) * trendStepMs;
    const rows = [...this.#registry.rows()].filter(
      ({ unseenFrom }) => unseenFrom !== null && unseenFrom < before,
    );
    for (let at = 0; at < rows.length && !signal.aborted; at += hostsAtOnce) {
      const some = rows.slice(at, at + hostsAtOnce);
      const oldest = Math.min(...some.map(({ unseenFrom }) => unseenFrom ?? before));
      const from = Math.floor(Math.max(oldest, before - hourMs) / trendStepMs) * trendStepMs;
      for (const figure of trendFigures) {
        const key = { name: hostMetrics[figure].name, labels: {} };
        const sources = some.map(({ source }) => source);
        const range = { from, to: before - 1 };
        const found = await this.#parts.store.bucketsOf(sources, key, range, trendStepMs);
        for (const [i, buckets] of found.entries()) {
          if (buckets !== undefined) some[i]?.trend.replace(figure, buckets, from, before);
        }
      }
      // What came since then is of the bucket that is not over.
      for (const row of some) row.unseenFrom = before;
    }
  }

  /** What people decide of a host was changed, and is stored. */
  decided(id: HostId, change: DecidedOfHost): void {
    this.#registry.decided(id, change);
  }

  /** See `HostRegistry.follow`. */
  follow(hosts: readonly Host[], asOfMs: number): boolean {
    return this.#registry.follow(hosts, asOfMs);
  }

  /** Another hub heard a host, and tells of it what is shown. */
  heardElsewhere(id: HostId, told: HostNow): void {
    this.#registry.heardElsewhere(id, told);
  }

  /** What other hubs are told of a host that was heard here; undefined for one that is gone or not made yet. */
  row(id: HostId): HostRow | undefined {
    const row = this.#registry.row(id);
    return row?.isShown === true ? row : undefined;
  }

  /** The name of its monitor changed: its series carry it from now on. */
  renamed(id: HostId): void {
    this.#registry.renamed(id);
  }

  /**
   * Has a host deleted: `work` runs when nothing of it is on its way to the store. What arrives meanwhile waits, and is
   * then a new host's.
   */
  leave(id: HostId, work: () => Promise<boolean>): Promise<boolean> {
    return this.#registry.leave(id, work);
  }

  /** Sources whose samples are kept for another time than all others, in ms. */
  retentions(): ReadonlyMap<SourceKey, number> {
    return this.#registry.retentions();
  }

  /** Writes what waits. */
  flush(): Promise<void> {
    return this.#registry.keeper.flush();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#registry[Symbol.asyncDispose]();
  }

  /** The latest details, also those that are not written yet. */
  details(id: HostId): Promise<KeptDetails | undefined> {
    const waiting = this.#registry.keeper.waitingDetails(id);
    return waiting === undefined ? this.#parts.store.hostDetails(id) : Promise.resolve(waiting);
  }

  /** For metrics: lists of series that are kept. */
  get lists(): number {
    return this.#lists.count;
  }

  /** Takes in a batch of an agent. Resolves once its samples are synced to disk; makes the host when it is new. */
  async receiveBatch(batch: SampleBatch): Promise<ReceivedSamples> {
    const heardAt = this.#parts.clock.now();
    const { seriesHash: hash, series } = batch;
    const isSentAgain = series !== null && this.#lists.has(hash);
    const list = this.#listOf(batch) ?? (await this.#listElsewhere(hash));
    if (list === undefined) return { kind: "unknown_series" };
    const shared = isSentAgain ? this.#shareList(hash, list) : undefined;
    const received = await this.#registry.ofBatch(batch.host, heardAt, (row) =>
      this.#takeBatch(row, batch, list, heardAt),
    );
    await shared;
    return received;
  }

  /** Takes in a post of the Monitoring Stack's clients. Resolves once it is synced to disk, its details included. */
  async receivePost(post: StackPost): Promise<ReceivedSamples> {
    const heardAt = this.#parts.clock.now();
    if (post.hostname === "" || post.hostname.includes("\0") || !post.hostname.isWellFormed()) {
      throw invalid("hostname", "expected text that can be kept");
    }
    return this.#registry.ofPost(post, heardAt, (row) => this.#takePost(row, post, heardAt));
  }

  async #takeBatch(
    row: HostRow,
    batch: SampleBatch,
    list: SeriesList,
    heardAt: number,
  ): Promise<ReceivedSamples> {
    const { clock, store } = this.#parts;
    const { host: sender, times } = batch;
    const plan = row.series.planFor(batch.seriesHash, list, clock.monotonicMs());
    const values = pick(plan, batch.values, times.length, (size) => new Float64Array(size));
    const present =
      batch.present === undefined
        ? undefined
        : pick(plan, batch.present, times.length, (size) => new Uint8Array(size));
    const { source, sourceLabels } = row;
    const frame: Frame = {
      source,
      sourceLabels,
      series: plan.list.series,
      times,
      values,
      ...(present === undefined ? {} : { present }),
    };
    const { accepted, refused } = await store.append([frame]);
    if (batch.details !== null) await this.#keepSent(row, batch.details, heardAt);
    row.took({ heardAt, list: plan.list, times, values, present, refused }, true);
    this.#parts.onShown(row.id, "here");
    const newest = times[times.length - 1] ?? sender.sent_at;
    const ageSeconds = Math.max(0, sender.sent_at - newest) / 1000;
    const seriesRefused = plan.refused;
    this.#parts.onTaken({ from: "agent", accepted, refused, seriesRefused, ageSeconds });
    return { kind: "stored", hostId: row.id, accepted, refused, seriesRefused };
  }

  async #takePost(row: HostRow, post: StackPost, heardAt: number): Promise<ReceivedSamples> {
    const { store } = this.#parts;
    const times = Float64Array.of(Math.round(post.timestamp * 1000));
    const { values, present } = valuesOf(post);
    const { series } = postedSeries;
    const { source, sourceLabels } = row;
    const samples = store.append([{ source, sourceLabels, series, times, values, present }]);
    const details =
      post.details === null ? undefined : this.#keepPosted(row, post.details, heardAt);
    const [{ accepted, refused }] = await Promise.all([samples, details]);
    const isAll = row.host.agentVersion === null;
    row.took({ heardAt, list: postedSeries, times, values, present, refused }, isAll);
    this.#parts.onShown(row.id, "here");
    const ageSeconds = Math.max(0, heardAt - (times[0] ?? heardAt)) / 1000;
    this.#parts.onTaken({ from: "post", accepted, refused, seriesRefused: 0, ageSeconds });
    return { kind: "stored", hostId: row.id, accepted, refused, seriesRefused: 0 };
  }

  /** The list of a batch; undefined when it has to be sent again. */
  #listOf({ seriesHash: hash, series, seriesCount }: SampleBatch): SeriesList | undefined {
    const known = this.#lists.get(hash);
    if (known !== undefined) {
      if (known.series.length === seriesCount) return known;
      const message = `expected ${known.series.length} series of the list ${hash}, found ${seriesCount}`;
      throw invalid("series", message);
    }
    if (series === null) return undefined;
    // A list is shared between hosts, so nobody may bring another one under its name.
    const found = seriesHash(series, this.#parts.sha256);
    if (found !== hash) throw invalid("series_hash", `expected ${found}, found ${hash}`);
    return this.#lists.put(hash, series);
  }

  /** A list that an agent sent to another hub, which keeps it once it is sent there again. */
  async #listElsewhere(hash: string): Promise<SeriesList | undefined> {
    const { others, store, sha256 } = this.#parts;
    if (others === undefined) return undefined;
    const series = await store.seriesList(hash);
    if (series === undefined || seriesHash(series, sha256) !== hash) return undefined;
    return this.#lists.put(hash, series);
  }

  /**
   * An agent sends a list that is known here: another hub asked for it, and this one was sent it instead. Where every
   * request goes to another hub than the one before, the one that lacks it would be without it for ever.
   */
  async #shareList(hash: string, { series }: SeriesList): Promise<void> {
    const { others, clock, store, onError } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (others === undefined || nowMs < (this.#sharedMs.get(hash) ?? 0)) return;
    if (this.#sharedMs.size >= mostShared) this.#sharedMs.clear();
    this.#sharedMs.set(hash, nowMs + sharedAgainMs);
    try {
      await store.keepSeriesList({ hash, series }, clock.now());
    } catch (error) {
      this.#sharedMs.delete(hash);
      onError(error);
    }
  }

  /** Details of an agent stand beside what was posted for the same host. */
  async #keepSent(
    row: HostRow,
    details: NonNullable<SampleBatch["details"]>,
    receivedAt: number,
  ): Promise<void> {
    row.addresses = addressesOf(details);
    if (row.stack === undefined) {
      const kept = await this.#parts.store.hostDetails(row.id);
      row.stack = kept?.details.stack ?? null;
    }
    const stack = row.stack === null ? {} : { stack: row.stack };
    this.#registry.keeper.keepDetails(row.id, { details: { ...details, ...stack }, receivedAt });
  }

  async #keepPosted(
    row: HostRow,
    posted: Readonly<Record<string, unknown>>,
    receivedAt: number,
  ): Promise<void> {
    row.stack = { posted, receivedAt };
    const stack = row.stack;
    if (row.host.agentVersion === null) {
      const own = detailsOf(posted);
      row.addresses = addressesOf(own);
      const kept = { details: { ...own, stack }, receivedAt };
      return this.#registry.keeper.saveDetails(row.id, kept);
    }
    const kept =
      this.#registry.keeper.waitingDetails(row.id) ?? (await this.#parts.store.hostDetails(row.id));
    const { details, receivedAt: sentAt } = kept ?? { details: {}, receivedAt };
    await this.#registry.keeper.saveDetails(row.id, {
      details: { ...details, stack },
      receivedAt: sentAt,
    });
  }
}

function addressesOf({ interfaces = [] }: HostDetails): readonly string[] {
  return interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address));
}

function invalid(path: string, message: string): AppError {
  return new AppError("invalid", "The samples do not fit", { problems: [{ path, message }] });
}
