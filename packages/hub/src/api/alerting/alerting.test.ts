import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Json, MaintenanceView, SilenceView } from "@belfry/contract";
import type { AlertRoute, AlertRuleSettings } from "../../model/alert-policy.ts";
import { openTestHub, type TestHub } from "../hub.kit.ts";

const problemsOf = (answer: { json<T>(): T }): readonly string[] =>
  answer.json<{ errors: { path: string }[] }>().errors.map(({ path }) => path);

const post = (hub: TestHub, path: string, body: Json) =>
  hub.ask("POST", `/api/v1/${path}`, { body });
const core = { name: "team", value: "core" };

describe("/api/v1/silences", () => {
  test("begin now, are listed with their state, and end early", async (t) => {
    const hub = await openTestHub(t);
    const ends = { ends_at: "2026-01-01T02:00:00Z" };
    const made = await post(hub, "silences", { matchers: [core], ...ends });
    assert.equal(made.status, 201);
    const silence = made.json<SilenceView>();
    assert.deepEqual(
      [silence.state, silence.version, silence.starts_at.slice(0, 19), silence.comment],
      ["active", 1, "2026-01-01T00:00:00", ""],
    );
    hub.clock.move(1);
    const pending = { matchers: [core], starts_at: "2026-01-01T01:00:00Z", ...ends };
    assert.equal((await post(hub, "silences", pending)).json<SilenceView>().state, "pending");
    hub.clock.move(60_000);
    const ended = await post(hub, `silences/${silence.id}/expire`, null);
    assert.deepEqual(
      [ended.json<SilenceView>().state, ended.json<SilenceView>().version],
      ["expired", 2],
    );
    for (const [state, count] of [
      ["pending", 1],
      ["active", 0],
      ["expired", 1],
    ] as const) {
      const some = await hub.ask("GET", `/api/v1/silences?state=${state}`);
      assert.equal(some.json<{ items: unknown[] }>().items.length, count, state);
    }
    assert.equal((await hub.ask("GET", "/api/v1/silences?state=old")).status, 422);
    assert.equal((await hub.ask("GET", "/api/v1/channels?state=active")).status, 422);
    const list = await hub.ask("GET", "/api/v1/silences");
    const { items } = list.json<{ items: SilenceView[] }>();
    assert.deepEqual(
      items.map(({ state }) => state),
      ["expired", "pending"],
    );
    assert.equal((await hub.ask("DELETE", `/api/v1/silences/${silence.id}`)).status, 204);
    assert.equal((await hub.ask("GET", `/api/v1/silences/${silence.id}`)).status, 404);
  });

  test("are refused with the path of what is wrong", async (t) => {
    const hub = await openTestHub(t);
    const bad = { name: "team", value: "(", is_regex: true };
    const body = { matchers: [core, bad], ends_at: "2025-01-01T00:00:00Z" };
    const answer = await post(hub, "silences", body);
    assert.equal(answer.status, 422);
    assert.deepEqual(problemsOf(answer), ["matchers[1].value", "ends_at"]);
  });
});

describe("/api/v1/maintenance", () => {
  const nightly = {
    name: "nightly",
    matchers: [core],
    schedule: { kind: "daily", at: "00:30", duration_seconds: 3600, timezone: "UTC" },
  };

  test("tells its state and its next windows, and is replaced for its version", async (t) => {
    const hub = await openTestHub(t);
    const made = (await post(hub, "maintenance", nightly)).json<MaintenanceView>();
    assert.equal(made.state, "scheduled");
    assert.equal(made.next_windows.length, 5);
    assert.equal(Date.parse(made.next_windows[0]?.ends_at ?? ""), Date.UTC(2026, 0, 1, 1, 30));
    hub.clock.move(30 * 60_000);
    const path = `/api/v1/maintenance/${made.id}`;
    assert.equal((await hub.ask("GET", path)).json<MaintenanceView>().state, "open");
    const body = { ...nightly, enabled: false };
    const stale = await hub.ask("PUT", path, { body, headers: { "if-match": '"2"' } });
    assert.equal(stale.status, 412);
    const changed = await hub.ask("PUT", path, { body, headers: { "if-match": '"1"' } });
    assert.deepEqual(
      [changed.json<MaintenanceView>().state, changed.json<MaintenanceView>().version],
      ["disabled", 2],
    );
    const audit = await hub.ask("GET", "/api/v1/audit?limit=1");
    const [entry] = audit.json<{ items: { action: string; resource: string }[] }>().items;
    assert.deepEqual([entry?.action, entry?.resource], ["update", "maintenance"]);
  });

  test("is refused with the path of what is wrong", async (t) => {
    const hub = await openTestHub(t);
    const nobody = "01890000-0000-7000-8000-000000000000";
    const schedule = { ...nightly.schedule, timezone: "Europe/Wien" };
    const answer = await post(hub, "maintenance", { ...nightly, monitors: [nobody], schedule });
    assert.equal(answer.status, 422);
    assert.deepEqual(problemsOf(answer), ["monitors[0]", "schedule.timezone"]);
  });

  test("is made once for one Idempotency-Key", async (t) => {
    const hub = await openTestHub(t);
    const ask = { body: nightly, headers: { "idempotency-key": "once" } };
    const first = await hub.ask("POST", "/api/v1/maintenance", ask);
    const second = await hub.ask("POST", "/api/v1/maintenance", ask);
    assert.deepEqual(second.json(), first.json());
    const list = await hub.ask("GET", "/api/v1/maintenance");
    assert.equal(list.json<{ items: unknown[] }>().items.length, 1);
  });
});

describe("what follows belfry.yaml", () => {
  const managedBy = "belfry.yaml";
  const auditOf = (resource: string, resourceId: string) =>
    ({ at: 1, actor: managedBy, action: "update", resource, resourceId, detail: null }) as const;
  const schedule = { kind: "daily", at: "00:30", duration_seconds: 3600, timezone: "UTC" } as const;
  const matchers = [core];
  const metric = { name: "belfry_x", matchers: [] };
  const condition = { kind: "threshold", metric, operator: ">", value: 1 };
  /** Bodies that would be taken of what people change, and how each is made to follow the file. */
  const kinds = {
    "alert-routes": {
      body: { name: "core", matchers, channels: [] },
      follow: async (hub: TestHub, { id }: { id: string }) => {
        const kept = await hub.store.alertSettings("alert_route");
        const route = kept.find((one): one is AlertRoute => one.id === id) ?? assert.fail();
        const next = { ...route, version: 2, managedBy };
        await hub.store.updateAlertSetting("alert_route", next, auditOf("alert_route", id));
      },
    },
    maintenance: {
      body: { name: "nightly", matchers, schedule },
      follow: async (hub: TestHub, { id }: { id: string }) => {
        const kept = await hub.store.alertSettings("maintenance");
        const window = kept.find((one) => one.id === id) ?? assert.fail();
        const next = { ...window, version: 2, managedBy };
        await hub.store.updateAlertSetting("maintenance", next, auditOf("maintenance", id));
      },
    },
    "alert-rules": {
      body: { name: "x", matchers, condition, labels: {} },
      follow: async (hub: TestHub, { id }: { id: string }) => {
        const kept = await hub.store.alertSettings("alert_rule");
        const rule = kept.find((one): one is AlertRuleSettings => one.id === id) ?? assert.fail();
        const next = { ...rule, version: 2, managedBy };
        await hub.store.updateAlertSetting("alert_rule", next, auditOf("alert_rule", id));
        // Making another has the rules read anew.
        await post(hub, "alert-rules", { name: "y", matchers, condition, labels: {} });
      },
    },
  } as const;
  for (const [path, { body, follow }] of Object.entries(kinds)) {
    test(`is shown and cannot be changed: ${path}`, async (t) => {
      const hub = await openTestHub(t);
      const made = (await post(hub, path, body)).json<{ id: string; managed_by: unknown }>();
      assert.equal(made.managed_by, null);
      await follow(hub, made);
      const one = `/api/v1/${path}/${made.id}`;
      assert.equal((await hub.ask("GET", one)).json()["managed_by"], managedBy);
      const refusals = [await hub.ask("PUT", one, { body }), await hub.ask("DELETE", one)];
      if (path === "alert-rules") refusals.push(await hub.ask("PATCH", one, { body: {} }));
      for (const { status, text } of refusals) {
        assert.equal(status, 409);
        assert.match(text, /This \w+( \w+)? follows belfry\.yaml: change it there/);
      }
      assert.equal((await hub.ask("GET", one)).json()["version"], 2);
    });
  }
});

describe("/api/v1/alert-routes", () => {
  test("are made with defaults, and name channels that exist", async (t) => {
    const hub = await openTestHub(t);
    const made = await post(hub, "alert-routes", { name: "all", matchers: [], channels: [] });
    assert.equal(made.status, 201);
    assert.equal(made.json()["most_per_hour"], 60);
    const nobody = "01890000-0000-7000-8000-000000000000";
    const answer = await post(hub, "alert-routes", {
      name: "nobody",
      matchers: [],
      channels: [nobody],
      escalation: [{ after_seconds: 60, channels: [nobody] }],
      active: { timezone: "Nowhere", hours: [{ days: ["mon"], from: "08:00", to: "17:00" }] },
    });
    assert.equal(answer.status, 422);
    assert.deepEqual(problemsOf(answer), [
      "channels[0]",
      "escalation[0].channels[0]",
      "active.timezone",
    ]);
  });
});
