/** Nothing acknowledged is lost when the process is killed, and nothing is kept in part. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { everything, noLog, retention } from "../contract/fixtures.ts";
import { parseId, type MonitorId } from "../../model/id.ts";
import { createStore } from "../open.ts";
import type { Store } from "../port.ts";

const rounds = Number(process.env["BELFRY_CRASH_ROUNDS"] ?? "8");
const victim = fileURLToPath(new URL("./victim.ts", import.meta.url));

/** Lets a victim work, kills it, and gives what it said was acknowledged. */
async function killAfterAWhile(
  database: string,
): Promise<{ monitorId: MonitorId | undefined; acknowledged: readonly number[] }> {
  const child = spawn(process.execPath, [victim, database, "4"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let monitorId: MonitorId | undefined;
  const acknowledged: number[] = [];
  const lines = createInterface({ input: child.stdout });
  const ended = once(lines, "close");
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  lines.on("line", (line) => {
    const [what, value] = line.split(" ");
    if (what === "monitor") monitorId = parseId(value);
    else acknowledged.push(Number(value));
    // One round in three is killed before its first change is acknowledged, at about the time it is written.
    if (acknowledged.length > 0 || Math.random() < 0.3) begin();
  });
  await begun;
  await delay(Math.random() * 150);
  child.kill("SIGKILL");
  await exited;
  await ended;
  return { monitorId, acknowledged };
}

async function checkNothingIsMissing(
  store: Store,
  id: MonitorId,
  acknowledged: readonly number[],
): Promise<void> {
  const failures = await store.failedChecks(id, everything, 1_000_000);
  const kept = new Set(failures.map((one) => one.checkedAt));
  assert.deepEqual(
    acknowledged.filter((n) => !kept.has(n)),
    [],
    "acknowledged changes are missing",
  );
  const pending = await store.pendingTransitions(1_000_000);
  const transitions = pending.map((one) => one.transition).filter((one) => one.monitorId === id);
  assert.deepEqual(new Set(transitions.map((one) => one.at)), kept, "a change was kept in part");
  const own = (await store.loadMonitors()).find((one) => one.monitor.id === id);
  assert.ok(own !== undefined, "an acknowledged monitor is missing");
  const counter = own.state?.failuresInRow ?? 0;
  assert.ok(kept.size === 0 || kept.has(counter), "the judge's counter is of a lost change");
  const [samples] = await store.rawOf(
    `monitor:${id}`,
    [{ name: "probe_success", labels: {} }],
    everything,
  );
  assert.deepEqual(new Set(samples?.times), kept, "samples of a change are missing");
}

test(`loses nothing it acknowledged when killed, ${rounds} times`, async () => {
  const folder = await mkdtemp(join(tmpdir(), "belfry-crash-"));
  const database = join(folder, "belfry.db");
  let total = 0;
  try {
    for (let round = 0; round < rounds; round += 1) {
      const { monitorId, acknowledged } = await killAfterAWhile(database);
      total += acknowledged.length;
      await using store = await createStore({ database, retention }, { log: noLog });
      if (monitorId !== undefined) await checkNothingIsMissing(store, monitorId, acknowledged);
    }
    assert.ok(total > 0, "nothing was acknowledged at all: the test tests nothing");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
