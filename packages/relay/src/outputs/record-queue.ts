/** Records on their way into the spool: gathered in memory, written a group at a time, never waited for. */
import type { Appended } from "../spool/log.ts";
import type { NewRecord } from "../spool/pending.ts";
import type { SpoolParts } from "../spool/settings.ts";
import { BoundedQueue } from "./queue.ts";

export interface RecordQueueParts extends Pick<SpoolParts, "clock" | "sleep" | "log"> {
  readonly append: (records: readonly NewRecord[]) => Promise<Appended>;
}

/** Bounds of the queue. */
export interface RecordQueueBounds {
  /** Records that may wait; about 1 KB of memory each. */
  readonly capacity: number;
  /** How long records are gathered for one group, ms. */
  readonly gatherMs: number;
  /** Records of one group. */
  readonly group: number;
  /** Wait before what the spool did not take is tried again, ms. */
  readonly retryMs: number;
}

export const recordQueueDefaults: RecordQueueBounds = {
  capacity: 10_000,
  gatherMs: 100,
  group: 1_000,
  retryMs: 1_000,
};

/** When it is full, the oldest makes room and is counted. Disposing writes what is left, if the spool takes it. */
export class RecordQueue implements AsyncDisposable {
  readonly #parts: RecordQueueParts;
  readonly #bounds: RecordQueueBounds;
  readonly #queue: BoundedQueue<{ readonly record: NewRecord; readonly since: number }>;
  readonly #stop = new AbortController();
  #writing: Promise<void> | undefined;
  /** Of the group that is being written, records that a full queue pushed out meanwhile. */
  #pushedOut = 0;
  #inHand = 0;
  #dropped = 0;
  #isFailing = false;

  constructor(parts: RecordQueueParts, bounds: RecordQueueBounds = recordQueueDefaults) {
    this.#parts = parts;
    this.#bounds = bounds;
    this.#queue = new BoundedQueue(bounds.capacity);
  }

  /** Takes a record; after the end it is dropped. */
  add(record: NewRecord): void {
    if (this.#stop.signal.aborted) {
      this.#dropped += 1;
      return;
    }
    if (this.#queue.add({ record, since: this.#parts.clock.monotonicMs() })) {
      if (this.#pushedOut < this.#inHand) this.#pushedOut += 1;
      else this.#dropped += 1;
    }
    this.#writing ??= this.#run();
  }

  stats(): { readonly depth: number; readonly ageSeconds: number; readonly dropped: number } {
    const { oldest } = this.#queue;
    const ageMs = oldest === undefined ? 0 : this.#parts.clock.monotonicMs() - oldest.since;
    return { depth: this.#queue.length, ageSeconds: ageMs / 1000, dropped: this.#dropped };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#writing;
    while (this.#queue.length > 0) if (!(await this.#writeGroup())) break;
    this.#dropped += this.#queue.remove(this.#queue.length);
  }

  async #run(): Promise<void> {
    await this.#pause(this.#bounds.gatherMs);
    while (this.#queue.length > 0 && !this.#stop.signal.aborted) {
      const isWritten = await this.#writeGroup();
      const isMore = this.#queue.length >= this.#bounds.group;
      if (!isWritten || !isMore) {
        await this.#pause(isWritten ? this.#bounds.gatherMs : this.#bounds.retryMs);
      }
    }
    this.#writing = undefined;
  }

  /** Writes one group; false when the spool does not take it now. */
  async #writeGroup(): Promise<boolean> {
    const group = this.#queue.peek(this.#bounds.group);
    this.#inHand = group.length;
    this.#pushedOut = 0;
    const answer = await this.#parts.append(group.map(({ record }) => record));
    const isDone = answer.kind === "stored" || answer.reason === "too_large";
    if (answer.kind === "refused" && isDone) this.#dropped += group.length - this.#pushedOut;
    if (isDone) this.#queue.remove(group.length - this.#pushedOut);
    else this.#dropped += this.#pushedOut;
    this.#tell(answer);
    this.#inHand = 0;
    this.#pushedOut = 0;
    return isDone;
  }

  #tell(answer: Appended): void {
    const isFailing = answer.kind === "refused";
    if (isFailing === this.#isFailing) return;
    this.#isFailing = isFailing;
    const { log } = this.#parts;
    if (answer.kind === "refused") {
      log.warn(
        { why: answer.message },
        "records of outputs cannot be stored; the newest are kept in memory",
      );
    } else {
      log.info({}, "records of outputs are stored again");
    }
  }

  async #pause(ms: number): Promise<void> {
    await this.#parts.sleep(ms, this.#stop.signal).catch(() => undefined);
  }
}
