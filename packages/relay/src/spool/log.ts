/**
 * A log in segments: records are put in at the end, synced in groups, and read from any sequence on. It knows nothing of
 * who reads; `spool.ts` says what may go.
 *
 * One group is written and synced at a time; what comes meanwhile is the next group, so one sync covers many appends. When
 * the disk fails, the segment is suspect: it is closed, cut back to what was synced, and never synced again (a second sync
 * of the same file may succeed though the bytes are lost). The group is written anew into another segment; when that fails
 * too, everything that waits is answered with the failure and its sequences are given out again.
 */
import { join } from "node:path";
import { isFull, isMissing, messageOf, type SpoolDisk } from "./disk.ts";
import { KnownIds } from "./known-ids.ts";
import { Latency, type LatencyStats } from "./latency.ts";
import { Group, GroupMemory, type NewRecord } from "./pending.ts";
import { headerOf, sizeOf } from "./record.ts";
import type { StoredRecord } from "./record.ts";
import { recover, repairParts } from "./recover.ts";
import { repairSegment, type Damage } from "./repair.ts";
import { scanSegment } from "./scan.ts";
import { SegmentList, type Backlog } from "./segment-list.ts";
import { readSegment, type Position, type ReadBounds } from "./segment-read.ts";
import { Segment, segmentName } from "./segment.ts";
import type { SpoolParts, SpoolSettings } from "./settings.ts";

/** What became of an append. */
export type Appended =
  | {
      readonly kind: "stored";
      /** Sequence of the first record that was stored; the others follow. With repeats only: the next one to come. */
      readonly firstSequence: number;
      /** Places in the list of records whose id was there already; they count as stored. */
      readonly repeated: readonly number[];
    }
  | { readonly kind: "refused"; readonly reason: RefusalReason; readonly message: string };

/**
 * Why nothing of an append was stored. `full`: the quota; `busy`: too much waits for the disk; `disk_full`, `disk_failed`:
 * try again in some seconds; `too_large`: never.
 */
export type RefusalReason = "full" | "busy" | "disk_full" | "disk_failed" | "too_large" | "closed";

export interface LogStats {
  readonly bytes: number;
  readonly segments: number;
  readonly records: number;
  readonly appended: number;
  readonly repeated: number;
  readonly refused: Readonly<Record<RefusalReason, number>>;
  readonly damage: Readonly<Damage>;
  /** Records that should be between the oldest and the newest and are not. */
  readonly missing: number;
  /** Segments given up because a write or a sync failed. */
  readonly suspect: number;
  /** Since when appends fail, and why; null while they work. */
  readonly failure: { readonly reason: RefusalReason; readonly message: string } | null;
  readonly sync: LatencyStats;
}

export type LogSettings = Omit<SpoolSettings, "cursorSaveMs" | "deadBytes" | "reserveBytes">;

export interface LogParts extends Pick<SpoolParts, "disk" | "log" | "clock"> {
  /** The file that is given up for repairs and cursors on a full disk. */
  readonly reserve: string;
  /** Called after records were stored. */
  readonly onStored: () => void;
  /** Called before segments are dropped for the quota: everything below this sequence goes. */
  readonly onDrop: (belowSequence: number) => void;
}

interface Active {
  readonly segment: Segment;
  readonly handle: number;
}

/** See the top of the file. `open` it, and `close` it. */
export class SegmentLog {
  readonly #settings: LogSettings;
  readonly #parts: LogParts;
  readonly #disk: SpoolDisk;
  readonly #known: KnownIds;
  readonly #damage: Damage = { pieces: 0, bytes: 0, tornBytes: 0 };
  readonly #sync = new Latency();
  readonly #memory = new GroupMemory();
  readonly #refused: Record<RefusalReason, number> = {
    full: 0,
    busy: 0,
    disk_full: 0,
    disk_failed: 0,
    too_large: 0,
    closed: 0,
  };
  #list = new SegmentList([], []);
  #active: Active | undefined;
  #nextNumber = 1;
  /** Of the next record that comes; those that wait have theirs. */
  #nextSequence = 1;
  #pending: Group | undefined;
  /** First sequence of the group being written, or of the one that waits. */
  #pendingFirst: number | undefined;
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;
  #appended = 0;
  #repeated = 0;
  #suspect = 0;
  #failure: { reason: RefusalReason; message: string; until: number } | undefined;
  #isClosed = false;

  constructor(settings: LogSettings, parts: LogParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#disk = parts.disk;
    this.#known = new KnownIds(settings.knownIds);
  }

  /** Reads what is there. Once, before anything else. */
  async open(): Promise<void> {
    const { disk, log, clock, reserve } = this.#parts;
    const recovered = await recover(
      { ...this.#settings, reserve },
      {
        disk,
        log,
        now: () => clock.now(),
        damage: this.#damage,
        onId: (id) => this.#known.add(id),
      },
    );
    this.#list = new SegmentList(recovered.segments, recovered.gaps);
    this.#nextNumber = recovered.nextNumber;
    this.#nextSequence = recovered.nextSequence;
  }

  /** Sequences up to this one were given out before: new ones come after it. */
  skipTo(sequence: number): void {
    this.#nextSequence = Math.max(this.#nextSequence, sequence + 1);
  }

  /** The last sequence that is on disk. */
  get lastSequence(): number {
    return (this.#pendingFirst ?? this.#nextSequence) - 1;
  }

  /** The first sequence that is or will be there. */
  get firstSequence(): number {
    return this.#list.oldest?.firstSequence ?? this.lastSequence + 1;
  }

  /** Stores records, all or none; resolves when they are synced. */
  async append(records: readonly NewRecord[]): Promise<Appended> {
    const fresh: NewRecord[] = [];
    const sizes: number[] = [];
    const ids = new Set<string>();
    const repeated: number[] = [];
    let bytes = 0;
    for (let i = 0; i < records.length; i += 1) {
      const record = records[i];
      if (record === undefined) continue;
      if ((record.kind ?? 1) === 1 && (this.#known.has(record.id) || ids.has(record.id))) {
        repeated.push(i);
        continue;
      }
      const size = sizeOf(record);
      if (size > this.#settings.maxRecordBytes || isLong(record.id) || isLong(record.note)) {
        return this.#refuse(
          "too_large",
          `record ${i}: ${size} bytes, at most ${this.#settings.maxRecordBytes} are taken`,
        );
      }
      ids.add(record.id);
      fresh.push(record);
      sizes.push(size);
      bytes += size;
    }
    const refusal = this.#refusalOf(bytes);
    if (refusal !== undefined) return refusal;
    this.#repeated += repeated.length;
    const group = this.#groupNow();
    const firstSequence = group.firstSequence + group.records;
    for (let i = 0; i < fresh.length; i += 1) {
      const record = fresh[i];
      if (record !== undefined) group.add(record, sizes[i] ?? 0);
    }
    for (const id of ids) {
      this.#known.add(id);
      group.ids.push(id);
    }
    this.#pendingBytes += bytes;
    this.#nextSequence += fresh.length;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    group.waiting.push(resolve);
    this.#writing ??= this.#write();
    const failure = await promise;
    if (failure === undefined) return { kind: "stored", firstSequence, repeated };
    return this.#refuse(this.#failure?.reason ?? "disk_failed", failure);
  }

  #refusalOf(bytes: number): Appended | undefined {
    const { quotaBytes, whenFull, maxPendingBytes } = this.#settings;
    if (this.#isClosed) return this.#refuse("closed", "the spool is closed");
    if (this.#failure !== undefined && this.#parts.clock.monotonicMs() < this.#failure.until) {
      return this.#refuse(this.#failure.reason, this.#failure.message);
    }
    if (bytes > maxPendingBytes) {
      const message = `${bytes} bytes at once, at most ${maxPendingBytes} are taken`;
      return this.#refuse("too_large", message);
    }
    if (bytes > 0 && this.#pendingBytes + bytes > maxPendingBytes) {
      return this.#refuse("busy", `more than ${maxPendingBytes} bytes wait for the disk`);
    }
    const used = this.#list.bytes + this.#pendingBytes + bytes;
    if (whenFull === "refuse" && bytes > 0 && used > quotaBytes) {
      return this.#refuse("full", `the quota of ${quotaBytes} bytes is used up`);
    }
    return undefined;
  }

  #refuse(reason: RefusalReason, message: string): Appended {
    this.#refused[reason] += 1;
    return { kind: "refused", reason, message };
  }

  #groupNow(): Group {
    if (this.#pending === undefined) {
      this.#pending = new Group(this.#nextSequence, this.#parts.clock.now(), this.#memory);
      this.#pendingFirst ??= this.#nextSequence;
    }
    return this.#pending;
  }

  async #write(): Promise<void> {
    for (;;) {
      // What is there to be taken in this turn of the event loop goes to the disk together: a sync costs more than waiting.
      await turnEnds();
      const group = this.#pending;
      if (group === undefined) break;
      this.#pending = undefined;
      const failure = await this.#store(group);
      if (failure === undefined) {
        this.#pendingBytes -= group.bytes.length;
        group.release();
        this.#appended += group.records;
        this.#pendingFirst = this.#firstWaiting();
        for (const resolve of group.waiting) resolve(undefined);
        if (group.records > 0) this.#parts.onStored();
      } else {
        this.#giveUp(group, failure);
      }
    }
    this.#writing = undefined;
  }

  #firstWaiting(): number | undefined {
    return this.#pending?.firstSequence;
  }

  async #store(group: Group): Promise<unknown> {
    let failure: unknown;
    for (let attempt = 0; attempt < 2 && group.records > 0; attempt += 1) {
      try {
        await this.#makeRoom(group.bytes.length);
        const { segment, handle } = await this.#activeFor(group);
        const begin = this.#parts.clock.monotonicMs();
        await this.#disk.append(handle, group.bytes);
        this.#sync.add(this.#parts.clock.monotonicMs() - begin);
        const from = segment.bytes;
        group.each((sequence, offset, size) =>
          segment.add(sequence, group.at, from + offset, size),
        );
        this.#recovered();
        return undefined;
      } catch (error) {
        failure = error;
        await this.#abandon();
      }
    }
    return failure;
  }

  async #activeFor(group: Group): Promise<Active> {
    const { segmentBytes, folder } = this.#settings;
    const active = this.#active;
    if (active !== undefined) {
      const fits = active.segment.bytes + group.bytes.length <= segmentBytes;
      if (fits || active.segment.records === 0) return active;
      this.#active = undefined;
      await this.#disk.close(active.handle);
    }
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    const { firstSequence } = group;
    const path = join(folder, segmentName(number));
    const header = headerOf({ firstSequence, createdAt: this.#parts.clock.now() });
    const handle = await this.#disk.create(path, header);
    const segment = new Segment(number, path, firstSequence);
    this.#list.add(segment);
    this.#active = { segment, handle };
    return this.#active;
  }

  /** Leaves a segment whose last write or sync failed. What was synced before stays. */
  async #abandon(): Promise<void> {
    const active = this.#active;
    if (active === undefined) return;
    this.#active = undefined;
    this.#suspect += 1;
    const { segment, handle } = active;
    const settle = async (step: Promise<void>): Promise<void> => {
      // The failure itself is told by whoever called; a later segment overrules what is left in this one.
      await step.catch(() => undefined);
    };
    await settle(this.#disk.close(handle));
    if (segment.records > 0) return settle(this.#disk.truncate(segment.path, segment.bytes));
    this.#list.remove(segment);
    return settle(this.#disk.remove(segment.path));
  }

  #giveUp(group: Group, error: unknown): void {
    const groups = this.#pending === undefined ? [group] : [group, this.#pending];
    this.#pending = undefined;
    this.#pendingBytes = 0;
    this.#pendingFirst = undefined;
    this.#nextSequence = group.firstSequence;
    const reason = isFull(error) ? "disk_full" : "disk_failed";
    const message = reason === "disk_full" ? "the disk is full" : messageOf(error);
    if (this.#failure?.reason !== reason) {
      this.#parts.log.warn({ reason, error: messageOf(error) }, "the spool cannot store events");
    }
    const until = this.#parts.clock.monotonicMs() + this.#settings.retryMs;
    this.#failure = { reason, message, until };
    for (const { ids, waiting } of groups) {
      for (const id of ids) this.#known.delete(id);
      for (const resolve of waiting) resolve(message);
    }
  }

  #recovered(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#parts.log.info({}, "the spool stores events again");
  }

  async #makeRoom(bytes: number): Promise<void> {
    const { quotaBytes, whenFull } = this.#settings;
    if (whenFull === "refuse") return;
    while (this.#list.all.length > 1 && this.#list.bytes + bytes > quotaBytes) {
      const below = this.#list.all[1]?.firstSequence ?? 0;
      const before = this.#list.all.length;
      this.#parts.onDrop(below);
      await this.removeBelow(below);
      if (this.#list.all.length === before) return;
    }
  }

  /** Deletes the segments all of whose records are below a sequence; never the one that is written. */
  async removeBelow(sequence: number): Promise<void> {
    for (;;) {
      const { oldest } = this.#list;
      if (oldest === undefined || oldest === this.#active?.segment) return;
      if (oldest.lastSequence >= sequence) return;
      oldest.isGoing = true;
      try {
        await this.#disk.remove(oldest.path);
      } catch (error) {
        oldest.isGoing = false;
        throw error;
      }
      this.#list.remove(oldest);
    }
  }

  /** Reads records from a position on and moves it behind them. Nothing when there are none (yet). */
  async read(position: Position, bounds: ReadBounds): Promise<readonly StoredRecord[]> {
    const { maxRecordBytes } = this.#settings;
    for (;;) {
      const segment = this.#list.from(position.sequence);
      if (segment === undefined) return [];
      if (position.segment !== segment) {
        position.segment = segment;
        position.offset = segment.offsetBefore(position.sequence);
      }
      let records: readonly StoredRecord[] | undefined;
      try {
        records = await readSegment(this.#disk, segment, position, { ...bounds, maxRecordBytes });
      } catch (error) {
        if (!isMissing(error)) throw error;
        if (!segment.isGoing && this.#list.all.includes(segment)) this.#lost(segment);
        continue;
      }
      if (records === undefined) await this.#heal(segment);
      else if (records.length > 0) return records;
    }
  }

  /** What was whole at start is damaged now: it is repaired in place, and reading goes on behind it. */
  async #heal(segment: Segment): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    const active = this.#active;
    if (active?.segment === segment) {
      this.#active = undefined;
      await this.#disk.close(active.handle);
    }
    const { log, clock, reserve } = this.#parts;
    const { folder, maxRecordBytes } = this.#settings;
    const settings = {
      number: segment.number,
      path: segment.path,
      sizeBytes: segment.bytes,
      maxRecordBytes,
      below: segment.lastSequence + 1,
      otherwiseFrom: segment.firstSequence,
    };
    const scan = await scanSegment(this.#disk, settings);
    const parts = repairParts(
      { folder, reserve },
      { disk: this.#disk, log, now: () => clock.now(), damage: this.#damage },
    );
    const healed = (await repairSegment(parts, settings, scan))?.segment;
    if (healed === undefined) return this.#lost(segment);
    this.#list.replace(segment, healed, scan.gaps);
    this.#parts.onStored();
  }

  #lost(segment: Segment): void {
    this.#parts.log.warn({ file: segment.path }, "a segment of the spool is gone");
    this.#list.lose(segment);
    this.#parts.onStored();
  }

  /** The last of the missing sequences a sequence is among; undefined when it is or will be there. */
  gapEnd(sequence: number): number | undefined {
    if (sequence < this.firstSequence) return this.firstSequence - 1;
    return this.#list.gapEnd(sequence);
  }

  /** What there is from a sequence on. */
  backlog(from: number): Backlog {
    return this.#list.backlog(from);
  }

  stats(): LogStats {
    const { reason, message } = this.#failure ?? {};
    return {
      bytes: this.#list.bytes,
      segments: this.#list.all.length,
      records: this.#list.records,
      appended: this.#appended,
      repeated: this.#repeated,
      refused: { ...this.#refused },
      damage: { ...this.#damage },
      missing: this.#list.missing,
      suspect: this.#suspect,
      failure: reason === undefined || message === undefined ? null : { reason, message },
      sync: this.#sync.stats(),
    };
  }

  /** Waits for what is being written, then takes nothing any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    const active = this.#active;
    this.#active = undefined;
    if (active !== undefined) await this.#disk.close(active.handle).catch(() => undefined);
  }
}

function turnEnds(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  return promise;
}

/** Whether a text is longer than the two bytes of its length can say. */
function isLong(text: string | undefined): boolean {
  return text !== undefined && text.length > 21_845 && Buffer.byteLength(text) > 65_535;
}
