import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { SampleBatch } from "@belfry/contract";
import { AppError } from "./model/error.ts";
import { startOwnAgent, type OwnAgent } from "./own-agent.ts";

const skip = process.platform === "linux" ? false : "collectors of this platform are not run here";
const roots = { proc: "/proc", sys: "/sys", root: "" };

interface Watched {
  readonly agent: OwnAgent;
  readonly received: SampleBatch[];
  readonly said: string[];
}

/** An agent of this machine whose first batches meet these failures. */
async function watch(t: TestContext, failures: AppError[]): Promise<Watched> {
  const stateDir = await mkdtemp(join(tmpdir(), "belfry-own-agent-"));
  const received: SampleBatch[] = [];
  const said: string[] = [];
  const tell = (_: object, message: string): void => void said.push(message);
  const agent = startOwnAgent(
    { intervalMs: 1000, diskPath: "/", roots, stateDir },
    {
      clock: { now: () => Date.now(), monotonicMs: () => performance.now() },
      log: { info: tell, warn: tell },
      version: "1.2.3",
      receive(batch) {
        const failure = failures.shift();
        if (failure !== undefined) return Promise.reject(failure);
        received.push(batch);
        return Promise.resolve();
      },
    },
  );
  t.after(async () => {
    await agent[Symbol.asyncDispose]();
    await rm(stateDir, { recursive: true, force: true });
  });
  return { agent, received, said };
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, "within 15 s");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const timesOf = (received: readonly SampleBatch[]): number[] =>
  received.flatMap(({ times }) => [...times]);

describe("this machine's own agent", { skip }, () => {
  it("keeps what the store does not take, and hands it in later with its true times", async (t) => {
    const away = new AppError("unavailable", "the store is away");
    const startedAt = Date.now();
    const { received, said } = await watch(t, [away]);
    await until(() => timesOf(received).length >= 4);
    const times = timesOf(received);
    assert.ok((times[0] ?? 0) < startedAt + 1000, "the first sample is there");
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(times).size, times.length);
    assert.match(said.join("\n"), /they wait/);
  });

  it("drops what is refused for good, and goes on with what comes after", async (t) => {
    const { received, said } = await watch(t, [new AppError("invalid", "a name does not fit")]);
    await until(() => timesOf(received).length >= 2);
    assert.match(said.join("\n"), /they are dropped/);
  });

  it("tells what `/system` tells", async (t) => {
    const { agent } = await watch(t, []);
    await until(() => agent.system() !== null);
    assert.equal(agent.system()?.system.os, "Linux");
  });
});
