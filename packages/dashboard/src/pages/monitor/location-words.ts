/** Locations of a monitor in words. */
import type { MonitorLocationsView, MonitorLocationView } from "@belfry/contract";

/** How a location is: `up`, `away`, or that nobody checks there. */
export function locationWord(
  item: Pick<MonitorLocationView, "status" | "own" | "workers" | "last_check">,
): string {
  if (item.own) return item.status;
  if (item.last_check === null && item.workers === 0) return "no worker yet";
  return item.status;
}

/** Who must agree, and who can at present. */
export function quorumSentence({
  quorum,
  voting,
  items,
}: Pick<MonitorLocationsView, "quorum" | "voting"> & {
  readonly items: { readonly length: number };
}): string {
  const total = items.length;
  const rule = `Down when ${quorum} of ${total} ${total === 1 ? "location says" : "locations say"} so`;
  if (voting === total) return `${rule}.`;
  const few = voting < quorum ? ": too few to tell" : "";
  return `${rule}; ${voting} can tell at present${few}.`;
}
