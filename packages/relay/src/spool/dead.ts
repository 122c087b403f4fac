/**
 * What a sink refused for good, each with its reason: a log of its own in `dead/<sink>/`, in the same record format. A
 * letter is shown, put into the spool once more for that sink alone, or deleted. At the byte limit the oldest go, counted.
 */
import { join } from "node:path";
import type { Cursor } from "./cursor.ts";
import { CursorSet, type CursorSetParts } from "./cursor-set.ts";
import type { Appended, LogStats } from "./log.ts";
import type { NewRecord } from "./pending.ts";
import { recordKinds, type StoredRecord } from "./record.ts";
import { SpoolError, type SpoolSettings } from "./settings.ts";

/** Why a letter is dead. */
export interface DeadReason {
  /** One line: what the sink said. At most 2,000 characters are kept. */
  readonly why: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** Epoch ms of the last attempt. */
  readonly at: number;
}

/** One dead letter. `sequence` names it within its sink. */
export interface DeadLetter extends DeadReason {
  readonly sequence: number;
  readonly id: string;
  /** The event as it was in the spool. */
  readonly bytes: Uint8Array;
}

export interface DeadStats {
  readonly letters: number;
  readonly bytes: number;
  /** Epoch ms at which the oldest died; null when there is none. */
  readonly oldestAt: number | null;
  /** Letters given up for the byte limit. */
  readonly dropped: number;
  readonly log: LogStats;
}

const keptWhy = 2_000;
const readBounds = { maxRecords: 256, maxBytes: 1024 * 1024 } as const;
const megabyte = 1024 * 1024;

/** The dead letters of one sink. */
export class DeadLetters {
  readonly sink: string;
  readonly #set: CursorSet;
  readonly #removed: Cursor;

  private constructor(sink: string, set: CursorSet, removed: Cursor) {
    this.sink = sink;
    this.#set = set;
    this.#removed = removed;
  }

  /** Opens the letters of a sink; its folder is made when it is not there. */
  static async open(
    sink: string,
    settings: SpoolSettings,
    parts: CursorSetParts,
  ): Promise<DeadLetters> {
    const folder = join(settings.folder, "dead", folderOf(sink));
    await parts.disk.makeFolder(folder);
    const set = new CursorSet(
      {
        ...settings,
        folder,
        quotaBytes: settings.deadBytes,
        segmentBytes: Math.min(8 * megabyte, Math.floor(settings.deadBytes / 4)),
        // A reason comes on top of an event of the largest size.
        maxRecordBytes: settings.maxRecordBytes + 64 * 1024,
        maxPendingBytes: settings.maxPendingBytes + 64 * 1024,
        whenFull: "drop_oldest",
        knownIds: 0,
      },
      parts,
    );
    await set.open();
    return new DeadLetters(sink, set, await set.cursor("removed", "beginning"));
  }

  /** Stores letters, all or none; resolves when they are on disk. Only then the sink may acknowledge the events. */
  put(
    letters: readonly (Pick<StoredRecord, "id" | "bytes"> & { readonly reason: DeadReason })[],
  ): Promise<Appended> {
    return this.#set.log.append(
      letters.map(({ id, bytes, reason }) => ({
        kind: recordKinds.dead,
        id,
        bytes,
        note: noteOf(reason),
      })),
    );
  }

  /** Letters after a sequence, oldest first. */
  async list({
    after = 0,
    limit,
  }: {
    readonly after?: number;
    readonly limit: number;
  }): Promise<DeadLetter[]> {
    const sequence = Math.max(after, this.#removed.watermark) + 1;
    const position = { sequence, segment: undefined, offset: 0 };
    const letters: DeadLetter[] = [];
    while (letters.length < limit) {
      const records = await this.#set.log.read(position, readBounds);
      if (records.length === 0) break;
      for (const record of records) {
        if (letters.length < limit && !this.#removed.isAcknowledged(record.sequence)) {
          letters.push(letterOf(record));
        }
      }
    }
    return letters;
  }

  /** One letter; undefined when it is not there (any more). */
  async show(sequence: number): Promise<DeadLetter | undefined> {
    const [letter] = await this.list({ after: sequence - 1, limit: 1 });
    return letter?.sequence === sequence ? letter : undefined;
  }

  /** Deletes letters; how many there were. On disk when it resolves. */
  async delete(sequences: Iterable<number>): Promise<number> {
    const before = this.#removed.stats().acknowledged;
    this.#removed.acknowledge(sequences);
    await this.#set.save();
    return this.#removed.stats().acknowledged - before;
  }

  /**
   * Puts letters into a spool again, for this sink alone, and deletes them here. Stops at the first that is not taken.
   * How many were taken, and the refusal if there was one.
   */
  async replay(
    append: (records: readonly NewRecord[]) => Promise<Appended>,
    which: "all" | readonly number[],
  ): Promise<{
    readonly replayed: number;
    readonly refused?: Extract<Appended, { kind: "refused" }>;
  }> {
    const last = this.#set.log.lastSequence;
    const wanted = which === "all" ? undefined : new Set(which);
    let replayed = 0;
    let after = 0;
    for (;;) {
      const letters = await this.list({ after, limit: readBounds.maxRecords });
      const some = letters.filter(
        ({ sequence }) => sequence <= last && (wanted?.has(sequence) ?? true),
      );
      const end = letters.at(-1)?.sequence;
      if (end === undefined) return { replayed };
      after = end;
      if (some.length === 0) continue;
      const answer = await append(
        some.map(({ id, bytes }) => ({ kind: recordKinds.replayed, id, bytes, note: this.sink })),
      );
      if (answer.kind === "refused") return { replayed, refused: answer };
      replayed += await this.delete(some.map(({ sequence }) => sequence));
    }
  }

  stats(): DeadStats {
    const { depth, bytes, dropped } = this.#removed.stats();
    const { oldestAt } = this.#set.log.backlog(this.#removed.watermark + 1);
    const oldest = depth === 0 ? null : (oldestAt ?? null);
    return { letters: depth, bytes, oldestAt: oldest, dropped, log: this.#set.log.stats() };
  }

  async close(): Promise<void> {
    await this.#set.close();
  }
}

/** The folder of a sink: its name, with everything that could mean something to a file system escaped. */
export function folderOf(sink: string): string {
  const name = encodeURIComponent(sink).replaceAll(".", "%2E").replaceAll("*", "%2A");
  if (name === "" || name.length > 200) {
    throw new SpoolError(
      "wrong_settings",
      `a sink's name: expected 1 to 200 characters, found ${name.length}`,
    );
  }
  return name;
}

/** The sink of a folder; undefined where it is none of ours. */
export function sinkOf(folder: string): string | undefined {
  try {
    const sink = decodeURIComponent(folder);
    return folderOf(sink) === folder ? sink : undefined;
  } catch {
    return undefined;
  }
}

function noteOf({ why, attempts, at }: DeadReason): string {
  return JSON.stringify({ why: why.slice(0, keptWhy), attempts, at });
}

/** The letter of a record of kind `dead`. */
export function letterOf({ sequence, id, bytes, note, at }: StoredRecord): DeadLetter {
  const reason = JSON.parse(note === "" ? "{}" : note) as Partial<DeadReason>;
  return {
    sequence,
    id,
    bytes,
    why: String(reason.why ?? ""),
    attempts: Number(reason.attempts ?? 0),
    at: Number(reason.at ?? at),
  };
}
