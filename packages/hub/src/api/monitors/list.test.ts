import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MonitorView, Status } from "@belfry/contract";
import { createBoard } from "../../live/board.ts";
import { createId } from "../../model/id.ts";
import { defaultJudging } from "../../model/monitor-input.ts";
import type { Monitor } from "../../model/monitor.ts";
import { downOutcome, openTestHub, upOutcome, type TestHub } from "../hub.kit.ts";
import { createMonitorList, type ListQuery, type SortKey } from "./list.ts";

interface Page {
  items: MonitorView[];
  next_cursor: string | null;
  total: number;
}

async function fill(hub: TestHub): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  const rows = [
    { name: "Ärger", labels: { team: "core" }, latency: 30 },
    { name: "api", labels: { team: "core", tier: "1" }, latency: 20 },
    { name: "Shop", labels: { team: "web" }, latency: 10 },
    { name: "zebra", labels: {}, latency: null },
  ];
  for (const { name, labels, latency } of rows) {
    hub.clock.move(1000);
    const body = { name, labels, url: `http://127.0.0.1:9/${name === "api" ? "Path" : ""}` };
    const { id } = (await hub.ask("POST", "/api/v1/monitors", { body })).json<MonitorView>();
    ids.set(name, id);
    if (latency === null) continue;
    await hub.check(
      id,
      name === "Shop"
        ? { ...downOutcome, durationMs: latency }
        : { ...upOutcome, durationMs: latency },
    );
  }
  hub.clock.move(1000);
  const body = { name: "made up", kind: "synthetic", settings: {}, enabled: false };
  await hub.ask("POST", "/api/v1/monitors", { body });
  return ids;
}

describe("the list of monitors", () => {
  const rows: { query: string; names: string[] }[] = [
    { query: "", names: ["api", "made up", "shop", "zebra", "ärger"] },
    { query: "order=desc", names: ["ärger", "zebra", "shop", "made up", "api"] },
    { query: "sort=created", names: ["ärger", "api", "shop", "zebra", "made up"] },
    { query: "sort=latency", names: ["shop", "api", "ärger", "zebra", "made up"] },
    { query: "sort=latency&order=desc", names: ["ärger", "api", "shop", "made up", "zebra"] },
    { query: "sort=status", names: ["shop", "zebra", "ärger", "api", "made up"] },
    { query: "status=up", names: ["api", "ärger"] },
    { query: "status=up,paused", names: ["api", "made up", "ärger"] },
    { query: "status=up&status=paused", names: ["api", "made up", "ärger"] },
    { query: "kind=synthetic", names: ["made up"] },
    { query: "label=team:core", names: ["api", "ärger"] },
    { query: "label=team", names: ["api", "shop", "ärger"] },
    { query: "label=team:core,tier:1", names: ["api"] },
    { query: "label=team:cor", names: [] },
    { query: "q=%C3%84RGER", names: ["ärger"] },
    { query: "q=path", names: ["api"] },
    { query: "q=127.0.0.1%20shop", names: ["shop"] },
    { query: "q=nothing", names: [] },
  ];
  test("is filtered, searched and sorted", async (t) => {
    const hub = await openTestHub(t);
    const ids = await fill(hub);
    await hub.check(ids.get("Shop") ?? "", downOutcome);
    await hub.check(ids.get("Shop") ?? "", { ...downOutcome, durationMs: 10 });
    for (const { query, names } of rows) {
      const { items, total } = (await hub.ask("GET", `/api/v1/monitors?${query}`)).json<Page>();
      assert.deepEqual(
        items.map(({ name }) => name.toLowerCase()),
        names,
        query,
      );
      assert.equal(total, names.length);
    }
  });

  test("refuses a cursor of another order", async (t) => {
    const hub = await openTestHub(t);
    await fill(hub);
    const { next_cursor } = (await hub.ask("GET", "/api/v1/monitors?limit=2")).json<Page>();
    const other = await hub.ask(
      "GET",
      `/api/v1/monitors?limit=2&sort=created&cursor=${next_cursor}`,
    );
    assert.equal(other.status, 422);
  });
});

describe("pages of the list", () => {
  const sorts: { sort: SortKey; order: "asc" | "desc" }[] = (
    ["name", "status", "latency", "created"] as const
  ).flatMap((sort) => [
    { sort, order: "asc" as const },
    { sort, order: "desc" as const },
  ]);
  const board = createBoard();
  const all: Monitor[] = Array.from({ length: 137 }, (_, i) => ({
    id: createId<"monitor">(1000 + (i % 7)),
    name: `m${i % 10}`,
    kind: "http",
    settings: {},
    labels: {},
    dependsOn: [],
    enabled: i % 3 > 0,
    intervalMs: 1000,
    timeoutMs: 1000,
    judging: defaultJudging(),
    version: 1,
    createdAt: 1000 + (i % 7),
    updatedAt: 1000,
  }));
  for (const monitor of all) board.put(monitor, undefined, 1);
  const list = createMonitorList(board, new Map());

  for (const { sort, order } of sorts) {
    test(`hold every monitor once, by ${sort}, ${order}`, () => {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const query: ListQuery = {
          limit: 10,
          sort,
          order,
          ...(cursor === undefined ? {} : { cursor }),
        };
        const page = list.page(query);
        assert.equal(page.total, all.length);
        seen.push(...page.entries.map(({ monitor }) => monitor.id));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      assert.equal(seen.length, all.length);
      assert.equal(new Set(seen).size, all.length);
    });
  }

  test("go on where they were when a monitor before the cursor was deleted", () => {
    const first = list.page({ limit: 10, sort: "name", order: "asc" });
    const rest = list.page({
      limit: 500,
      sort: "name",
      order: "asc",
      cursor: first.nextCursor ?? "",
    });
    const gone = first.entries[9]?.monitor ?? assert.fail("no tenth");
    board.remove(gone.id);
    const again = list.page({
      limit: 500,
      sort: "name",
      order: "asc",
      cursor: first.nextCursor ?? "",
    });
    assert.deepEqual(again.entries, rest.entries);
    board.put(gone, undefined, 1);
  });

  test("show a new name at its place", () => {
    const [one] = all;
    assert.ok(one !== undefined);
    board.put({ ...one, name: "a first", version: 2 }, undefined, 1);
    const page = list.page({ limit: 1, sort: "name", order: "asc" });
    assert.equal(page.entries[0]?.monitor.name, "a first");
    board.put(one, undefined, 1);
    const statuses = new Set<Status>(
      list.page({ limit: 500, sort: "name", order: "asc" }).entries.map((e) => e.status),
    );
    assert.deepEqual(statuses, new Set(["paused", "pending"]));
  });
});
