/** What hubs of a fleet tell their pages of runs that any of them took in, and what they think of one another. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startPostgres } from "../../../test/kit/postgres.ts";
import { createJobs, createRunReader, otherHubsOf } from "./jobs.ts";
import { createBoard } from "./live/board.ts";
import { createLive } from "./live/live.ts";
import { systemClock } from "./model/clock.ts";
import { createId } from "./model/id.ts";
import { createMetrics } from "./self/metrics.ts";
import { noLog, retention } from "./store/contract/fixtures.ts";
import { createStore } from "./store/open.ts";
import type { Store } from "./store/port.ts";

const resources = new AsyncDisposableStack();
const stores: Store[] = [];

before(async () => {
  const server = resources.use(await startPostgres());
  const database = await server.createDatabase();
  for (let hub = 0; hub < 2; hub += 1) {
    stores.push(resources.use(await createStore({ database, retention }, { log: noLog })));
  }
});
after(() => resources.disposeAsync());

let runs = 0;

/** An event as a client sends it. */
function eventOf(runId: string, kind: string, n: number, job = "daily") {
  return {
    site_id: "s",
    app: { name: "batch" },
    entity: { type: "job", id: runId, business_key: job },
    event: { kind, at: new Date(Date.now() + n).toISOString(), metrics: { n } },
  };
}

/** One hub that reads what is told of all runs, and every event. */
function openHub(store: Store, stack: AsyncDisposableStack) {
  const hints: (() => Promise<void> | void)[] = [];
  const live = stack.use(
    createLive({
      clock: systemClock,
      board: createBoard(),
      readRuns: createRunReader(store, systemClock),
    }),
  );
  const jobs = createJobs(
    {
      clock: systemClock,
      log: { error: (fields) => assert.fail(JSON.stringify(fields)) },
      store,
      fleet: {
        process: {
          id: createId<"process">(0),
          kind: "hub",
          name: "a",
          location: "local",
          version: "1",
          url: null,
          holds: ["duty"],
        },
        hasDuty: () => false,
        members: async () => [],
        onHint: (_, listener) => void hints.push(listener),
      },
      live,
      metrics: stack.use(createMetrics("1")),
      onEvent: () => undefined,
      onRuns: () => undefined,
      onRang: () => undefined,
    },
    stack,
  );
  jobs.listen();
  const onDropped = (): void => assert.fail("dropped");
  const texts = { page: "", tail: "" };
  async function gather(into: "page" | "tail", from: AsyncIterable<string> | undefined) {
    assert.ok(from !== undefined);
    for await (const text of from) texts[into] += text;
  }
  return {
    jobs,
    hint() {
      for (const listener of hints) void listener();
    },
    read() {
      const asked = { monitors: [], hosts: [], runs: "all", lastEventId: undefined } as const;
      void gather("page", live.open({ ...asked, keyId: undefined, onDropped }));
      void gather("tail", live.openTail({ keyId: undefined, onDropped }));
    },
    /** The events that were told of a run, by the number each has. */
    told: (runId: string) =>
      [...texts.tail.matchAll(/^data: (.*)$/gm)].flatMap(([, data = ""]) => {
        const { entity_id, payload } = JSON.parse(data) as {
          entity_id: string;
          payload: { metrics: { n: number } };
        };
        return entity_id === runId ? [payload.metrics.n] : [];
      }),
    /** Runs that the page was told of, by their clients' ids. */
    shown: () =>
      [...texts.page.matchAll(/^event: runs\ndata: (.*)$/gm)].flatMap(([, data = ""]) =>
        (JSON.parse(data) as { run_id: string; status: string }[]).map(
          ({ run_id, status }) => `${run_id} ${status}`,
        ),
      ),
    /** Jobs that the page was told of. */
    jobsShown: () =>
      [...texts.page.matchAll(/^event: jobs\ndata: (.*)$/gm)].flatMap(
        ([, data = ""]) => (JSON.parse(data) as { changed: string[] }).changed,
      ),
  };
}

async function until(holds: () => boolean, signal: AbortSignal): Promise<void> {
  while (!holds()) {
    signal.throwIfAborted();
    await delay(10);
  }
}

type Desk = ReturnType<typeof openHub>;

/** Two hubs whose pages follow what happens. */
async function startHubs(stack: AsyncDisposableStack, signal: AbortSignal) {
  const [first, second] = stores.map((store) => openHub(store, stack));
  assert.ok(first !== undefined && second !== undefined);
  for (const hub of [first, second]) hub.read();
  await flush([first, second], signal);
  return [first, second] as const;
}

/** Resolves when everything that happened until now was told: a run that came later is. */
async function flush(hubs: readonly [Desk, Desk], signal: AbortSignal): Promise<void> {
  const isTold = (runId: string) => hubs.every((hub) => hub.shown().includes(`${runId} running`));
  for (let runId = ""; runId === "" || !isTold(runId);) {
    signal.throwIfAborted();
    runId = `other-${(runs += 1)}`;
    await hubs[0].jobs.runs.take([eventOf(runId, "started", 0, "other")]);
    for (const hub of hubs) hub.hint();
    const until = Date.now() + 3000;
    while (!isTold(runId) && Date.now() < until) await delay(10);
  }
}

describe("two hubs that take in runs", { timeout: 60_000 }, () => {
  test("tell the pages of both, each event once and in its order", async (t) => {
    await using stack = new AsyncDisposableStack();
    const hubs = await startHubs(stack, t.signal);
    const runId = `run-${(runs += 1)}`;
    for (let n = 0; n < 8; n += 1) {
      const kind = n === 0 ? "started" : n === 7 ? "finished" : "metric";
      const stored = await hubs[n % 2 === 0 ? 0 : 1].jobs.runs.take([eventOf(runId, kind, n)]);
      assert.equal(stored[0]?.kind, "taken");
    }
    const isShown = (): boolean => hubs.every((hub) => hub.shown().includes(`${runId} succeeded`));
    await until(isShown, t.signal);
    await flush(hubs, t.signal);
    for (const hub of hubs) assert.deepEqual(hub.told(runId), [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("tell the pages of both of a job that somebody changed at one of them, once", async (t) => {
    await using stack = new AsyncDisposableStack();
    const [store] = stores;
    assert.ok(store !== undefined);
    const hubs = await startHubs(stack, t.signal);
    await hubs[0].jobs.runs.take([eventOf(`run-${(runs += 1)}`, "started", 0, "changed")]);
    await flush(hubs, t.signal);
    const job = (await store.jobs({ limit: 9 })).find(({ name }) => name === "changed");
    assert.ok(job !== undefined);
    const timesTold = () => hubs.map((hub) => hub.jobsShown().filter((id) => id === job.id).length);
    const before = timesTold();
    assert.equal(await hubs[1].jobs.jobDesk.change(job, { slowAfterSeconds: 9 }, "ada"), "updated");
    const after = before.map((times) => times + 1);
    await until(() => timesTold().every((times, n) => times >= (after[n] ?? 0)), t.signal);
    await flush(hubs, t.signal);
    assert.deepEqual(timesTold(), after);
  });
});

describe("other hubs", () => {
  const own = createId<"process">(1);
  const at = 1_000_000;
  const lease = 10_000;
  const me = { id: own, kind: "hub", seenAt: at, until: at + lease } as const;
  const hub = (seenMs: number, kind: "hub" | "worker" = "hub") => ({
    id: createId<"process">(1),
    kind,
    seenAt: at - seenMs,
    until: at - seenMs + lease,
  });
  const rows = [
    ["none: it is alone", [me], "none"],
    ["none: workers take nothing in", [me, hub(0, "worker"), hub(9000, "worker")], "none"],
    ["heard: it renewed its lease", [me, hub(2500)], "heard"],
    ["in doubt: it missed two renewals", [me, hub(2500), hub(5500)], "in_doubt"],
    ["in doubt: its lease ended just now", [me, hub(14_000)], "in_doubt"],
    ["none: it is gone for a while", [me, hub(15_500)], "none"],
  ] as const;
  for (const [says, members, state] of rows) {
    test(`are ${says}`, () => assert.equal(otherHubsOf(members, own), state));
  }
});
