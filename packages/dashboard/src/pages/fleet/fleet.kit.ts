/** For tests: fleets. */
import type { FleetMemberView, FleetView } from "@belfry/contract";

/** A hub that is well. */
export function memberOf(name: string, over: Partial<FleetMemberView> = {}): FleetMemberView {
  return {
    id: name,
    kind: "hub",
    name,
    location: "local",
    version: "1.0.0",
    url: null,
    state: "alive",
    joined_at: "2026-01-01T00:00:00.000Z",
    seen_at: "2026-01-01T01:00:00.000Z",
    seen_seconds_ago: 1,
    lease_until: "2026-01-01T01:00:10.000Z",
    ended_at: null,
    ended_seconds_ago: null,
    monitors: 100,
    checks_per_second: 10,
    lag_seconds: 0.01,
    cpu_cores: 0.1,
    missed_slots: 0,
    shares: { check: 128, hear: 32 },
    duties: [],
    ...over,
  };
}

/** One that was taken for dead. */
export function lapsedOf(name: string, secondsAgo: number): FleetMemberView {
  return memberOf(name, {
    state: "lapsed",
    ended_at: "2026-01-01T01:00:00.000Z",
    ended_seconds_ago: secondsAgo,
    shares: { check: 0, hear: 0 },
  });
}

/** A fleet on PostgreSQL. */
export function fleetOf(
  members: readonly FleetMemberView[],
  over: Partial<FleetView> = {},
): FleetView {
  return {
    clustered: true,
    answered_by: members[0]?.id ?? "",
    members: [...members],
    checks_per_second: 20,
    missed_slots: 0,
    unheld: { check: 0, hear: 0, duties: [] },
    versions: ["1.0.0"],
    ...over,
  };
}
