/** The fleet, asked for while somebody looks; and whether what nobody holds stays so from one answer to the next. */
import type { FleetView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import { createPolled, type Polled, type PolledParts } from "../../live/polled.ts";
import { isUnheld, type SeenFleet } from "./fleet-words.ts";

export type FleetModel = Polled<SeenFleet>;

export type FleetParts = Pick<PolledParts<FleetView>, "live" | "isSeen"> & {
  readonly client: Pick<Client, "fleet">;
};

const everyMs = 5000;

/** Starts to ask. */
export function createFleetModel({ client, ...parts }: FleetParts): FleetModel {
  let wasUnheld = false;
  return createPolled({
    ...parts,
    everyMs,
    async ask() {
      const reply = await client.fleet();
      if (reply.kind !== "ok") return reply;
      const fleet = reply.value;
      const unheldLasts = wasUnheld && isUnheld(fleet);
      wasUnheld = isUnheld(fleet);
      return { kind: "ok", value: { fleet, unheldLasts } };
    },
  });
}
