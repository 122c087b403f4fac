/**
 * Between judging and the store. Decisions of many checks are gathered for a tick and committed as one change, in order.
 * When the store fails, the same change is tried again under the same mark until it succeeds, so that it is written once
 * though the store's answer may get lost; newer decisions wait behind it, and checks go on meanwhile. The queue is
 * bounded: when it is full, samples of the oldest waiting checks are dropped and counted, then failed checks; states and
 * transitions are never dropped, because they are few and the newest state replaces the older. What a process decided
 * that was taken for dead is refused by the store, and dropped.
 */
import { randomUUID } from "node:crypto";
import type { Change, CommitResult, FailedCheck, StatusChange } from "./model/change.ts";
import type { ProcessId, Shown } from "./model/fleet.ts";
import type { MonitorId } from "./model/id.ts";
import type { JudgeState, Transition } from "./model/judgement.ts";
import type { Frame } from "./model/series.ts";

export interface CommitQueueSettings {
  /** How long decisions are gathered, in ms. Longer: fewer syncs; shorter: sooner seen. */
  readonly tickMs: number;
  /** How many checks may wait. About 1 kB each. */
  readonly maxChecks: number;
}

export interface CommitQueueParts {
  readonly commit: (change: Change) => Promise<CommitResult>;
  /** Who decides, where several processes do; left out, or undefined, where there is one. */
  readonly fence?: () => ProcessId | undefined;
  /** Told that this process was taken for dead: so many decided checks were refused. */
  readonly onFenced?: (checks: number) => void;
  readonly onError: (error: unknown) => void;
  readonly onDropped: (checks: number) => void;
  readonly onCommitted: (seconds: number) => void;
}

/** What one check adds to the next change. `afterCommit` runs once it is durable. */
export interface CheckDecision {
  readonly monitorId: MonitorId;
  readonly state: JudgeState | null;
  readonly statusChange: StatusChange | null;
  readonly failedCheck: FailedCheck | null;
  readonly transition: Transition | null;
  readonly frame: Frame | null;
  /** What other processes show of the check; left out where it is none. */
  readonly shown?: Shown;
  readonly afterCommit: () => void;
}

interface Waiting extends CheckDecision {
  /** Monotonic ms. */
  readonly addedMs: number;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;

export class CommitQueue implements AsyncDisposable {
  readonly #settings: CommitQueueSettings;
  readonly #parts: CommitQueueParts;
  /** Names this queue in the marks of its changes. */
  readonly #writer = randomUUID();
  /** The change that is being written, or is to be tried again. */
  #batch: Waiting[] = [];
  #number = 0;
  /** Grows when what waits is discarded. */
  #era = 0;
  #waiting: Waiting[] = [];
  #dropped = 0;
  #running: Promise<void> | null = null;
  #stopping = false;
  #failingSince: number | null = null;
  #wakeEarly: (() => void) | null = null;

  constructor(settings: CommitQueueSettings, parts: CommitQueueParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** How many checks wait, for how long the oldest has, in seconds, and how many lost their history so far. */
  get stats(): { readonly depth: number; readonly ageSeconds: number; readonly dropped: number } {
    const oldest = this.#isFailing ? (this.#batch[0] ?? this.#waiting[0]) : this.#waiting[0];
    return {
      depth: this.#depth,
      ageSeconds: oldest === undefined ? 0 : (performance.now() - oldest.addedMs) / 1000,
      dropped: this.#dropped,
    };
  }

  /** Epoch ms since when the store refuses; null while it does not. */
  get failingSince(): number | null {
    return this.#failingSince;
  }

  add(decision: CheckDecision): void {
    this.#waiting.push({ ...decision, addedMs: performance.now() });
    if (this.#depth > this.#settings.maxChecks) this.#shed();
    this.#running ??= this.#run();
  }

  /** Resolves when everything added before has been tried once more. */
  async flush(): Promise<void> {
    this.#wakeEarly?.();
    await this.#running;
  }

  /** Drops what waits: it is somebody else's by now. What is being written may still be. */
  discard(): void {
    const dropped = this.#depth;
    this.#era += 1;
    this.#batch = [];
    this.#waiting = [];
    if (dropped > 0) this.#parts.onFenced?.(dropped);
  }

  /** Commits what waits; gives up after one try that fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await this.flush();
  }

  async #run(): Promise<void> {
    let pauseMs = firstPauseMs;
    await this.#pause(this.#settings.tickMs);
    while (this.#batch.length + this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      const startedAt = performance.now();
      const mark = { writer: this.#writer, number: this.#number, at: Date.now() };
      const fence = this.#parts.fence?.();
      const era = this.#era;
      let result: CommitResult;
      try {
        const change = changeOf(batch, fence !== undefined);
        result = await this.#parts.commit({
          ...change,
          mark,
          ...(fence === undefined ? {} : { fence }),
        });
      } catch (error) {
        this.#failingSince ??= Date.now();
        this.#parts.onError(error);
        if (this.#depth > this.#settings.maxChecks) this.#shed();
        if (this.#stopping) break;
        await this.#pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
        continue;
      }
      this.#failingSince = null;
      // Discarded meanwhile: what is there now is newer.
      if (this.#era === era) this.#batch = [];
      pauseMs = firstPauseMs;
      if (result === "fenced") this.#parts.onFenced?.(batch.length);
      else {
        this.#parts.onCommitted((performance.now() - startedAt) / 1000);
        for (const decision of batch) decision.afterCommit();
      }
      if (this.#waiting.length > 0) await this.#pause(this.#settings.tickMs);
    }
    this.#running = null;
  }

  #nextBatch(): readonly Waiting[] {
    if (this.#batch.length === 0) {
      this.#batch = this.#waiting;
      this.#waiting = [];
      this.#number += 1;
    }
    return this.#batch;
  }

  get #isFailing(): boolean {
    return this.#failingSince !== null;
  }

  /** How many wait; those of a change that is tried are among them from when it failed. */
  get #depth(): number {
    return this.#waiting.length + (this.#isFailing ? this.#batch.length : 0);
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeEarly = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Makes room: a quarter of the queue loses what is only history. */
  #shed(): void {
    const count = Math.ceil(this.#settings.maxChecks / 4);
    const inBatch = this.#isFailing ? Math.min(count, this.#batch.length) : 0;
    const inWaiting = count - inBatch;
    const oldBatch = this.#batch.slice(0, inBatch);
    const oldWaiting = this.#waiting.slice(0, inWaiting);
    this.#batch = [...withoutHistory(oldBatch), ...this.#batch.slice(inBatch)];
    this.#waiting = [...withoutHistory(oldWaiting), ...this.#waiting.slice(inWaiting)];
    const lost = [...oldBatch, ...oldWaiting].filter(
      (one) => one.frame !== null || one.failedCheck !== null,
    ).length;
    this.#dropped += lost;
    this.#parts.onDropped(lost);
  }
}

function withoutHistory(decisions: readonly Waiting[]): readonly Waiting[] {
  return decisions
    .filter((one) => one.state !== null || one.transition !== null || one.statusChange !== null)
    .map((one) => ({ ...one, frame: null, failedCheck: null }));
}

/** One change of many decisions: the newest state of each monitor, everything else in order. */
function changeOf(batch: readonly CheckDecision[], isFleet: boolean): Change {
  const states = new Map<MonitorId, JudgeState>();
  const statusChanges: StatusChange[] = [];
  const failedChecks: FailedCheck[] = [];
  const transitions: Transition[] = [];
  const frames: Frame[] = [];
  const shown = new Map<MonitorId, Shown>();
  for (const one of batch) {
    if (isFleet && one.shown !== undefined) shown.set(one.monitorId, one.shown);
    if (one.state !== null) states.set(one.monitorId, one.state);
    if (one.statusChange !== null) statusChanges.push(one.statusChange);
    if (one.failedCheck !== null) failedChecks.push(one.failedCheck);
    if (one.transition !== null) transitions.push(one.transition);
    if (one.frame !== null) frames.push(one.frame);
  }
  return {
    judged: [...states].map(([monitorId, state]) => ({ monitorId, state })),
    statusChanges,
    failedChecks,
    transitions,
    frames,
    ...(isFleet ? { shown: [...shown.values()] } : {}),
  };
}
