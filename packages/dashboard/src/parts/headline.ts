/** A list of monitors or hosts in one sentence. */
import { formatCount, formatPlural } from "../format/number.ts";
import { countsOf } from "./status-words.ts";

export interface Headline {
  /** What needs attention: a number and a word each; empty when nothing does. */
  readonly troubles: readonly {
    readonly status: "down" | "degraded" | "unknown";
    readonly text: string;
  }[];
  /** The rest of the sentence. */
  readonly calm: string;
}

/** Says how things stand. `noun`: one of them. */
export function headlineOf(counts: Readonly<Record<string, number>>, noun: string): Headline {
  const all = countsOf(counts);
  const total = all.reduce((sum, one) => sum + one.count, 0);
  const of = (status: string): number => counts[status] ?? 0;
  const troubles = (["down", "degraded", "unknown"] as const)
    .filter((status) => of(status) > 0)
    .map((status) => ({ status, text: `${formatCount(of(status))} ${status}` }));
  const watched = total - of("paused");
  if (troubles.length > 0) return { troubles, calm: `of ${formatPlural(total, noun)}` };
  if (watched === 0) return { troubles, calm: `${formatPlural(total, noun)}, all paused` };
  if (of("up") === 0 && of("pending") > 0) return { troubles, calm: "Taking a first look" };
  return { troubles, calm: "All is quiet" };
}
