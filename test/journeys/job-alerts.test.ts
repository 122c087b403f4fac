/**
 * Jobs ring, through real processes: a job with the SDK fails, fails again and succeeds; another one is killed. Each is one
 * incident, told once when it begins and once when it is over.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { IncidentView } from "@belfry/contract";
import { HubEmitter, monitored } from "@belfry/sdk";
import { startHub, until, type Hub } from "../kit/hub.ts";
import { startNotices, type Notices } from "../kit/notices.ts";

const victim = fileURLToPath(new URL("job-victim.ts", import.meta.url));

async function startWatched(t: TestContext): Promise<{ hub: Hub; notices: Notices }> {
  const notices = await startNotices();
  t.after(() => notices[Symbol.asyncDispose]());
  const hub = await startHub({ env: { BELFRY_AGENT_ENABLED: "false" } });
  t.after(() => hub[Symbol.asyncDispose]());
  await notices.connect(hub);
  return { hub, notices };
}

/** `kind: title` of every notice so far. */
function told({ all }: Notices): readonly string[] {
  return all.map(({ kind, title }) => `${kind}: ${title}`);
}

async function incidentsOf(hub: Hub): Promise<readonly IncidentView[]> {
  return (await hub.ask<{ items: readonly IncidentView[] }>("GET", "/api/v1/incidents")).items;
}

test("a job that fails rings once, however often it fails, until it succeeds", async (t) => {
  const { hub, notices } = await startWatched(t);
  const emitter = new HubEmitter(hub.url, undefined);
  t.after(() => emitter.close());
  const run = async (job: () => Promise<void>): Promise<void> => {
    await monitored({ job: "nightly", app: "batch", emitter }, job).catch(() => undefined);
    assert.ok(await emitter.flush(10_000));
  };
  const failing = async (): Promise<never> => {
    throw new RangeError("the disk is full");
  };
  await run(failing);
  await until("it rings", () => notices.all.length === 1);
  await run(failing);
  const [incident, ...more] = await incidentsOf(hub);
  assert.equal(more.length, 0, "a job that always fails is one incident");
  assert.deepEqual([incident?.severity, incident?.resolved_at], ["warning", null]);
  assert.match(incident?.message ?? "", /RangeError: the disk is full/);
  await run(async () => undefined);
  await until("it is over", () => notices.all.length === 2);
  assert.deepEqual(told(notices), ["firing: nightly failed", "resolved: Over: nightly failed"]);
});

test("a job that is killed is lost: that rings, and its part does not ring beside it", async (t) => {
  const { hub, notices } = await startWatched(t);
  const child = spawn(process.execPath, [victim], {
    env: { PATH: process.env["PATH"], BELFRY_HUB_URL: hub.url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data", { signal: AbortSignal.timeout(20_000) });
  child.kill("SIGKILL");
  await until("it rings", () => notices.all.length > 0, 30_000);
  await until("the part is lost too", async () => {
    const { items } = await hub.ask<{ items: readonly unknown[] }>(
      "GET",
      "/api/v1/runs?status=lost",
    );
    return items.length === 2;
  });
  assert.deepEqual(told(notices), ["firing: endless is lost"]);
  assert.equal((await incidentsOf(hub)).length, 1);
});
