/**
 * Two hubs on one PostgreSQL that are called in turn: heartbeats and events of runs come now to the one, now to the other,
 * until one is killed. Nobody who was called in time is ever down, who is not called any more is, each once; and a page of
 * either hub shows what the other took in.
 */
import assert from "node:assert/strict";
import { after, before, describe, test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type {
  FleetView,
  HeartbeatView,
  IncidentView,
  MonitorView,
  RunView,
} from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";
import { startPostgres } from "../kit/postgres.ts";

const patienceMs = 60_000;
const callEveryMs = 1_500;

interface Items<T> {
  readonly items: readonly T[];
}

const resources = new AsyncDisposableStack();
const hubs: Hub[] = [];

before(async () => {
  const server = resources.use(await startPostgres());
  const env = {
    BELFRY_DATABASE: await server.createDatabase(),
    BELFRY_AGENT_ENABLED: "false",
    BELFRY_LOG_LEVEL: "warn",
  };
  for (let hub = 0; hub < 2; hub += 1) hubs.push(resources.use(await startHub({ env })));
  const isShared = async (): Promise<boolean> => {
    const { members } = await both().first.ask<FleetView>("GET", "/api/v1/fleet");
    return members.filter(({ shares }) => shares.hear > 3).length === 2;
  };
  // The rest moves while they are called.
  await until("both hold shares", isShared, patienceMs);
});
after(() => resources.disposeAsync());

function both(): { readonly first: Hub; readonly second: Hub } {
  const [first, second] = hubs;
  assert.ok(first !== undefined && second !== undefined);
  return { first, second };
}

/** Makes heartbeats that are due every ten seconds, and waits until both hubs know them. */
async function makeHeartbeats(names: readonly string[]) {
  const { first, second } = both();
  const tokens = new Map<string, string>();
  for (const name of names) {
    const token = `token-of-${name}-000000000000`;
    const schedule = { kind: "period", seconds: 10 };
    const body = { name, kind: "heartbeat", settings: { schedule, grace_seconds: 3, token } };
    const { id } = await first.ask<MonitorView>("POST", "/api/v1/monitors", body);
    tokens.set(id, token);
  }
  await until(
    "the other hub knows them",
    async () => {
      const { items } = await second.ask<Items<MonitorView>>("GET", "/api/v1/monitors");
      return [...tokens.keys()].every((id) => items.some((one) => one.id === id));
    },
    patienceMs,
  );
  return tokens;
}

/** Calls at one hub after the other, until it is told not to; counts what was answered. */
function keepCalling(tokens: ReadonlyMap<string, string>, hubs: Hub[]) {
  const answered = new Map<string, number>();
  const stop = new AbortController();
  async function callAll(): Promise<void> {
    for (let turn = 0; !stop.signal.aborted; turn += 1) {
      await Promise.all(
        [...tokens].map(async ([id, token], n) => {
          const hub = hubs[(turn + n) % hubs.length];
          const call = await fetch(`${hub?.url}/ping/${token}`).catch(() => undefined);
          if (call?.status === 200) answered.set(id, (answered.get(id) ?? 0) + 1);
        }),
      );
      await delay(callEveryMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }
  const calling = callAll();
  return {
    answered,
    async stop() {
      stop.abort();
      await calling;
    },
  };
}

/** Reads the live events of runs of a hub, with when each came. */
async function followRuns(hub: Hub, t: TestContext) {
  const abort = new AbortController();
  t.after(() => abort.abort());
  const response = await fetch(`${hub.url}/api/v1/live?runs=all`, { signal: abort.signal });
  const { body } = response;
  assert.ok(body !== null);
  const state = { text: "" };
  void (async () => {
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) state.text += chunk;
  })().catch(() => undefined);
  return {
    shows: (runId: string, status: string) =>
      [...state.text.matchAll(/^event: runs\ndata: (.*)$/gm)].some(([, data = ""]) =>
        (JSON.parse(data) as RunView[]).some(
          (run) => run.run_id === runId && run.status === status,
        ),
      ),
  };
}

async function tellRun(hub: Hub, runId: string, kind: string, metadata: object = {}) {
  await hub.ask("POST", "/api/v1/events", [
    {
      idempotency_key: `${runId}-${kind}-${Date.now()}`,
      site_id: "fab1",
      app: { name: "batch" },
      entity: { type: "job", id: runId, business_key: "nightly" },
      event: { kind, at: new Date().toISOString(), metadata },
    },
  ]);
}

async function bySlug(hub: Hub, slug: string): Promise<HeartbeatView | undefined> {
  const { items } = await hub.ask<Items<MonitorView>>("GET", "/api/v1/monitors");
  const found = items.filter(({ name }) => name === slug);
  assert.ok(found.length <= 1, "one heartbeat");
  const [one] = found;
  return one === undefined ? undefined : hub.ask("GET", `/api/v1/heartbeats/${one.id}`);
}

describe("two hubs that are called in turn", () => {
  test("a page of either hub shows runs that the other took in", async (t) => {
    const { first, second } = both();
    const page = await followRuns(second, t);
    await tellRun(first, "r1", "started");
    const startedAt = Date.now();
    await until("it shows the beginning", () => page.shows("r1", "running"), patienceMs);
    t.diagnostic(`shown after ${Date.now() - startedAt} ms`);
    await tellRun(second, "r1", "progress");
    await tellRun(first, "r1", "finished");
    await until("it shows the end", () => page.shows("r1", "succeeded"), patienceMs);
  });

  test("calls with one slug at both at once make one heartbeat", async () => {
    const { first, second } = both();
    const made = await first.ask<{ key: string }>("POST", "/api/v1/keys", {
      name: "jobs",
      scopes: ["ingest"],
    });
    const call = (hub: Hub) =>
      fetch(`${hub.url}/ping/${made.key}/fresh?create=1`).then(({ status }) => status);
    const statuses = await Promise.all([first, second, first, second].map(call));
    assert.deepEqual(
      statuses.filter((status) => status !== 201 && status !== 200),
      [],
    );
    await until(
      "both know the one that there is, with all of its calls",
      async () => {
        const views = await Promise.all([first, second].map((hub) => bySlug(hub, "fresh")));
        return views.every((view) => view?.pings === 4);
      },
      patienceMs,
    );
  });

  test("one of two hubs is killed: nobody who calls is down, everybody who does not is, once", async (t) => {
    const { first, second } = both();
    const kept = await makeHeartbeats(Array.from({ length: 8 }, (_, n) => `kept-${n}`));
    const silent = await makeHeartbeats(Array.from({ length: 6 }, (_, n) => `silent-${n}`));
    const called: Hub[] = [first, second];
    const calls = keepCalling(kept, called);
    const short = keepCalling(silent, called);
    const statusOf = async (hub: Hub, ids: Iterable<string>) => {
      const { items } = await hub.ask<Items<MonitorView>>("GET", "/api/v1/monitors");
      const all = new Map(items.map(({ id, status }) => [id, status]));
      return [...ids].map((id) => all.get(id));
    };
    const all = [...kept.keys(), ...silent.keys()];
    for (const hub of hubs) {
      await until(
        "both show that all are up",
        async () => (await statusOf(hub, all)).every((status) => status === "up"),
        patienceMs,
      );
    }
    await tellRun(first, "long", "started", { heartbeat_s: 1 });
    await tellRun(second, "long", "heartbeat");
    // These are called for the last time just before: their deadlines pass while nobody holds the shares of the one that died.
    await short.stop();
    called.splice(0, 1);
    await first.end("SIGKILL");
    const killedAt = Date.now();
    await until(
      "those that are not called are down",
      async () => {
        await tellRun(second, "long", "heartbeat");
        return (await statusOf(second, silent.keys())).every((status) => status === "down");
      },
      patienceMs,
    );
    t.diagnostic(`all are down after ${Date.now() - killedAt} ms`);
    await calls.stop();
    assert.deepEqual(
      new Set(await statusOf(second, kept.keys())),
      new Set(["up"]),
      "those that are called are up",
    );
    const troubles = await until(
      "what is down rings",
      async () => {
        const { items } = await second.ask<Items<IncidentView>>(
          "GET",
          "/api/v1/incidents?limit=100",
        );
        const ids = items.flatMap(({ subjects }) => subjects.map(({ id }) => id));
        return ids.length >= silent.size && ids;
      },
      patienceMs,
    );
    assert.deepEqual(troubles.toSorted(), [...silent.keys()].toSorted(), "each rang once");
    for (const [id, count] of [...calls.answered, ...short.answered]) {
      const view = await second.ask<HeartbeatView>("GET", `/api/v1/heartbeats/${id}`);
      assert.ok(view.pings >= count, `${view.pings} calls of ${count} that were answered`);
    }
    const { items: runs } = await second.ask<Items<RunView>>("GET", "/api/v1/runs");
    assert.deepEqual(
      runs.filter(({ run_id }) => run_id === "long").map(({ status }) => status),
      ["running"],
      "a run is not lost because a hub was",
    );
  });
});
