/**
 * What is done about once a minute, in slices: merging what has gathered, sealing windows that are over, dropping what
 * retention no longer keeps.
 *
 * A window is sealed when it has been over for a while. What comes later makes it open again; it is sealed anew, but by
 * one hub not more than once in ten minutes, since each time the whole window is rewritten.
 */
import type { StoreSettings } from "../port.ts";
import type { MaintenanceSlice } from "./port.ts";
import { keptOf, type OwnRetention, type SourceRetention } from "./retention.ts";
import { merge, type MergeJob } from "./seal.ts";
import { deletable, shardsOf } from "./shard.ts";
import type { OpenWindow, Resolution, SeriesTables } from "./tables.ts";
import { windowMs, windowOf } from "./window.ts";

/** Batches of a window that are gathered into a piece. */
const batchesPerPiece = 64;

/** Pieces that are gathered into a larger one; of buckets, a day brings twelve. */
const piecesPerPiece = [16, 12, 12] as const satisfies Record<Resolution, number>;

/** How long after its end a window is sealed at the soonest, in ms: buckets come when the samples' windows are sealed. */
const graceMs = [5 * 60_000, 15 * 60_000, 15 * 60_000] as const satisfies Record<
  Resolution,
  number
>;

/**
 * Windows of all sources end at the same instant. Each source has its own minute of this many for sealing them, so that the
 * work is spread, and hubs agree on it.
 */
const sealingMinutes = 30;

/** How long the same window is left alone after it was sealed, in ms. */
const resealAfterMs = 10 * 60_000;

/** Rows that retention drops in one slice. */
const rowsPerDrop = 500;

/** However short a retention is, a window is sealed before it is dropped: its buckets are kept for longer. In ms. */
const leastKeptMs = 60 * 60_000;

/** Old windows are looked for this often, and when a window begins, in ms: each source is looked at. */
const dropEveryMs = 10 * 60_000;

/** The byte cap is looked at this often, in ms: counting bytes reads an index entry per block. */
const capEveryMs = 60_000;

export interface MaintainerParts {
  readonly retention: StoreSettings["retention"];
  readonly sources: SourceRetention;
  /** For durations, in ms. */
  readonly monotonicMs: () => number;
}

interface Step {
  readonly sealed: number;
  readonly dropped: number;
  readonly isLast: boolean;
}

/** Keeps the list of what is to do between slices; everything it does is decided by the rows. */
export class Maintainer {
  readonly #parts: MaintainerParts;
  readonly #sealedAt = new Map<string, number>();
  #jobs: MergeJob[] = [];
  #phase: "idle" | "merging" | "dropping" = "idle";
  #capLookedAt = -Infinity;
  /** Retention in ms of the samples of sources that have their own, by the id of the source or of its shard. */
  #own: ReadonlyMap<number, number> = new Map();
  #ownList: OwnRetention | null = null;
  /**
   * Where nothing was left to be dropped: the bound, and when. Looked at again from time to time, since what was dropped
   * may have been rolled back.
   */
  readonly #nothingOlder = new Map<string, { readonly before: number; readonly at: number }>();
  /** True at first, because the process before this one may have dropped. */
  #hasDropped = true;

  constructor(parts: MaintainerParts) {
    this.#parts = parts;
  }

  async slice(tables: SeriesTables, now: number, budgetMs: number): Promise<MaintenanceSlice> {
    const begin = this.#parts.monotonicMs();
    const elapsed = (): number => this.#parts.monotonicMs() - begin;
    let sealedWindows = 0;
    let droppedChunks = 0;
    if (this.#phase === "idle") {
      this.#own = await this.#ownRetention(tables);
      this.#jobs = this.#plan(await tables.openWindows(null), now);
      this.#phase = "merging";
    }
    for (;;) {
      const { sealed, dropped, isLast } = await this.#step(tables, now);
      sealedWindows += sealed;
      droppedChunks += dropped;
      const elapsedMs = elapsed();
      if (isLast || elapsedMs >= budgetMs) {
        return { sealedWindows, droppedChunks, elapsedMs, more: !isLast };
      }
    }
  }

  async #ownRetention(tables: SeriesTables): Promise<ReadonlyMap<number, number>> {
    const { retentionStamp } = await tables.limits();
    const own = await this.#parts.sources.at(tables, retentionStamp);
    if (own !== this.#ownList) this.#nothingOlder.clear();
    this.#ownList = own;
    const rows = await shardsOf(tables, [...own.keys()]);
    return new Map(
      [...own].flatMap(([source, ms]) =>
        (rows.get(source) ?? []).map(({ id }) => [id, ms] as const),
      ),
    );
  }

  /** To be told when samples were deleted otherwise: sources may be empty. */
  deleted(): void {
    this.#hasDropped = true;
  }

  /** One merge, or one helping of drops. */
  async #step(tables: SeriesTables, now: number): Promise<Step> {
    if (this.#phase === "merging") {
      const job = this.#jobs.pop();
      if (job === undefined) this.#phase = "dropping";
      const isDone = job !== undefined && (await this.#do(tables, job, now));
      return { sealed: Number(isDone && job.kind === "seal"), dropped: 0, isLast: false };
    }
    const dropped = await this.#drop(tables, now);
    if (dropped > 0) this.#hasDropped = true;
    else await this.#finish(tables);
    return { sealed: 0, dropped, isLast: dropped === 0 };
  }

  /** What there is to do, to be taken from the end: samples before rollups, old windows first. */
  #plan(open: readonly OpenWindow[], now: number): MergeJob[] {
    for (const [key, at] of this.#sealedAt)
      if (at + resealAfterMs <= now) this.#sealedAt.delete(key);
    const jobs: MergeJob[] = [];
    const sealing = new Set<string>();
    for (const { sourceId, resolution, windowStart, level, rows } of open) {
      const job = { sourceId, resolution, windowStart, level };
      const key = keyOf(job);
      const graceOfSource = graceMs[resolution] + (sourceId % sealingMinutes) * 60_000;
      const isOver = windowStart + windowMs[resolution] + graceOfSource <= now;
      if (isOver && !this.#sealedAt.has(key)) {
        if (!sealing.has(key)) jobs.push({ kind: "seal", ...job });
        sealing.add(key);
      } else if (rows >= (level === 0 ? batchesPerPiece : piecesPerPiece[resolution])) {
        jobs.push({ kind: "gather", ...job });
      }
    }
    return jobs.toSorted((a, b) => b.resolution - a.resolution || b.windowStart - a.windowStart);
  }

  async #do(tables: SeriesTables, job: MergeJob, now: number): Promise<boolean> {
    // Another hub at work on this source, or the source gone: not ours to do.
    if ((await tables.lockSource(job.sourceId, "skip")) === undefined) return false;
    const kept = keptOf(this.#parts.retention, this.#own.get(job.sourceId));
    const done = await merge(tables, job, now, kept);
    if (job.kind === "seal") this.#sealedAt.set(keyOf(job), now);
    return done;
  }

  /** Drops some of what is no longer kept; 0 when nothing is left to drop. */
  async #drop(tables: SeriesTables, now: number): Promise<number> {
    const { retention } = this.#parts;
    const except = [...this.#own.keys()];
    const groups = [
      { kept: keptOf(retention, undefined), which: { except } },
      ...[...Map.groupBy(except, (id) => this.#own.get(id))].map(([ownMs, only]) => ({
        kept: keptOf(retention, ownMs),
        which: { only },
      })),
    ];
    for (const { kept, which } of groups) {
      for (const resolution of [0, 1, 2] as const) {
        const before = windowOf(resolution, now - Math.max(kept[resolution], leastKeptMs));
        const key = `${"only" in which ? kept[0] : "others"}/${resolution}`;
        const last = this.#nothingOlder.get(key);
        if (last?.before === before && last.at + dropEveryMs > now) continue;
        const dropped = await tables.dropWindows(resolution, before, rowsPerDrop, which);
        if (dropped > 0) return dropped;
        this.#nothingOlder.set(key, { before, at: now });
      }
    }
    return this.#dropOverCap(tables, now);
  }

  async #finish(tables: SeriesTables): Promise<void> {
    if (this.#hasDropped) await this.#deleteEmptySources(tables);
    this.#hasDropped = false;
    this.#phase = "idle";
  }

  async #deleteEmptySources(tables: SeriesTables): Promise<void> {
    for (const row of await deletable(tables, await tables.lockEmptySources())) {
      await tables.deleteSource(row.id);
    }
  }

  /** Drops the oldest window when there are more bytes than allowed: of samples first, then of the finer buckets. */
  async #dropOverCap(tables: SeriesTables, now: number): Promise<number> {
    const { maxBytes } = this.#parts.retention;
    if (maxBytes === null || now - this.#capLookedAt < capEveryMs) return 0;
    const { batchBytes, chunkBytes, rollupBytes } = await tables.totals();
    if (batchBytes + chunkBytes + rollupBytes > maxBytes) {
      for (const resolution of [0, 1, 2] as const) {
        const oldest = await tables.oldestWindow(resolution);
        // The present window is never dropped: what is appended now must be readable.
        if (oldest === undefined || oldest >= windowOf(resolution, now)) continue;
        const before = oldest + windowMs[resolution];
        if (resolution === 0) await tables.setRawHorizon(before);
        return tables.dropWindows(resolution, before, rowsPerDrop, { except: [] });
      }
    }
    this.#capLookedAt = now;
    return 0;
  }
}

function keyOf({ sourceId, resolution, windowStart }: Omit<MergeJob, "kind" | "level">): string {
  return `${sourceId}/${resolution}/${windowStart}`;
}
