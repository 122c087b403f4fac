/**
 * From the spool to one destination, at its own pace: records are read into a window of as many samples as go into the
 * requests that may be under way at once, sent, and acknowledged when all of the window is done for. So at most one window
 * is sent again after a crash, in the same requests (`progress.ts`). A window that is not full waits for more, as long as
 * `batch_send_deadline` says.
 */
import type { Cursor } from "../spool/cursor.ts";
import type { SpoolParts } from "../spool/settings.ts";
import type { StoredRecord } from "../spool/record.ts";
import { Labels } from "./labels.ts";
import type { Progress } from "./progress.ts";
import { decodeRecord } from "./record.ts";
import { createRelabel } from "./relabel.ts";
import { Sending } from "./sending.ts";
import type { RemoteWriteSettings } from "./settings.ts";
import { createWriter, type Writer } from "./writer.ts";
import type { DestinationStatus, TroubleKind } from "./status.ts";

export interface DestinationParts extends Pick<SpoolParts, "log" | "clock" | "sleep"> {
  readonly settings: RemoteWriteSettings;
  readonly cursor: Pick<Cursor, "read" | "rewind" | "wait" | "acknowledge" | "stats">;
  readonly booksFolder: string;
  /** Closed with the destination. */
  readonly progress: Pick<Progress, "found" | "write"> & Disposable;
  /** Samples of all records so far, over restarts. */
  readonly total: () => number;
  /** The book that is being written; undefined before the first. */
  readonly writtenBook: () => number | undefined;
  readonly random: () => number;
  readonly writer?: Writer;
}

const mostRecords = 1000;
const mostBytes = 1024 * 1024;
const retryMs = 1000;
const refusalEveryMs = 60_000;

/** Records of one book that are sent together. */
interface Window {
  readonly book: number;
  readonly sequences: number[];
  readonly refs: number[];
  readonly times: number[];
  readonly values: number[];
  /** Samples of all records up to its end. */
  end: number;
}

/** One destination; `run` it once, dispose it to stop. */
export class Destination implements AsyncDisposable {
  readonly #parts: DestinationParts;
  readonly #labels: Labels;
  readonly #writer: Writer;
  readonly #sending: Sending;
  readonly #stop = new AbortController();
  readonly #failed: Record<TroubleKind | "poison", number> = {
    poison: 0,
    outage: 0,
    throttled: 0,
    misconfigured: 0,
    defect: 0,
    disk: 0,
  };
  #running: Promise<void> = Promise.resolve();
  #trouble: DestinationStatus["trouble"] = null;
  #refusalToldMs = -Infinity;
  #lost = 0;
  /** Samples of all records that were read; undefined before the first. */
  #read: number | undefined;
  #settled: number | undefined;
  #book: number | undefined;
  /** Where the window ends that was under way when the former process ended; undefined once that is behind. */
  #replayUntil: number | undefined;
  /** Read, and of no window yet: decoded records that belong to the next one. */
  #left: StoredRecord[] = [];

  constructor(parts: DestinationParts) {
    const { settings, clock, sleep, random, progress } = parts;
    this.#parts = parts;
    this.#settled = progress.found?.settled;
    this.#read = this.#settled;
    this.#replayUntil = progress.found?.underWay;
    this.#labels = new Labels(parts.booksFolder, createRelabel(settings));
    this.#writer = parts.writer ?? createWriter(settings, clock);
    this.#sending = new Sending({
      settings,
      writer: this.#writer,
      clock,
      sleep,
      random,
      onFailure: (failure, why, samples) => {
        this.#failed[failure] += samples;
        if (failure === "poison") this.#tellRefused(why, samples);
        else this.#tell(failure, why);
      },
    });
  }

  get name(): string {
    return this.#parts.settings.name;
  }

  /** The lowest book it may still need; undefined while that is not known. */
  get neededBook(): number | undefined {
    const { cursor, writtenBook } = this.#parts;
    return cursor.stats().depth === 0 ? writtenBook() : this.#book;
  }

  status(): DestinationStatus {
    const { cursor, settings, total } = this.#parts;
    const { depth, bytes, oldestSeconds } = cursor.stats();
    const { sent, bytes: sentBytes, requests, dropped } = this.#sending.counts;
    return {
      name: settings.name,
      sent,
      sentBytes,
      requests,
      dropped: { ...dropped, lost: this.#lost },
      failed: { ...this.#failed },
      pending: depth === 0 ? 0 : Math.max(0, total() - (this.#settled ?? total())),
      pendingBytes: bytes,
      oldestSeconds,
      labelBytes: this.#labels.bytes,
      trouble: this.#trouble,
    };
  }

  /** Begins to send. */
  start(): void {
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { cursor, settings, sleep } = this.#parts;
    const most = settings.maxSamplesPerSend * settings.maxShards;
    let isFull = false;
    while (!signal.aborted) {
      try {
        if (this.#left.length === 0) await cursor.wait(signal);
        if (!isFull) await sleep(settings.batchDeadlineMs, signal);
        const window = await this.#nextWindow(most);
        isFull = window !== undefined && window.refs.length >= most;
        if (window !== undefined) await this.#deliver(window);
      } catch (error) {
        if (signal.aborted) return;
        this.#failed.defect += 1;
        this.#tell("defect", messageOf(error));
        this.#beginAnew();
        await sleep(retryMs, signal).catch(() => undefined);
      }
    }
  }

  /** Nothing that was read and is not acknowledged is skipped: it is read again. */
  #beginAnew(): void {
    this.#left = [];
    this.#read = this.#settled;
    this.#parts.cursor.rewind();
  }

  /** Records of one book, up to `most` samples or a little more; undefined when there is nothing to send. */
  async #nextWindow(most: number): Promise<Window | undefined> {
    let window: Window | undefined;
    for (;;) {
      if (this.#left.length === 0) {
        const bounds = { maxRecords: mostRecords, maxBytes: mostBytes };
        this.#left = [...(await this.#parts.cursor.read(bounds))];
        if (this.#left.length === 0) return window;
      }
      while (this.#left.length > 0) {
        const [record] = this.#left;
        const decoded = record === undefined ? undefined : decodeRecord(record.bytes);
        if (record === undefined || decoded === undefined) {
          // What it held shows as a gap before the next record.
          if (record !== undefined) this.#parts.cursor.acknowledge([record.sequence]);
          this.#left.shift();
          continue;
        }
        if (window !== undefined && window.book !== decoded.book) return window;
        const { book, before, samples } = decoded;
        if (before + samples <= (this.#settled ?? 0)) {
          // Done for, though the cursor of the spool does not know it yet.
          this.#parts.cursor.acknowledge([record.sequence]);
          this.#left.shift();
          continue;
        }
        if (window !== undefined && before === this.#replayUntil) return window;
        this.#left.shift();
        this.#countGap(before);
        this.#read = before + samples;
        window ??= { book, sequences: [], refs: [], times: [], values: [], end: 0 };
        window.sequences.push(record.sequence);
        window.end = this.#read;
        appendAll(window, decoded);
        if (window.refs.length >= most) return window;
      }
    }
  }

  /** Samples between what was read last and this are gone: their records were given up for the quota, or damaged. */
  #countGap(before: number): void {
    if (this.#read !== undefined && before > this.#read) this.#lost += before - this.#read;
    this.#settled ??= before;
  }

  async #deliver(window: Window): Promise<void> {
    const { cursor, progress } = this.#parts;
    const { signal } = this.#stop;
    if (this.#book !== window.book) this.#sending.forgetSeries();
    this.#book = window.book;
    const settled = this.#settled ?? window.end;
    progress.write({ settled, underWay: window.end });
    const table = this.#labels.of(window.book);
    if (table === undefined) {
      this.#lost += window.refs.length;
    } else {
      this.#lost += window.refs.filter((ref) => table.isWanted(ref) === undefined).length;
      const { refs, times } = window;
      const columns = { refs, times, values: Float64Array.from(window.values) };
      const before = this.#sending.counts.sent;
      const isReplay = this.#replayUntil === window.end;
      await this.#sending.send({ columns, table, signal, isReplay });
      if (this.#sending.counts.sent > before) this.#recovered();
    }
    cursor.acknowledge(window.sequences);
    this.#settled = window.end;
    this.#replayUntil = undefined;
    progress.write({ settled: window.end, underWay: window.end });
  }

  /** Says once what is wrong, and again when it becomes something else. */
  #tell(failure: TroubleKind, why: string): void {
    const { log, clock } = this.#parts;
    if (this.#trouble?.failure !== failure) {
      const what =
        failure === "misconfigured"
          ? "a destination of remote write takes nothing until a setting is changed; samples are kept"
          : "a destination of remote write does not take samples; they are kept";
      log.warn({ destination: this.name, failure, why }, what);
    }
    this.#trouble = { failure, why, since: this.#trouble?.since ?? clock.now() };
  }

  /** Samples were refused for good: said at most once a minute, counted always. */
  #tellRefused(why: string, samples: number): void {
    const { log, clock } = this.#parts;
    if (clock.monotonicMs() < this.#refusalToldMs + refusalEveryMs) return;
    this.#refusalToldMs = clock.monotonicMs();
    log.warn(
      { destination: this.name, samples, why },
      "a destination of remote write refused samples for good; they are left out",
    );
  }

  #recovered(): void {
    if (this.#trouble === null) return;
    this.#trouble = null;
    this.#parts.log.info({ destination: this.name }, "a destination takes samples again");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#writer[Symbol.dispose]();
    this.#labels[Symbol.dispose]();
    this.#parts.progress[Symbol.dispose]();
  }
}

function appendAll(
  window: Window,
  { refs, times, values }: Pick<Float64Columns, "refs" | "times" | "values">,
): void {
  for (let i = 0; i < refs.length; i += 1) {
    window.refs.push(refs[i] ?? 0);
    window.times.push(times[i] ?? 0);
    window.values.push(values[i] ?? Number.NaN);
  }
}

interface Float64Columns {
  readonly refs: Uint32Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
