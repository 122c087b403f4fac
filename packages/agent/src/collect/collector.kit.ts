/** Runs one collector in tests, in a real table of series, with files from a folder and a clock that is moved by hand. */
import type { HostDetails } from "@belfry/contract";
import { SeriesTable } from "../sample/series-table.ts";
import type { CollectorSettings, CollectorSpec, FactSheet } from "./collector.ts";

export class Trial implements Disposable {
  readonly facts: Partial<HostDetails> = {};
  monotonicMs = 1_000_000;
  now = Date.UTC(2026, 10, 21, 12, 0, 0);
  readonly #table = new SeriesTable();
  readonly #section;
  readonly #collector;
  readonly #spec: CollectorSpec;

  /** `folder`: stands for `/`; null: this machine. */
  constructor(
    spec: CollectorSpec,
    folder: string | null,
    settings: Partial<CollectorSettings> = {},
  ) {
    this.#spec = spec;
    this.#section = this.#table.section(spec.name, 60_000);
    const sheet: FactSheet = {
      set: (key, value) => {
        if (value === undefined) delete this.facts[key];
        else this.facts[key] = value;
      },
      get: (key) => this.facts[key],
    };
    const root = folder ?? "";
    this.#collector = spec.create(
      {
        roots: { proc: `${root}/proc`, sys: `${root}/sys`, root },
        diskPath: "/",
        topProcesses: 5,
        containerSocket: null,
        ...settings,
      },
      {
        section: this.#section,
        facts: sheet,
        monotonicMs: () => this.monotonicMs,
        now: () => this.now,
      },
    );
  }

  /** One round; what is present after it, by `name{label="value"}`. */
  async round(): Promise<Readonly<Record<string, number>>> {
    this.#section.begin();
    await this.#collector.collect();
    this.#section.end(this.monotonicMs);
    return this.values();
  }

  /** What is present now. Fails where a series is of a metric the collector did not announce. */
  values(): Readonly<Record<string, number>> {
    const { series, values, present } = this.#table.read(this.now, this.monotonicMs);
    const announced = new Set(this.#spec.metrics.map(({ name }) => name));
    const found: Record<string, number> = {};
    series.forEach(({ metric, labels }, place) => {
      if (!announced.has(metric.name)) throw new Error(`${metric.name} is not announced`);
      const texts = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
      const key = texts.length === 0 ? metric.name : `${metric.name}{${texts.join(",")}}`;
      if (present?.[place] !== 0) found[key] = values[place] ?? Number.NaN;
    });
    return found;
  }

  [Symbol.dispose](): void {
    this.#collector[Symbol.dispose]();
  }
}
