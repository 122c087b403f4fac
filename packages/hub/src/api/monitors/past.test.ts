import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HistoryRow, MonitorSummary, MonitorView, UptimeView } from "@belfry/contract";
import { downOutcome, openTestHub, startOfTime, upOutcome, type TestHub } from "../hub.kit.ts";
import type { DownOutcome, Outcome } from "../../model/outcome.ts";

interface Page {
  items: HistoryRow[];
  next_cursor: string | null;
}

async function create(hub: TestHub): Promise<string> {
  const body = { name: "api", url: "http://127.0.0.1:9/" };
  return (await hub.ask("POST", "/api/v1/monitors", { body })).json<MonitorView>().id;
}

const down = (reason: "timeout" | "dns" | "status" | "assertion"): DownOutcome => ({
  ...downOutcome,
  reason,
  message: reason,
  statusCode: reason === "status" ? 503 : null,
});
const unknown: Outcome = {
  result: "unknown",
  reason: "own_network",
  message: "no route",
  durationMs: 1,
};

/** One check a minute. */
async function checks(hub: TestHub, id: string, outcomes: readonly Outcome[]): Promise<void> {
  for (const outcome of outcomes) {
    hub.clock.move(60_000);
    await hub.check(id, outcome);
  }
}

describe("the history of a monitor", () => {
  const outcomes = [
    upOutcome,
    down("status"),
    down("timeout"),
    down("dns"),
    unknown,
    down("assertion"),
    upOutcome,
  ];

  test("tells every check, newest first", async (t) => {
    const hub = await openTestHub(t);
    const id = await create(hub);
    await checks(hub, id, outcomes);
    const { items, next_cursor } = (
      await hub.ask("GET", `/api/v1/monitors/${id}/history`)
    ).json<Page>();
    assert.deepEqual(
      items.map((row) => [row.status, row.status_code, row.latency_ms, row.reason]),
      [
        ["UP", 200, 25, null],
        ["DOWN", null, 3, "assertion"],
        ["UNKNOWN", null, 1, "own_network"],
        ["ERROR", null, 3, "dns"],
        ["TIMEOUT", null, 3, "timeout"],
        ["DOWN", 503, 3, "status"],
        ["UP", 200, 25, null],
      ],
    );
    assert.equal(items[0]?.timestamp, new Date(startOfTime + 7 * 60_000).toISOString());
    assert.equal(items[2]?.error_message, "no route");
    assert.equal(next_cursor, null);
  });

  const filters: { query: string; statuses: string[] }[] = [
    { query: "status=UP", statuses: ["UP", "UP"] },
    { query: "status=DOWN,TIMEOUT", statuses: ["DOWN", "TIMEOUT", "DOWN"] },
    { query: "status=UNKNOWN", statuses: ["UNKNOWN"] },
    { query: "limit=2", statuses: ["UP", "DOWN"] },
    {
      query: `from=${startOfTime / 1000 + 240}&to=2026-01-01T00:05:00Z`,
      statuses: ["UNKNOWN", "ERROR"],
    },
    { query: "from=2026-01-01T00:07:00Z", statuses: ["UP"] },
  ];
  test("is filtered by status and time", async (t) => {
    const hub = await openTestHub(t);
    const id = await create(hub);
    await checks(hub, id, outcomes);
    hub.clock.move(1);
    for (const { query, statuses } of filters) {
      const { items } = (
        await hub.ask("GET", `/api/v1/monitors/${id}/history?${query}`)
      ).json<Page>();
      assert.deepEqual(
        items.map(({ status }) => status),
        statuses,
        query,
      );
    }
    for (const query of ["from=yesterday", "from=2&to=1", "status=up", "limit=1001"]) {
      const answer = await hub.ask("GET", `/api/v1/monitors/${id}/history?${query}`);
      assert.equal(answer.status, 422, query);
    }
  });

  test("comes in pages that hold every check once", async (t) => {
    const hub = await openTestHub(t);
    const id = await create(hub);
    await checks(
      hub,
      id,
      Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? down("dns") : upOutcome)),
    );
    hub.clock.move(20 * 86_400_000);
    await checks(hub, id, [upOutcome, upOutcome]);
    for (const filter of ["", "&status=UP", "&status=ERROR"]) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const query: string = `limit=7${filter}${cursor === null ? "" : `&cursor=${cursor}`}`;
        const page: Page = (
          await hub.ask("GET", `/api/v1/monitors/${id}/history?${query}`)
        ).json<Page>();
        seen.push(...page.items.map(({ timestamp }) => timestamp));
        cursor = page.next_cursor;
      } while (cursor !== null);
      const expected = { "": 42, "&status=UP": 28, "&status=ERROR": 14 }[filter];
      assert.equal(seen.length, expected, filter);
      assert.deepEqual(seen, [...new Set(seen)].toSorted().toReversed());
    }
  });
});

describe("the uptime of a monitor", () => {
  test("is weighted by time, from the first failure on", async (t) => {
    const hub = await openTestHub(t);
    const id = await create(hub);
    await checks(hub, id, [
      upOutcome,
      upOutcome,
      upOutcome,
      downOutcome,
      downOutcome,
      downOutcome,
      upOutcome,
    ]);
    hub.clock.move(60_000);
    const uptime = (await hub.ask("GET", `/api/v1/monitors/${id}/uptime`)).json<UptimeView>();
    assert.deepEqual(
      uptime.intervals.map(({ status, from }) => [
        status,
        (Date.parse(from) - startOfTime) / 60_000,
      ]),
      [
        ["pending", 0],
        ["up", 1],
        ["down", 4],
        ["up", 7],
      ],
    );
    assert.deepEqual([uptime.up_seconds, uptime.down_seconds, uptime.ratio], [240, 180, 240 / 420]);
    assert.equal(uptime.uncounted_seconds, 86_400 - 420);
    const hour = await hub.ask(
      "GET",
      `/api/v1/monitors/${id}/uptime?from=2026-01-01T00:04:00Z&to=2026-01-01T00:06:00Z`,
    );
    assert.equal(hour.json<UptimeView>().ratio, 0);
  });
});

describe("the summary of monitors", () => {
  test("has a status and a mean latency for each slot, the last one containing now", async (t) => {
    const hub = await openTestHub(t);
    const [a, b] = [await create(hub), await create(hub)];
    hub.clock.move(3_600_000);
    await checks(hub, a, [
      upOutcome,
      { ...upOutcome, measurements: { probe_success: 1, probe_duration_seconds: 0.075 } },
    ]);
    hub.clock.move(60_000);
    const url = `/api/v1/monitors/summary?ids=${a},${b},01890000-0000-7000-8000-000000000000&hours=4&slots=4`;
    const { items } = (await hub.ask("GET", url)).json<{ items: MonitorSummary[] }>();
    assert.deepEqual(
      items.map(({ id }) => id),
      [a, b],
    );
    const [first, second] = items;
    assert.equal(first?.from, new Date(startOfTime - 2 * 3_600_000).toISOString());
    assert.equal(first?.slot_seconds, 3600);
    assert.deepEqual(first?.bar, [null, null, "pending", "up"]);
    assert.deepEqual(first?.latency_ms, [null, null, null, 50]);
    assert.equal(first?.uptime_ratio, 1);
    assert.deepEqual(second?.latency_ms, [null, null, null, null]);
    assert.equal(second?.uptime_ratio, null);
    assert.equal((await hub.ask("GET", "/api/v1/monitors/summary")).status, 422);
  });
});
