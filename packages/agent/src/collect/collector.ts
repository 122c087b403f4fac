/**
 * The port between collectors and the sampler. A collector is one file in this folder that exports one `CollectorSpec`,
 * with its recorded fixtures in `testdata/`, and one line in `registry.ts`. It reads one subject (cpu, memory, …) and
 * sets its series, and may leave details (names, models, lists) on the fact sheet. A gauge of the contract's `hostMetrics`
 * is set by the collector whose subject it is.
 *
 * A source that is absent on a host (no pressure files, no battery) is no error: its series are absent. What cannot be
 * read although it is there throws; the sampler counts and logs it once, and the section is absent until it works again.
 */
import type { HostDetails } from "@belfry/contract";
import type { Metric, Section } from "../sample/series-table.ts";

/** Where the kernel's files are; other places inside a container that watches its machine. No trailing slash. */
export interface Roots {
  /** `/proc` */
  readonly proc: string;
  /** `/sys` */
  readonly sys: string;
  /** `""` for `/`: before `/etc/os-release`, `/run/…`, mount points. */
  readonly root: string;
}

/** Details that are no numbers; each collector sets its own keys, and `undefined` takes one away. */
export interface FactSheet {
  set<K extends keyof HostDetails>(key: K, value: HostDetails[K] | undefined): void;
  get<K extends keyof HostDetails>(key: K): HostDetails[K] | undefined;
}

export interface CollectorSettings {
  readonly roots: Roots;
  /** The file system that counts as the main one; `/` unless set. */
  readonly diskPath: string;
  /** How many processes are named by CPU and by memory. */
  readonly topProcesses: number;
  /** Path of the Docker or Podman socket; null: the usual places are tried. */
  readonly containerSocket: string | null;
}

export interface CollectorParts {
  readonly section: Section;
  readonly facts: FactSheet;
  /** Ms that only go forward. */
  readonly monotonicMs: () => number;
  /** Epoch ms. */
  readonly now: () => number;
}

export interface Collector extends Disposable {
  /** One round: reads and sets. Called between `section.begin()` and `section.end()`, never twice at once. */
  collect(): void | Promise<void>;
}

export interface CollectorSpec {
  readonly name: string;
  /** `core`: with every sample, synchronously and cheaply. Else how often, in seconds, at a pace of its own. */
  readonly pace: "core" | number;
  /** Every metric it may set; documents and `/metrics` read it. */
  readonly metrics: readonly Metric[];
  create(settings: CollectorSettings, parts: CollectorParts): Collector;
}
