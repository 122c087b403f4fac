/** A host as batches speak of it. Pure. */
import type { BatchHost } from "@belfry/contract";
import type { Host } from "../model/host.ts";
import type { Sender } from "./host-identity.ts";
import { sameLabels } from "./host-monitor.ts";

/** A host of which nothing is known. */
export const unheard = {
  names: [],
  bootId: null,
  agentVersion: null,
  intervalMs: null,
  agentLabels: {},
  nameIsChosen: false,
  silentAfterMs: null,
  retentionMs: null,
  clonedFrom: null,
  lastHeardAt: null,
} as const;

/** Who sends a batch, as identities are told apart. */
export function senderOf({ machine_id, boot_id, name }: BatchHost): Sender {
  return { machineId: machine_id, bootId: boot_id, name };
}

/** What a batch says of its host that is kept with it. */
export function saidBy({
  version,
  interval,
}: BatchHost): Pick<Host, "agentVersion" | "intervalMs"> {
  return { agentVersion: version, intervalMs: Math.round(interval * 1000) };
}

/** Whether two say the same of a host, but for when it was heard. */
export function isAlike(a: Host, b: Host): boolean {
  return (
    a.identity === b.identity &&
    a.bootId === b.bootId &&
    a.agentVersion === b.agentVersion &&
    a.intervalMs === b.intervalMs &&
    a.nameIsChosen === b.nameIsChosen &&
    a.silentAfterMs === b.silentAfterMs &&
    a.retentionMs === b.retentionMs &&
    a.clonedFrom === b.clonedFrom &&
    a.names.length === b.names.length &&
    a.names.every((name, n) => name === b.names[n]) &&
    sameLabels(a.agentLabels, b.agentLabels)
  );
}
