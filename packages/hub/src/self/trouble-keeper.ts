/**
 * Troubles that Belfry notices without a rule of somebody's: each is raised once and cleared once, over restarts, because
 * what is said is written together with the memory that it was said. While the store is away both wait here, in their
 * order, and are written when it is back. They are kept among the states of rules, under sources that no series have.
 * Where several processes are, one that was taken for dead may write nothing; what it noticed of things that others look
 * after by now is dropped, and the rest is written once it has joined again.
 */
import type { CommitResult } from "../model/change.ts";
import type { KeptRuleState, RuleChange, RuleFence, RuleStateKey } from "../model/rule-state.ts";
import type { Signal } from "../model/signal.ts";

export interface TroubleKeeperParts {
  readonly store: { commitRules(change: RuleChange): Promise<CommitResult> };
  /** Who this process is at present, where there are several; left out: it is alone. */
  readonly fence?: () => RuleFence | undefined;
  /** Whether a source is this process's own, whoever looks after what. Left out: all are. */
  readonly isOwn?: (source: string) => boolean;
  /** Alerting has signals to consume. Must not throw. */
  readonly onSignals: () => void;
  /** It could not be written, and is tried again. Must not throw. */
  readonly onError: (error: unknown) => void;
}

/** What a trouble is known by: who keeps it, and which one it is. */
export type TroubleKey = Pick<RuleStateKey, "source" | "ruleId">;

const firstPauseMs = 200;
const longestPauseMs = 5_000;

export class TroubleKeeper implements AsyncDisposable {
  readonly #parts: TroubleKeeperParts;
  readonly #raised = new Map<string, Signal>();
  #states = new Map<string, { readonly key: TroubleKey; readonly signal: Signal | null }>();
  #signals: { readonly source: string; readonly signal: Signal }[] = [];
  #writing: Promise<void> | null = null;
  #wakeEarly: (() => void) | null = null;
  #isStopping = false;

  constructor(parts: TroubleKeeperParts) {
    this.#parts = parts;
  }

  /** Signals that wait to be written. */
  get waiting(): number {
    return this.#signals.length;
  }

  /** Takes up what was raised before, of sources that begin with `prefix`. */
  load(kept: readonly KeptRuleState[], prefix: string): void {
    for (const { source, ruleId, raised } of kept) {
      if (raised === null || !source.startsWith(prefix)) continue;
      this.#raised.set(textOf({ source, ruleId }), raised);
    }
  }

  /** Takes up what was raised of these, and of nothing else, as another process left it. */
  replace(keys: readonly TroubleKey[], kept: readonly KeptRuleState[]): void {
    const raised = new Map(kept.map((one) => [textOf(one), one.raised]));
    for (const key of keys) {
      const text = textOf(key);
      const signal = raised.get(text) ?? null;
      if (signal === null) this.#raised.delete(text);
      else this.#raised.set(text, signal);
    }
  }

  /** What was said when it was raised; undefined: it is not. */
  raised(key: TroubleKey): Signal | undefined {
    return this.#raised.get(textOf(key));
  }

  /** Raises a trouble, or says what became of one that is raised: how severe it is now, what it is about. */
  raise(key: TroubleKey, signal: Signal): void {
    this.#raised.set(textOf(key), signal);
    this.#states.set(textOf(key), { key, signal });
    this.#say(key, signal);
  }

  /** Clears it if it is raised; `at` is when it ended, epoch ms. */
  clear(key: TroubleKey, at: number, message = ""): void {
    const raised = this.#raised.get(textOf(key));
    if (raised === undefined) return;
    this.forget(key);
    this.#say(key, { ...raised, state: "cleared", at, decidedAt: at, message, evidence: {} });
  }

  /** Drops it without a word: its subject is gone, and with it what was told of it. */
  forget(key: TroubleKey): void {
    if (!this.#raised.delete(textOf(key))) return;
    this.#states.set(textOf(key), { key, signal: null });
    this.#write();
  }

  /** Writes what waits, or gives up after one try. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#wakeEarly?.();
    await this.#writing;
  }

  #say({ source }: TroubleKey, signal: Signal): void {
    this.#signals.push({ source, signal });
    this.#write();
  }

  #write(): void {
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = null));
  }

  async #writeAll(): Promise<void> {
    let pauseMs = firstPauseMs;
    // What is noticed at the same moment is written together.
    await Promise.resolve();
    while (this.#states.size > 0 || this.#signals.length > 0) {
      const [states, signals] = [this.#states, this.#signals];
      this.#states = new Map();
      this.#signals = [];
      const result = await this.#commit([...states.values()], signals);
      if (result === "stored") {
        pauseMs = firstPauseMs;
        if (signals.length > 0) this.#parts.onSignals();
        continue;
      }
      const { isOwn = () => true } = this.#parts;
      const stays = (source: string): boolean => result === "failed" || isOwn(source);
      const left = [...states].filter(([, { key }]) => stays(key.source));
      this.#states = new Map([...left, ...this.#states]);
      this.#signals = [...signals.filter(({ source }) => stays(source)), ...this.#signals];
      if (this.#isStopping) return;
      await this.#pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  async #commit(
    states: Parameters<typeof changeOf>[0],
    signals: readonly { readonly signal: Signal }[],
  ): Promise<CommitResult | "failed"> {
    const { store, fence } = this.#parts;
    const change = changeOf(
      states,
      signals.map(({ signal }) => signal),
    );
    const who = fence?.();
    try {
      return await store.commitRules(who === undefined ? change : { ...change, fence: who });
    } catch (error) {
      this.#parts.onError(error);
      return "failed";
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeEarly = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function changeOf(
  states: readonly { readonly key: TroubleKey; readonly signal: Signal | null }[],
  signals: readonly Signal[],
): RuleChange {
  return {
    saved: states.flatMap(({ key, signal }) => (signal === null ? [] : [keptOf(key, signal)])),
    dropped: states.flatMap(({ key, signal }) => (signal === null ? [{ ...key, series: "" }] : [])),
    signals,
  };
}

function keptOf(key: TroubleKey, signal: Signal): KeptRuleState {
  const { at, severity } = signal;
  const state = { phase: "firing", since: at, startedAt: at, value: 0 } as const;
  return { ...key, series: "", state: { ...state, blindSince: null, severity }, raised: signal };
}

function textOf({ source, ruleId }: TroubleKey): string {
  return `${ruleId} ${source}`;
}
