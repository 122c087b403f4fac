import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createReadiness, type ReadinessParts } from "./readiness.ts";

const well = {
  store: { ping: () => Promise.resolve() },
  commits: { failingSince: null },
  fleet: { state: () => "ok" },
} satisfies ReadinessParts;

function running(parts: Partial<ReadinessParts> = {}) {
  const readiness = createReadiness({ ...well, ...parts });
  readiness.started();
  return readiness;
}

const allOk = { process: "ok", store: "ok", commits: "ok", fleet: "ok" };

describe("readiness", () => {
  const rows: readonly (readonly [string, Partial<ReadinessParts>, object])[] = [
    ["says ok of each part while all is well", {}, {}],
    [
      "says what the store says when it cannot be reached",
      { store: { ping: () => Promise.reject(new Error("the database is away")) } },
      { store: "the database is away" },
    ],
    [
      "says since when decisions cannot be stored",
      { commits: { failingSince: 1_750_000_000_000 } },
      { commits: "failing since 2025-06-15T15:06:40.000Z" },
    ],
    [
      "says what the fleet says",
      { fleet: { state: () => "its lease ended" } },
      { fleet: "its lease ended" },
    ],
  ];
  for (const [what, parts, differs] of rows) {
    it(what, async () => {
      assert.deepEqual(await running(parts).read(), { ...allOk, ...differs });
    });
  }

  it("follows the life of the process, and a stop before the start was over stays a stop", async () => {
    const readiness = createReadiness(well);
    assert.deepEqual(await readiness.read(), { ...allOk, process: "starting" });
    readiness.stopping();
    readiness.started();
    assert.deepEqual(await readiness.read(), { ...allOk, process: "stopping" });
  });

  it("answers in time though the store does not, and asks it once for all who read meanwhile", async () => {
    let asked = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const readiness = running({
      store: {
        ping() {
          asked += 1;
          return promise;
        },
      },
    });
    const late = { ...allOk, store: "no answer in time" };
    assert.deepEqual(await Promise.all([readiness.read(), readiness.read()]), [late, late]);
    assert.equal(asked, 1);
    resolve();
    assert.deepEqual(await readiness.read(), allOk);
  });
});
