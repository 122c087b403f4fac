import assert from "node:assert/strict";
import { readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { temporaryFolder } from "../spool/spool.kit.ts";
import { Progress, removeProgress } from "./progress.ts";

/** What the next process finds. */
function foundIn(folder: string, name: string): Progress["found"] {
  using progress = new Progress(folder, name);
  return progress.found;
}

describe("how far a destination is", () => {
  it("is found again as it was written last, each destination by its name", () => {
    using folder = temporaryFolder();
    {
      using one = new Progress(folder.path, "größe / ..");
      using other = new Progress(folder.path, "other");
      assert.equal(one.found, undefined);
      one.write({ settled: 1, underWay: 2 });
      one.write({ settled: 2 ** 50, underWay: 2 ** 50 + 1 });
      other.write({ settled: 7, underWay: 7 });
    }
    assert.deepEqual(foundIn(folder.path, "größe / .."), {
      settled: 2 ** 50,
      underWay: 2 ** 50 + 1,
    });
    assert.deepEqual(foundIn(folder.path, "other"), { settled: 7, underWay: 7 });
    removeProgress(folder.path, "other");
    assert.equal(foundIn(folder.path, "other"), undefined);
    removeProgress(folder.path, "nobody");
  });

  it("is not known where the file is cut or is something else", () => {
    using folder = temporaryFolder();
    {
      using progress = new Progress(folder.path, "a");
      progress.write({ settled: 5, underWay: 6 });
    }
    const path = join(folder.path, readdirSync(folder.path)[0] ?? "");
    truncateSync(path, 9);
    assert.equal(foundIn(folder.path, "a"), undefined);
    for (const [settled, underWay] of [
      [6, 5],
      [-1, 5],
      [Number.NaN, 5],
      [5, Infinity],
    ] as const) {
      writeFileSync(path, Buffer.from(Float64Array.of(settled, underWay).buffer));
      assert.equal(foundIn(folder.path, "a"), undefined, `${settled} ${underWay}`);
    }
  });
});
