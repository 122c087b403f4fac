/**
 * The sidecar as a process: events of every dialect reach a sink as one form; what was acknowledged survives `kill -9`, and
 * sinks that are dead, slow or refuse some events harm nobody else. `BELFRY_KILLS=200` for a long run.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "node:test";
import type { JobEvent } from "@belfry/contract";
import { createDirectDisk, openSpool } from "@belfry/relay";
import { commandPath, until } from "../kit/hub.ts";
import { startSidecar, type Sidecar } from "../kit/sidecar.ts";
import { startTarget, type Target } from "../kit/target.ts";

/** How often the sidecar is killed; 200 for the long run. */
const kills = Number(process.env["BELFRY_KILLS"] ?? 20);

/** Sinks of type `webhook` that get several events at once, by name. */
function webhooks(sinks: Readonly<Record<string, Destination>>): string {
  const list = Object.entries(sinks).map(([name, { url }]) => ({
    type: "webhook",
    name,
    config: { webhook_url: url, body: "events" },
  }));
  return JSON.stringify(list);
}

function start(
  spoolFolder: string,
  sinks: Readonly<Record<string, Destination>>,
): Promise<Sidecar> {
  return startSidecar({ spoolFolder, env: { INTEGRATIONS_CONFIG: webhooks(sinks) } });
}

interface Destination extends Target {
  /** Events it took, by id, and how often each came. */
  readonly taken: ReadonlyMap<string, { readonly event: JobEvent; readonly times: number }>;
}

/** A destination that understands ids; it takes nothing of what has one of `isRefused` in it, and takes its time. */
async function startDestination({
  delayMs = 0,
  isRefused = () => false,
}: {
  readonly delayMs?: number;
  readonly isRefused?: (id: string) => boolean;
} = {}): Promise<Destination> {
  const taken = new Map<string, { event: JobEvent; times: number }>();
  const target = await startTarget((request, response) => {
    void (async () => {
      const { events } = JSON.parse(await text(request)) as { events: JobEvent[] };
      if (delayMs > 0) await sleep(delayMs);
      const wrong = events.find(({ idempotency_key: id }) => isRefused(id));
      if (wrong !== undefined) {
        response.writeHead(422).end(`no room for ${wrong.idempotency_key}`);
        return;
      }
      for (const event of events) {
        const id = event.idempotency_key;
        taken.set(id, { event, times: (taken.get(id)?.times ?? 0) + 1 });
      }
      response.end();
    })().catch(() => response.destroy());
  });
  return { ...target, taken };
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "belfry-sidecar-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function nested(id: string): Record<string, unknown> {
  const at = new Date().toISOString();
  return {
    idempotency_key: id,
    site_id: "fab1",
    app: { app_id: null, name: "etl", version: "1.0" },
    entity: { type: "job", id: "run-1", parent_id: null, business_key: "daily", sub_key: null },
    event: {
      kind: "finished",
      at,
      status: "succeeded",
      metrics: { duration_s: 1.5 },
      metadata: {},
    },
  };
}

async function post(url: string, body: unknown): Promise<number> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  await response.arrayBuffer();
  return response.status;
}

describe("the sidecar", () => {
  it("hands on events of every dialect in one form", async () => {
    await using folder = await temporaryFolder();
    await using good = await startDestination();
    await using sidecar = await start(folder.path, { good });
    const { idempotency_key: _key, ...withoutKey } = nested("b");
    const flat = {
      site_id: "fab1",
      app_name: "etl",
      entity_type: "job",
      entity_id: "run-1",
      business_key: "daily",
      event_kind: "FINISHED",
      status: "SUCCEEDED",
      timestamp: Date.now() / 1000,
      metrics: [],
    };
    assert.equal(await post(`${sidecar.url}/v1/ingest/events`, nested("a")), 200);
    assert.equal(await post(`${sidecar.url}/v1/event`, withoutKey), 202);
    assert.equal(await post(`${sidecar.url}/v1/events/batch`, { events: [nested("c")] }), 202);
    assert.equal(await post(`${sidecar.url}/v1/event`, flat), 202);
    await until("all four arrive", () => good.taken.size === 4);
    for (const { event } of good.taken.values()) {
      assert.equal(event.entity.id, "run-1");
      assert.equal(event.entity.business_key, "daily");
      assert.equal(event.app.name, "etl");
      assert.equal(event.event.kind, "finished");
      assert.equal(event.event.status, "succeeded");
    }
    assert.deepEqual(await (await fetch(`${sidecar.url}/v1/integrations`)).json(), {
      total: 1,
      enabled: 1,
      integrations: ["good"],
      enabled_integrations: ["good"],
    });
  });

  it(`loses nothing acknowledged in ${kills} kills under load, and a dead or slow sink delays nobody`, async () => {
    await using folder = await temporaryFolder();
    await using good = await startDestination();
    await using slow = await startDestination({ delayMs: 200 });
    await using picky = await startDestination({ isRefused: (id) => id.endsWith("7") });
    await using dead = await startDestination();
    await dead.stop();
    const sinks = { good, slow, picky, dead };
    const acknowledged = new Set<string>();
    for (let round = 0; round < kills; round += 1) {
      await using sidecar = await start(folder.path, sinks);
      const load = [0, 1, 2, 3].map((sender) =>
        send(sidecar.url, `${round}-${sender}`, acknowledged),
      );
      const before = acknowledged.size;
      const wanted = before + 1 + Math.floor(Math.random() * 150);
      await until("some are acknowledged", () => acknowledged.size >= wanted, 60_000);
      // Not in step with what asked just now.
      await sleep(Math.random() * 50);
      await sidecar.end("SIGKILL");
      await Promise.all(load);
    }
    await using last = await start(folder.path, sinks);
    const missing = (at: Destination): string[] =>
      [...acknowledged].filter((id) => !at.taken.has(id));
    await until("the good one has them all", () => missing(good).length === 0);
    const isKept = (id: string): boolean => !id.endsWith("7");
    await until("the picky one has those it takes", () =>
      missing(picky).every((id) => !isKept(id)),
    );
    await dead.start();
    await until(
      "the dead one has them all once it lives",
      () => missing(dead).length === 0,
      60_000,
    );
    await until("the slow one has them all", () => missing(slow).length === 0, 60_000);
    await until("nothing waits", async () => {
      const body: unknown = await (await fetch(`${last.url}/health`)).json();
      return Object(body).spool_count === 0;
    });
    assert.equal(await last.end("SIGTERM"), 0, last.output());
    await using spool = await openToRead(folder.path);
    for (const name of ["good", "slow", "dead"]) {
      assert.deepEqual(await (await spool.dead(name)).list({ limit: 10 }), []);
    }
    const letters = await (await spool.dead("picky")).list({ limit: 100_000 });
    const ids = new Set(letters.map(({ id }) => id));
    assert.ok([...ids].every((id) => !isKept(id)));
    const refused = [...acknowledged].filter((id) => !isKept(id));
    assert.deepEqual(
      refused.filter((id) => !ids.has(id)),
      [],
    );
    assert.ok(refused.length > 10, `${refused.length} of ${acknowledged.size}`);
  });

  it("drains at SIGTERM what a slow sink still takes, and leaves on disk what a dead one does not", async () => {
    await using folder = await temporaryFolder();
    await using slow = await startDestination({ delayMs: 300 });
    await using dead = await startDestination();
    await dead.stop();
    const sinks = { slow, dead };
    const ids = Array.from({ length: 120 }, (_, i) => `e${i}`);
    {
      await using sidecar = await start(folder.path, sinks);
      assert.equal(await post(`${sidecar.url}/v1/ingest/batch`, ids.map(nested)), 200);
      assert.equal(await sidecar.end("SIGTERM"), 0, sidecar.output());
      assert.match(sidecar.output(), /left on disk for the next start sink=dead events=120/);
    }
    assert.equal(slow.taken.size, 120);
    await dead.start();
    await using again = await start(folder.path, sinks);
    await until("what was left arrives", () => dead.taken.size === 120);
    assert.ok([...dead.taken.values()].every(({ times }) => times === 1));
    assert.equal(await again.end("SIGTERM"), 0, again.output());
  });

  it("reads its sinks again at SIGHUP: who did not change is not disturbed, what is wrong changes nothing", async () => {
    await using folder = await temporaryFolder();
    await using calm = await startDestination({ delayMs: 700 });
    await using before = await startDestination();
    await using after = await startDestination();
    await before.stop();
    const file = join(folder.path, "sinks.json");
    const write = (
      sinks: Readonly<Record<string, Destination>>,
      more: object = {},
    ): Promise<void> =>
      writeFile(
        file,
        JSON.stringify({ integrations: JSON.parse(webhooks(sinks)) as unknown, ...more }),
      );
    await write({ calm, moving: before });
    await using sidecar = await startSidecar({
      spoolFolder: folder.path,
      env: { INTEGRATIONS_CONFIG: file },
    });
    const reload = async (line: RegExp): Promise<void> => {
      const from = sidecar.output().length;
      sidecar.signal("SIGHUP");
      await until("the settings were read again", () => line.test(sidecar.output().slice(from)));
    };
    assert.equal(await post(`${sidecar.url}/v1/event`, nested("a")), 202);
    await until("the other one is in trouble", () => sidecar.output().includes("sink=moving"));
    await writeFile(file, '{"integrations": [{"type": "webhok"}]}');
    await reload(/settings stay as they were.*integrations\[0\]\.type: expected one of/);
    await write({ calm, moving: after }, { redaction: { keys: ["password"] } });
    await reload(/settings were read again kept=\["calm"\] started=\["moving"\] stopped=\[\]/);
    await until("what waited goes to the new place", () => after.taken.has("a"));
    const secret = nested("b");
    Object(secret).event.metadata.password = "s3cret";
    assert.equal(await post(`${sidecar.url}/v1/event`, secret), 202);
    await until("all have it", () => calm.taken.has("b") && after.taken.has("b"));
    assert.equal(after.taken.get("b")?.event.event.metadata["password"], "[redacted]");
    // An attempt that was under way went on: nothing came twice.
    assert.ok([...calm.taken.values()].every(({ times }) => times === 1));
    await write({ calm });
    await reload(/read again kept=\["calm"\] started=\[\] stopped=\["moving"\]/);
    assert.equal(await sidecar.end("SIGTERM"), 0, sidecar.output());
  });

  it("leaves a spool that can be looked at, and dead letters that can be put back", async () => {
    await using folder = await temporaryFolder();
    await using picky = await startDestination({ isRefused: (id) => id === "bad" });
    {
      await using sidecar = await start(folder.path, { picky });
      assert.equal(await post(`${sidecar.url}/v1/event`, nested("bad")), 202);
      assert.equal(await post(`${sidecar.url}/v1/event`, nested("good")), 202);
      await until("one is taken, one is dead", async () => {
        const body: unknown = await (await fetch(`${sidecar.url}/health`)).json();
        return picky.taken.has("good") && Object(body).integrations.picky.dead_letters === 1;
      });
      const beside = runSpool(folder.path, ["show", "--sink", "picky"]);
      assert.equal(beside.status, 0, beside.stderr);
      assert.match(beside.stderr, /is in use by process/);
      assert.match(beside.stdout, /"id":"bad","why":"HTTP 422: no room for bad"/);
      assert.equal(runSpool(folder.path, ["replay", "--sink", "picky", "all"]).status, 1);
      assert.equal(await sidecar.end("SIGTERM"), 0, sidecar.output());
    }
    assert.equal(runSpool(folder.path, ["fsck"]).status, 0);
    assert.match(runSpool(folder.path, ["ls"]).stdout, /^picky +\d+ +0 +1$/m);
    assert.equal(runSpool(folder.path, ["replay", "--sink", "picky", "all"]).status, 0);
    assert.equal(runSpool(folder.path, ["list"]).status, 2);
    await using kind = await startDestination();
    await using again = await start(folder.path, { picky: kind });
    await until("it is delivered again", () => kind.taken.has("bad"));
    assert.equal(kind.taken.size, 1);
    assert.equal(await again.end("SIGTERM"), 0, again.output());
  });

  it("ends with 2 and a line for every problem", async () => {
    const child = spawn(process.execPath, [commandPath, "sidecar", "--listen", "nowhere"], {
      env: { PATH: process.env["PATH"], INTEGRATIONS_CONFIG: '[{"type":"csvv"}]' },
    });
    const ended = once(child, "close", { signal: AbortSignal.timeout(15_000) });
    const told = (await text(child.stderr)).trimEnd().split("\n");
    assert.deepEqual(await ended, [2, null]);
    assert.equal(told.length, 2);
    assert.match(told[0] ?? "", /listen: expected HOST:PORT or unix:PATH, found nowhere/);
    assert.match(told[1] ?? "", /integrations\[0\]\.type: expected one of .*, found "csvv"/);
  });
});

/** Runs `belfry spool` on a folder. */
function runSpool(folder: string, args: readonly string[]): ReturnType<typeof runCommand> {
  return runCommand(["spool", ...args, "--spool-dir", folder]);
}

function runCommand(args: readonly string[]): {
  status: number | null;
  stdout: string;
  stderr: string;
} {
  return spawnSync(process.execPath, [commandPath, ...args], { encoding: "utf8" });
}

/** Sends one after another until the sidecar is gone; notes what was acknowledged. */
async function send(url: string, sender: string, acknowledged: Set<string>): Promise<void> {
  for (let i = 0; ; i += 1) {
    const id = `${sender}-${i}`;
    try {
      if ((await post(`${url}/v1/event`, nested(id))) === 202) acknowledged.add(id);
    } catch {
      return;
    }
  }
}

function openToRead(folder: string): ReturnType<typeof openSpool> {
  return openSpool(
    { folder },
    {
      disk: createDirectDisk(),
      log: { info: () => undefined, warn: () => undefined },
      clock: { now: Date.now, monotonicMs: () => performance.now() },
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    },
  );
}
