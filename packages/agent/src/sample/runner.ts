/**
 * One collector and its rounds. It is never started twice at once: a round that hangs (a dead mount, a sensor that does
 * not answer) delays only itself. Its section is absent after a fault and once its time limit has passed; what such a
 * round still brings is dropped.
 */
import type { AgentParts, CollectorState } from "../agent.ts";
import type {
  Collector,
  CollectorSettings,
  CollectorSpec,
  FactSheet,
} from "../collect/collector.ts";
import type { After } from "../send/timer.ts";
import type { Section } from "./series-table.ts";

export interface RunnerParts extends Pick<AgentParts, "clock" | "log"> {
  readonly section: Section;
  readonly facts: FactSheet;
  readonly after: After;
  /** Ms a round may take. */
  readonly limitMs: number;
}

export class Runner implements Disposable {
  readonly #spec: CollectorSpec;
  readonly #settings: CollectorSettings;
  readonly #parts: RunnerParts;
  #collector: Collector | null = null;
  #running: Promise<void> | null = null;
  #isLate = false;
  #isDisposed = false;
  #elapsedMs = 0;
  #fault: string | null = null;
  #faults = 0;

  constructor(spec: CollectorSpec, settings: CollectorSettings, parts: RunnerParts) {
    this.#spec = spec;
    this.#settings = settings;
    this.#parts = parts;
  }

  /** How it does. */
  get state(): CollectorState {
    const { name } = this.#spec;
    return { name, elapsedMs: this.#elapsedMs, fault: this.#fault, faults: this.#faults };
  }

  /** The round under way; null: none. Never rejects. */
  get running(): Promise<void> | null {
    return this.#running;
  }

  /** Does one round; nothing while one is under way. */
  run(): void {
    if (this.#running !== null || this.#isDisposed) return;
    const { section, facts, clock } = this.#parts;
    const begin = clock.monotonicMs();
    section.begin();
    try {
      this.#collector ??= this.#spec.create(this.#settings, {
        section,
        facts,
        now: () => clock.now(),
        monotonicMs: () => clock.monotonicMs(),
      });
      const round = this.#collector.collect();
      if (round === undefined) this.#succeed(begin);
      else this.#running = this.#wait(round, begin);
    } catch (error) {
      this.#fail(textOf(error), begin);
    }
  }

  async #wait(round: Promise<void>, begin: number): Promise<void> {
    const { limitMs, after } = this.#parts;
    this.#isLate = false;
    const timer = after(limitMs, () => {
      this.#isLate = true;
      this.#fail(`no answer within ${limitMs / 1000} s`, begin);
    });
    try {
      await round;
      if (!this.#isLate) this.#succeed(begin);
    } catch (error) {
      if (!this.#isLate) this.#fail(textOf(error), begin);
    } finally {
      timer[Symbol.dispose]();
      this.#running = null;
    }
  }

  #succeed(begin: number): void {
    const end = this.#parts.clock.monotonicMs();
    this.#elapsedMs = end - begin;
    this.#parts.section.end(end);
    if (this.#fault === null) return;
    this.#fault = null;
    this.#parts.log.info({ collector: this.#spec.name }, "collector works again");
  }

  #fail(fault: string, begin: number): void {
    if (this.#isDisposed) return;
    this.#elapsedMs = this.#parts.clock.monotonicMs() - begin;
    this.#parts.section.fail();
    this.#faults += 1;
    if (this.#fault === fault) return;
    this.#fault = fault;
    this.#parts.log.warn({ collector: this.#spec.name, fault }, "collector failed");
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#collector?.[Symbol.dispose]();
    this.#collector = null;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
