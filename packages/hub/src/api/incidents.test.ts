import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { IncidentView, MonitorView } from "@belfry/contract";
import { downOutcome, openTestHub, upOutcome, type TestHub } from "./hub.kit.ts";

interface Page {
  items: IncidentView[];
  next_cursor: string | null;
}

const list = async (hub: TestHub, query = ""): Promise<Page> =>
  (await hub.ask("GET", `/api/v1/incidents${query}`)).json<Page>();

async function fail(hub: TestHub, id: string): Promise<void> {
  for (const outcome of [upOutcome, downOutcome, downOutcome]) {
    hub.clock.move(60_000);
    await hub.check(id, outcome);
  }
}

async function create(hub: TestHub): Promise<string> {
  const body = { name: "api", url: "http://127.0.0.1:9/" };
  return (await hub.ask("POST", "/api/v1/monitors", { body })).json<MonitorView>().id;
}

describe("/api/v1/incidents", () => {
  test("tells of an outage with the evidence of its first failure, until it is over", async (t) => {
    const hub = await openTestHub(t);
    const id = await create(hub);
    await fail(hub, id);
    const [open] = (await list(hub, "?open=true")).items;
    assert.ok(open !== undefined);
    assert.deepEqual(open.subjects, [{ kind: "monitor", id, name: "api" }]);
    assert.deepEqual([open.reason, open.evidence], ["refused", { remote_address: "127.0.0.1:9" }]);
    assert.equal(open.resolved_at, null);
    const one = await hub.ask("GET", `/api/v1/incidents/${open.id}`);
    assert.deepEqual(one.json(), open);
    hub.clock.move(60_000);
    await hub.check(id, upOutcome);
    assert.deepEqual((await list(hub, "?open=true")).items, []);
    const [over] = (await list(hub, `?open=false&monitor=${id}`)).items;
    assert.equal(over?.id, open.id);
    assert.notEqual(over?.resolved_at, null);
  });

  test(
    "is silenced at once, and no more when the silence is deleted",
    { timeout: 10_000 },
    async (t) => {
      const hub = await openTestHub(t);
      await fail(hub, await create(hub));
      // Nothing but the change itself makes alerting look.
      const becomes = async (by: string | null): Promise<void> => {
        while ((await list(hub)).items[0]?.suppressed_by !== by) {
          t.signal.throwIfAborted();
          await delay(10);
        }
      };
      const matchers = [{ name: "subject", value: "api" }];
      const body = { matchers, ends_at: "2026-02-01T00:00:00Z" };
      const made = await hub.ask("POST", "/api/v1/silences", { body });
      await becomes("silence");
      await hub.ask("DELETE", `/api/v1/silences/${made.json<{ id: string }>().id}`);
      await becomes(null);
    },
  );

  test("is acknowledged once; the first time stays", async (t) => {
    const hub = await openTestHub(t);
    await fail(hub, await create(hub));
    const [open] = (await list(hub)).items;
    const acknowledge = (): Promise<IncidentView> =>
      hub
        .ask("POST", `/api/v1/incidents/${open?.id}/acknowledge`)
        .then((answer) => answer.json<IncidentView>());
    const first = await acknowledge();
    assert.equal(first.acknowledged_at, new Date(hub.clock.now()).toISOString());
    hub.clock.move(60_000);
    assert.deepEqual(await acknowledge(), first);
    const audit = await hub.ask("GET", "/api/v1/audit?limit=1");
    assert.equal(audit.json<{ items: { action: string }[] }>().items[0]?.action, "acknowledge");
  });

  test("is snoozed, commented on and resolved by people; its time line tells all of it", async (t) => {
    const hub = await openTestHub(t);
    await fail(hub, await create(hub));
    const [open] = (await list(hub, "?severity=critical&q=API")).items;
    const act = async (what: string, body?: object): Promise<IncidentView> => {
      const url = `/api/v1/incidents/${open?.id}/${what}`;
      const answer = await hub.ask("POST", url, body === undefined ? {} : { body: { ...body } });
      assert.equal(answer.status, 200, answer.text);
      return answer.json<IncidentView>();
    };
    const snoozed = await act("snooze", { seconds: 600 });
    assert.equal(snoozed.suppressed_by, "snooze");
    assert.equal(snoozed.snoozed_until, new Date(hub.clock.now() + 600_000).toISOString());
    await act("comments", { text: "the cable again" });
    hub.clock.move(1000);
    assert.notEqual((await act("resolve")).resolved_at, null);
    assert.deepEqual((await list(hub, "?severity=warning")).items, []);
    const line = await hub.ask("GET", `/api/v1/incidents/${open?.id}/timeline`);
    const kinds = line.json<{ items: { kind: string }[] }>().items.map(({ kind }) => kind);
    for (const kind of ["trouble", "check", "edit", "comment", "recovery", "resolved"]) {
      assert.ok(kinds.includes(kind), `${kind} in ${kinds.join()}`);
    }
    const notices = await hub.ask("GET", `/api/v1/notices?incident=${open?.id}`);
    assert.deepEqual(notices.json<Page>().items, []);
  });

  test("comes in pages, newest first", async (t) => {
    const hub = await openTestHub(t);
    const id = await create(hub);
    for (let i = 0; i < 5; i += 1) {
      hub.clock.move(3_600_000);
      await fail(hub, id);
    }
    const first = await list(hub, "?limit=3");
    const rest = await list(hub, `?limit=3&cursor=${first.next_cursor}`);
    const ids = [...first.items, ...rest.items].map((incident) => incident.id);
    assert.deepEqual([first.items.length, rest.items.length, rest.next_cursor], [3, 2, null]);
    assert.deepEqual(ids, ids.toSorted().toReversed());
  });

  test("answers 404 where there is none, and 422 to what is no id", async (t) => {
    const hub = await openTestHub(t);
    for (const id of ["01890000-0000-7000-8000-000000000000", "x"]) {
      assert.equal((await hub.ask("GET", `/api/v1/incidents/${id}`)).status, 404);
      assert.equal((await hub.ask("POST", `/api/v1/incidents/${id}/acknowledge`)).status, 404);
    }
    assert.equal((await hub.ask("GET", "/api/v1/incidents?monitor=x")).status, 422);
    assert.equal((await hub.ask("GET", "/api/v1/incidents?cursor=x")).status, 422);
  });
});

describe("/api/v1/check-kinds", () => {
  test("has what a form needs of every kind that people can make", async (t) => {
    const hub = await openTestHub(t);
    const answer = await hub.ask("GET", "/api/v1/check-kinds");
    const { items } = answer.json<{
      items: {
        kind: string;
        settings_schema: { properties: object };
        defaults: Record<string, unknown>;
        secrets: string[];
      }[];
    }>();
    assert.deepEqual(
      items.map(({ kind }) => kind),
      [...hub.parts.kinds.keys()].filter((kind) => kind !== "host"),
    );
    const http = items.find(({ kind }) => kind === "http");
    assert.equal(http?.defaults["method"], "GET");
    assert.ok("url" in (http?.settings_schema.properties ?? {}));
    assert.ok(http?.secrets.includes("auth.password"));
  });
});
