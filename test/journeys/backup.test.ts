/**
 * A backup of a hub that goes on working, and the installation it becomes elsewhere: everything that was acknowledged
 * before is there, and so is what the outputs had not taken.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { MonitorView, RunView } from "@belfry/contract";
import { savedFiles, savedFolders } from "../../packages/hub/src/command/backup/installation.ts";
import { commandPath, startHub, until, type Hub } from "../kit/hub.ts";
import { startSurroundings } from "./installation.ts";

/** Runs a command to its end. */
async function belfry(cwd: string, args: readonly string[]) {
  const env = { PATH: process.env["PATH"], HOME: cwd };
  const child = spawn(process.execPath, [commandPath, ...args], { cwd, env });
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code: child.exitCode, out, err };
}

/** An event of a run of its own. */
function event(run: string): object {
  return {
    idempotency_key: `${run}-started`,
    site_id: "fab1",
    app: { app_id: null, name: "batch", version: "1.0" },
    entity: { type: "job", id: run, parent_id: null, business_key: "nightly", sub_key: null },
    event: {
      kind: "started",
      at: new Date().toISOString(),
      status: "running",
      metrics: {},
      metadata: {},
    },
  };
}

interface Page<T> {
  readonly items: readonly T[];
}

async function runsOf(hub: Hub): Promise<ReadonlySet<string>> {
  const { items } = await hub.ask<Page<RunView>>("GET", "/api/v1/runs?limit=500");
  return new Set(items.map(({ run_id: id }) => id));
}

const deadLetters = async (hub: Hub): Promise<number> =>
  (await hub.ask<Page<{ dead_letters: number }>>("GET", "/api/v1/outputs")).items[0]
    ?.dead_letters ?? 0;

test("a backup of a running hub, restored elsewhere, has all that was acknowledged", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "belfry-backups-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await using others = await startSurroundings();
  const output = { type: "webhook", name: "shop", webhook_url: `${others.url}/refuses` };
  const env = { HOME: folder, BELFRY_OUTPUTS: JSON.stringify([output]) };
  const [dataDir, elsewhere] = [join(folder, "data"), join(folder, "elsewhere")];
  const backup = join(folder, "backup");
  const acknowledged: string[] = [];
  const { monitor, dead } = await (async () => {
    await using hub = await startHub({ env, args: ["--data-dir", dataDir] });
    const body = { name: "shop", url: `${others.url}/`, interval: 1, timeout: 1 };
    const made = await hub.ask<MonitorView>("POST", "/api/v1/monitors", body);
    const letters = await until("outputs refuse something", async () => {
      const found = await deadLetters(hub);
      return found > 3 && found;
    });
    let isOver = false;
    const sending = (async () => {
      for (let n = 0; !isOver && n < 400; n += 1) {
        await hub.ask("POST", "/api/v1/events", [event(`run-${n}`)]);
        acknowledged.push(`run-${n}`);
      }
    })();
    await until("events are sent", () => acknowledged.length > 20);
    const before = acknowledged.length;
    const saved = await belfry(folder, ["backup", "--data-dir", dataDir, "--to", backup]);
    assert.deepEqual([saved.code, saved.err], [0, ""]);
    isOver = true;
    await sending;
    acknowledged.splice(before);
    const refused = await belfry(folder, ["restore", backup, "--data-dir", dataDir, "--force"]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, new RegExp(`belfry\\.db is in use by process ${hub.pid}\n$`));
    await hub.end("SIGKILL");
    return { monitor: made.id, dead: letters };
  })();

  const restored = await belfry(folder, ["restore", backup, "--data-dir", elsewhere]);
  assert.deepEqual([restored.code, restored.err], [0, ""]);
  await using hub = await startHub({ env, args: ["--data-dir", elsewhere] });
  await hub.ask("GET", `/api/v1/monitors/${monitor}`);
  const runs = await runsOf(hub);
  assert.deepEqual(
    acknowledged.filter((id) => !runs.has(id)),
    [],
  );
  assert.ok((await deadLetters(hub)) >= dead);
  assert.doesNotMatch(hub.output(), /damaged|lost/);
});

test("nothing comes to be in a data folder that nobody thought of saving", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "belfry-backups-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await using others = await startSurroundings();
  const output = { type: "webhook", name: "shop", webhook_url: `${others.url}/refuses` };
  const dataDir = join(folder, "data");
  const env = { HOME: folder, BELFRY_OUTPUTS: JSON.stringify([output]), BELFRY_AUTH: "keys" };
  await using hub = await startHub({ env, args: ["--data-dir", dataDir] });
  const found = await until("everything is there", async () => {
    const names = await readdir(dataDir);
    return names.includes("outputs-spool") && names.includes("admin.key") && names;
  });
  const known: readonly string[] = [...savedFiles, ...savedFolders];
  const strange = found.filter((name) => !/^belfry\.db(-wal|-shm|\.lock(-journal)?)?$/.test(name));
  assert.deepEqual(
    strange.filter((name) => !known.includes(name)),
    [],
  );
  assert.equal(await hub.end("SIGTERM"), 0);
});
