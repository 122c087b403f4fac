/**
 * From the spool to one destination. Each sink has one of these, with its own place in the spool and its own waits, so a
 * slow or dead one delays nobody.
 *
 * One batch is under way at a time, oldest first, and is tried until every event of it is done for:
 *
 * | answer          | what happens                                                                          |
 * | --------------- | ------------------------------------------------------------------------------------- |
 * | `sent`          | acknowledged in the spool                                                             |
 * | `refused`       | written to the dead letters with the reason, and acknowledged once it is on disk there |
 * | `retry`         | kept; again after `afterMs` where it was said, else after a growing, random wait; for ever |
 * | `misconfigured` | kept; told once, tried slowly, told again when it works                               |
 *
 * A sink that throws, or answers with another number of deliveries than it got events, is treated like an outage: nothing
 * is lost by a defect of ours. After a crash what was not acknowledged on disk is delivered again (at least once).
 */
import type { EventSink, EventSinkHealth, EventSinkKind, RecordDelivery } from "../event-sink.ts";
import { readSinkRecord, type SinkRecord } from "../sink-record.ts";
import type { Cursor, CursorStats } from "../spool/cursor.ts";
import type { DeadLetters } from "../spool/dead.ts";
import type { SpoolParts } from "../spool/settings.ts";
import type { StoredRecord } from "../spool/record.ts";
import { backOffDefaults, waitMs, type BackOffSettings } from "./back-off.ts";

/** Why an attempt did not deliver an event. `poison` went to the dead letters; the others are tried again. */
export const failureClasses = [
  "poison",
  "outage",
  "throttled",
  "misconfigured",
  "defect",
  "disk",
] as const;
export type FailureClass = (typeof failureClasses)[number];

export interface DeliveryStats extends CursorStats {
  readonly name: string;
  readonly type: string;
  /** Events the destination took since the start. */
  readonly delivered: number;
  /** Attempts of single events that failed since the start. */
  readonly failed: Readonly<Record<FailureClass, number>>;
  /** The trouble it is in; null while it works. `since` is epoch ms. */
  readonly trouble: {
    readonly failure: FailureClass;
    readonly why: string;
    readonly since: number;
  } | null;
}

export interface DeliverySettings extends BackOffSettings {
  /** How long one attempt may take, ms. Default 60,000. */
  readonly attemptMs: number;
  /** How long stopping waits for a sink that does not end after its signal, ms. Default 2,000. */
  readonly stopMs: number;
}

/** What holds where nothing is said. */
export const deliveryDefaults: DeliverySettings = {
  ...backOffDefaults,
  attemptMs: 60_000,
  stopMs: 2_000,
};

export interface DeliveryParts extends Pick<SpoolParts, "log" | "clock" | "sleep"> {
  readonly name: string;
  readonly kind: Pick<EventSinkKind, "type" | "batch" | "takes">;
  readonly sink: EventSink;
  readonly cursor: Pick<Cursor, "read" | "wait" | "acknowledge" | "stats">;
  readonly dead: Pick<DeadLetters, "put">;
  /** 0 to 1. */
  readonly random: () => number;
  readonly settings?: Partial<DeliverySettings>;
}

export interface Delivery extends AsyncDisposable {
  readonly name: string;
  stats(): DeliveryStats;
  health(signal: AbortSignal): Promise<EventSinkHealth>;
  /** Resolves when everything is delivered, when the sink turns out to be in trouble, or when the signal aborts. */
  drained(signal: AbortSignal): Promise<void>;
}

/** Begins to deliver. Disposing ends it: the attempt under way is broken off and what is left stays in the spool. */
export function startDelivery(parts: DeliveryParts): Delivery {
  const worker = new Worker(parts);
  const running = worker.run();
  const { sink, clock, sleep } = parts;
  const stopMs = parts.settings?.stopMs ?? deliveryDefaults.stopMs;
  return {
    name: parts.name,
    stats: () => worker.stats(),
    health: (signal) => sink.health(signal),
    async drained(signal) {
      const startedAt = clock.monotonicMs();
      while (!signal.aborted && !worker.isDoneSince(startedAt)) {
        await sleep(20, signal).catch(() => undefined);
      }
    },
    async [Symbol.asyncDispose]() {
      worker.stop();
      const ended = new AbortController();
      const limit = sleep(stopMs, ended.signal).catch(() => undefined);
      await Promise.race([running.then(() => sink[Symbol.asyncDispose]()), limit]);
      ended.abort();
    },
  };
}

/** A record of the spool that is not done for, and what it holds. */
interface Item {
  readonly record: StoredRecord;
  readonly content: SinkRecord;
}

/** What is left of a batch after an attempt, and the worst that was answered. */
interface Left {
  readonly items: readonly Item[];
  readonly trouble:
    | {
        readonly failure: FailureClass;
        readonly why: string;
        readonly afterMs: number | undefined;
      }
    | undefined;
}

class Worker {
  readonly #parts: DeliveryParts;
  readonly #settings: DeliverySettings;
  readonly #stop = new AbortController();
  readonly #failed: Record<FailureClass, number> = {
    poison: 0,
    outage: 0,
    throttled: 0,
    misconfigured: 0,
    defect: 0,
    disk: 0,
  };
  #delivered = 0;
  #trouble: DeliveryStats["trouble"] = null;
  #lastFailureAt = -Infinity;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.#settings = { ...deliveryDefaults, ...parts.settings };
  }

  stats(): DeliveryStats {
    const { name, kind, cursor } = this.#parts;
    return {
      ...cursor.stats(),
      name,
      type: kind.type,
      delivered: this.#delivered,
      failed: { ...this.#failed },
      trouble: this.#trouble,
    };
  }

  /** Nothing is left, or there is no use in waiting. */
  isDoneSince(monotonicMs: number): boolean {
    if (this.#stop.signal.aborted || this.#parts.cursor.stats().depth === 0) return true;
    return this.#trouble !== null || this.#lastFailureAt >= monotonicMs;
  }

  stop(): void {
    this.#stop.abort();
  }

  async run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#parts.cursor.wait(signal);
      } catch {
        return;
      }
      await this.#deliverAll(await this.#read());
    }
  }

  /** The next batch. A disk that cannot be read is tried again for ever: nothing is skipped. */
  async #read(): Promise<readonly Item[]> {
    const { cursor, kind } = this.#parts;
    const { maxEvents, maxBytes } = kind.batch;
    for (let failures = 1; !this.#stop.signal.aborted; failures += 1) {
      try {
        const records = await cursor.read({ maxRecords: maxEvents, maxBytes });
        return await this.#readable(records);
      } catch (error) {
        this.#failed.disk += 1;
        this.#tell("disk", messageOf(error));
        await this.#pause(
          waitMs({ failures, afterMs: undefined }, this.#settings, this.#parts.random),
        );
      }
    }
    return [];
  }

  /** What the sink has a place for. What cannot be read cannot come from the intake; it goes to the dead letters. */
  async #readable(records: readonly StoredRecord[]): Promise<Item[]> {
    const { takes } = this.#parts.kind;
    const items: Item[] = [];
    const passing: number[] = [];
    for (const record of records) {
      const content = readSinkRecord(record.bytes);
      if (content !== undefined) {
        if (takes.includes(content.kind)) items.push({ record, content });
        else passing.push(record.sequence);
        continue;
      }
      let failures = 0;
      while (!(await this.#bury([{ record, why: "what is in the spool is no record" }], 0))) {
        failures += 1;
        await this.#pause(
          waitMs({ failures, afterMs: undefined }, this.#settings, this.#parts.random),
        );
        if (this.#stop.signal.aborted) return items;
      }
    }
    if (passing.length > 0) this.#parts.cursor.acknowledge(passing);
    return items;
  }

  async #deliverAll(items: readonly Item[]): Promise<void> {
    let left = items;
    let attempts = 0;
    let failures = 0;
    while (left.length > 0 && !this.#stop.signal.aborted) {
      attempts += 1;
      const before = left.length;
      const after = await this.#attempt(left, attempts);
      left = after.items;
      const { trouble } = after;
      if (trouble === undefined) continue;
      if (this.#stop.signal.aborted) return;
      // What moves a little is not away: its wait begins anew.
      failures = left.length < before ? 1 : failures + 1;
      this.#tell(trouble.failure, trouble.why);
      const { afterMs } = trouble;
      await this.#pause(
        trouble.failure === "misconfigured"
          ? this.#settings.misconfiguredMs
          : waitMs({ failures, afterMs }, this.#settings, this.#parts.random),
      );
    }
    if (items.length > 0 && left.length === 0) this.#recovered();
  }

  async #attempt(items: readonly Item[], attempts: number): Promise<Left> {
    const attempt = new AbortController();
    const stop = (): void => attempt.abort();
    // Taken off again below: what is made of the one long signal by `AbortSignal.any` would pile up on it.
    this.#stop.signal.addEventListener("abort", stop);
    let isLate = false;
    const ended = new AbortController();
    this.#parts.sleep(this.#settings.attemptMs, ended.signal).then(
      () => {
        isLate = true;
        attempt.abort();
      },
      () => undefined,
    );
    let answers: readonly RecordDelivery[];
    try {
      answers = await this.#parts.sink.deliver(
        items.map(({ content }) => content),
        attempt.signal,
      );
    } catch (error) {
      if (isLate) {
        return this.#allFailed(items, "outage", `no answer within ${this.#settings.attemptMs} ms`);
      }
      return this.#allFailed(items, "defect", messageOf(error));
    } finally {
      ended.abort();
      this.#stop.signal.removeEventListener("abort", stop);
    }
    if (answers.length === items.length) return this.#settle(items, answers, attempts);
    const why = `the sink answered ${answers.length} deliveries for ${items.length} events`;
    return this.#allFailed(items, "defect", why);
  }

  #allFailed(items: readonly Item[], failure: FailureClass, why: string): Left {
    if (!this.#stop.signal.aborted) this.#failed[failure] += items.length;
    return { items, trouble: { failure, why, afterMs: undefined } };
  }

  /** Does for every event what its answer asks for. */
  async #settle(
    items: readonly Item[],
    answers: readonly RecordDelivery[],
    attempts: number,
  ): Promise<Left> {
    const sent: number[] = [];
    const refused: (Pick<Item, "record"> & { why: string })[] = [];
    const left: Item[] = [];
    let trouble: Left["trouble"];
    for (const [i, item] of items.entries()) {
      const answer = answers[i];
      if (answer === undefined) continue;
      if (answer.kind === "sent") sent.push(item.record.sequence);
      else if (answer.kind === "refused") refused.push({ record: item.record, why: answer.why });
      else {
        left.push(item);
        const found = troubleOf(answer);
        this.#failed[found.failure] += 1;
        trouble = worse(trouble, found);
      }
    }
    this.#delivered += sent.length;
    this.#parts.cursor.acknowledge(sent);
    if (refused.length > 0 && !(await this.#bury(refused, attempts))) {
      const again = new Set(refused.map(({ record }) => record.sequence));
      const kept = items.filter(({ record }) => again.has(record.sequence));
      const why = "dead letters cannot be written";
      return {
        items: [...left, ...kept].toSorted(bySequence),
        trouble: { failure: "disk", why, afterMs: undefined },
      };
    }
    return { items: left, trouble };
  }

  /** Writes dead letters, then acknowledges. False when they could not be written: then nothing is acknowledged. */
  async #bury(
    refused: readonly { readonly record: StoredRecord; readonly why: string }[],
    attempts: number,
  ): Promise<boolean> {
    const { dead, cursor, clock, log, name } = this.#parts;
    const at = clock.now();
    const letters = refused.map(({ record: { id, bytes }, why }) => ({
      id,
      bytes,
      reason: { why, attempts, at },
    }));
    let message: string;
    try {
      const answer = await dead.put(letters);
      if (answer.kind === "stored") {
        this.#failed.poison += refused.length;
        cursor.acknowledge(refused.map(({ record }) => record.sequence));
        const why = refused[0]?.why;
        log.warn({ sink: name, events: refused.length, why }, "events were refused for good");
        return true;
      }
      message = answer.message;
    } catch (error) {
      message = messageOf(error);
    }
    this.#failed.disk += refused.length;
    this.#tell("disk", message);
    return false;
  }

  /** Says once what is wrong, and again when it becomes something else. */
  #tell(failure: FailureClass, why: string): void {
    const { log, name, clock } = this.#parts;
    this.#lastFailureAt = clock.monotonicMs();
    if (this.#trouble?.failure !== failure) {
      const what =
        failure === "misconfigured"
          ? "a sink refuses everything until its settings are changed; its events are kept"
          : "a sink does not take its events; they are kept";
      log.warn({ sink: name, failure, why }, what);
    }
    const since = this.#trouble?.since ?? clock.now();
    this.#trouble = { failure, why, since };
  }

  #recovered(): void {
    if (this.#trouble === null) return;
    this.#trouble = null;
    this.#parts.log.info({ sink: this.#parts.name }, "a sink takes its events again");
  }

  async #pause(ms: number): Promise<void> {
    await this.#parts.sleep(ms, this.#stop.signal).catch(() => undefined);
  }
}

type Trouble = NonNullable<Left["trouble"]>;

function troubleOf(answer: Extract<RecordDelivery, { kind: "retry" | "misconfigured" }>): Trouble {
  if (answer.kind === "misconfigured") {
    return { failure: "misconfigured", why: answer.why, afterMs: undefined };
  }
  const { why, afterMs } = answer;
  return { failure: afterMs === undefined ? "outage" : "throttled", why, afterMs };
}

/** Of several, the one that waits longest decides: a wrong setting, then the longest stated wait, then an outage. */
function worse(a: Trouble | undefined, b: Trouble): Trouble {
  if (a === undefined || b.failure === "misconfigured") return b;
  if (a.failure === "misconfigured") return a;
  return (b.afterMs ?? -1) > (a.afterMs ?? -1) ? b : a;
}

function bySequence(a: Item, b: Item): number {
  return a.record.sequence - b.record.sequence;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
