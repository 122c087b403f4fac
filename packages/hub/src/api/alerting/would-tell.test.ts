import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Json, JsonObject, WouldTell } from "@belfry/contract";
import { downOutcome, openTestHub, startOfTime, upOutcome, type TestHub } from "../hub.kit.ts";

const minuteMs = 60_000;
const ask = async (hub: TestHub, query: string): Promise<WouldTell> => {
  const answer = await hub.ask("GET", `/api/v1/would-tell?${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<WouldTell>();
};
const make = async (hub: TestHub, path: string, body: Json): Promise<string> => {
  const answer = await hub.ask("POST", `/api/v1/${path}`, { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<{ id: string }>().id;
};
const channel = (hub: TestHub, name: string, over: JsonObject = {}): Promise<string> =>
  make(hub, "channels", {
    name,
    kind: "webhook",
    settings: { url: "http://127.0.0.1:9/hook" },
    is_default: false,
    ...over,
  });
const monitor = (hub: TestHub, over: JsonObject = {}): Promise<string> =>
  make(hub, "monitors", {
    name: "api",
    url: "http://127.0.0.1:9/",
    labels: { team: "core" },
    ...over,
  });
const route = (hub: TestHub, channels: readonly string[], over: JsonObject = {}): Promise<string> =>
  make(hub, "alert-routes", {
    name: "core",
    matchers: [{ name: "team", value: "core" }],
    channels: [...channels],
    ...over,
  });
/** `name:kind@seconds` of everything that would be told. */
const toldOf = ({ told }: WouldTell): readonly string[] =>
  told.map(({ channel: to, kind, after_seconds: after }) => `${to.name}:${kind}@${after}`);
const resultsOf = ({ stages }: WouldTell): readonly string[] =>
  stages.map(({ stage, result }) => `${stage}:${result}`);
const windowOf = (hub: TestHub, forMs: number): JsonObject => ({
  kind: "once",
  starts_at: new Date(hub.clock.now() - minuteMs).toISOString(),
  ends_at: new Date(hub.clock.now() + forMs).toISOString(),
});

describe("/api/v1/would-tell", () => {
  test("tells the default channels where no route matches, and stores nothing", async (t) => {
    const hub = await openTestHub(t);
    await channel(hub, "ops", { is_default: true });
    await channel(hub, "off", { is_default: true, enabled: false });
    const id = await monitor(hub);
    const found = await ask(hub, `monitor=${id}`);
    assert.deepEqual(toldOf(found), ["ops:firing@0"]);
    assert.deepEqual(found.told[0]?.route, { id: null, name: "default channels" });
    assert.deepEqual(found.routes, []);
    assert.equal(found.nobody, null);
    assert.deepEqual(found.labels, {
      team: "core",
      severity: "critical",
      rule: "monitor_down",
      subject_kind: "monitor",
      subject: "api",
    });
    assert.deepEqual(resultsOf(found), [
      "maintenance:passed",
      "inhibition:passed",
      "silence:passed",
      "routing:decided",
      "grouping:passed",
      "throttle:passed",
      "reminder:passed",
      "escalation:passed",
    ]);
    assert.deepEqual(await hub.store.incidents({ limit: 9 }), []);
    assert.deepEqual(await hub.store.notices({ limit: 9 }), []);
  });

  test("tells when a route waits, reminds and escalates", async (t) => {
    const hub = await openTestHub(t);
    const [chat, pager, boss] = [
      await channel(hub, "chat"),
      await channel(hub, "pager"),
      await channel(hub, "boss"),
    ];
    const routeId = await route(hub, [chat], {
      group_by: ["team"],
      group_wait_seconds: 30,
      remind_seconds: 3_600,
      escalation: [
        { after_seconds: 600, channels: [pager] },
        { after_seconds: 86_400, channels: [boss] },
      ],
    });
    const found = await ask(hub, "label=team:core");
    assert.deepEqual(toldOf(found), [
      "chat:firing@30",
      "pager:escalated@600",
      "chat:reminder@3600",
      "boss:escalated@86400",
    ]);
    assert.deepEqual(
      found.told.map(({ every_seconds: every }) => every),
      [null, null, 3_600, null],
    );
    assert.equal(found.told[0]?.why, "it waits for others of its group");
    assert.deepEqual(
      found.routes.map(({ id, name }) => [id, name]),
      [[routeId, "core"]],
    );
    const grouping = found.stages.find(({ stage }) => stage === "grouping");
    assert.equal(grouping?.text, "it waits for others of its group, 30 s");
    assert.deepEqual((await ask(hub, "label=team:web")).told, []);
  });

  const silenced: readonly (readonly [string, (hub: TestHub) => Promise<string>, object])[] = [
    [
      "maintenance",
      (hub) =>
        make(hub, "maintenance", { name: "move", matchers: [], schedule: windowOf(hub, 600_000) }),
      { why: "move", name: "move", told: "the maintenance window is over then" },
    ],
    [
      "silence",
      (hub) =>
        make(hub, "silences", {
          matchers: [{ name: "team", value: "core" }],
          ends_at: new Date(hub.clock.now() + 600_000).toISOString(),
          comment: "known",
        }),
      { why: "known", name: "known", told: "the silence is over then" },
    ],
  ];
  for (const [by, suppress, expected] of silenced) {
    test(`names a ${by}, and tells who is told when that is over`, async (t) => {
      const hub = await openTestHub(t);
      await channel(hub, "ops", { is_default: true });
      const id = await suppress(hub);
      const found = await ask(hub, `monitor=${await monitor(hub)}`);
      const stage = found.stages.find(({ result }) => result === "suppressed");
      assert.deepEqual([found.suppressed_by, stage?.stage], [by, by]);
      assert.deepEqual(
        { why: found.why, name: stage?.found[0]?.name, told: found.told[0]?.why },
        expected,
      );
      assert.equal(stage?.found[0]?.id, id);
      assert.deepEqual(toldOf(found), ["ops:firing@600"]);
      assert.ok(resultsOf(found).includes("routing:not_reached"));
    });
  }

  test("says that nobody is told while what it hangs on is in trouble", async (t) => {
    const hub = await openTestHub(t);
    await channel(hub, "ops", { is_default: true });
    const parent = await monitor(hub, { name: "gateway" });
    const id = await monitor(hub, { name: "behind", depends_on: [parent] });
    for (const outcome of [upOutcome, downOutcome, downOutcome]) {
      hub.clock.move(minuteMs);
      await hub.check(parent, outcome);
    }
    const found = await ask(hub, `monitor=${id}`);
    assert.deepEqual(
      [found.suppressed_by, found.why, found.told],
      ["inhibition", "gateway is down", []],
    );
    assert.equal(found.nobody, "nobody is told while this lasts: gateway is down");
    assert.equal(found.stages[1]?.found[0]?.kind, "incident");
  });

  test("asks of another severity and another time", async (t) => {
    const hub = await openTestHub(t);
    const night = await channel(hub, "night");
    // The clock of the test stands at midnight UTC of a Thursday.
    await route(hub, [night], {
      matchers: [{ name: "severity", value: "warning" }],
      active: { timezone: "UTC", hours: [{ days: ["thu"], from: "20:00", to: "24:00" }] },
    });
    const midnight = await ask(hub, "severity=warning");
    assert.deepEqual(toldOf(midnight), ["night:firing@72000"]);
    assert.equal(midnight.told[0]?.why, "the hours of the route begin");
    const evening = await ask(hub, "severity=warning&at=2026-01-01T21:00:00Z");
    assert.deepEqual(
      [evening.at, toldOf(evening)],
      ["2026-01-01T21:00:00.000Z", ["night:firing@0"]],
    );
    assert.deepEqual((await ask(hub, "at=2026-01-01T21:00:00Z")).told, []);
  });

  test("names what is wrong with a channel", async (t) => {
    const trouble = { failure: "outage", why: "ECONNREFUSED", since: startOfTime } as const;
    const channels = {
      trouble: () => trouble,
      test: () => assert.fail("nothing is sent"),
      wake: () => undefined,
    };
    const hub = await openTestHub(t, {}, { channels });
    await channel(hub, "ops", { is_default: true });
    const found = await ask(hub, "severity=info");
    const since = new Date(startOfTime).toISOString();
    assert.deepEqual(found.told[0]?.channel.trouble, { ...trouble, since });
  });

  const wrong: readonly (readonly [string, number])[] = [
    ["monitor=x", 404],
    ["host=019b76dd-6720-70b5-8ae9-dddcc0a85b57", 404],
    ["job=019b76dd-6720-70b5-8ae9-dddcc0a85b57", 404],
    ["monitor=1&host=2", 422],
    ["at=yesterday", 422],
    ["at=2025-01-01T00:00:00Z", 422],
    ["severity=bad", 422],
  ];
  for (const [query, status] of wrong) {
    test(`answers ${status} to ${query}`, async (t) => {
      const hub = await openTestHub(t);
      assert.equal((await hub.ask("GET", `/api/v1/would-tell?${query}`)).status, status);
    });
  }
});
