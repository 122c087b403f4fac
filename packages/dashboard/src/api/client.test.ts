import assert from "node:assert/strict";
import { test } from "node:test";
import { plainOverview } from "../route/route.ts";
import { createClient, listQuery } from "./client.ts";

const page = { cursor: null, limit: 50 };

test("filters become the query of a list; empty ones are left out", () => {
  assert.equal(listQuery(plainOverview, page), "limit=50&sort=status&order=asc");
  assert.equal(
    listQuery(
      {
        ...plainOverview,
        q: "a b",
        status: ["down", "up"],
        kind: "tcp",
        labels: ["x:1", "y"],
        order: "latency",
      },
      { cursor: "c", limit: 10 },
    ),
    "limit=10&sort=latency&order=desc&q=a+b&status=down%2Cup&kind=tcp&label=x%3A1&label=y&cursor=c",
  );
});

test("spans and steps become what the hub's series take", async () => {
  const asked: string[] = [];
  const client = createClient({
    ask: (method, path) => {
      asked.push(`${method} ${decodeURIComponent(path)}`);
      return Promise.resolve({ kind: "failed", failure: { kind: "unreachable" } });
    },
  });
  const span = { from: 0, to: 60_000 };
  await client.series('up{monitor="a"}', span, 5);
  await client.series("up", span, null);
  await client.hostSeries("h", ["a", "b"], span, 5);
  await client.hosts(null);
  await client.testMonitor(
    { name: "a", enabled: true, interval: 1, timeout: 1 },
    "id",
    new AbortController().signal,
  );
  assert.deepEqual(asked, [
    'GET /api/v1/series/range?match=up{monitor="a"}&start=1970-01-01T00:00:00.000Z&end=1970-01-01T00:01:00.000Z&step=5',
    "GET /api/v1/series/range?match=up&start=1970-01-01T00:00:00.000Z&end=1970-01-01T00:01:00.000Z&raw=true",
    "GET /api/v1/hosts/h/series?name=a,b&from=1970-01-01T00:00:00.000Z&to=1970-01-01T00:01:00.000Z&step=5",
    "GET /api/v1/hosts?limit=1000",
    "POST /api/v1/monitors/test?monitor=id",
  ]);
});
