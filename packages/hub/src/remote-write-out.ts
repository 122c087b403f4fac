/** What the hub stores is sent on by remote write: the tap at the store, and how it goes, as the API and metrics show it. */
import { join } from "node:path";
import { openRemoteWrite, type DestinationStatus, type RemoteWrite } from "@belfry/relay";
import type { Registry } from "prom-client";
import type { OutputStatus, Outputs } from "./api/output-port.ts";
import type { Settings } from "./config/settings.ts";
import { watchRemoteWrite } from "./self/metrics-remote-write-out.ts";
import type { Store } from "./store/port.ts";

/**
 * Opens remote write as the settings have it. Open it before the store and it ends after it: what the store takes last is
 * sent on as well.
 */
export async function openRemoteWriteOut(
  { remoteWrite: destinations, remoteWriteSpoolBytes: quotaBytes, dataDir }: Settings,
  log: Parameters<typeof openRemoteWrite>[1]["log"],
  registry: Registry,
): Promise<RemoteWrite> {
  const folder = join(dataDir, "remote-write");
  const out = await openRemoteWrite({ destinations, folder, quotaBytes }, { log });
  if (destinations.length > 0) watchRemoteWrite(registry, () => out.status());
  return out;
}

/** A store whose every sample is sent on once it is stored. */
export function sendingOn(store: Store, out: Pick<RemoteWrite, "take">): Store {
  return {
    ...store,
    async append(frames) {
      const done = await store.append(frames);
      out.take(frames);
      return done;
    },
    async commit(change) {
      const result = await store.commit(change);
      if (result === "stored") out.take(change.frames);
      return result;
    },
    async takeEvents(events, receivedAt) {
      const taken = await store.takeEvents(events, receivedAt);
      out.take(taken.frames);
      return taken;
    },
  };
}

/** Outputs with the destinations of remote write among them, behind all others. They have no dead letters. */
export function withDestinations(outputs: Outputs, out: Pick<RemoteWrite, "status">): Outputs {
  const isOurs = (name: string): boolean =>
    out.status().destinations.some((one) => one.name === name);
  return {
    counts: () => outputs.counts(),
    status() {
      const { outputs: others, spool } = outputs.status();
      const { destinations, spool: own } = out.status();
      return { outputs: [...others, ...destinations.map(outputStatusOf)], spool: spool ?? own };
    },
    deadLetters: async (name, page) => (isOurs(name) ? [] : outputs.deadLetters(name, page)),
    replay: async (name, which) => (isOurs(name) ? 0 : outputs.replay(name, which)),
    deleteDead: async (name, which) => (isOurs(name) ? 0 : outputs.deleteDead(name, which)),
  };
}

function outputStatusOf(one: DestinationStatus): OutputStatus {
  const { late, too_old: tooOld, refused, lost } = one.dropped;
  return {
    name: one.name,
    type: "remote_write",
    title: "Remote write (samples)",
    trouble: one.trouble,
    delivered: one.sent,
    failed: one.failed,
    depth: one.pending,
    bytes: one.pendingBytes,
    oldestSeconds: one.oldestSeconds,
    dropped: late + tooOld + refused + lost,
    deadLetters: 0,
    oldestDeadLetterAt: null,
  };
}
