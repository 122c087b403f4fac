import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createDiscovery, mostDiscovered } from "./discovery.ts";
import type { Discovered } from "./values.ts";

const job = (name: string): Discovered => ({ rule: "jobs", id: name, macros: { "{#JOB}": name } });
const host: Discovered = { rule: "hosts", id: "web1", macros: { "{#HOST}": "web1" } };

describe("lists of discovery", () => {
  it("are sent as a whole when something is new, and not again when nothing is", () => {
    const discovery = createDiscovery();
    assert.deepEqual(discovery.due(0), []);
    discovery.note(job("a"));
    discovery.note(host);
    assert.deepEqual(
      discovery.due(0).map(({ key, value }) => [key, value]),
      [
        ["belfry.jobs.discovery", '[{"{#JOB}":"a"}]'],
        ["belfry.hosts.discovery", '[{"{#HOST}":"web1"}]'],
      ],
    );
    for (const { rule } of discovery.due(0)) discovery.answered(rule, true, 0);
    discovery.note(job("a"));
    assert.deepEqual(discovery.due(1), []);
    discovery.note(job("b"));
    const [again, ...others] = discovery.due(2);
    assert.deepEqual([again?.value, others], ['[{"{#JOB}":"a"},{"{#JOB}":"b"}]', []]);
  });

  for (const { what, isTaken, isWanted, afterMs } of [
    { what: "an hour after they were taken", isTaken: true, isWanted: false, afterMs: 3_600_000 },
    {
      what: "half a minute after they were refused",
      isTaken: false,
      isWanted: false,
      afterMs: 30_000,
    },
    {
      what: "half a minute later where items are missing",
      isTaken: true,
      isWanted: true,
      afterMs: 30_000,
    },
  ]) {
    it(`are sent again ${what}`, () => {
      const discovery = createDiscovery();
      discovery.note(job("a"));
      discovery.answered("jobs", isTaken, 1_000);
      if (isWanted) discovery.want("jobs");
      assert.equal(discovery.due(1_000 + afterMs - 1).length, 0);
      assert.equal(discovery.due(1_000 + afterMs).length, 1);
      const state = isTaken ? "taken" : "refused";
      assert.deepEqual(discovery.states(), { "belfry.jobs.discovery": state });
    });
  }

  it("have a bound", () => {
    const discovery = createDiscovery();
    for (let i = 0; i < mostDiscovered; i += 1) assert.ok(discovery.note(job(`j${i}`)));
    assert.ok(!discovery.note(job("one more")));
    assert.ok(discovery.note(job("j0")));
    assert.ok(discovery.note(host));
  });
});
