/** What hubs count together. The database is a small one in memory that adds up as the real one does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RequestCount } from "../../model/request-count.ts";
import { createTestClock } from "../test-clock.kit.ts";
import { SharedCounts } from "./shared-counts.ts";

const spanMs = 60_000;
const limit = 160;

function setUp() {
  const sums = new Map<string, number>();
  const clock = createTestClock();
  const database = { isAway: false, asked: 0, errors: 0, answered: Promise.withResolvers<void>() };
  const store = {
    async countRequests(counts: readonly RequestCount[]): Promise<readonly RequestCount[]> {
      database.asked += 1;
      if (database.isAway) throw new Error("away");
      const answer = counts.map((one) => {
        const key = `${one.subject} ${one.endsAt}`;
        const count = (sums.get(key) ?? 0) + one.count;
        sums.set(key, count);
        return { ...one, count };
      });
      setImmediate(() => {
        database.answered.resolve();
        database.answered = Promise.withResolvers();
      });
      return Promise.resolve(answer);
    },
  };
  const onError = (): void => {
    database.errors += 1;
    database.answered.resolve();
    database.answered = Promise.withResolvers();
  };
  const hub = () => new SharedCounts({ clock, store, onError });
  return { clock, database, hub };
}

function add(counts: SharedCounts, times: number): number {
  let last = 0;
  for (let i = 0; i < times; i += 1) last = counts.add("a", spanMs, limit).count;
  return last;
}

test("a hub counts alone as long as nobody comes near the limit", async () => {
  const { database, hub } = setUp();
  await using one = hub();
  assert.equal(add(one, 9), 9);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(database.asked, 0);
});

test("hubs count together beyond a sixteenth of the limit", async () => {
  const { clock, database, hub } = setUp();
  await using one = hub();
  await using other = hub();
  assert.equal(add(one, 100), 100);
  await database.answered.promise;
  assert.equal(add(other, 9), 9, "what it does not ask for it does not know");
  add(other, 1);
  await database.answered.promise;
  assert.equal(other.peek("a").count, 110);
  assert.equal(add(other, 51), 161);
  assert.equal(one.peek("a").count, 100, "it knows when it counts further");
  await database.answered.promise;
  add(one, 1);
  await database.answered.promise;
  assert.equal(one.peek("a").count, 162);

  const { asked } = database;
  add(one, 1000);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(database.asked, asked, "what is refused everywhere is counted no further");

  clock.move(one.peek("a").leftMs);
  assert.deepEqual(one.peek("a"), { count: 0, leftMs: 0 });
  assert.equal(add(one, 1), 1);
});

test("while the database is away each hub counts by itself, and nothing is counted twice", async () => {
  const { database, hub } = setUp();
  await using one = hub();
  database.isAway = true;
  assert.equal(add(one, 50), 50);
  await database.answered.promise;
  assert.equal(one.peek("a").count, 50);
  database.isAway = false;
  await database.answered.promise;
  assert.equal(one.peek("a").count, 50);
  await using other = hub();
  add(other, 10);
  await database.answered.promise;
  assert.equal(other.peek("a").count, 60);
  assert.equal(database.errors, 1);
});
