/**
 * The whole way of a run: SDK, a real sidecar, a real hub. The hub is killed during the run, then the sidecar; the job
 * notices nothing, and in the end every event is there once.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { JobView, RunTreeView, RunView } from "@belfry/contract";
import { MemoryEmitter, monitored, SeveralEmitters, SidecarEmitter } from "@belfry/sdk";
import { startHub, until, type Hub } from "../kit/hub.ts";
import { startSidecar } from "../kit/sidecar.ts";

const key = "0123456789abcdef";

interface Sink {
  readonly what: string;
  /** What the hub asks for; null: nothing. */
  readonly key: string | null;
  /** Environment of the hub. */
  readonly hub: Readonly<Record<string, string>>;
  /** Environment of the sidecar, for a hub at `url`. */
  readonly sidecar: (url: string) => Readonly<Record<string, string>>;
}

const sinks: readonly Sink[] = [
  {
    what: "sink hub, with a key",
    key,
    hub: { BELFRY_AUTH: "keys", BELFRY_ADMIN_KEY: key },
    sidecar: (url) => ({
      HUB_KEY: key,
      INTEGRATIONS_CONFIG: JSON.stringify([
        { type: "hub", name: "hub", config: { base_url: url, key: "${HUB_KEY}" } },
      ]),
    }),
  },
  {
    what: "sink local_api as it is without a configuration, and no key",
    key: null,
    hub: {},
    sidecar: (url) => ({ LOCAL_API_BASE: url }),
  },
];

interface Stage extends AsyncDisposable {
  readonly sidecarUrl: string;
  killHub(): Promise<void>;
  killSidecar(): Promise<void>;
  startHub(): Promise<void>;
  startSidecar(): Promise<void>;
  /** Asks the hub's API, with the key. */
  ask<T>(path: string): Promise<T>;
}

async function openStage(sink: Sink): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = async (name: string): Promise<string> => {
    const path = await mkdtemp(join(tmpdir(), `belfry-${name}-`));
    stack.defer(() => rm(path, { recursive: true, force: true }));
    return path;
  };
  const dataDir = await folder("hub");
  const spoolFolder = await folder("sidecar");
  const env = { BELFRY_AGENT_ENABLED: "false", ...sink.hub };
  const openHub = (listen: string): Promise<Hub> =>
    startHub({ dataDir, env, args: ["--listen", listen] });
  let hub = await openHub("127.0.0.1:0");
  stack.defer(() => hub[Symbol.asyncDispose]());
  const { url: hubUrl } = hub;
  const openSidecar = (listen: string) =>
    startSidecar({ spoolFolder, listen, env: sink.sidecar(hubUrl) });
  let sidecar = await openSidecar("127.0.0.1:0");
  stack.defer(() => sidecar[Symbol.asyncDispose]());
  const { url: sidecarUrl } = sidecar;
  const kept = stack.move();
  return {
    sidecarUrl,
    async killHub() {
      await hub.end("SIGKILL");
    },
    async killSidecar() {
      await sidecar.end("SIGKILL");
    },
    async startHub() {
      hub = await openHub(new URL(hubUrl).host);
    },
    async startSidecar() {
      sidecar = await openSidecar(new URL(sidecarUrl).host);
    },
    async ask<T>(path: string): Promise<T> {
      const response = await fetch(hubUrl + path, {
        headers: sink.key === null ? {} : { authorization: `Bearer ${sink.key}` },
      });
      assert.equal(response.status, 200, path);
      return (await response.json()) as T;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function runOf(stage: Stage, id: string): Promise<RunView | undefined> {
  const { items } = await stage.ask<{ items: RunView[] }>(`/api/v1/runs?run_id=${id}`);
  return items[0];
}

/** Keys of the events the hub keeps of a run, and how many it counted. */
async function eventsOf(stage: Stage, { id, events }: RunView) {
  const page = await stage.ask<{ items: { idempotency_key: string }[] }>(
    `/api/v1/runs/${id}/events`,
  );
  return { counted: events, keys: page.items.map((event) => event.idempotency_key).toSorted() };
}

for (const sink of sinks) {
  describe(sink.what, () => {
    it("a run goes on while hub and sidecar die, and is there whole and once", async () => {
      await using stage = await openStage(sink);
      const memory = new MemoryEmitter();
      const viaSidecar = new SidecarEmitter(stage.sidecarUrl);
      const emitter = new SeveralEmitters([memory, viaSidecar]);
      const facts = { site: "fab1", app: "etl", emitter, progressEveryMs: 0 } as const;
      const acknowledged = async (): Promise<void> => {
        assert.ok(await viaSidecar.flush(15_000), "the sidecar has everything");
      };
      const ids = await monitored({ job: "nightly", ...facts }, async (run) => {
        run.progress({ current: 1, total: 4 });
        await until("the hub shows how far it is", async () => {
          const seen = await runOf(stage, run.id);
          return seen?.progress?.ratio === 0.25;
        });
        await stage.killHub();
        const part = await monitored({ job: "part", ...facts }, async (inner) => {
          inner.progress(0.5);
          inner.metric("rows", 7);
          return inner.id;
        });
        await acknowledged();
        await stage.killSidecar();
        run.progress({ current: 3, total: 4 });
        await stage.startSidecar();
        await acknowledged();
        await stage.startHub();
        return { run: run.id, part };
      });
      await acknowledged();
      const run = await until("the run ended", async () => {
        const seen = await runOf(stage, ids.run);
        return seen?.status === "succeeded" && seen;
      });
      const tree = await stage.ask<RunTreeView>(`/api/v1/runs/${run.id}`);
      assert.deepEqual(
        tree.subruns.map((one) => [one.run_id, one.status, one.metrics["rows"]]),
        [[ids.part, "succeeded", 7]],
      );
      for (const view of [run, ...tree.subruns]) {
        const sent = memory.events.filter(({ entity }) => entity.id === view.run_id);
        const keys = sent.map((event) => event.idempotency_key).toSorted();
        assert.deepEqual(await eventsOf(stage, view), { counted: sent.length, keys });
      }
      const { items } = await stage.ask<{ items: JobView[] }>("/api/v1/jobs?q=nightly");
      assert.deepEqual(
        items.map(({ name, site, app, recent }) => ({ name, site, app, recent })),
        [{ name: "nightly", site: "fab1", app: "etl", recent: ["succeeded"] }],
      );
      await emitter.close();
    });
  });
}
