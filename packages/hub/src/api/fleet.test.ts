import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { FleetView } from "@belfry/contract";
import { fleetDuties, fleetShareCounts, fleetStates } from "@belfry/contract";
import { createSoloFleet } from "../fleet/port.ts";
import { duties, shareCounts, type Member } from "../model/fleet.ts";
import { createId } from "../model/id.ts";
import { memberStates } from "../model/member-state.ts";
import { openTestHub, startOfTime } from "./hub.kit.ts";

const now = startOfTime + 3_600_000;

function member(over: Partial<Member>): Member {
  return {
    id: createId<"process">(startOfTime),
    kind: "hub",
    name: "alpha:1",
    location: "local",
    version: "1.2.3",
    url: "http://10.0.0.1:8000",
    holds: ["check", "hear", "duty"],
    joinedAt: startOfTime,
    seenAt: now - 1_500,
    until: now + 8_500,
    lapsedAt: null,
    leftAt: null,
    readAt: now,
    figures: { monitors: 500, checksPerSecond: 40, lagSeconds: 0.02, cpu: 0.3, missed: 2 },
    shares: { check: 128, hear: 64 },
    duties: ["rules", "upkeep"],
    ...over,
  };
}

/** A hub in a fleet of these, the first of whom answers. */
async function openFleetHub(t: TestContext, members: readonly [Member, ...Member[]]) {
  const members_ = (): Promise<readonly Member[]> => Promise.resolve(members);
  const fleet = { ...createSoloFleet(), process: members[0], members: members_ };
  const hub = await openTestHub(t, {}, { fleet });
  const answer = await hub.ask("GET", "/api/v1/fleet");
  assert.equal(answer.status, 200);
  return answer.json<FleetView>();
}

describe("GET /api/v1/fleet", () => {
  test("tells how each process fares, by the database's clock", async (t) => {
    const hub = member({});
    const worker = member({
      kind: "worker",
      name: "beta:7",
      location: "paris",
      url: null,
      seenAt: now - 7_250,
      until: now + 2_750,
      shares: { check: 116, hear: 0 },
      duties: [],
    });
    const view = await openFleetHub(t, [hub, worker]);
    assert.partialDeepStrictEqual(view, {
      clustered: true,
      answered_by: hub.id,
      checks_per_second: 80,
      missed_slots: 4,
      unheld: { check: 12, hear: 0, duties: ["runs"] },
      versions: ["1.2.3"],
    });
    assert.deepEqual(view.members, [
      {
        id: hub.id,
        kind: "hub",
        name: "alpha:1",
        location: "local",
        version: "1.2.3",
        url: "http://10.0.0.1:8000",
        state: "alive",
        joined_at: "2026-01-01T00:00:00.000Z",
        seen_at: "2026-01-01T00:59:58.500Z",
        seen_seconds_ago: 1.5,
        lease_until: "2026-01-01T01:00:08.500Z",
        ended_at: null,
        ended_seconds_ago: null,
        monitors: 500,
        checks_per_second: 40,
        lag_seconds: 0.02,
        cpu_cores: 0.3,
        missed_slots: 2,
        shares: { check: 128, hear: 64 },
        duties: ["rules", "upkeep"],
      },
      {
        ...view.members[1],
        id: worker.id,
        kind: "worker",
        state: "late",
        seen_seconds_ago: 7.25,
        shares: { check: 116, hear: 0 },
      },
    ]);
  });

  test("tells of who is gone, and does not count what that one did", async (t) => {
    const view = await openFleetHub(t, [
      member({ shares: { check: 256, hear: 64 }, duties, version: "2.0.0" }),
      member({
        lapsedAt: now - 40_000,
        seenAt: now - 52_000,
        shares: { check: 0, hear: 0 },
        duties: [],
      }),
      member({ leftAt: now - 600_000, shares: { check: 0, hear: 0 }, duties: [] }),
    ]);
    assert.deepEqual(
      view.members.map(({ state, ended_seconds_ago: ago }) => [state, ago]),
      [
        ["alive", null],
        ["lapsed", 40],
        ["left", 600],
      ],
    );
    assert.partialDeepStrictEqual(view, {
      checks_per_second: 40,
      missed_slots: 6,
      unheld: { check: 0, hear: 0, duties: [] },
      versions: ["2.0.0"],
    });
  });

  test("tells of one process that has everything where the database is its own", async (t) => {
    const hub = await openTestHub(t);
    hub.clock.move(90_000);
    const view = (await hub.ask("GET", "/api/v1/fleet")).json<FleetView>();
    const [own] = view.members;
    assert.deepEqual(view, {
      clustered: false,
      answered_by: own?.id,
      members: [
        {
          id: own?.id,
          kind: "hub",
          name: "test:1",
          location: "local",
          version: "1.2.3",
          url: null,
          state: "alive",
          joined_at: "2026-01-01T00:00:00.000Z",
          seen_at: "2026-01-01T00:01:30.000Z",
          seen_seconds_ago: 0,
          lease_until: null,
          ended_at: null,
          ended_seconds_ago: null,
          monitors: 3,
          checks_per_second: 1.5,
          lag_seconds: 0.25,
          cpu_cores: 0.1,
          missed_slots: 0,
          shares: { check: 256, hear: 64 },
          duties: ["rules", "upkeep", "runs"],
        },
      ],
      checks_per_second: 1.5,
      missed_slots: 0,
      unheld: { check: 0, hear: 0, duties: [] },
      versions: ["1.2.3"],
    });
    const again = (await hub.ask("GET", "/api/v1/fleet")).json<FleetView>();
    assert.equal(again.answered_by, view.answered_by, "it is the same until it ends");
  });

  test("fails as a whole while the database does not answer", async (t) => {
    const fleet = {
      ...createSoloFleet(),
      process: member({}),
      members: () => Promise.reject(new Error("away")),
    };
    const hub = await openTestHub(t, {}, { fleet });
    assert.equal((await hub.ask("GET", "/api/v1/fleet")).status, 500);
  });

  test("says what the fleet itself says", () => {
    assert.deepEqual(fleetShareCounts, shareCounts);
    assert.deepEqual(fleetDuties, duties);
    assert.deepEqual(fleetStates, memberStates);
  });
});
