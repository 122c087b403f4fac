/**
 * Rules where several processes share a database: one hub at a time has the duty, and looks at what all of them store.
 * Whoever gets it takes up the states that were committed, and recalls what was before from the store, as at a start;
 * whoever loses it stops and forgets. What was decided and not committed when it was lost is decided again by the next
 * one, and refused by the store where the former one still tries.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Frame } from "../model/series.ts";
import type { RuleRunner } from "./rule-runner.ts";
import type { SeriesFeed } from "./series-feed.ts";

export interface RuleDutyParts {
  readonly runner: RuleRunner;
  readonly feed: SeriesFeed;
  /** Whether this process has the duty now. */
  readonly isOurs: () => boolean;
  /** Reads what is to be known before it begins: rules, states, jobs. */
  readonly takeUp: () => Promise<void>;
  /** Told of samples before rules see them. */
  readonly onFed: (frames: readonly Frame[]) => Promise<void>;
  /** Something could not be read; it is tried again. */
  readonly onError: (error: unknown) => void;
}

/** How often is looked at what was stored, and whose duty it is, ms. */
const everyMs = 1_000;

export class RuleDuty implements AsyncDisposable {
  readonly #parts: RuleDutyParts;
  readonly #stop = new AbortController();
  #loop: Promise<void> | null = null;
  #isRunning = false;
  #heardUpTo = Number.NEGATIVE_INFINITY;

  constructor(parts: RuleDutyParts) {
    this.#parts = parts;
  }

  /** Whether rules are looked at here. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Up to when everything that was stored was handed over, epoch ms. */
  get heardUpTo(): number {
    return this.#heardUpTo;
  }

  /** From now on rules are looked at whenever this process has the duty. */
  start(): void {
    this.#loop ??= this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.#end();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      let hasMore = false;
      try {
        hasMore = await this.#turn();
      } catch (error) {
        this.#parts.onError(error);
      }
      if (!hasMore) await delay(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** true: there is more to be read at once. */
  async #turn(): Promise<boolean> {
    const { isOurs, runner } = this.#parts;
    const isOver = !isOurs() || runner.isFenced;
    if (isOver || (this.#isRunning && !(await runner.isCurrent()))) {
      await this.#end();
      return !isOver;
    }
    if (!this.#isRunning) await this.#begin();
    return await this.#feed();
  }

  async #begin(): Promise<void> {
    const { feed, runner, takeUp } = this.#parts;
    // What was stored before is recalled, so reading begins first: nothing falls in between.
    feed.reset();
    await this.#feed();
    await takeUp();
    runner.start();
    runner.lookSoon();
    this.#isRunning = true;
  }

  async #end(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    await this.#parts.runner.stop();
    this.#heardUpTo = Number.NEGATIVE_INFINITY;
  }

  async #feed(): Promise<boolean> {
    const { feed, runner, onFed } = this.#parts;
    const { frames, stale, upTo, hasMore } = await feed.read();
    await onFed(frames);
    runner.take(frames);
    runner.changed(stale);
    this.#heardUpTo = upTo;
    return hasMore;
  }
}
