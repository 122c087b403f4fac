/** One series of a section on the hot path: its slot is kept as long as it is set every round. */
import type { Metric, Section, Slot } from "../sample/series-table.ts";

export class OneSeries {
  readonly #section: Section;
  readonly #metric: Metric;
  readonly #labels: Readonly<Record<string, string>> | undefined;
  #slot: Slot = 0;
  #round = Number.NEGATIVE_INFINITY;

  constructor(section: Section, metric: Metric, labels?: Readonly<Record<string, string>>) {
    this.#section = section;
    this.#metric = metric;
    this.#labels = labels;
  }

  /** Sets the value in this round; NaN: there is none. */
  set(value: number): void {
    if (Number.isNaN(value)) return;
    const { round } = this.#section;
    if (this.#round < round - 1) this.#slot = this.#section.slot(this.#metric, this.#labels);
    this.#round = round;
    this.#section.set(this.#slot, value);
  }
}
