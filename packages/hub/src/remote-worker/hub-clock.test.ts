import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHubClock } from "./hub-clock.ts";

/** A machine whose wall clock is 5 s ahead of the hub's, and can be set. */
function createMachine() {
  let ms = 0;
  let wallMs = 1_000_000 + 5_000;
  const clock = { now: () => wallMs + ms, monotonicMs: () => ms };
  return {
    clock,
    hubNow: () => 1_000_000 + ms,
    pass: (more: number) => void (ms += more),
    setWall: (by: number) => void (wallMs += by),
    /** An exchange whose way there takes `there` ms, and back `back`. */
    exchange(there: number, back: number) {
      const sentMs = ms;
      ms += there;
      const hubNow = 1_000_000 + ms;
      ms += back;
      return { sentMs, heardMs: ms, hubNow };
    },
  };
}

describe("the hub's clock at a worker", () => {
  it("is read from an exchange, and the offset told", () => {
    const machine = createMachine();
    const hub = createHubClock(machine.clock, null);
    assert.equal(hub.now(), machine.hubNow() + 5_000);
    hub.read(machine.exchange(10, 10));
    assert.equal(hub.now(), machine.hubNow());
    assert.equal(hub.offsetMs(), 5_000);
  });

  it("is that of the exchange with the shortest way", () => {
    const machine = createMachine();
    const hub = createHubClock(machine.clock, null);
    hub.read(machine.exchange(1, 1));
    hub.read(machine.exchange(900, 1));
    assert.equal(hub.now(), machine.hubNow());
  });

  it("goes on when the wall clock is set", () => {
    const machine = createMachine();
    const hub = createHubClock(machine.clock, null);
    hub.read(machine.exchange(1, 1));
    machine.setWall(-3_600_000);
    machine.pass(60_000);
    assert.equal(hub.now(), machine.hubNow());
  });

  it("is what was known before a restart, also after an exchange that hung while the hub was away", () => {
    const machine = createMachine();
    const hub = createHubClock(machine.clock, 5_000);
    assert.equal(hub.now(), machine.hubNow());
    hub.read(machine.exchange(8_000, 1));
    assert.equal(hub.now(), machine.hubNow());
  });

  it("is learned anew when this machine slept", () => {
    const machine = createMachine();
    const hub = createHubClock(machine.clock, null);
    hub.read(machine.exchange(1, 1));
    const slept = machine.exchange(2, 2);
    hub.read({ ...slept, hubNow: slept.hubNow + 3_600_000 });
    assert.equal(hub.now(), machine.hubNow() + 3_600_000);
  });
});
