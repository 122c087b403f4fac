/** How an output is, in words. Pure. */
import type { OutputStatusView } from "@belfry/contract";

type Trouble = NonNullable<OutputStatusView["trouble"]>;

/** How loud a trouble is: what a person must mend, what may pass by itself. */
export type OutputTone = "well" | "attention" | "bad";

const troubles = {
  poison: { title: "Refuses records", tone: "attention" },
  outage: { title: "Does not answer", tone: "bad" },
  throttled: { title: "Asks to wait", tone: "attention" },
  misconfigured: { title: "Set up wrongly", tone: "bad" },
  defect: { title: "Broken inside", tone: "bad" },
  disk: { title: "Disk trouble", tone: "bad" },
} as const satisfies Record<Trouble["failure"], { title: string; tone: OutputTone }>;

type Known = Pick<OutputStatusView, "trouble" | "dead_letters">;

/** The state of an output in two words. What it once refused is for a person to decide about. */
export function outputTitle({ trouble, dead_letters: dead }: Known): string {
  if (trouble !== null) return troubles[trouble.failure].title;
  return dead > 0 ? "Refused some" : "Takes all";
}

/** How loud it is. */
export function outputTone({ trouble, dead_letters: dead }: Known): OutputTone {
  if (trouble !== null) return troubles[trouble.failure].tone;
  return dead > 0 ? "attention" : "well";
}

/** Attempts that failed by class: `12 outage, 3 poison`; empty for none. */
export function failedWords({ failed }: Pick<OutputStatusView, "failed">): string {
  return Object.entries(failed)
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a)
    .map(([failure, count]) => `${count.toLocaleString("en")} ${failure}`)
    .join(", ");
}
