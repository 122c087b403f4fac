/** The store's side of several processes on one database. */
import { randomUUID } from "node:crypto";
import type { CallByName } from "./alert-setting-calls.ts";
import type { FleetStore } from "./fleet-port.ts";
import { hintPayload } from "./hint-payload.ts";
import type { Store } from "./port.ts";
import type { HintListener } from "./thread/messages.ts";

/** Where hints come from: the thread that listens to the database. */
export interface HintSource {
  onHint(listener: HintListener): void;
}

/**
 * Makes the calls; those that read go to another thread than those that write. A SQLite database belongs to one process:
 * nobody is there to be told anything, and whoever asks for shares is refused with `internal`.
 */
export function fleetCalls(
  engine: Store["engine"],
  reads: CallByName,
  writes: CallByName,
  hints: HintSource,
): FleetStore {
  const sender = randomUUID();
  return {
    joinFleet: writes("joinFleet"),
    renewLease: writes("renewLease"),
    releaseShares: writes("releaseShares"),
    leaveFleet: writes("leaveFleet"),
    members: reads("members"),
    monitorVersions: reads("monitorVersions"),
    monitorsOf: reads("monitorsOf"),
    shownSince: reads("shownSince"),
    shownOf: reads("shownOf"),
    endKnown: writes("endKnown"),
    requestChecks: writes("requestChecks"),
    takeRequests: writes("takeRequests"),
    noteHeard: writes("noteHeard"),
    heardSince: reads("heardSince"),
    async hint(topics) {
      if (engine === "sqlite" || topics.length === 0) return;
      await reads("hint")(hintPayload(sender, topics));
    },
    onHint(listener) {
      if (engine === "sqlite") return;
      hints.onHint((hint) => {
        if (hint === "lost" || hint === "heard") listener(hint);
        else if (hint.sender !== sender) listener(hint.topics);
      });
    },
  };
}
