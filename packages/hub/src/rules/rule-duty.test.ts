/** Rules that two hubs could look at, on a real PostgreSQL: whoever has the duty does, and nobody says anything twice. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { AlertRuleInput } from "@belfry/contract";
import { sql } from "kysely";
import { startPostgres, type Postgres } from "../../../../test/kit/postgres.ts";
import { systemClock } from "../model/clock.ts";
import { createId } from "../model/id.ts";
import type { FleetProcess, ProcessFigures } from "../model/fleet.ts";
import type { SeriesKey } from "../model/series.ts";
import { noLog, retention } from "../store/contract/fixtures.ts";
import { createStore } from "../store/open.ts";
import { connectPostgres } from "../store/postgres/connection.ts";
import type { Store } from "../store/port.ts";
import { RuleDuty } from "./rule-duty.ts";
import { RuleRunner } from "./rule-runner.ts";
import { SeriesFeed } from "./series-feed.ts";
import type { RuleSubject } from "./subject.ts";

let server: Postgres | undefined;

before(async () => {
  server = await startPostgres();
});
after(() => server?.[Symbol.asyncDispose]());

const rule: AlertRuleInput = {
  name: "too high",
  enabled: true,
  severity: "critical",
  subject: "host",
  matchers: [],
  condition: {
    kind: "threshold",
    metric: { name: "level", matchers: [] },
    aggregate: "last",
    operator: ">",
    value: 10,
  },
  for_seconds: 0,
  recovery_for_seconds: 0,
  labels: {},
  description: "",
};
const source = "host:0199a0c0-0000-7000-8000-000000000001";
const series: readonly SeriesKey[] = [{ name: "level", labels: {} }];
const subject: RuleSubject = {
  kind: "host",
  id: source.slice(5),
  name: "web",
  labels: {},
  intervalMs: 60_000,
  clockOffsetMs: 0,
  isWatched: true,
  origin: {},
};
const figures: ProcessFigures = {
  monitors: 0,
  checksPerSecond: 0,
  lagSeconds: 0,
  cpu: 0,
  missed: 0,
};
const leaseMs = 600_000;

/** One hub, as far as rules are concerned. `isOurs` is what it believes, the lease what is so. */
async function openHub(database: string) {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await createStore({ database, retention }, { log: noLog }));
  const process: FleetProcess = {
    id: createId<"process">(Date.now()),
    kind: "hub",
    name: "test:1",
    location: "local",
    version: "1",
    url: null,
    holds: ["check", "hear", "duty"],
  };
  await store.joinFleet(process);
  const state = { isOurs: false };
  const onError = (error: unknown): void => assert.fail(String(error));
  const runner: RuleRunner = new RuleRunner({
    clock: systemClock,
    store: {
      latestOf: (...args) => store.latestOf(...args),
      rawOf: (...args) => store.rawOf(...args),
      bucketsOfNames: (...args) => store.bucketsOfNames(...args),
      ruleStates: () => store.ruleStates(),
      commitRules: (change) => store.commitRules(change),
      readAlive: () => store.readAlive(),
      rules: () => Promise.resolve([{ id: "own", version: 1, createdAt: 0, updatedAt: 0, rule }]),
    },
    subject: () => subject,
    sources: () => [source],
    onSignals: () => undefined,
    onError,
    heardUpTo: () => duty.heardUpTo,
    shared: {
      fence: () => ({ process: process.id, duty: "rules" }),
      ruleSteps: () => store.ruleSteps(),
    },
  });
  const duty = stack.use(
    new RuleDuty({
      runner,
      feed: new SeriesFeed({ clock: systemClock, store, rules: () => runner.rules }),
      isOurs: () => state.isOurs,
      takeUp: () => runner.load(),
      onFed: () => Promise.resolve(),
      onError,
    }),
  );
  await runner.reload();
  duty.start();
  const resources = stack.move();
  return {
    store,
    process,
    state,
    duty,
    renew: () => store.renewLease({ id: process.id, leaseMs, figures }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function said(store: Store): Promise<readonly string[]> {
  return (await store.pendingSignals(100)).map(({ signal }) => signal.state);
}

async function until(what: () => Promise<boolean> | boolean, signal: AbortSignal): Promise<void> {
  while (!(await what())) {
    signal.throwIfAborted();
    await delay(20);
  }
}

describe("the duty of rules", { timeout: 90_000 }, () => {
  test("moves, and what was said is said once", async (t) => {
    const database = await server?.createDatabase();
    assert.ok(database !== undefined);
    await using first = await openHub(database);
    await using second = await openHub(database);
    const level = (hub: typeof first, value: number) =>
      hub.store.append([
        { source, series, times: Float64Array.of(Date.now()), values: Float64Array.of(value) },
      ]);
    const connection = await connectPostgres(database, 1);
    await using _connection = connection;
    const give = ({ process }: typeof first) =>
      sql`update lease set holder = ${process.id} where name = 'duty-rules'`.execute(connection.db);
    for (const hub of [first, second]) await hub.renew();
    await give(first);
    first.state.isOurs = true;
    const expected: string[] = [];
    let [holder, other] = [first, second];
    for (let move = 0; move < 5; move += 1) {
      await until(() => holder.duty.isRunning, t.signal);
      // Stored by the one that does not look.
      await level(other, move % 2 === 0 ? 50 : 5);
      expected.push(move % 2 === 0 ? "raised" : "cleared");
      await give(other);
      // The former holder does not know yet: whatever it still decides is refused.
      other.state.isOurs = true;
      await until(async () => (await said(first.store)).length >= expected.length, t.signal);
      holder.state.isOurs = false;
      [holder, other] = [other, holder];
    }
    assert.deepEqual(await said(first.store), expected);
    const states = await first.store.ruleStates();
    assert.deepEqual(
      states.map(({ state }) => state.phase),
      ["firing"],
    );
  });
});
