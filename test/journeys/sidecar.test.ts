/**
 * The sidecar as a process: events of every dialect reach a sink as one form; what was acknowledged survives `kill -9`, and
 * sinks that are dead, slow or refuse some events harm nobody else.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { JobEvent } from "@belfry/contract";
import { createDirectDisk, openSpool } from "@belfry/relay";
import { until } from "../kit/hub.ts";
import { startTarget, type Target } from "../kit/target.ts";

const program = fileURLToPath(
  new URL("../../packages/relay/src/command/sidecar.kit.ts", import.meta.url),
);

interface Sidecar extends AsyncDisposable {
  readonly url: string;
  output(): string;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

type Sinks = Readonly<Record<string, string>>;

async function startSidecar(spoolFolder: string, sinks: Sinks): Promise<Sidecar> {
  const integrations = Object.entries(sinks).map(([name, url]) => ({
    type: "post",
    name,
    config: { url },
  }));
  const child = spawn(process.execPath, [program, "--listen", "127.0.0.1:0"], {
    env: {
      PATH: process.env["PATH"],
      SPOOL_DIR: spoolFolder,
      INTEGRATIONS_CONFIG: JSON.stringify(integrations),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const url = await until("the sidecar listens", () => {
    if (child.exitCode !== null) throw new Error(output);
    return /listening on (http:\S+)/.exec(output)?.[1];
  });
  return {
    url,
    output: () => output,
    end: (signal) => end(child, signal),
    [Symbol.asyncDispose]: async () => void (await end(child, "SIGKILL")),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }
  return child.exitCode;
}

interface Destination extends Target {
  /** Events it took, by id, and how often each came. */
  readonly taken: ReadonlyMap<string, { readonly event: JobEvent; readonly times: number }>;
}

/** A destination that understands ids; it refuses those of `isRefused` for good and takes its time. */
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
      const events = JSON.parse(await text(request)) as JobEvent[];
      if (delayMs > 0) await sleep(delayMs);
      const answers = events.map((event) => {
        const id = event.idempotency_key;
        if (isRefused(id)) return { kind: "refused", why: `no room for ${id}` };
        taken.set(id, { event, times: (taken.get(id)?.times ?? 0) + 1 });
        return { kind: "sent" };
      });
      response.end(JSON.stringify(answers));
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
    await using sidecar = await startSidecar(folder.path, { good: good.url });
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

  it("loses nothing acknowledged in kill -9 under load, and a dead or slow sink delays nobody", async () => {
    await using folder = await temporaryFolder();
    await using good = await startDestination();
    await using slow = await startDestination({ delayMs: 200 });
    await using picky = await startDestination({ isRefused: (id) => id.endsWith("7") });
    await using dead = await startDestination();
    await dead.stop();
    const sinks = { good: good.url, slow: slow.url, picky: picky.url, dead: dead.url };
    const acknowledged = new Set<string>();
    for (let round = 0; round < 8; round += 1) {
      await using sidecar = await startSidecar(folder.path, sinks);
      const load = [0, 1, 2, 3].map((sender) =>
        send(sidecar.url, `${round}-${sender}`, acknowledged),
      );
      const before = acknowledged.size;
      await until("some are acknowledged", () => acknowledged.size > before + 40 + 15 * round);
      await sidecar.end("SIGKILL");
      await Promise.all(load);
    }
    await using last = await startSidecar(folder.path, sinks);
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
    const sinks = { slow: slow.url, dead: dead.url };
    const ids = Array.from({ length: 120 }, (_, i) => `e${i}`);
    {
      await using sidecar = await startSidecar(folder.path, sinks);
      assert.equal(await post(`${sidecar.url}/v1/ingest/batch`, ids.map(nested)), 200);
      assert.equal(await sidecar.end("SIGTERM"), 0, sidecar.output());
      assert.match(sidecar.output(), /left on disk for the next start sink=dead events=120/);
    }
    assert.equal(slow.taken.size, 120);
    await dead.start();
    await using again = await startSidecar(folder.path, sinks);
    await until("what was left arrives", () => dead.taken.size === 120);
    assert.ok([...dead.taken.values()].every(({ times }) => times === 1));
    assert.equal(await again.end("SIGTERM"), 0, again.output());
  });

  it("ends with 2 and a line for every problem", async () => {
    const child = spawn(process.execPath, [program, "--listen", "nowhere"], {
      env: { PATH: process.env["PATH"], INTEGRATIONS_CONFIG: '[{"type":"csvv"}]' },
    });
    const [code] = await once(child, "close", { signal: AbortSignal.timeout(15_000) });
    assert.equal(code, 2);
  });
});

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
