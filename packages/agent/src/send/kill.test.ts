import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import { TestAgent } from "./agent.kit.ts";
import { makeFolder } from "./folder.kit.ts";
import { startLittleHub } from "./hub.kit.ts";

const child = fileURLToPath(new URL("kill-child.kit.ts", import.meta.url));
const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** Lets a process keep samples until it is killed; the times that were on disk. */
async function keepUntilKilled(
  stateDir: string,
  url: string,
  first: number,
  samples: number,
): Promise<number[]> {
  const rights = [
    "--permission",
    `--allow-fs-read=${root}`,
    `--allow-fs-read=${stateDir}`,
    `--allow-fs-write=${stateDir}`,
    "--allow-net",
  ];
  const process_ = spawn(process.execPath, [...rights, child, stateDir, url, String(first)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let errors = "";
  process_.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  process_.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (out.split("\n").length > samples) process_.kill("SIGKILL");
  });
  const [, signal] = await once(process_, "close");
  assert.equal(signal, "SIGKILL", errors);
  return out.split("\n").slice(0, -1).map(Number);
}

describe("a sender that is killed, with no more rights than it needs", () => {
  it("has lost nothing that was on disk, ten times over", async () => {
    await using hub = await startLittleHub();
    await using folder = await makeFolder();
    const stateDir = join(folder.path, "state");
    mkdirSync(stateDir);
    await hub.stop();
    const kept: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const first = 1_790_000_000_000 + round * 10_000_000;
      const samples = 5 + ((round * 37) % 90);
      kept.push(...(await keepUntilKilled(stateDir, hub.url, first, samples)));
    }
    await hub.start();
    await using agent = new TestAgent({
      hubs: [{ url: hub.url, key: "secret" }],
      intervalMs: 1_000,
      stateDir,
    });
    await agent.time.passUntil("all is there", () => kept.every((at) => hub.samples.has(at)));
    await agent.time.passUntil("nothing is kept", () => agent.stats.spooled === 0);
    assert.ok(kept.length >= 400);
    const beyond = hub.samples.size - kept.length;
    assert.ok(beyond <= 20, `of each round at most what was just written is more: ${beyond}`);
    assert.equal(agent.stats.damaged, 0);
    assert.deepEqual(hub.wrongs, []);
  });
});
