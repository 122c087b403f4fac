/** Processes, their renewals and what they show, for the suites of the contract. */
import { setTimeout as delay } from "node:timers/promises";
import {
  shareNames,
  type FleetProcess,
  type ProcessFigures,
  type ProcessId,
  type Renewal,
  type Shown,
} from "../../model/fleet.ts";
import { createId, type MonitorId } from "../../model/id.ts";
import type { Store } from "../port.ts";

export const leaseMs = 60_000;
export const shortMs = 300;

export const noFigures: ProcessFigures = {
  monitors: 0,
  checksPerSecond: 0,
  lagSeconds: 0,
  cpu: 0,
  missed: 0,
};

let made = 0;

/** Ids of processes sort by when they were made. */
export function processOf(over: Partial<FleetProcess> = {}): FleetProcess {
  made += 1;
  return {
    id: createId<"process">(1_700_000_000_000 + made),
    kind: "hub",
    name: `machine:${made}`,
    location: "local",
    version: "1.0.0",
    url: null,
    holds: ["check", "hear", "duty"],
    ...over,
  };
}

export async function join(store: Store, over: Partial<FleetProcess> = {}): Promise<ProcessId> {
  const process = processOf(over);
  await store.joinFleet(process);
  return process.id;
}

export function renew(
  store: Store,
  id: ProcessId,
  over: { leaseMs?: number; lagSeconds?: number } = {},
): Promise<Renewal> {
  const figures = { ...noFigures, lagSeconds: over.lagSeconds ?? 0 };
  return store.renewLease({ id, leaseMs: over.leaseMs ?? leaseMs, figures });
}

/** Renews, and gives up what is too much, until nothing moves any more. */
export async function settle(
  store: Store,
  members: readonly { readonly id: ProcessId; readonly lagSeconds?: number }[],
): Promise<readonly Renewal[]> {
  for (let round = 0; round < 9; round += 1) {
    const renewals: Renewal[] = [];
    for (const { id, lagSeconds = 0 } of members) {
      const renewal = await renew(store, id, { lagSeconds });
      for (const kind of ["check", "hear", "duty"] as const) {
        const names = renewal.held.filter((name) => name.startsWith(kind));
        await store.releaseShares(id, names.slice(0, renewal.excess[kind]));
      }
      renewals.push(renewal);
    }
    const isQuiet = renewals.every(
      ({ taken, excess }) => taken.length + excess.check + excess.hear + excess.duty === 0,
    );
    if (isQuiet) return renewals;
  }
  throw new Error("shares go on moving");
}

export const countOf = ({ held }: Renewal, kind: string): number =>
  held.filter((name) => name.startsWith(kind)).length;

export function shownOf(monitorId: MonitorId, over: Partial<Shown> = {}): Shown {
  return {
    monitorId,
    version: 1,
    status: "up",
    since: 1500,
    flapping: false,
    failuresInRow: 0,
    lastCheck: {
      checkedAt: 2000,
      result: "up",
      reason: null,
      message: null,
      statusCode: 200,
      latencyMs: 12.5,
      location: "local",
      measurements: {},
    },
    ...over,
  };
}

export const checkedAt = (shown: Shown, at: number): Shown => ({
  ...shown,
  lastCheck: { ...shown.lastCheck, checkedAt: at },
});

/** Waits until the lease of another process has ended. */
export async function untilAlone(store: Store, id: ProcessId): Promise<Renewal> {
  for (let left = 600; left > 0; left -= 1) {
    const renewal = await renew(store, id, { leaseMs: shortMs });
    if (renewal.others === 0 && renewal.held.length === shareNames.length) return renewal;
    await delay(50);
  }
  throw new Error("nobody was taken for dead");
}
