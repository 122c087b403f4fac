/** Two hubs that decide about the same signals on one PostgreSQL: what one decided, the other neither repeats nor forgets. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startPostgres, type Postgres } from "../../../../test/kit/postgres.ts";
import { AppError } from "../model/error.ts";
import { createId } from "../model/id.ts";
import { openTroubles, type Subject } from "../model/incident.ts";
import { auditOf, noLog, retention } from "../store/contract/fixtures.ts";
import { createStore } from "../store/open.ts";
import type { Alerting } from "./alerting.ts";
import { channelOf, createAlerting, signalOf, start } from "./alerting.kit.ts";
import type { Tie } from "./ties.ts";

let server: Postgres | undefined;

before(async () => {
  server = await startPostgres();
});
after(() => server?.[Symbol.asyncDispose]());

const subjects = Array.from({ length: 8 }, (_, n): Subject => ({
  kind: "monitor",
  id: `m${n}`,
  name: `m${n}`,
}));
const group: Tie = {
  kind: "group",
  key: "group:g",
  cause: { kind: "external", id: "group:g", name: "group g" },
  why: "the same group: g",
};

async function startHubs(tiesOf: (subject: Subject) => readonly Tie[]) {
  await using stack = new AsyncDisposableStack();
  const database = await server?.createDatabase();
  assert.ok(database !== undefined);
  const open = async () => stack.use(await createStore({ database, retention }, { log: noLog }));
  const stores = [await open(), await open()] as const;
  await stores[0].createAlertSetting("channel", channelOf("ops"), auditOf());
  const time = { now: start };
  const errors: unknown[] = [];
  const onError = (error: unknown): void => {
    if (!(error instanceof AppError && error.code === "conflict")) errors.push(error);
  };
  const told = stores.map((): string[] => []);
  const hubs = stores.map((store, hub) =>
    stack.use(
      createAlerting(store, time, {
        tiesOf,
        onError,
        onIncidents: (incidents) => told[hub]?.push(...incidents.map(({ id }) => id)),
      }),
    ),
  );
  const resources = stack.move();
  return {
    store: stores[0],
    stores,
    hubs,
    told,
    time,
    errors,
    /** These look, until nothing is left to be looked at. */
    async settle(looking: readonly Alerting[], signal: AbortSignal) {
      while ((await stores[0].pendingSignals(1)).length > 0) {
        signal.throwIfAborted();
        for (const hub of looking) hub.wake();
        await delay(5);
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Repeats the same numbers for the same seed, so that a failure can be seen again. */
function numbersOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

interface Storm {
  readonly tiesOf: (subject: Subject) => readonly Tie[];
  /** Between one change and the next. Those with one cause follow closely; others so that no limit of routes is met. */
  readonly stepMs: number;
}

type Desk = Awaited<ReturnType<typeof startHubs>>;

async function playStorm(desk: Desk, { tiesOf, stepMs }: Storm, t: AbortSignal): Promise<void> {
  const random = numbersOf(7);
  const raised = new Set<string>();
  for (let round = 0; round < 25; round += 1) {
    desk.time.now += stepMs;
    // Now the one, now the other, now both: who did not look knows nothing of what was decided meanwhile.
    const looking = desk.hubs.filter((_, n) => round % 3 !== n);
    const chosen = subjects.filter(() => random() < 0.4);
    await Promise.all(
      chosen.map((subject, n) => {
        const isRaised = raised.has(subject.id);
        if (isRaised) raised.delete(subject.id);
        else raised.add(subject.id);
        const signal = signalOf(isRaised ? "cleared" : "raised", desk.time.now, { subject });
        const putting = desk.stores[n % 2 === 0 ? 0 : 1].putSignals([signal]);
        for (const hub of looking) hub.wake();
        return putting;
      }),
    );
    await desk.settle(looking, t);
    const open = await desk.store.openIncidents();
    const keys = open.flatMap((incident) =>
      openTroubles(incident).map(({ subject }) => subject.id),
    );
    assert.deepEqual(keys.toSorted(), [...raised].toSorted(), "each trouble is in one incident");
    if (tiesOf(subjects[0] ?? assert.fail()).length > 0) assert.ok(open.length <= 1);
  }
  desk.time.now += stepMs;
  const rest = subjects.filter(({ id }) => raised.has(id));
  await desk.store.putSignals(
    rest.map((subject) => signalOf("cleared", desk.time.now, { subject })),
  );
  await desk.settle(desk.hubs, t);
}

describe("two hubs", { timeout: 60_000 }, () => {
  const table = [
    { title: "of subjects that have nothing in common", tiesOf: () => [], stepMs: 300_000 },
    { title: "of subjects with one cause", tiesOf: () => [group], stepMs: 1000 },
  ];
  for (const { title, ...storm } of table) {
    test(`decide once about signals ${title}`, async (t) => {
      await using desk = await startHubs(storm.tiesOf);
      await playStorm(desk, storm, t.signal);
      assert.deepEqual(desk.errors, []);
      assert.deepEqual(await desk.store.openIncidents(), []);
      const incidents = await desk.store.incidents({ limit: 1000 });
      assert.ok(incidents.length > 0);
      for (const { id, title: name } of incidents) {
        const notices = await desk.store.notices({ incidentId: id, limit: 99 });
        const kinds = notices.toReversed().map(({ notice }) => notice.kind);
        assert.equal(kinds.filter((kind) => kind === "firing").length, 1, name);
        assert.equal(kinds.filter((kind) => kind === "resolved").length, 1, name);
        assert.deepEqual([kinds[0], kinds.at(-1)], ["firing", "resolved"]);
      }
    });
  }

  test("look after what the other one left open, and show it", async (t) => {
    await using desk = await startHubs(() => []);
    const [first, second] = desk.hubs;
    assert.ok(first !== undefined && second !== undefined);
    for (const hub of desk.hubs) await hub.acknowledge(createId<"incident">(0), "ada");
    await desk.store.putSignals([signalOf("raised", start)]);
    await desk.settle([first], t.signal);
    const [incident] = await desk.store.openIncidents();
    assert.ok(incident !== undefined);
    assert.equal(second.openIncidents, 0, "it knows nothing of it");
    await second.look();
    assert.equal(second.openIncidents, 1);
    assert.deepEqual(desk.told[1]?.slice(0, 1), [incident.id]);
    await desk.store.putSignals([signalOf("cleared", start)]);
    await desk.settle([first], t.signal);
    // The first has consumed the signal; that the incident is over may be its next step.
    while (second.openIncidents > 0) {
      t.signal.throwIfAborted();
      await second.look();
      await delay(5);
    }
  });

  test("let people act on what the other one opened, and the other one sees it", async (t) => {
    await using desk = await startHubs(() => []);
    const [first, second] = desk.hubs;
    assert.ok(first !== undefined && second !== undefined);
    // Both have read what there is: nothing.
    for (const hub of desk.hubs) await hub.acknowledge(createId<"incident">(0), "ada");
    await desk.store.putSignals([signalOf("raised", start)]);
    first.wake();
    while ((await desk.store.pendingSignals(1)).length > 0) {
      t.signal.throwIfAborted();
      await delay(5);
    }
    const [incident] = await desk.store.openIncidents();
    assert.ok(incident !== undefined);
    const both = await Promise.all([
      second.acknowledge(incident.id, "ada"),
      first.comment(incident.id, "on it", "bob"),
      second.comment(incident.id, "me too", "ada"),
    ]);
    assert.equal(both[0]?.acknowledgedBy, "ada");
    assert.equal((await desk.store.incidentComments(incident.id, 9)).length, 2);
    await first.resolve(incident.id, "bob");
    const kept = await desk.store.incident(incident.id);
    assert.equal(kept?.acknowledgedBy, "ada", "what the other one wrote is not written over");
    assert.deepEqual(await desk.store.openIncidents(), []);
    assert.deepEqual(desk.errors, []);
  });
});
