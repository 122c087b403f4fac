import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { MonitorView, UptimeView } from "@belfry/contract";
import { downOutcome, openTestHub, startOfTime, upOutcome, type TestHub } from "../api/hub.kit.ts";

const minuteMs = 60_000;
const iso = (ms: number): string => new Date(startOfTime + ms).toISOString();

/** A hub with a monitor that is up. */
async function openWatched(
  t: TestContext,
  body: object = {},
): Promise<{ readonly hub: TestHub; readonly id: string }> {
  const hub = await openTestHub(t);
  const made = await hub.ask("POST", "/api/v1/monitors", {
    body: {
      name: "api",
      url: "https://example.org/",
      labels: { team: "core" },
      judging: { down_after: 1 },
      ...body,
    },
  });
  assert.equal(made.status, 201, made.text);
  const { id } = made.json<MonitorView>();
  await hub.check(id, upOutcome);
  return { hub, id };
}

async function plan(hub: TestHub, body: object): Promise<string> {
  const made = await hub.ask("POST", "/api/v1/maintenance", {
    body: { name: "work", matchers: [], ...body },
  });
  assert.equal(made.status, 201, made.text);
  return made.json<{ id: string }>().id;
}

/** From one minute to another after the start of time. */
const once = (from: number, to: number): object => ({
  schedule: { kind: "once", starts_at: iso(from * minuteMs), ends_at: iso(to * minuteMs) },
});

async function shown(hub: TestHub, id: string): Promise<MonitorView> {
  return (await hub.ask("GET", `/api/v1/monitors/${id}`)).json<MonitorView>();
}

async function uptime(hub: TestHub, id: string): Promise<UptimeView> {
  return (await hub.ask("GET", `/api/v1/monitors/${id}/uptime`)).json<UptimeView>();
}

const spans = ({ intervals }: UptimeView): (readonly [string, number])[] =>
  intervals.map(({ status, from }) => [status, (Date.parse(from) - startOfTime) / minuteMs]);

describe("a monitor under maintenance", () => {
  it("is shown as such from the window's beginning to its end, and then as it was judged", async (t) => {
    const { hub, id } = await openWatched(t);
    await plan(hub, once(10, 20));
    await hub.pass(5 * minuteMs);
    assert.equal((await shown(hub, id)).status, "up");
    await hub.pass(5 * minuteMs);
    const during = await shown(hub, id);
    assert.deepEqual([during.status, during.status_since], ["maintenance", iso(10 * minuteMs)]);
    await hub.check(id, downOutcome);
    const failing = await shown(hub, id);
    assert.deepEqual([failing.status, failing.last_check?.result], ["maintenance", "down"]);
    await hub.pass(10 * minuteMs);
    assert.equal((await shown(hub, id)).status, "down");
    await hub.pass(10 * minuteMs);
    const past = await uptime(hub, id);
    assert.deepEqual(spans(past), [
      ["up", 0],
      ["maintenance", 10],
      ["down", 20],
    ]);
    assert.deepEqual([past.up_seconds, past.down_seconds], [600, 600]);
    assert.equal(past.ratio, 0.5);
    const history = await hub.ask("GET", `/api/v1/monitors/${id}/history?status=ERROR`);
    assert.equal(history.json<{ items: unknown[] }>().items.length, 1, "the failure is kept");
  });

  it("counts what failed before as before, and what recovered meanwhile as up", async (t) => {
    const { hub, id } = await openWatched(t);
    await plan(hub, once(10, 20));
    await hub.pass(5 * minuteMs);
    await hub.check(id, downOutcome);
    await hub.pass(10 * minuteMs);
    await hub.check(id, upOutcome);
    assert.equal((await shown(hub, id)).status, "maintenance");
    await hub.pass(10 * minuteMs);
    assert.equal((await shown(hub, id)).status, "up");
    assert.deepEqual(spans(await uptime(hub, id)), [
      ["up", 0],
      ["down", 5],
      ["maintenance", 10],
      ["up", 20],
    ]);
  });

  it("is judged again when its window is deleted, and what was maintenance stays it", async (t) => {
    const { hub, id } = await openWatched(t);
    const window = await plan(hub, once(0, 60));
    await hub.pass(5 * minuteMs);
    assert.equal((await shown(hub, id)).status, "maintenance");
    assert.equal((await hub.ask("DELETE", `/api/v1/maintenance/${window}`)).status, 204);
    await hub.pass(1000);
    assert.equal((await shown(hub, id)).status, "up");
    const past = spans(await uptime(hub, id)).map(([status]) => status);
    assert.deepEqual(past.slice(-2), ["maintenance", "up"]);
  });

  it("stays it while a window that is edited still covers it, and leaves it with one that does not", async (t) => {
    const { hub, id } = await openWatched(t);
    const window = await plan(hub, once(0, 60));
    await hub.pass(1000);
    const put = async (body: object): Promise<void> => {
      const answer = await hub.ask("PUT", `/api/v1/maintenance/${window}`, {
        body: { name: "work", matchers: [], ...once(0, 60), ...body },
      });
      assert.equal(answer.status, 200, answer.text);
      await hub.pass(1000);
    };
    const { status_since } = await shown(hub, id);
    await put({ name: "other work" });
    const still = await shown(hub, id);
    assert.deepEqual([still.status, still.status_since], ["maintenance", status_since]);
    const other = { name: "team", value: "web", is_regex: false, is_equal: true };
    await put({ matchers: [other] });
    assert.equal((await shown(hub, id)).status, "up");
    await put({ enabled: false });
    assert.equal((await shown(hub, id)).status, "up");
  });

  it("was not under maintenance because somebody writes so afterwards", async (t) => {
    const { hub, id } = await openWatched(t);
    await hub.pass(30 * minuteMs);
    await plan(hub, once(5, 25));
    await hub.pass(1000);
    assert.deepEqual(spans(await uptime(hub, id)), [["up", 0]]);
  });

  it("can be paused, resumed and changed meanwhile", async (t) => {
    const { hub, id } = await openWatched(t);
    await plan(hub, once(0, 60));
    await hub.pass(minuteMs);
    const patch = async (body: object): Promise<string> => {
      await hub.ask("PATCH", `/api/v1/monitors/${id}`, { body: { ...body } });
      await hub.settle();
      return (await shown(hub, id)).status;
    };
    assert.equal(await patch({ enabled: false }), "paused");
    await hub.pass(minuteMs);
    assert.equal((await shown(hub, id)).status, "paused");
    assert.equal(await patch({ enabled: true }), "maintenance");
    assert.equal(await patch({ interval: 30 }), "maintenance");
    assert.equal(await patch({ url: "https://example.com/" }), "maintenance");
    await hub.check(id, upOutcome);
    await hub.pass(60 * minuteMs);
    assert.equal((await shown(hub, id)).status, "up");
  });

  const equal = (name: string, value: string) => ({
    name,
    value,
    is_regex: false,
    is_equal: true,
  });
  const rows: readonly (readonly [says: string, matchers: readonly object[], status: string])[] = [
    ["is chosen by its labels", [equal("team", "core")], "maintenance"],
    ["is chosen by its name", [equal("subject", "api")], "maintenance"],
    ["is not chosen by the labels of others", [equal("team", "web")], "up"],
    ["is not chosen by windows for hosts", [equal("subject_kind", "host")], "up"],
    ["keeps its status where only some troubles are chosen", [equal("severity", "info")], "up"],
  ];
  for (const [says, matchers, status] of rows) {
    it(says, async (t) => {
      const { hub, id } = await openWatched(t);
      await plan(hub, { ...once(0, 60), matchers });
      await hub.pass(1000);
      assert.equal((await shown(hub, id)).status, status);
    });
  }

  it("is counted, listed and exported as under maintenance", async (t) => {
    const { hub, id } = await openWatched(t);
    await plan(hub, { ...once(0, 60), monitors: [id] });
    await hub.pass(3 * minuteMs);
    const list = await hub.ask("GET", "/api/v1/monitors?status=maintenance");
    assert.equal(list.json<{ items: MonitorView[] }>().items[0]?.id, id);
    const summary = await hub.ask("GET", `/api/v1/monitors/summary?ids=${id}&hours=1&slots=60`);
    const [row] = summary.json<{ items: { bar: (string | null)[] }[] }>().items;
    assert.ok(row?.bar.includes("maintenance"), JSON.stringify(row));
    const metrics = await hub.ask("GET", "/metrics");
    assert.match(metrics.text, /belfry_monitors\{status="maintenance"\} 1\n/);
    const targets = await hub.ask("GET", "/targets");
    assert.equal(targets.status, 200, "the drop-in surface goes on");
  });

  it("is told to open pages", async (t) => {
    const { hub, id } = await openWatched(t);
    const stream = hub.live.open({
      monitors: [],
      hosts: [],
      runs: [],
      lastEventId: undefined,
      keyId: undefined,
      onDropped: () => undefined,
    });
    assert.ok(stream !== undefined);
    await plan(hub, once(0, 60));
    await hub.pass(1000);
    for await (const text of stream) {
      if (!text.includes("event: checks")) continue;
      assert.ok(text.includes(id) && text.includes('"maintenance"'), text);
      break;
    }
  });
});
