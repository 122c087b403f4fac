/** A run beside the last good one before it: how long each part took, and its figures. Pure. */
import type { RunTreeView, RunView } from "@belfry/contract";
import { lastedMs, nameOfRun } from "../../parts/run-words.ts";
import { isProgress } from "../../parts/figure-words.ts";

/** One thing of both runs; null where a run has it not. */
export interface Compared {
  readonly name: string;
  readonly before: number | null;
  readonly now: number | null;
}

export interface Comparison {
  /** ms; parts of the same name are summed up, in the order in which they began. The run itself comes first. */
  readonly durations: readonly Compared[];
  readonly metrics: readonly Compared[];
}

/** Puts two runs side by side. `at`: epoch ms, for what still runs. */
export function compareRuns(run: RunTreeView, before: RunTreeView, at: number): Comparison {
  const [now, then] = [durationsOf(run, at), durationsOf(before, at)];
  const names = [...new Set([...now.keys(), ...then.keys()])];
  const metricNames = [...new Set([...Object.keys(run.metrics), ...Object.keys(before.metrics)])]
    .filter((name) => !isProgress(name) && name !== "duration_s")
    .toSorted();
  return {
    durations: [
      { name: "", now: lastedMs(run, at), before: lastedMs(before, at) },
      ...names.map((name) => ({
        name,
        now: now.get(name) ?? null,
        before: then.get(name) ?? null,
      })),
    ],
    metrics: metricNames.map((name) => ({
      name,
      now: run.metrics[name] ?? null,
      before: before.metrics[name] ?? null,
    })),
  };
}

function durationsOf(tree: RunTreeView, at: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const began = (run: RunView): string => run.started_at ?? "";
  const sorted = tree.subruns.toSorted((a, b) => (began(a) < began(b) ? -1 : 1));
  for (const run of sorted) {
    const ms = lastedMs(run, at);
    if (ms === null) continue;
    const name = nameOfRun(run);
    found.set(name, (found.get(name) ?? 0) + ms);
  }
  return found;
}

/** How much more it is than before: `+40 %`, `−12 %`, `3.2 ×`; empty where one is missing or nothing changed. */
export function changeWords({ before, now }: Compared): string {
  if (before === null || now === null || before <= 0) return "";
  const ratio = now / before;
  if (Math.abs(ratio - 1) < 0.005) return "same";
  if (ratio >= 2) return `${ratio >= 9.95 ? Math.round(ratio) : ratio.toFixed(1)} ×`;
  const percent = Math.round((ratio - 1) * 100);
  return percent > 0 ? `+${percent} %` : `−${Math.abs(percent)} %`;
}

/** Whether a change deserves a look: half as much again, or more. */
export function isMuchMore({ before, now }: Compared): boolean {
  return before !== null && now !== null && before > 0 && now / before >= 1.5;
}
