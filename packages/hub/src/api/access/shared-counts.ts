/**
 * Counts what hubs on one database allow only so often, together. Each counts by itself and adds to the sum in the database,
 * at most four times a second; between two of these it knows its own and what the others had added by then. Most callers
 * never come near a limit: as long as a hub counted less than a sixteenth of it, the database is not asked.
 *
 * How exact it is: spans of time are the same for all hubs by their clocks (a minute begins with the minute). Beyond a
 * limit a caller gets a sixteenth of it at each further hub, and what it asks within a quarter of a second, but never more
 * than the limit at one hub. While the database does not answer, each hub counts alone.
 */
import type { Clock } from "../../model/clock.ts";
import type { RequestCount } from "../../model/request-count.ts";

/** Where hubs count together. */
export interface CountStore {
  /** Adds; answers with the sums. */
  countRequests(counts: readonly RequestCount[]): Promise<readonly RequestCount[]>;
}

export interface SharedCountsParts {
  readonly clock: Clock;
  readonly store: CountStore;
  readonly onError: (error: unknown) => void;
}

/** How often something was counted in the present span of time, and how long that still lasts, ms. */
export interface Counted {
  readonly count: number;
  readonly leftMs: number;
}

const sendEveryMs = 250;
/** Of the limit: what a hub counts alone. */
const aloneRatio = 1 / 16;
const mostSubjects = 10_000;

interface Entry {
  readonly endsAt: number;
  readonly limit: number;
  /** The sum in the database, as far as it is known; what was sent from here is in it. */
  sum: number;
  unsent: number;
}

export class SharedCounts implements AsyncDisposable {
  readonly #parts: SharedCountsParts;
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> = Promise.resolve();
  #sentMs = Number.NEGATIVE_INFINITY;
  #isOver = false;

  constructor(parts: SharedCountsParts) {
    this.#parts = parts;
  }

  /** Counts one more of a subject, of which `limit` are allowed in a span of `spanMs`. */
  add(subject: string, spanMs: number, limit: number): Counted {
    const now = this.#parts.clock.now();
    const endsAt = (Math.floor(now / spanMs) + 1) * spanMs;
    const entry = this.#entryOf(subject, endsAt, limit);
    entry.unsent += 1;
    if (isToBeSent(entry)) this.#sendSoon();
    return { count: entry.sum + entry.unsent, leftMs: endsAt - now };
  }

  /** What was counted so far. */
  peek(subject: string): Counted {
    const now = this.#parts.clock.now();
    const entry = this.#entries.get(subject);
    if (entry === undefined || entry.endsAt <= now) return { count: 0, leftMs: 0 };
    return { count: entry.sum + entry.unsent, leftMs: entry.endsAt - now };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#sending;
  }

  #entryOf(subject: string, endsAt: number, limit: number): Entry {
    const known = this.#entries.get(subject);
    if (known?.endsAt === endsAt) return known;
    this.#entries.delete(subject);
    if (this.#entries.size >= mostSubjects) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    const entry: Entry = { endsAt, limit, sum: 0, unsent: 0 };
    this.#entries.set(subject, entry);
    return entry;
  }

  #sendSoon(): void {
    if (this.#timer !== null || this.#isOver) return;
    const sinceMs = this.#parts.clock.monotonicMs() - this.#sentMs;
    this.#timer = setTimeout(
      () => {
        this.#sending = this.#send().finally(() => {
          this.#timer = null;
          if (this.#entries.values().some(isToBeSent)) this.#sendSoon();
        });
      },
      Math.max(0, sendEveryMs - sinceMs),
    );
    this.#timer.unref();
  }

  async #send(): Promise<void> {
    this.#sentMs = this.#parts.clock.monotonicMs();
    const now = this.#parts.clock.now();
    const sent = new Map<string, { readonly entry: Entry; readonly count: number }>();
    for (const [subject, entry] of this.#entries) {
      if (entry.endsAt <= now) this.#entries.delete(subject);
      else if (isToBeSent(entry)) sent.set(subject, { entry, count: entry.unsent });
    }
    if (sent.size === 0) return;
    try {
      const sums = await this.#parts.store.countRequests(
        [...sent].map(([subject, { entry, count }]) => ({ subject, endsAt: entry.endsAt, count })),
      );
      for (const { subject, count: sum } of sums) {
        const one = sent.get(subject);
        if (one === undefined) continue;
        one.entry.sum = sum;
        one.entry.unsent -= one.count;
      }
    } catch (error) {
      this.#parts.onError(error);
    }
  }
}

/** What is refused everywhere already need not be counted further. */
function isToBeSent({ sum, unsent, limit }: Entry): boolean {
  return unsent > 0 && sum <= limit && sum + unsent >= limit * aloneRatio;
}
