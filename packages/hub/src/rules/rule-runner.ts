/**
 * Looks at every rule of every subject every fifteen seconds: a sixtieth of the subjects every quarter of a second, and
 * never for longer than a few ms at a time, so that checks wait for nothing. What is decided is committed with the signals
 * that tell it, and tried again until it is; while much waits to be committed nothing more is decided.
 */
import type { AlertRuleSettings } from "../model/alert-policy.ts";
import type { CommitResult } from "../model/change.ts";
import type { Clock } from "../model/clock.ts";
import type { KeptRuleState, RuleChange, RuleFence } from "../model/rule-state.ts";
import type { Frame, SourceKey } from "../model/series.ts";
import { recall, type RecallStore } from "./recall.ts";
import { RuleSet, rulesThatHold, type SubjectKind } from "./rule-set.ts";
import { createPlanner } from "./series-plan.ts";
import type { RuleSubject } from "./subject.ts";
import { WatchedSource, type Draft, type Planner } from "./watched-source.ts";

export interface RunnerParts {
  readonly clock: Clock;
  readonly store: RecallStore & {
    ruleStates(): Promise<readonly KeptRuleState[]>;
    commitRules(change: RuleChange): Promise<CommitResult>;
    /** When the hub was last known to run, epoch ms. */
    readAlive(): Promise<number | undefined>;
    /** Own rules, and what was changed of built-in ones. */
    rules(): Promise<readonly AlertRuleSettings[]>;
  };
  /** The subject of a source; undefined: it is gone. */
  readonly subject: (source: SourceKey) => RuleSubject | undefined;
  /** Sources there are, also those nothing was heard of since the start. */
  readonly sources: () => Iterable<SourceKey>;
  /** Signals were committed. */
  readonly onSignals: () => void;
  /** Something could not be read or written; it is tried again. */
  readonly onError: (error: unknown) => void;
  /** Up to when samples were handed over, epoch ms: nothing is said to be silent after that. Left out: up to now. */
  readonly heardUpTo?: () => number;
  /** Who decides, where several processes could, and how often somebody did; left out: this one alone. */
  readonly shared?: {
    fence(): RuleFence | undefined;
    ruleSteps(): Promise<number>;
  };
}

export interface RuleCounts {
  readonly firing: number;
  readonly cannotTell: number;
}

/** How it does, for metrics. */
export interface RunnerStats {
  readonly sources: number;
  readonly bytes: number;
  /** Sources whose samples are not kept because there is no room. */
  readonly refused: number;
  /** Ms the last round took of the event loop. */
  readonly roundMs: number;
  /** Decisions that wait to be committed. */
  readonly waiting: number;
}

/** Every rule is looked at once in this time, in ms. */
export const roundMs = 15_000;
const slots = 60;
/** Ms of looking after which everything else has its turn. */
const sliceMs = 5;
/** Bytes of samples that are kept for rules. */
const mostBytes = 256 * 1024 * 1024;
/** Decisions that may wait; then nothing is decided until the store takes them. */
const mostWaiting = 20_000;
const retryMs = 1_000;
const recallPauseMs = 10_000;

export class RuleRunner implements AsyncDisposable {
  readonly #parts: RunnerParts;
  readonly #watched = new Map<SourceKey, WatchedSource>();
  #rules = new RuleSet([]);
  #planner: Planner = createPlanner(this.#rules);
  #order: WatchedSource[] = [];
  #draft: Draft = { states: new Map(), signals: [] };
  #recallAfterMs = 0;
  #committing: Promise<void> | null = null;
  #recalling: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #slot = 0;
  #roundMs = 0;
  #spentMs = 0;
  #bytes = 0;
  #refused = 0;
  #isStopping = false;
  #isFenced = false;
  /** What is known is what so many changes came to. */
  #steps = 0;
  readonly #looking = new Set<Promise<void>>();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** The rules that hold. */
  get rules(): RuleSet {
    return this.#rules;
  }

  get stats(): RunnerStats {
    return {
      sources: this.#watched.size,
      bytes: this.#bytes,
      refused: this.#refused,
      roundMs: this.#roundMs,
      waiting: this.#waiting,
    };
  }

  /** What was decided was refused: another process decides. Nothing more is, until it is loaded again. */
  get isFenced(): boolean {
    return this.#isFenced;
  }

  /** Takes up where the former process stopped. */
  async load(): Promise<void> {
    const { store, shared } = this.#parts;
    // Before the states: what is changed in between is noticed.
    this.#steps = (await shared?.ruleSteps()) ?? 0;
    this.#use(rulesThatHold(await store.rules()));
    const aliveAt = (await store.readAlive()) ?? null;
    for (const kept of await store.ruleStates()) {
      // Nobody looked while no hub ran: that time counts for nothing.
      const blindSince = kept.state.blindSince ?? aliveAt;
      this.#watch(kept.source)?.restore({ ...kept, state: { ...kept.state, blindSince } });
    }
  }

  /** Whether nobody else decided since it was loaded: a duty that was lost and came back is not noticed otherwise. */
  async isCurrent(): Promise<boolean> {
    const { shared } = this.#parts;
    if (shared === undefined || this.#committing !== null) return true;
    const before = this.#steps;
    const steps = await shared.ruleSteps();
    return steps === before || this.#steps !== before || this.#committing !== null;
  }

  /** Begins to look. */
  start(): void {
    this.#order = [...this.#watched.values()];
    this.#timer = setInterval(() => this.#track(this.#nextSlot()), roundMs / slots);
  }

  /** Looks at everything soon, beside the rounds: nobody has for a while. */
  lookSoon(): void {
    this.#meet();
    this.#track(
      this.#recallSoon().then(async () => {
        await this.#lookAt([...this.#watched.values()]);
        this.#commitSoon();
      }),
    );
  }

  /** Stops looking, and forgets what is known: another process decides from now on. It may be loaded and started again. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#timer);
    await Promise.all([...this.#looking, this.#recalling]);
    await this.#committing;
    if (this.#waiting > 0 && !this.#isFenced) await this.#commitOnce();
    this.#watched.clear();
    this.#order = [];
    this.#draft = { states: new Map(), signals: [] };
    this.#bytes = 0;
    this.#recallAfterMs = 0;
    this.#slot = 0;
    this.#isStopping = false;
    this.#isFenced = false;
  }

  /** Reads the rules anew: some were changed. */
  async reload(): Promise<void> {
    this.#use(rulesThatHold(await this.#parts.store.rules()));
    for (const watched of this.#watched.values()) watched.useRules(this.#rules, this.#planner);
  }

  /** Takes in samples that were stored. */
  take(frames: readonly Frame[]): void {
    for (const frame of frames) {
      const kind = kindOf(frame.source);
      if (kind === undefined || !this.#rules.isAbout(kind)) continue;
      this.#watch(frame.source)?.take(frame, this.#planner);
    }
  }

  /** Samples of these sources were stored without passing by. */
  changed(sources: Iterable<SourceKey>): void {
    for (const source of sources) {
      const kind = kindOf(source);
      if (kind === undefined || !this.#rules.isAbout(kind)) continue;
      const watched = this.#watch(source);
      if (watched !== undefined) watched.isRecalled = false;
    }
  }

  /** How many subjects each rule holds of, and of how many it cannot be told; by the id of the rule. */
  counts(): ReadonlyMap<string, RuleCounts> {
    const counts = new Map<string, { firing: number; cannotTell: number }>();
    for (const watched of this.#watched.values()) {
      watched.count((number, verdict) => {
        const id = this.#rules.rules[number]?.id ?? "";
        const one = counts.get(id) ?? { firing: 0, cannotTell: 0 };
        if (verdict === "firing") one.firing += 1;
        else one.cannotTell += 1;
        counts.set(id, one);
      });
    }
    return counts;
  }

  /** Looks at everything once and commits what was decided; samples from before are read first. */
  async round(): Promise<void> {
    this.#meet();
    await this.#recallAll();
    await this.#lookAt([...this.#watched.values()]);
    await this.#commit();
  }

  /** Stops looking; commits what was decided, or gives up after one try. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#timer);
    await Promise.all([...this.#looking, this.#recalling]);
    await this.#committing;
    if (this.#waiting > 0) await this.#commitOnce();
  }

  get #waiting(): number {
    return this.#draft.states.size + this.#draft.signals.length;
  }

  #use(rules: RuleSet): void {
    this.#rules = rules;
    this.#planner = createPlanner(rules);
  }

  #watch(source: SourceKey): WatchedSource | undefined {
    const known = this.#watched.get(source);
    if (known !== undefined) return known;
    const kind = kindOf(source);
    if (kind === undefined) return undefined;
    if (this.#bytes > mostBytes) {
      this.#refused += 1;
      return undefined;
    }
    const watched = new WatchedSource(source, kind, this.#rules);
    this.#watched.set(source, watched);
    return watched;
  }

  /** Watches subjects that nothing was heard of, and forgets those that are gone. */
  #meet(): void {
    for (const source of this.#parts.sources()) {
      const kind = kindOf(source);
      if (kind !== undefined && this.#rules.isAbout(kind)) this.#watch(source);
    }
    let bytes = 0;
    for (const [source, watched] of this.#watched) {
      bytes += watched.bytes;
      const isGone = this.#parts.subject(source) === undefined && watched.activeCount === 0;
      if (isGone) this.#watched.delete(source);
    }
    this.#bytes = bytes;
  }

  async #nextSlot(): Promise<void> {
    if (this.#slot === 0) {
      this.#roundMs = this.#spentMs;
      this.#spentMs = 0;
      this.#refused = 0;
      this.#meet();
      this.#order = [...this.#watched.values()];
    }
    const from = Math.floor((this.#slot * this.#order.length) / slots);
    const to = Math.floor(((this.#slot + 1) * this.#order.length) / slots);
    this.#slot = (this.#slot + 1) % slots;
    void this.#recallSoon();
    if (this.#waiting > mostWaiting || this.#isFenced) return;
    await this.#lookAt(this.#order.slice(from, to));
    this.#commitSoon();
  }

  #recallSoon(): Promise<void> {
    this.#recalling ??= this.#recallAll().finally(() => (this.#recalling = null));
    return this.#recalling;
  }

  #commitSoon(): void {
    if (this.#waiting === 0) return;
    this.#committing ??= this.#commit().finally(() => (this.#committing = null));
  }

  #track(looking: Promise<void>): void {
    this.#looking.add(looking);
    void looking.finally(() => this.#looking.delete(looking));
  }

  async #lookAt(some: readonly WatchedSource[]): Promise<void> {
    let began = this.#parts.clock.monotonicMs();
    for (const watched of some) {
      const subject = this.#parts.subject(watched.source);
      watched.look(this.#now(), subject, this.#draft);
      const passed = this.#parts.clock.monotonicMs() - began;
      if (passed < sliceMs) continue;
      this.#spentMs += passed;
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#isStopping) return;
      began = this.#parts.clock.monotonicMs();
    }
    this.#spentMs += this.#parts.clock.monotonicMs() - began;
  }

  #now(): number {
    const { clock, heardUpTo } = this.#parts;
    return heardUpTo?.() ?? clock.now();
  }

  async #recallAll(): Promise<void> {
    const { store, clock, onError } = this.#parts;
    if (clock.monotonicMs() < this.#recallAfterMs) return;
    for (const watched of this.#watched.values()) {
      if (watched.isRecalled) continue;
      if (this.#isStopping) return;
      try {
        const parts = { rules: this.#rules, store, planner: this.#planner };
        await recall(watched, parts, clock.now());
      } catch (error) {
        this.#recallAfterMs = clock.monotonicMs() + recallPauseMs;
        onError(error);
        return;
      }
    }
  }

  async #commit(): Promise<void> {
    while (this.#waiting > 0 && !(await this.#commitOnce())) {
      if (this.#isStopping) return;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  /** Whether it was taken. What is not waits in front of what is decided meanwhile. */
  async #commitOnce(): Promise<boolean> {
    const draft = this.#draft;
    this.#draft = { states: new Map(), signals: [] };
    try {
      const fence = this.#parts.shared?.fence();
      const change = changeOf(draft);
      const result = await this.#parts.store.commitRules(
        fence === undefined ? change : { ...change, fence: { ...fence, after: this.#steps } },
      );
      if (result === "fenced") {
        this.#isFenced = true;
        this.#draft = { states: new Map(), signals: [] };
        return true;
      }
      this.#steps += 1;
    } catch (error) {
      const newer = this.#draft;
      this.#draft = {
        states: new Map([...draft.states, ...newer.states]),
        signals: [...draft.signals, ...newer.signals],
      };
      this.#parts.onError(error);
      return false;
    }
    if (draft.signals.length > 0) this.#parts.onSignals();
    return true;
  }
}

function changeOf({ states, signals }: Draft): RuleChange {
  const decided = [...states.values()];
  return {
    saved: decided.flatMap(({ kept }) => (kept === null ? [] : [kept])),
    dropped: decided.flatMap(({ key, kept }) => (kept === null ? [key] : [])),
    signals,
  };
}

/** What a source is of: `host:<id>`. Imported samples are of no subject. */
function kindOf(source: SourceKey): SubjectKind | undefined {
  const prefix = source.slice(0, source.indexOf(":"));
  return prefix === "host" || prefix === "monitor" || prefix === "job" ? prefix : undefined;
}
