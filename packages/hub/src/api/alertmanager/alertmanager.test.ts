import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { IncidentView, Json, MonitorView } from "@belfry/contract";
import { downOutcome, openTestHub, upOutcome, type TestAnswer, type TestHub } from "../hub.kit.ts";
import type { GettableAlert } from "./list.ts";

const minuteMs = 60_000;
const post = (hub: TestHub, body: Json): Promise<TestAnswer> =>
  hub.ask("POST", "/api/v2/alerts", { body });
const list = async (hub: TestHub, query = ""): Promise<readonly GettableAlert[]> =>
  (await hub.ask("GET", `/api/v2/alerts${query}`)).json<GettableAlert[]>();
const namesOf = (alerts: readonly GettableAlert[]): readonly (string | undefined)[] =>
  alerts.map(({ labels }) => labels["alertname"]);
const incidents = async (hub: TestHub): Promise<readonly IncidentView[]> =>
  (await hub.ask("GET", "/api/v1/incidents")).json<{ items: IncidentView[] }>().items;
const timeOf = (hub: TestHub, afterMs = 0): string =>
  new Date(hub.clock.now() + afterMs).toISOString();

const disk = {
  labels: { alertname: "DiskFull", instance: "web-1", severity: "page", team: "core" },
  annotations: { summary: "/ is full" },
  generatorURL: "http://prometheus.example/graph?g0.expr=x",
};

/** What alerting has to do is done. */
async function taken(hub: TestHub, alerts: Json): Promise<void> {
  const answer = await post(hub, alerts);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.text, "");
  await hub.settle();
}

/** A monitor that is down. */
async function failing(hub: TestHub): Promise<string> {
  const body = { name: "api", url: "http://127.0.0.1:9/", labels: { team: "web" } };
  const { id } = (await hub.ask("POST", "/api/v1/monitors", { body })).json<MonitorView>();
  for (const outcome of [upOutcome, downOutcome, downOutcome]) {
    hub.clock.move(minuteMs);
    await hub.check(id, outcome);
  }
  return id;
}

describe("POST /api/v2/alerts", () => {
  test("rings once for an alert that is told again and again, and is over when it says so", async (t) => {
    const hub = await openTestHub(t);
    const startsAt = timeOf(hub);
    for (let i = 0; i < 3; i += 1) {
      await taken(hub, [{ ...disk, startsAt, endsAt: timeOf(hub, 4 * minuteMs) }]);
      hub.clock.move(minuteMs);
    }
    const [open, ...others] = await incidents(hub);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [open?.title, open?.severity, open?.opened_at, open?.resolved_at],
      ["DiskFull (web-1): / is full", "critical", startsAt, null],
    );
    assert.deepEqual(open?.labels, { alertname: "DiskFull", instance: "web-1", team: "core" });
    const endsAt = timeOf(hub);
    hub.clock.move(minuteMs);
    await taken(hub, [{ ...disk, startsAt, endsAt }]);
    assert.equal((await incidents(hub))[0]?.resolved_at, endsAt);
    assert.deepEqual(await list(hub), []);
  });

  test("ends an alert that says no end five minutes after it was told last", async (t) => {
    const hub = await openTestHub(t);
    await hub.pass(5_000);
    await taken(hub, [disk]);
    await hub.pass(299_000);
    assert.equal((await list(hub)).length, 1);
    await hub.pass(10_000);
    assert.deepEqual(await list(hub), []);
    assert.notEqual((await incidents(hub))[0]?.resolved_at, null);
  });

  test("takes what is right when something beside it is wrong, and says what that is", async (t) => {
    const hub = await openTestHub(t);
    const answer = await post(hub, [
      { labels: {} },
      disk,
      { labels: { a: 1 } },
      { labels: { a: "b" }, startsAt: timeOf(hub), endsAt: timeOf(hub, -1) },
    ]);
    assert.equal(answer.status, 400);
    const said = answer.json<string>();
    for (const part of [
      "alert 0: at least one label pair required",
      "alert 2: labels.a",
      "alert 3: start time must be before end time",
    ]) {
      assert.ok(said.includes(part), said);
    }
    assert.deepEqual(namesOf(await list(hub)), ["DiskFull"]);
  });

  const bodies: readonly (readonly [string, Json])[] = [
    ["no list", { labels: { a: "b" } }],
    ["too many", Array.from({ length: 5_001 }, () => 0)],
  ];
  for (const [what, body] of bodies) {
    test(`refuses ${what}`, async (t) => {
      const hub = await openTestHub(t);
      const answer = await post(hub, body);
      assert.equal(answer.status, 422);
      assert.equal(typeof answer.json<unknown>(), "string");
    });
  }

  test("refuses Belfry's own incident, which would ring for ever", async (t) => {
    const hub = await openTestHub(t);
    await failing(hub);
    const [own] = await incidents(hub);
    const loop = { labels: { alertname: "BelfryIncident", incident: own?.id ?? "" } };
    const other = {
      labels: { alertname: "BelfryIncident", incident: own?.id.replace(/^./, "f") ?? "" },
    };
    assert.equal((await post(hub, [loop])).status, 400);
    await taken(hub, [other]);
    assert.equal((await incidents(hub)).length, 2);
  });

  test("needs a key that may send, where keys are needed", async (t) => {
    const hub = await openTestHub(t, { auth: "keys", openTo: { alertmanager: ["10.0.0.0/8"] } });
    const key = await hub.key("ingest");
    assert.equal((await post(hub, [disk])).status, 401);
    const headers = { authorization: `Bearer ${key}` };
    assert.equal((await hub.ask("POST", "/api/v2/alerts", { body: [disk], headers })).status, 200);
    assert.equal((await hub.ask("GET", "/api/v2/alerts", { headers })).status, 403);
    const remoteAddress = "10.1.2.3";
    const open = await hub.ask("POST", "/api/v2/alerts", { body: [disk], remoteAddress });
    assert.equal(open.status, 200);
  });
});

/** A hub with an alert of Prometheus and a monitor that is down. */
async function openFiring(t: TestContext): Promise<TestHub> {
  const hub = await openTestHub(t);
  await failing(hub);
  await taken(hub, [disk]);
  return hub;
}

describe("GET /api/v2/alerts", () => {
  test("has alerts as they were sent, and Belfry's own troubles beside them", async (t) => {
    const hub = await openFiring(t);
    const [sent, own] = await list(hub);
    const now = timeOf(hub);
    assert.deepEqual(sent, {
      ...disk,
      startsAt: now,
      endsAt: timeOf(hub, 5 * minuteMs),
      updatedAt: now,
      fingerprint: sent?.fingerprint,
      receivers: [{ name: "belfry" }],
      status: { state: "active", silencedBy: [], inhibitedBy: [], mutedBy: [] },
    });
    assert.deepEqual(own?.labels, {
      alertname: "monitor_down",
      severity: "critical",
      subject: "api",
      subject_kind: "monitor",
      team: "web",
    });
    assert.equal(own?.annotations["summary"], "api is down");
  });

  const filters: readonly (readonly [string, readonly string[]])[] = [
    ["team=core", ["DiskFull"]],
    ['team="core"', ["DiskFull"]],
    ['team=~"co.*|web"', ["DiskFull", "monitor_down"]],
    ['team!="core"', ["monitor_down"]],
    ['team!~"co.*"', ["monitor_down"]],
    ['instance=""', ["monitor_down"]],
    ['alertname="Disk,Full"', []],
  ];
  for (const [filter, names] of filters) {
    test(`with the filter ${filter} has ${names.join(", ") || "none"}`, async (t) => {
      const hub = await openFiring(t);
      const found = await list(hub, `?filter=${encodeURIComponent(filter)}`);
      assert.deepEqual(namesOf(found), names);
    });
  }

  test("refuses filters that cannot be read", async (t) => {
    const hub = await openTestHub(t);
    for (const filter of ["a|", 'a="b', 'a=~"("', "=b"]) {
      const answer = await hub.ask("GET", `/api/v2/alerts?filter=${encodeURIComponent(filter)}`);
      assert.equal(answer.status, 400, filter);
    }
  });

  test("says what a silence, a snooze and a maintenance window are for, and leaves it out when asked", async (t) => {
    const hub = await openFiring(t);
    const endsAt = timeOf(hub, 60 * minuteMs);
    const matchers = [{ name: "team", value: "core", isRegex: false }];
    const made = await hub.ask("POST", "/api/v2/silences", {
      body: { matchers, startsAt: timeOf(hub), endsAt, createdBy: "ada", comment: "disk swap" },
    });
    const { silenceID } = made.json<{ silenceID: string }>();
    await hub.settle();
    const [sent] = await list(hub);
    assert.deepEqual(sent?.status, {
      state: "suppressed",
      silencedBy: [silenceID],
      inhibitedBy: [],
      mutedBy: [],
    });
    assert.deepEqual(namesOf(await list(hub, "?silenced=false")), ["monitor_down"]);
    const down = (await incidents(hub)).find(({ title }) => title === "api is down");
    await hub.ask("POST", `/api/v1/incidents/${down?.id}/snooze`, { body: { seconds: 600 } });
    assert.deepEqual((await list(hub))[1]?.status.mutedBy, ["snooze"]);
    assert.deepEqual(namesOf(await list(hub, "?inhibited=false&filter=team%3Dweb")), []);
    assert.deepEqual(namesOf(await list(hub, "?active=false")), ["DiskFull", "monitor_down"]);
  });

  test("asks which receiver is meant", async (t) => {
    const hub = await openFiring(t);
    assert.equal((await list(hub, "?receiver=bel.*")).length, 2);
    assert.equal((await list(hub, "?receiver=pager")).length, 0);
    assert.deepEqual((await hub.ask("GET", "/api/v2/receivers")).json(), [{ name: "belfry" }]);
  });

  test("groups what belongs to one incident", async (t) => {
    const hub = await openFiring(t);
    interface Group {
      readonly labels: { readonly incident: string };
      readonly alerts: readonly GettableAlert[];
    }
    const groups = (await hub.ask("GET", "/api/v2/alerts/groups")).json<Group[]>();
    assert.deepEqual(
      groups.map(({ alerts }) => namesOf(alerts)),
      [["DiskFull"], ["monitor_down"]],
    );
    const ids = (await incidents(hub)).map(({ id }) => id);
    assert.deepEqual(groups.map(({ labels }) => labels.incident).toSorted(), ids.toSorted());
  });
});

describe("/api/v2/silences", () => {
  const matchers = [{ name: "team", value: "co.*", isRegex: true, isEqual: true }];
  const bodyOf = (hub: TestHub, over: object = {}): Json => ({
    matchers,
    startsAt: timeOf(hub, -minuteMs),
    endsAt: timeOf(hub, 60 * minuteMs),
    createdBy: "ada",
    comment: "disk swap",
    ...over,
  });
  const make = async (hub: TestHub, over: object = {}): Promise<string> => {
    const answer = await hub.ask("POST", "/api/v2/silences", { body: bodyOf(hub, over) });
    assert.equal(answer.status, 200, answer.text);
    return answer.json<{ silenceID: string }>().silenceID;
  };

  test("are the silences of Belfry: made, read, changed and ended", async (t) => {
    const hub = await openTestHub(t);
    const id = await make(hub);
    const read = async () => (await hub.ask("GET", `/api/v2/silence/${id}`)).json();
    assert.deepEqual(await read(), {
      id,
      matchers,
      startsAt: timeOf(hub, -minuteMs),
      endsAt: timeOf(hub, 60 * minuteMs),
      updatedAt: timeOf(hub),
      createdBy: "ada",
      comment: "disk swap",
      status: { state: "active" },
    });
    const native = await hub.ask("GET", `/api/v1/silences/${id}`);
    assert.equal(native.json<{ created_by: string }>().created_by, "ada");
    assert.equal(await make(hub, { id, comment: "longer" }), id);
    assert.equal((await read())["comment"], "longer");
    const ended = await hub.ask("DELETE", `/api/v2/silence/${id}`);
    assert.deepEqual([ended.status, ended.text], [200, ""]);
    assert.deepEqual((await read())["status"], { state: "expired" });
    assert.equal((await hub.ask("DELETE", `/api/v2/silence/${id}`)).status, 200);
    assert.notEqual(await make(hub, { id }), id);
    const actions = (await hub.store.auditEntries({ limit: 9 })).map(({ action }) => action);
    assert.deepEqual(actions, ["create", "update", "update", "create"]);
  });

  test("are listed by what they are for", async (t) => {
    const hub = await openTestHub(t);
    await make(hub);
    const count = async (filter: string): Promise<number> => {
      const answer = await hub.ask("GET", `/api/v2/silences?filter=${encodeURIComponent(filter)}`);
      return answer.json<unknown[]>().length;
    };
    assert.equal(await count('team="co.*"'), 1);
    assert.equal(await count('team="web"'), 0);
  });

  const wrong: readonly (readonly [string, object, number])[] = [
    ["no matchers", { matchers: [] }, 422],
    ["an end before the beginning", { endsAt: "2000-01-01T00:00:00Z" }, 400],
    [
      "a pattern that cannot be read",
      { matchers: [{ name: "a", value: "(", isRegex: true }] },
      400,
    ],
    ["an id of nothing", { id: "019b76dd-6720-70b5-8ae9-dddcc0a85b57" }, 404],
  ];
  for (const [what, over, status] of wrong) {
    test(`with ${what} are refused`, async (t) => {
      const hub = await openTestHub(t);
      const answer = await hub.ask("POST", "/api/v2/silences", { body: bodyOf(hub, over) });
      assert.equal(answer.status, status, answer.text);
      assert.equal(typeof answer.json<unknown>(), "string");
    });
  }

  test("that are not there are not found", async (t) => {
    const hub = await openTestHub(t);
    for (const method of ["GET", "DELETE"]) {
      const answer = await hub.ask(method, "/api/v2/silence/none");
      assert.deepEqual([answer.status, answer.json()], [404, "silence not found"]);
    }
  });
});

test("what answers says who it is and that it is well", async (t) => {
  const states: { store: string } = { store: "ok" };
  const hub = await openTestHub(t, { auth: "keys" }, { ready: async () => ({ ...states }) });
  for (const path of ["/-/healthy", "/-/ready"]) {
    const answer = await hub.ask("GET", path);
    assert.deepEqual([answer.status, answer.text], [200, "OK"]);
  }
  states.store = "busy";
  assert.equal((await hub.ask("GET", "/-/ready")).status, 503);
  const headers = { authorization: `Bearer ${await hub.key("read")}` };
  const status = await hub.ask("GET", "/api/v2/status", { headers });
  const { cluster, versionInfo } = status.json<{
    cluster: object;
    versionInfo: { version: string };
  }>();
  assert.deepEqual([cluster, versionInfo.version], [{ status: "disabled", peers: [] }, "1.2.3"]);
});
