/** What two processes store on one PostgreSQL, as rules are fed with it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { AlertRuleInput } from "@belfry/contract";
import { sql } from "kysely";
import { startPostgres, type Postgres } from "../../../../test/kit/postgres.ts";
import { systemClock } from "../model/clock.ts";
import type { Frame, SeriesKey } from "../model/series.ts";
import { noLog, retention } from "../store/contract/fixtures.ts";
import { createStore } from "../store/open.ts";
import { connectPostgres } from "../store/postgres/connection.ts";
import { onlyRule } from "./rule-set.ts";
import { SeriesFeed, type Fed } from "./series-feed.ts";

let server: Postgres | undefined;

before(async () => {
  server = await startPostgres();
});
after(() => server?.[Symbol.asyncDispose]());

const rule: AlertRuleInput = {
  name: "full",
  enabled: true,
  severity: "critical",
  subject: "host",
  matchers: [],
  condition: {
    kind: "threshold",
    metric: { name: "wanted", matchers: [] },
    aggregate: "last",
    operator: ">",
    value: 1,
  },
  for_seconds: 0,
  recovery_for_seconds: 0,
  labels: {},
  description: "",
};

async function open() {
  await using stack = new AsyncDisposableStack();
  const database = await server?.createDatabase();
  assert.ok(database !== undefined);
  const openStore = async () =>
    stack.use(await createStore({ database, retention }, { log: noLog }));
  const [here, there] = [await openStore(), await openStore()];
  const rules = onlyRule(rule);
  const feed = new SeriesFeed({ clock: systemClock, store: here, rules: () => rules });
  const connection = stack.use(await connectPostgres(database, 1));
  const resources = stack.move();
  return {
    here,
    there,
    feed,
    db: connection.db,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const start = Math.floor(Date.now() / 7_200_000) * 7_200_000;

function keysOf(...names: readonly string[]): readonly SeriesKey[] {
  return names.map((name) => {
    const [metric = "", disk] = name.split(" ");
    return { name: metric, labels: disk === undefined ? {} : { disk } };
  });
}

function frame(source: string, series: readonly SeriesKey[], at: number, value: number): Frame {
  const times = Float64Array.of(start + at);
  return { source, series, times, values: new Float64Array(series.length).fill(value) };
}

/** What came: `host:a wanted{a} 5 = 1`, sorted. */
function seen({ frames }: Pick<Fed, "frames">): readonly string[] {
  const lines = frames.flatMap(({ source, series, times, values }) =>
    series.flatMap(({ name, labels }, column) =>
      [...times].flatMap((at, i) => {
        const value = values[column * times.length + i] ?? Number.NaN;
        return Number.isNaN(value)
          ? []
          : [`${source} ${name}{${labels["disk"] ?? ""}} ${at - start} = ${value}`];
      }),
    ),
  );
  return lines.toSorted();
}

describe("the feed of rules", { timeout: 60_000 }, () => {
  test("hands over what any process stored, and of it what rules ask for", async () => {
    await using desk = await open();
    const { here, there, feed } = desk;
    const [both, other] = [keysOf("wanted a", "wanted b", "else"), keysOf("wanted c")];
    assert.deepEqual(seen(await feed.read()), []);
    await here.append([frame("host:a", both, 1, 5)]);
    await there.append([frame("host:a", both, 2, 6), frame("monitor:m", both, 2, 6)]);
    assert.deepEqual(seen(await feed.read()), [
      "host:a wanted{a} 1 = 5",
      "host:a wanted{a} 2 = 6",
      "host:a wanted{b} 1 = 5",
      "host:a wanted{b} 2 = 6",
    ]);
    assert.deepEqual(seen(await feed.read()), [], "nothing twice");
    await there.append([frame("host:a", other, 3, 7)]);
    const grown = await feed.read();
    assert.deepEqual(seen(grown), ["host:a wanted{c} 3 = 7"]);
    await here.append([frame("host:a", both, 4, 8)]);
    const next = await feed.read();
    assert.equal(next.frames[0]?.series, grown.frames[0]?.series, "one list as long as it holds");
    assert.equal(next.frames[0]?.series.length, 3);
  });

  test("hands over frames of many instants, and samples of a host in many shards", async () => {
    await using desk = await open();
    const { there, feed } = desk;
    await feed.read();
    const many = keysOf(...Array.from({ length: 700 }, (_, i) => `wanted ${i}`));
    const times = Float64Array.from({ length: 3 }, (_, i) => start + i);
    const values = Float64Array.from({ length: 2100 }, (_, i) => i);
    await there.append([{ source: "host:b", series: many, times, values }]);
    const lines = seen(await feed.read());
    assert.equal(lines.length, 2100);
    assert.ok(lines.includes("host:b wanted{699} 2 = 2099"));
    assert.ok(lines.every((line) => line.startsWith("host:b wanted{")));
  });

  test("waits for a transaction that was under way, and says up to when all is known", async () => {
    await using desk = await open();
    const { here, feed, db } = desk;
    await here.append([frame("host:a", keysOf("wanted a"), 1, 1)]);
    const first = await feed.read();
    const held = Promise.withResolvers<void>();
    const inserted = Promise.withResolvers<void>();
    const late = db.transaction().execute(async (transaction) => {
      await sql`insert into series_batch (source_id, window_start, samples, data)
        select source_id, window_start, samples, data from series_batch`.execute(transaction);
      inserted.resolve();
      await held.promise;
    });
    await inserted.promise;
    await here.append([frame("host:a", keysOf("wanted a"), 2, 2)]);
    assert.deepEqual(seen(await feed.read()), ["host:a wanted{a} 2 = 2"]);
    const before = Date.now();
    const waiting = await feed.read();
    assert.ok(waiting.upTo >= first.upTo && waiting.upTo <= before);
    held.resolve();
    await late;
    assert.deepEqual(seen(await feed.read()), ["host:a wanted{a} 1 = 1"]);
    assert.ok((await feed.read()).upTo >= before);
  });

  test("names what was merged before it was seen", async () => {
    await using desk = await open();
    const { here, feed } = desk;
    const series = keysOf("wanted a");
    await feed.read();
    await here.append([frame("host:a", series, 1, 1)]);
    await feed.read();
    for (let at = 2; at < 80; at += 1) await here.append([frame("host:a", series, at, at)]);
    await here.maintain(start + 80);
    assert.deepEqual((await feed.read()).stale, ["host:a"]);
    await here.append([frame("host:a", series, 81, 81)]);
    assert.deepEqual((await feed.read()).stale, []);
  });
});
