/**
 * What was stored of series lately, by whichever process; see `model/series-tail.ts`. Batches are read by their ids, above
 * the newest that was seen and those that were missing below it: two short ranges of the primary key, however many
 * batches there are. Where batches were merged before they were seen, their block says up to when.
 */
import { sql, type RawBuilder } from "kysely";
import type { SeriesKey } from "../../model/series.ts";
import type { SeriesTail, TailQuestion, TailRows, TailSource } from "../../model/series-tail.ts";
import { parseLabels } from "../series/labels.ts";
import { batchSegments, BlockSegment, type Segment } from "../series/segment.ts";
import { mustBeShared } from "./fleet.ts";
import type { OperationContext } from "./operation.ts";

/** Rows read at once; of more the rest comes with the next question. */
const mostRows = 10_000;
/** Who begins to look sees so many that were there before: some may be about to be written beside them. */
const beforeTheStart = 500;

/** See `SeriesTailStore.seriesTail`. */
export async function seriesTail(
  context: OperationContext,
  { after, missing, kinds }: TailQuestion,
): Promise<SeriesTail> {
  mustBeShared(context);
  const from = after ?? (await newestPlaces(context));
  const batches = await rowsAfter<BatchFound>(
    context,
    sql`select row.id, row.source_id, row.window_start,
        case when ${isWanted(kinds)} then row.data end as data`,
    { table: "series_batch", after: from.batch, missing: missing.batches },
  );
  const blocks = await rowsAfter<BlockFound>(
    context,
    sql`select row.id, row.source_id, row.window_start,
        case when row.resolution = 0 and ${isWanted(kinds)} then row.head end as head`,
    { table: "series_block", after: from.block, missing: missing.blocks },
  );
  return {
    newest: { batch: newestOf(batches, from.batch), block: newestOf(blocks, from.block) },
    batches: Float64Array.from(batches, ({ id }) => id),
    blocks: Float64Array.from(blocks, ({ id }) => id),
    rows: packed(batches),
    merged: blocks.flatMap(mergedTo),
    hasMore: batches.length >= mostRows || blocks.length >= mostRows,
  };
}

/** See `SeriesTailStore.tailSources`. */
export async function tailSources(
  { db }: OperationContext,
  ids: readonly number[],
  names: readonly string[],
): Promise<readonly TailSource[]> {
  const sources = await sql<{ id: number; key: string; slots: number }>`
    select id, key, slots from series_source where id = any(${ids}::bigint[])`.execute(db);
  const series = await sql<{ source_id: number; slot: number; name: string; labels: string }>`
    select source_id, slot, name, labels from series
    where source_id = any(${ids}::bigint[]) and name = any(${names}::text[])`.execute(db);
  const shared = new Map<string, SeriesKey>();
  const keyOf = (name: string, labels: string): SeriesKey => {
    const text = name + labels;
    const key = shared.get(text) ?? { name, labels: parseLabels(labels) };
    shared.set(text, key);
    return key;
  };
  const bySource = Map.groupBy(series.rows, (row) => row.source_id);
  return sources.rows.map(({ id, key, slots }) => ({
    id,
    source: key,
    slots,
    series: (bySource.get(id) ?? []).map((row) => ({
      slot: row.slot,
      key: keyOf(row.name, row.labels),
    })),
  }));
}

interface BatchFound {
  readonly id: number;
  readonly source_id: number;
  readonly window_start: number;
  readonly data: Uint8Array | null;
}

interface BlockFound {
  readonly id: number;
  readonly source_id: number;
  readonly window_start: number;
  readonly head: Uint8Array | null;
}

function isWanted(kinds: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`split_part(series_source.key, ':', 1) = any(${kinds}::text[])`;
}

async function newestPlaces({ db }: OperationContext): Promise<{ batch: number; block: number }> {
  const { rows } = await sql<{ batch: number; block: number }>`
    select greatest(coalesce((select max(id) from series_batch), 0) - ${beforeTheStart}, 0) as batch,
      coalesce((select max(id) from series_block), 0) as block`.execute(db);
  return rows[0] ?? { batch: 0, block: 0 };
}

/** Rows by their ids, with their sources. Two questions in one, so that each is a range of the primary key. */
async function rowsAfter<T>(
  { db }: OperationContext,
  columns: RawBuilder<unknown>,
  where: {
    readonly table: "series_batch" | "series_block";
    readonly after: number;
    readonly missing: readonly number[];
  },
): Promise<readonly T[]> {
  const table = sql.table(where.table);
  const { rows } = await sql<T>`
    ${columns} from (
      (select * from ${table} where id = any(${where.missing}::bigint[]))
      union all
      (select * from ${table} where id > ${where.after} order by id limit ${mostRows})
    ) as row join series_source on series_source.id = row.source_id
    order by row.id`.execute(db);
  return rows;
}

function newestOf(rows: readonly { readonly id: number }[], before: number): number {
  return Math.max(before, rows.at(-1)?.id ?? before);
}

function mergedTo({ id, source_id: sourceId, window_start: windowStart, head }: BlockFound) {
  if (head === null) return [];
  const [block] = BlockSegment.of([{ id, sourceId, windowStart, level: 1, head }], 0);
  const to = block?.times.at(-1);
  return to === undefined ? [] : [{ sourceId, to }];
}

/** One segment for each batch that is wanted. */
function packed(batches: readonly BatchFound[]): TailRows {
  const read = batches.flatMap(({ id, source_id: sourceId, window_start: windowStart, data }) =>
    data === null
      ? []
      : batchSegments([{ id, sourceId, windowStart, data }], null).map((segment) => ({
          sourceId,
          segment,
          slots: [...segment.slots()],
        })),
  );
  const timeCount = read.reduce((sum, { segment }) => sum + segment.times.length, 0);
  const slotCount = read.reduce((sum, { slots }) => sum + slots.length, 0);
  const cells = read.reduce(
    (sum, { segment, slots }) => sum + segment.times.length * slots.length,
    0,
  );
  const rows: TailRows = {
    sourceIds: Float64Array.from(read, ({ sourceId }) => sourceId),
    sizes: new Uint32Array(read.length * 2),
    times: new Float64Array(timeCount),
    slots: new Uint32Array(slotCount),
    values: new Float64Array(cells),
  };
  let [timeAt, slotAt, cellAt] = [0, 0, 0];
  for (const [i, { segment, slots }] of read.entries()) {
    rows.sizes.set([segment.times.length, slots.length], 2 * i);
    rows.times.set(segment.times, timeAt);
    rows.slots.set(slots, slotAt);
    cellAt = putColumns(segment, slots, rows.values, cellAt);
    timeAt += segment.times.length;
    slotAt += slots.length;
  }
  return rows;
}

/** Writes the columns of a segment from `at` on; answers where the next begins. */
function putColumns(
  segment: Segment,
  slots: readonly number[],
  into: Float64Array,
  at: number,
): number {
  const { length } = segment.times;
  const present = new Uint8Array(length);
  let next = at;
  for (const slot of slots) {
    const values = into.subarray(next, next + length);
    const presence = segment.read(slot, 0, values, present);
    if (presence === "none") values.fill(Number.NaN);
    if (presence === "some") {
      for (let i = 0; i < length; i += 1) if (present[i] !== 1) values[i] = Number.NaN;
    }
    next += length;
  }
  return next;
}
