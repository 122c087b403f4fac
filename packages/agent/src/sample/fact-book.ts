/** The details of a host, as one object that is another one only when something in it changed. */
import type { HostDetails } from "@belfry/contract";
import type { FactSheet } from "../collect/collector.ts";

export class FactBook implements FactSheet {
  readonly #now: () => number;
  #details: HostDetails = {};

  /** `now` gives epoch ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** What is known; `read_at` is when it last changed. */
  get details(): HostDetails {
    return this.#details;
  }

  set<K extends keyof HostDetails>(key: K, value: HostDetails[K] | undefined): void {
    if (JSON.stringify(value) === JSON.stringify(this.#details[key])) return;
    const details: HostDetails = { ...this.#details, read_at: new Date(this.#now()).toISOString() };
    if (value === undefined) delete details[key];
    else Object.assign(details, { [key]: value });
    this.#details = details;
  }

  get<K extends keyof HostDetails>(key: K): HostDetails[K] | undefined {
    return this.#details[key];
  }
}
