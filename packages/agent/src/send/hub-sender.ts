/**
 * All samples on their way to one hub. A fresh sample is sent at once, alone or with those that wait with it; what could
 * not be sent goes to the spool, and from there oldest first, one request after the other, beside the fresh ones.
 * After a failure the hub is left alone for a while; one that is at odds only with what waits in the spool still gets
 * what is fresh.
 *
 * A sample is in memory only while it waits for others to be sent with (`sendEveryMs`), and for two seconds of its request.
 * A request without an answer by then has its samples in the spool as well: they may be sent twice, and count once.
 */
import type { HostDetails } from "@belfry/contract";
import { Backoff } from "./backoff.ts";
import { Delivery, mostTimes, type Delivered } from "./delivery.ts";
import { HubStatus } from "./hub-status.ts";
import { keepAside } from "./keepsake.ts";
import { mergeRuns, samplesIn, type Run } from "./run.ts";
import { Spool, type Taken } from "./spool.ts";
import type { HubSenderParts, HubSenderSettings, HubStats } from "./settings.ts";

/** An answer that takes longer lets the samples go to disk. */
const holdMs = 2_000;
/** From one request of what waited to the next; three times as long as the hub took for it, if that is more. */
const backlogPaceMs = 200;
const longestPaceMs = 15_000;
/** Details that changed are sent at most this often. */
const detailsEveryMs = 15_000;
/** On the way out, an answer is waited for so long, and the disk so long. */
const lastAnswerMs = 1_000;
const lastWriteMs = 1_900;

export class HubSender implements AsyncDisposable {
  readonly #settings: HubSenderSettings;
  readonly #parts: HubSenderParts;
  readonly #delivery: Delivery;
  readonly #spool: Spool;
  readonly #status: HubStatus;
  #fresh: Run[] = [];
  #details: HostDetails | null = null;
  #sentDetails: HostDetails | null = null;
  #detailsSentMs = Number.NEGATIVE_INFINITY;
  #liveSince: number | null = null;
  #live: Promise<void> = Promise.resolve();
  #lastLiveMs = Number.NEGATIVE_INFINITY;
  #backlog: Promise<void> = Promise.resolve();
  #isDraining = false;
  #drainsAgain = false;
  #isSendingBacklog = false;
  #nextBacklogMs = Number.NEGATIVE_INFINITY;
  /** The hub as a whole, and each way of sending. */
  readonly #wait: Readonly<Record<"hub" | "live" | "backlog", Backoff>>;
  #dueTimer: Disposable | null = null;
  #wakeTimer: Disposable | null = null;
  #isStopping = false;
  #endPause: () => void = () => {};
  #refusedBatches = 0;

  constructor(settings: HubSenderSettings, parts: HubSenderParts) {
    this.#settings = settings;
    this.#parts = parts;
    const { random, after, clock, log, client, pack } = parts;
    this.#wait = {
      hub: new Backoff(random),
      live: new Backoff(random),
      backlog: new Backoff(random),
    };
    this.#status = new HubStatus(settings.shownUrl, { now: clock.now, log });
    this.#spool = new Spool(settings.spool, { after, log });
    this.#delivery = new Delivery({
      client,
      pack,
      now: clock.now,
      after,
      host: settings.host,
      onRefused: (run, batch, why) => this.#setAside(run, batch, why),
      onDetailsRefused: (why) => this.#status.detailsRefused(why),
    });
    // What an earlier process left is sent without waiting for a sample.
    this.#drain();
  }

  push(run: Run, details: HostDetails): void {
    this.#details = details;
    this.#fresh.push(run);
    this.#sendFresh();
  }

  stats(): HubStats {
    const waits = { fresh: samplesIn(this.#fresh), isSending: this.#liveSince !== null };
    return this.#status.stats(this.#spool.stats(), waits);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { after, client } = this.#parts;
    this.#dueTimer?.[Symbol.dispose]();
    this.#wakeTimer?.[Symbol.dispose]();
    this.#isStopping = true;
    this.#endPause();
    {
      using _timer = after(lastAnswerMs, () => this.#delivery.abort(new Error("the agent stops")));
      await Promise.all([this.#live, this.#backlog]);
    }
    this.#spoolFresh();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    using _limit = after(lastWriteMs, resolve);
    await Promise.race([this.#spool.close(), late]);
    client[Symbol.dispose]();
  }

  /** Sends what is fresh if it is time to and the hub is there, else sees to it that it is kept. */
  #sendFresh(): void {
    if (this.#fresh.length === 0 || this.#isStopping) return;
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#liveSince !== null) {
      if (nowMs - this.#liveSince >= holdMs) this.#spoolFresh();
      return;
    }
    if (!this.#mayTry("live", nowMs)) {
      this.#spoolFresh();
      return;
    }
    const { sendEveryMs, intervalMs } = this.#settings;
    const dueMs = this.#lastLiveMs + sendEveryMs;
    // Samples come with some jitter: one that is nearly due goes now, and one that is a little late is waited for.
    if (nowMs < dueMs - intervalMs / 2 && samplesIn(this.#fresh) < mostTimes) {
      this.#dueTimer ??= this.#parts.after(dueMs + intervalMs / 2 - nowMs, () => {
        this.#dueTimer = null;
        this.#sendFresh();
      });
      return;
    }
    this.#dueTimer?.[Symbol.dispose]();
    this.#dueTimer = null;
    const runs = mergeRuns(this.#fresh, mostTimes);
    this.#fresh = [];
    this.#live = this.#sendLive(runs, nowMs);
  }

  async #sendLive(runs: Run[], nowMs: number): Promise<void> {
    this.#liveSince = this.#lastLiveMs = nowMs;
    let isKept = false;
    const keep = (): void => {
      isKept = true;
      this.#toSpool(runs);
      this.#spoolFresh();
    };
    {
      using _timer = this.#parts.after(holdMs, keep);
      while (runs[0] !== undefined && !isKept && !this.#isStopping) {
        const details = this.#detailsDue(nowMs);
        const outcome = await this.#delivery.send(runs[0], details);
        this.#settle(outcome, "live");
        if (outcome.kind === "sent" || outcome.kind === "refused") runs.shift();
        else break;
        if (outcome.kind === "sent" && details !== null) this.#noteDetails(details, nowMs);
      }
    }
    if (runs.length > 0 && !isKept) keep();
    this.#liveSince = null;
    this.#wake();
    this.#sendFresh();
  }

  #noteDetails(details: HostDetails | null, nowMs: number): void {
    this.#sentDetails = details;
    this.#detailsSentMs = nowMs;
  }

  #detailsDue(nowMs: number): HostDetails | null {
    if (this.#details === this.#sentDetails) return null;
    return nowMs - this.#detailsSentMs >= detailsEveryMs ? this.#details : null;
  }

  #spoolFresh(): void {
    this.#toSpool(this.#fresh);
    this.#fresh = [];
  }

  #toSpool(runs: readonly Run[]): void {
    if (runs.length === 0) return;
    this.#spool.add(runs);
    this.#wake();
  }

  /** Lets the backlog go on now, or as soon as the hub is to be tried again. */
  #wake(): void {
    if (this.#isStopping) return;
    const waitMs =
      Math.max(this.#wait.hub.until, this.#wait.backlog.until) - this.#parts.clock.monotonicMs();
    if (waitMs <= 0) {
      this.#drain();
      return;
    }
    this.#wakeTimer?.[Symbol.dispose]();
    this.#wakeTimer = this.#parts.after(waitMs, () => {
      this.#wakeTimer = null;
      this.#wake();
    });
  }

  #drain(): void {
    if (this.#isDraining) {
      // It may just have found nothing more: it looks again.
      this.#drainsAgain = true;
      return;
    }
    this.#isDraining = true;
    this.#backlog = this.#sendBacklog().then(() => {
      const again = this.#drainsAgain;
      this.#isDraining = this.#drainsAgain = false;
      if (again) this.#wake();
    });
  }

  /** Sends what waits until there is nothing more, the hub fails, or the agent stops. */
  async #sendBacklog(): Promise<void> {
    while (!this.#isStopping) {
      const taken = await this.#spool.next();
      if (taken === undefined) return;
      const isSent = await this.#sendTaken(taken);
      await this.#spool.settle(taken, isSent ? "sent" : "kept");
      if (isSent) continue;
      // The end of a request with what is fresh wakes it too.
      if (this.#liveSince === null) this.#wake();
      return;
    }
  }

  async #sendTaken(taken: Taken): Promise<boolean> {
    for (const run of taken.runs) {
      await this.#pause();
      const startMs = this.#parts.clock.monotonicMs();
      if (this.#isStopping || !this.#mayTry("backlog", startMs)) return false;
      this.#isSendingBacklog = true;
      const outcome = await this.#delivery.send(run, null);
      this.#isSendingBacklog = false;
      const tookMs = this.#parts.clock.monotonicMs() - startMs;
      this.#nextBacklogMs = startMs + Math.min(longestPaceMs, Math.max(backlogPaceMs, 3 * tookMs));
      this.#settle(outcome, "backlog");
      if (outcome.kind !== "sent" && outcome.kind !== "refused") return false;
    }
    return true;
  }

  /**
   * Requests of what waited keep a distance, so that they take no room from what is fresh: here, and in a hub that comes
   * back to many agents at once.
   */
  async #pause(): Promise<void> {
    const { clock, after } = this.#parts;
    const restMs = this.#nextBacklogMs - clock.monotonicMs();
    if (restMs <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _timer = after(restMs, resolve);
    this.#endPause = resolve;
    await promise;
  }

  /** Whether it is time to ask the hub. One that failed is asked by one request at a time. */
  #mayTry(way: "live" | "backlog", nowMs: number): boolean {
    if (nowMs < Math.max(this.#wait.hub.until, this.#wait[way].until)) return false;
    const isAsked = way === "live" ? this.#isSendingBacklog : this.#liveSince !== null;
    return !(isAsked && this.#wait.hub.isFailing);
  }

  #settle(outcome: Delivered, way: "live" | "backlog"): void {
    if (this.#isStopping && outcome.kind !== "sent") return;
    this.#status.note(outcome);
    if (outcome.kind === "sent" && outcome.wasForgotten) {
      this.#noteDetails(null, Number.NEGATIVE_INFINITY);
    }
    const nowMs = this.#parts.clock.monotonicMs();
    if (outcome.kind === "sent" || outcome.kind === "refused") {
      this.#wait.hub.reset();
      this.#wait[way].reset();
    } else {
      this.#wait[outcome.isWhole ? "hub" : way].fail(nowMs, outcome.retryAfterMs);
    }
  }

  #setAside(run: Run, batch: Uint8Array, why: string): void {
    const { now } = this.#parts.clock;
    const { refusedFolder } = this.#settings;
    this.#status.refused(run.times.length, why, refusedFolder);
    if (refusedFolder !== null) {
      this.#refusedBatches += 1;
      const name = `${String(now()).padStart(16, "0")}-${this.#refusedBatches}.batch`;
      void keepAside(refusedFolder, name, batch);
    }
  }
}
