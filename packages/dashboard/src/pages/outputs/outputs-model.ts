/** The outputs and how they go: nothing is pushed about them. */
import type { OutputsView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import { createPolled, type Polled, type PolledParts } from "../../live/polled.ts";

export type OutputsModel = Polled<OutputsView>;

export type OutputsParts = Pick<PolledParts<OutputsView>, "live" | "isSeen"> & {
  readonly client: Pick<Client, "outputs">;
};

const everyMs = 3000;

/** Starts to ask. */
export function createOutputsModel({ client, ...parts }: OutputsParts): OutputsModel {
  return createPolled({ ...parts, ask: () => client.outputs(), everyMs });
}
