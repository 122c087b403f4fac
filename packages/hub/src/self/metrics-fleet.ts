/** Metrics of the fleet as this process sees it. On SQLite there is none. */
import { Gauge, type Registry } from "prom-client";
import type { Clock } from "../model/clock.ts";
import { kindOfShare, type FleetProcess, type Member, type Renewal } from "../model/fleet.ts";
import { memberState, memberStates, unheldOf, versionsOf } from "../model/member-state.ts";

/** What is read of the fleet. */
export interface WatchedFleet {
  /** This process; undefined where it is alone on its database. */
  readonly process: FleetProcess | undefined;
  readonly last: Renewal | undefined;
  members(): Promise<readonly Member[]>;
}

const readAgainMs = 1_000;

/** Adds the metrics. Members are read at a scrape, once for all of them; a failure leaves the former ones. */
export function addFleetMetrics(
  registry: Registry,
  fleet: WatchedFleet,
  clock: Pick<Clock, "monotonicMs">,
): void {
  if (fleet.process === undefined) return;
  const look = createReader(fleet, clock);
  const registers = [registry];
  new Gauge({
    name: "belfry_fleet_processes",
    help: "Processes of the fleet by state; those that lapsed or left count for an hour",
    labelNames: ["state"],
    registers,
    async collect() {
      const read = await look();
      if (read === undefined) return;
      const states = read.members.map(memberState);
      for (const state of memberStates) {
        this.set({ state }, states.filter((one) => one === state).length);
      }
    },
  });
  new Gauge({
    name: "belfry_fleet_versions",
    help: "Different releases that run in the fleet",
    registers,
    async collect() {
      const read = await look();
      if (read !== undefined) this.set(versionsOf(read.members).length);
    },
  });
  new Gauge({
    name: "belfry_fleet_shares_unheld",
    help: "Shares that nobody in the fleet holds, by kind",
    labelNames: ["kind"],
    registers,
    async collect() {
      const read = await look();
      if (read === undefined) return;
      const { check, hear, duties } = unheldOf(read.members);
      this.set({ kind: "check" }, check);
      this.set({ kind: "hear" }, hear);
      this.set({ kind: "duty" }, duties.length);
    },
  });
  new Gauge({
    name: "belfry_fleet_lease_seconds_left",
    help: "For how long the lease of this process holds without another renewal; 0 when it has ended",
    registers,
    async collect() {
      const read = await look();
      const own = read?.members.find(({ id }) => id === fleet.process?.id);
      if (read === undefined) return;
      const leftMs = own === undefined ? 0 : own.until - own.readAt;
      this.set(Math.max(0, leftMs - (clock.monotonicMs() - read.atMs)) / 1000);
    },
  });
  addHeldMetric(registers, fleet);
}

function addHeldMetric(registers: Registry[], fleet: WatchedFleet): void {
  new Gauge({
    name: "belfry_fleet_shares_held",
    help: "Shares that this process holds, by kind",
    labelNames: ["kind"],
    registers,
    collect() {
      const held = (fleet.last?.held ?? []).map(kindOfShare);
      for (const kind of ["check", "hear", "duty"] as const) {
        this.set({ kind }, held.filter((one) => one === kind).length);
      }
    },
  });
}

interface Read {
  readonly members: readonly Member[];
  /** Monotonic ms. */
  readonly atMs: number;
}

/** Reads once for all metrics of a scrape. */
function createReader(
  fleet: WatchedFleet,
  clock: Pick<Clock, "monotonicMs">,
): () => Promise<Read | undefined> {
  let latest: Promise<Read | undefined> = Promise.resolve(undefined);
  let readMs = Number.NEGATIVE_INFINITY;
  return () => {
    const atMs = clock.monotonicMs();
    if (atMs - readMs < readAgainMs) return latest;
    readMs = atMs;
    const before = latest;
    latest = fleet.members().then(
      (members) => ({ members, atMs }),
      () => before,
    );
    return latest;
  };
}
