/** The lines of the last hour of the hosts that can be seen. */
import type { HostSparklinesView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import { createInView, type InView } from "../../live/in-view.ts";

/** Means of the last hour, oldest first; null where there was no sample. */
export type Sparkline = HostSparklinesView["items"][number];
export type Sparklines = InView<Sparkline>;

/** Makes the keeper. `now` is epoch ms. */
export function createSparklines(
  client: Pick<Client, "hostSparklines">,
  now: () => number,
): Sparklines {
  return createInView({ ask: (ids) => client.hostSparklines(ids), now });
}
