import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Delivery } from "./delivery.ts";
import { createSpool } from "./spool.ts";

function fileOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "belfry-sdk-spool-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "spool");
}

/** A destination that keeps what it takes. */
function destination(
  answer: (lines: readonly string[]) => "sent" | "retry" | "refused" = () => "sent",
) {
  const taken: string[] = [];
  const deliver = async (lines: readonly string[]): Promise<Delivery> => {
    const kind = answer(lines);
    if (kind === "sent") taken.push(...lines);
    return kind === "sent" ? { kind } : { kind, why: "test" };
  };
  return { taken, deliver };
}

const json = (n: number): string => JSON.stringify({ n, pad: "x".repeat(500) });

describe("the spool file", () => {
  it("gives back every line in order, in pieces, and is gone then", async (t) => {
    const path = fileOf(t);
    const spool = createSpool(path, 10_000_000);
    const lines = Array.from({ length: 2_000 }, (_, n) => json(n));
    assert.equal(await spool.append(lines.slice(0, 1_500)), true);
    assert.equal(spool.appendNow(lines.slice(1_500)), true);
    assert.equal(spool.isOwed, true);
    const { taken, deliver } = destination();
    assert.equal(await spool.drain(deliver), true);
    assert.deepEqual(taken, lines);
    assert.equal(spool.isOwed, false);
    assert.deepEqual(readdirSync(join(path, "..")), []);
  });

  it("goes on where it stopped, and takes what came meanwhile", async (t) => {
    const path = fileOf(t);
    const spool = createSpool(path, 10_000_000);
    const lines = Array.from({ length: 1_500 }, (_, n) => json(n));
    await spool.append(lines.slice(0, 1_000));
    let calls = 0;
    const { taken, deliver } = destination(() => ((calls += 1) === 2 ? "retry" : "sent"));
    assert.equal(await spool.drain(deliver), false);
    await spool.append(lines.slice(1_000));
    assert.equal(await spool.drain(deliver), true);
    assert.deepEqual(taken, lines);
  });

  it("skips a line that was cut short, and no other", async (t) => {
    const path = fileOf(t);
    writeFileSync(path, `${json(1)}\n{"n":2,"pa`);
    const spool = createSpool(path, 10_000_000);
    await spool.append([json(3)]);
    appendFileSync(path, "what is this\n\n");
    const { taken, deliver } = destination();
    await spool.drain(deliver);
    assert.deepEqual(taken, [json(1), json(3)]);
  });

  it("drops what is refused, and nothing beside it", async (t) => {
    const spool = createSpool(fileOf(t), 10_000_000);
    await spool.append([1, 2, 3, 4, 5].map(json));
    const { taken, deliver } = destination((lines) =>
      lines.includes(json(4)) ? "refused" : "sent",
    );
    assert.equal(await spool.drain(deliver), true);
    assert.deepEqual(taken, [1, 2, 3, 5].map(json));
  });

  it("takes no more than its limit", async (t) => {
    const spool = createSpool(fileOf(t), 1_200);
    assert.equal(await spool.append([json(1), json(2)]), true);
    assert.equal(await spool.append([json(3)]), false);
    assert.equal(spool.appendNow([json(3)]), false);
  });

  it("takes over what another process let go or left for ten minutes, and nothing younger", async (t) => {
    const path = fileOf(t);
    const young = `${path}.young.sending`;
    const old = `${path}.old.sending`;
    for (const [file, n] of [
      [young, 1],
      [old, 2],
    ] as const)
      writeFileSync(file, `${json(n)}\n`);
    const long = Date.now() / 1e3 - 700;
    utimesSync(old, long, long);
    const other = createSpool(path, 10_000);
    await other.append([json(3)]);
    assert.equal(await other.drain(destination(() => "retry").deliver), false);
    other.letGo();
    const { taken, deliver } = destination();
    assert.equal(await createSpool(path, 10_000).drain(deliver), true);
    assert.deepEqual(taken.toSorted(), [json(2), json(3)]);
    assert.deepEqual(readdirSync(join(path, "..")), ["spool.young.sending"]);
  });
});
