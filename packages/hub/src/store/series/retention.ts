/**
 * How long the samples of single sources are kept. All hubs of a database share one list, which is replaced as a whole
 * and carries a stamp; each thread reads it again when the stamp has changed.
 *
 * Only samples are kept for a source's own time. Its buckets are kept as long as all others, or as its samples where
 * those are kept for longer, so that a chart never shows less than there are samples for.
 */
import { AppError } from "../../model/error.ts";
import type { SourceKey } from "../../model/series.ts";
import type { StoreSettings } from "../port.ts";
import type { Resolution, SeriesTables } from "./tables.ts";

/** Ms that each resolution is kept. */
export type Kept = Readonly<Record<Resolution, number>>;

/** Ms by source. */
export type OwnRetention = ReadonlyMap<SourceKey, number>;

const none: OwnRetention = new Map();

/** The list as a thread remembers it. */
export class SourceRetention {
  #stamp: number | null = null;
  #own: OwnRetention = none;

  /** The list that has this stamp, in the same transaction. */
  async at(tables: SeriesTables, stamp: number | null): Promise<OwnRetention> {
    if (stamp === this.#stamp) return this.#own;
    const text = stamp === null ? undefined : await tables.retentionText();
    this.#own = text === undefined ? none : parse(text);
    this.#stamp = stamp;
    return this.#own;
  }
}

/** Replaces the list. Throws `invalid` for a time that is not a whole number of ms above 0. */
export async function setRetention(tables: SeriesTables, own: OwnRetention): Promise<void> {
  for (const [source, ms] of own) {
    if (Number.isSafeInteger(ms) && ms > 0) continue;
    throw new AppError(
      "invalid",
      `the retention of ${source} is ${ms} ms, expected a whole number above 0`,
    );
  }
  const text = JSON.stringify([...own].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  // Hubs say the same again at each start: nothing to be written, and nothing to be read again.
  if (text !== (await tables.retentionText())) await tables.setRetentionText(text);
}

/** What holds for a source with a time of its own, or for all others. */
export function keptOf(retention: StoreSettings["retention"], ownMs: number | undefined): Kept {
  const { rawMs, fiveMinutesMs, hourMs } = retention;
  if (ownMs === undefined) return { 0: rawMs, 1: fiveMinutesMs, 2: hourMs };
  return { 0: ownMs, 1: Math.max(fiveMinutesMs, ownMs), 2: Math.max(hourMs, ownMs) };
}

/** Reads what `setRetention` wrote. Guarantee: only this store writes the column, always so. */
function parse(text: string): OwnRetention {
  return new Map(JSON.parse(text) as readonly (readonly [SourceKey, number])[]);
}
