/**
 * Reading a spool without opening it: nothing is repaired, deleted or locked, so that it can be done beside a running
 * sidecar. Then the figures are those of a moment ago: places of sinks are written every quarter of a second, and the end of
 * the newest segment may be a record that is being written.
 */
import { join } from "node:path";
import { parseCursors, type CursorState } from "./cursor-file.ts";
import { folderOf, letterOf, sinkOf, type DeadLetter } from "./dead.ts";
import { isMissing, type SpoolDisk } from "./disk.ts";
import { recordKinds, type StoredRecord } from "./record.ts";
import { planSegments, type SegmentPlan } from "./recover.ts";
import { scanSegment } from "./scan.ts";
import { readSegment } from "./segment-read.ts";
import { spoolDefaults } from "./settings.ts";

/** One file of a log. */
export interface SegmentView {
  readonly file: string;
  readonly bytes: number;
  /** Null in one without records. */
  readonly firstSequence: number | null;
  readonly lastSequence: number | null;
}

/** How far a sink is. */
export interface SinkView {
  readonly sink: string;
  /** Everything up to this sequence is done for. Null: the file of the places is gone or damaged. */
  readonly place: number | null;
  /** Events that wait; what is damaged counts as waiting. */
  readonly waiting: number;
  /** Epoch ms at which the oldest of them was taken in; null when none waits. */
  readonly oldestAt: number | null;
  readonly deadLetters: number;
}

export interface SpoolView {
  readonly segments: readonly SegmentView[];
  readonly sinks: readonly SinkView[];
}

const deadOverhead = 65_536;
const bounds = { maxRecords: 500, maxBytes: 1024 * 1024 } as const;
const { maxRecordBytes } = spoolDefaults;

/** What is in a spool, from the headers of its segments and their last records. */
export async function lookAt(disk: SpoolDisk, folder: string): Promise<SpoolView> {
  return withoutRace(async () => {
    const plans = await planSegments(disk, folder);
    const segments = await viewsOf(disk, plans, maxRecordBytes);
    const places = await placesIn(disk, folder);
    const dead = await deadSinks(disk, folder);
    const names = new Set([...Object.keys(places ?? {}), ...dead]);
    const sinks: SinkView[] = [];
    for (const sink of [...names].toSorted()) {
      const state = places?.[sink];
      sinks.push({
        sink,
        ...(await waitingFor(disk, plans, segments, state)),
        deadLetters: dead.includes(sink) ? await countLetters(disk, folder, sink) : 0,
      });
    }
    return { segments, sinks };
  });
}

/** A segment may go while it is looked at: then all is looked at anew. */
async function withoutRace<T>(look: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await look();
    } catch (error) {
      if (!isMissing(error) || attempt === 5) throw error;
    }
  }
}

async function viewsOf(
  disk: SpoolDisk,
  plans: readonly SegmentPlan[],
  maxBytes: number,
): Promise<SegmentView[]> {
  const views: SegmentView[] = [];
  for (const plan of plans) {
    // Where the next segment begins, this one ends; only of the newest all has to be read.
    const isLast = plan.below === Infinity;
    const scanned = isLast
      ? (await scanSegment(disk, { ...plan, maxRecordBytes: maxBytes })).segment.lastSequence
      : plan.below - 1;
    const isEmpty = scanned < plan.otherwiseFrom;
    views.push({
      file: plan.path,
      bytes: plan.sizeBytes,
      firstSequence: isEmpty ? null : plan.otherwiseFrom,
      lastSequence: isEmpty ? null : scanned,
    });
  }
  return views;
}

async function placesIn(
  disk: SpoolDisk,
  folder: string,
): Promise<Readonly<Record<string, CursorState>> | undefined> {
  const size = (await disk.list(folder)).find(({ name }) => name === "cursors")?.sizeBytes;
  if (size === undefined) return undefined;
  const places = parseCursors(await disk.read(join(folder, "cursors"), 0, size));
  return places === undefined ? undefined : Object.fromEntries(places.cursors);
}

async function deadSinks(disk: SpoolDisk, folder: string): Promise<string[]> {
  const found = await disk.list(join(folder, "dead"));
  return found.flatMap(({ name, sizeBytes }) => {
    const sink = sizeBytes === -1 ? sinkOf(name) : undefined;
    return sink === undefined ? [] : [sink];
  });
}

async function waitingFor(
  disk: SpoolDisk,
  plans: readonly SegmentPlan[],
  segments: readonly SegmentView[],
  state: CursorState | undefined,
): Promise<Pick<SinkView, "place" | "waiting" | "oldestAt">> {
  if (state === undefined) return { place: null, waiting: 0, oldestAt: null };
  const done = new Set(state.beyond.flatMap(([first, last]) => rangeOf(first, last)));
  let waiting = 0;
  let oldest: number | undefined;
  for (const { firstSequence, lastSequence } of segments) {
    if (firstSequence === null || lastSequence === null) continue;
    const first = Math.max(firstSequence, state.watermark + 1);
    if (first > lastSequence) continue;
    oldest ??= first;
    waiting += lastSequence - first + 1;
  }
  waiting -= done.size;
  const place = state.watermark;
  if (waiting <= 0 || oldest === undefined) return { place, waiting: 0, oldestAt: null };
  const sequence = oldest;
  const plan = plans.findLast(({ otherwiseFrom }) => otherwiseFrom <= sequence);
  const scan = plan && (await scanSegment(disk, { ...plan, maxRecordBytes }));
  return { place, waiting, oldestAt: scan?.segment.timeOf(sequence) ?? null };
}

function rangeOf(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

async function countLetters(disk: SpoolDisk, folder: string, sink: string): Promise<number> {
  let count = 0;
  for await (const _letter of lettersIn(disk, folder, sink)) count += 1;
  return count;
}

/** Records with sequences from one to another, in order. */
export async function* recordsIn(
  disk: SpoolDisk,
  folder: string,
  { from, to }: { readonly from: number; readonly to: number },
  maxBytes: number = maxRecordBytes,
): AsyncGenerator<StoredRecord> {
  for (const plan of await withoutRace(() => planSegments(disk, folder))) {
    if (plan.below <= from || plan.otherwiseFrom > to) continue;
    const scan = await scanSegment(disk, { ...plan, maxRecordBytes: maxBytes });
    const { segment } = scan;
    const position = { sequence: from, segment, offset: segment.offsetBefore(from) };
    for (;;) {
      const records = await readSegment(disk, segment, position, {
        ...bounds,
        maxRecordBytes: maxBytes,
      });
      if (records === undefined) {
        // `fsck` reports what is damaged; here it is passed over.
        const { offset } = position;
        const piece = scan.damage.find(({ from, to }) => from <= offset && offset < to);
        if (piece === undefined) break;
        position.offset = piece.to;
        continue;
      }
      if (records.length === 0) break;
      for (const record of records) {
        if (record.sequence > to) return;
        yield record;
      }
    }
  }
}

/** Dead letters of a sink that are there, oldest first. */
export async function* lettersIn(
  disk: SpoolDisk,
  folder: string,
  sink: string,
): AsyncGenerator<DeadLetter> {
  const letters = join(folder, "dead", folderOf(sink));
  const removed = (await placesIn(disk, letters))?.["removed"];
  const gone = new Set(removed?.beyond.flatMap(([first, last]) => rangeOf(first, last)));
  const from = (removed?.watermark ?? 0) + 1;
  const all = recordsIn(disk, letters, { from, to: Infinity }, maxRecordBytes + deadOverhead);
  for await (const record of all) {
    if (record.kind === recordKinds.dead && !gone.has(record.sequence)) yield letterOf(record);
  }
}
