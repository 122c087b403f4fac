/** What part of the processors' time was spent busy, and in which mode, from one reading to the next. */
import type { Roots } from "./collector.ts";
import { CgroupCpu } from "./limits.ts";
import { ratioOf } from "./ratio.ts";

export interface CpuShareParts {
  readonly roots: Roots;
  readonly monotonicMs: () => number;
}

/** Counters of a shorter time say little: the kernel counts in steps of 10 ms. */
const leastMs = 100;

export class CpuShare implements Disposable {
  readonly #modes: readonly string[];
  readonly #monotonicMs: () => number;
  readonly #cgroup: CgroupCpu;
  readonly #before: Float64Array;
  readonly #ratios: Float64Array;
  #containerBefore = { user: 0, system: 0, atMs: 0 };
  #beforeMs = Number.NaN;
  #kind: "none" | "machine" | "container" = "none";

  /** `modes` are the names of the readings; idle and iowait are not busy. */
  constructor(modes: readonly string[], { roots, monotonicMs }: CpuShareParts) {
    this.#modes = modes;
    this.#monotonicMs = monotonicMs;
    this.#cgroup = new CgroupCpu(roots);
    this.#before = new Float64Array(modes.length);
    this.#ratios = new Float64Array(modes.length);
  }

  /** Takes a reading: ticks per mode since boot, summed over `online` cores. */
  measure(ticks: Float64Array, online: number): void {
    const nowMs = this.#monotonicMs();
    const elapsedMs = nowMs - this.#beforeMs;
    const isFirst = Number.isNaN(elapsedMs);
    if (!isFirst && elapsedMs < leastMs) return;
    this.#beforeMs = nowMs;
    this.#measureMachine(ticks, isFirst);
    const limit = this.#cgroup.limitCores(online);
    if (limit !== undefined) this.#measureContainer(limit, nowMs);
  }

  /** Part of the time spent busy, 0 to 1; NaN before the second reading. */
  get busy(): number {
    if (this.#kind === "none") return Number.NaN;
    let sum = 0;
    for (let i = 0; i < this.#modes.length; i += 1) {
      if (!isIdle(this.#modes[i])) sum += this.#ratios[i] ?? 0;
    }
    return ratioOf(sum, 1);
  }

  /** Part of the time spent in the mode at `index`; NaN where it is not known, and for idle. */
  ofMode(index: number): number {
    const mode = this.#modes[index];
    const isKnown =
      this.#kind === "machine" ? mode !== "idle" : mode === "user" || mode === "system";
    return isKnown && this.#kind !== "none" ? ratioOf(this.#ratios[index] ?? 0, 1) : Number.NaN;
  }

  /** A counter that went back (a core was taken away, idle time was corrected) counts as standing still. */
  #measureMachine(ticks: Float64Array, isFirst: boolean): void {
    let total = 0;
    for (let i = 0; i < ticks.length; i += 1) {
      const spent = Math.max(0, (ticks[i] ?? 0) - (this.#before[i] ?? 0));
      this.#before[i] = ticks[i] ?? 0;
      this.#ratios[i] = spent;
      total += spent;
    }
    this.#kind = isFirst || total === 0 ? "none" : "machine";
    if (total > 0)
      for (let i = 0; i < ticks.length; i += 1) this.#ratios[i] = (this.#ratios[i] ?? 0) / total;
  }

  #measureContainer(limitCores: number, nowMs: number): void {
    const used = this.#cgroup.usedSeconds();
    const before = this.#containerBefore;
    if (used === undefined) return;
    this.#containerBefore = { ...used, atMs: nowMs };
    const available = ((nowMs - before.atMs) / 1_000) * limitCores;
    this.#kind = before.atMs === 0 ? "none" : "container";
    this.#ratios.fill(0);
    for (const mode of ["user", "system"] as const) {
      const spent = Math.max(0, used[mode] - before[mode]);
      this.#ratios[this.#modes.indexOf(mode)] = Math.min(1, spent / available);
    }
  }

  [Symbol.dispose](): void {
    this.#cgroup[Symbol.dispose]();
  }
}

function isIdle(mode: string | undefined): boolean {
  return mode === "idle" || mode === "iowait";
}
