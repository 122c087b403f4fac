import assert from "node:assert/strict";
import { test } from "node:test";
import { stopClock } from "../../live/clock.kit.ts";
import { createFleetModel } from "./fleet-model.ts";
import { fleetOf, memberOf } from "./fleet.kit.ts";

test("what nobody holds lasts when two answers in a row say so", async (t) => {
  const clock = stopClock();
  const world = { unheld: 0, isAway: false };
  const model = createFleetModel({
    client: {
      async fleet() {
        if (world.isAway) return { kind: "failed", failure: { kind: "unreachable" } };
        const unheld = { check: world.unheld, hear: 0, duties: [] };
        return { kind: "ok", value: fleetOf([memberOf("alpha:1")], { unheld }) };
      },
    },
    live: { listen: () => () => undefined },
    isSeen: () => true,
  });
  t.after(() => {
    model[Symbol.dispose]();
    clock[Symbol.dispose]();
  });
  const lastsAfter = async (unheld: number, isAway = false) => {
    Object.assign(world, { unheld, isAway });
    await clock.pass(5_000);
    return model.value.value?.unheldLasts;
  };
  await clock.pass(0);
  assert.equal(model.value.value?.unheldLasts, false);
  assert.equal(await lastsAfter(24), false, "for the first time");
  assert.equal(await lastsAfter(0), false, "all is held");
  assert.equal(await lastsAfter(24), false, "for the first time again");
  assert.equal(await lastsAfter(12), true, "twice");
  assert.equal(await lastsAfter(12, true), true, "as it was when the hub was last heard");
  assert.equal(await lastsAfter(0), false, "all is held again");
});
