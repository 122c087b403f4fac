/** What the store promises to several hubs on one database: who may decide, what is counted together, who answers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FleetProcess, ProcessFigures } from "../../model/fleet.ts";
import type { RuleChange } from "../../model/rule-state.ts";
import { createId } from "../../model/id.ts";
import type { Store } from "../port.ts";
import { compareText } from "../series/labels.ts";
import type { ContractStores } from "./fixtures.ts";

const figures: ProcessFigures = {
  monitors: 0,
  checksPerSecond: 0,
  lagSeconds: 0,
  cpu: 0,
  missed: 0,
};
const nothing: RuleChange = { saved: [], dropped: [], signals: [] };
const leaseMs = 60_000;

async function join(store: Store): Promise<FleetProcess> {
  const process: FleetProcess = {
    id: createId<"process">(Date.now()),
    kind: "hub",
    name: "test:1",
    location: "local",
    version: "1",
    url: null,
    holds: ["check", "hear", "duty"],
  };
  await store.joinFleet(process);
  await store.renewLease({ id: process.id, leaseMs, figures });
  return process;
}

/** Runs the suite. */
export function sharedContract(stores: ContractStores): void {
  const skip = stores.engine === "sqlite" ? "a database of one process" : false;
  describe("what hubs share", { skip }, () => {
    test("only a process that lives decides about rules, and only with the duty", async () => {
      await using store = await stores.open();
      const first = await join(store);
      const second = await join(store);
      const fenceOf = ({ id }: FleetProcess) => ({
        ...nothing,
        fence: { process: id, duty: "rules" } as const,
      });
      assert.equal(await store.commitRules(fenceOf(first)), "stored");
      assert.equal(await store.commitRules(fenceOf(second)), "fenced");
      assert.equal(
        await store.commitRules({ ...nothing, fence: { process: second.id } }),
        "stored",
        "what is its own it says without a duty",
      );
      await store.releaseShares(first.id, ["duty-rules"]);
      assert.equal(await store.commitRules(fenceOf(first)), "fenced");
      await store.renewLease({ id: second.id, leaseMs, figures });
      assert.equal(await store.commitRules(fenceOf(second)), "stored");
      await store.leaveFleet(second.id);
      assert.equal(await store.commitRules(fenceOf(second)), "fenced");
      assert.equal(
        await store.commitRules({ ...nothing, fence: { process: second.id } }),
        "fenced",
        "who left says nothing",
      );
    });

    test("nobody decides about rules by what another one changed since", async () => {
      await using store = await stores.open();
      const { id: process } = await join(store);
      const decide = (after: number) =>
        store.commitRules({ ...nothing, fence: { process, duty: "rules", after } });
      assert.equal(await store.ruleSteps(), 0);
      const both = await Promise.all([decide(0), decide(0)]);
      assert.deepEqual(both.toSorted(compareText), ["fenced", "stored"]);
      assert.deepEqual([await decide(0), await decide(1)], ["fenced", "stored"]);
      assert.equal(await store.ruleSteps(), 2);
    });

    test("counts are added up, by subject and span", async () => {
      await using store = await stores.open();
      const one = { subject: "requests a", endsAt: 60_000, count: 2 };
      const other = { subject: "requests b", endsAt: 60_000, count: 1 };
      assert.deepEqual(await store.countRequests([one]), [one]);
      const sums = await Promise.all([
        store.countRequests([other, one]),
        store.countRequests([one, other]),
      ]);
      assert.deepEqual(
        sums
          .flat()
          .map(({ count }) => count)
          .toSorted((a, b) => a - b),
        [1, 2, 4, 6],
      );
      const next = { ...one, endsAt: 120_000 };
      assert.deepEqual(await store.countRequests([next]), [next]);
    });

    test("one of many claims an answer, until it is given, given up or forgotten", async () => {
      await using store = await stores.open();
      const claim = { principal: "key:1", key: "k", requestHash: "h", at: 1_000_000 };
      const claims = await Promise.all([1, 2, 3].map(() => store.claimAnswer(claim)));
      assert.equal(claims.filter((isOurs) => isOurs).length, 1);
      assert.equal(await store.rememberedAnswer("key:1", "k"), undefined);
      await store.releaseAnswer("key:1", "k");
      assert.equal(await store.claimAnswer(claim), true);
      assert.equal(await store.claimAnswer({ ...claim, at: claim.at + 60_001 }), true);
      const answer = { ...claim, status: 201, body: "{}" };
      assert.deepEqual(await store.rememberAnswer(answer), answer);
      assert.equal(await store.claimAnswer({ ...claim, at: claim.at + 120_002 }), false);
      await store.releaseAnswer("key:1", "k");
      assert.deepEqual(await store.rememberedAnswer("key:1", "k"), answer);
    });
  });
}
