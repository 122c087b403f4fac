import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JudgeState } from "../model/judgement.ts";
import { createId } from "../model/id.ts";
import { agree } from "../model/quorum.ts";
import { initialState } from "./judge.ts";
import { judgeQuorum, type Ballot } from "./quorum.ts";

const monitorId = createId<"monitor">(1_700_000_000_000);

/** `up`, or `down@30`: down since 30. */
function ballotOf(text: string, i: number): Ballot {
  const [status = "", at = "10"] = text.split("@");
  const isDown = status === "down";
  return {
    location: ["paris", "tokyo", "local", "lima", "oslo"][i] ?? String(i),
    status: status as Ballot["status"],
    reason: isDown ? "refused" : status === "unknown" ? "own_network" : null,
    at: Number(at),
    failure: isDown
      ? { at: Number(at), reason: "refused", message: `no ${i}`, evidence: { port: i } }
      : null,
    failuresInRow: isDown ? 2 : 0,
    message: isDown ? `no ${i}` : null,
  };
}

const ballotsOf = (text: string): readonly Ballot[] => text.split(" ").map(ballotOf);

const stateOf = (status: JudgeState["status"]): JudgeState => ({
  ...initialState(5),
  status,
  lastKnown: status === "unknown" ? "up" : status,
});

describe("several locations come to", () => {
  const table: readonly (readonly [string, number, string, string])[] = [
    ["up up up", 2, "up", "all say so"],
    ["down@30 up up", 2, "up", "one location is not enough"],
    ["down@30 up down@20", 2, "down", "two of three are"],
    ["down@30 down@20 down@25", 2, "down", "more than enough are"],
    ["down@30 up", 1, "down", "one is enough where it is said so"],
    ["down@30 down@20 up", 3, "up", "all three must agree, and one does not"],
    ["down@30 away up", 2, "up", "who is away does not vote, and two can"],
    ["down@30 away away", 2, "unknown", "one alone cannot say that it is down"],
    ["up away away", 2, "unknown", "nor that it is up"],
    ["down@30 down@20 away", 2, "down", "two are enough while the third is away"],
    ["unknown unknown unknown", 2, "unknown", "a location without a network does not vote"],
    ["down@30 unknown up", 2, "up", "its own network lost is no vote for down"],
    ["down@30 unknown unknown", 2, "unknown", "too few can vote"],
    ["pending pending pending", 2, "pending", "nobody ever checked"],
    ["up pending pending", 2, "pending", "others are still to come"],
    ["up up pending", 2, "up", "two are enough without a third that never came"],
    ["degraded degraded up", 2, "degraded", "two find it slow"],
    ["degraded down up", 2, "degraded", "one slow and one down are two that find it not well"],
    ["degraded up up", 2, "up", "one location that is slow is not enough"],
  ];
  for (const [votes, quorum, expected, why] of table) {
    it(`${expected} where ${votes}, quorum ${quorum}: ${why}`, () => {
      assert.equal(agree(ballotsOf(votes), quorum).status, expected);
    });
  }

  it("down since the location that made it enough", () => {
    assert.equal(agree(ballotsOf("down@30 down@20 down@40"), 2).at, 30);
  });

  it("the reason of Belfry's own trouble that keeps them from voting", () => {
    assert.equal(agree(ballotsOf("unknown away up"), 2).reason, "own_network");
    assert.equal(agree(ballotsOf("away away up"), 2).reason, "not_running");
  });
});

describe("the status of a monitor with several locations", () => {
  const judge = (before: JudgeState, votes: string) =>
    judgeQuorum(before, ballotsOf(votes), 2, { monitorId, now: 100 });

  it("stays while its locations agree as before", () => {
    const before = stateOf("up");
    assert.equal(judge(before, "up up down@30").state, before);
  });

  it("goes down with the evidence of the location that made it enough, and says who agrees", () => {
    const { state, transition } = judge(stateOf("up"), "down@30 up down@20");
    assert.equal(state.status, "down");
    assert.equal(state.since, 30);
    assert.deepEqual(state.firstFailure?.evidence, { port: 0, locations: ["local", "paris"] });
    assert.equal(transition?.message, "down from 2 of 3 locations (local, paris): no 0");
    assert.equal(transition?.knownTo, "down");
  });

  it("is unknown from now on when too few can tell, and what alerting compares stays", () => {
    const { state, transition } = judge(stateOf("down"), "away away up");
    assert.equal(state.status, "unknown");
    assert.equal(state.since, 100);
    assert.equal(state.lastKnown, "down");
    assert.equal(transition?.knownTo, "down");
    assert.equal(transition?.message, "too few locations can tell: nothing from paris, tokyo");
  });

  it("is unknown, not pending, when its locations never came though it was known before", () => {
    assert.equal(judge(stateOf("up"), "pending pending pending").state.status, "unknown");
    assert.equal(judge(initialState(0), "pending pending pending").state.status, "pending");
  });

  it("comes back without the failure", () => {
    const { state, transition } = judge(stateOf("down"), "up up@90 down@20");
    assert.equal(state.status, "up");
    assert.equal(state.since, 90);
    assert.equal(state.firstFailure, null);
    assert.equal(transition?.message, null);
  });
});
