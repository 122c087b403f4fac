import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Parsed } from "@belfry/contract";
import type { ManagedChannel, ManagedRoute } from "./config/settings.ts";
import { parseAlerting } from "./managed-input.ts";
import { keepManagedSettings, type Managed } from "./managed-settings.ts";
import type { ChannelSettings } from "./model/alert-policy.ts";
import { createId } from "./model/id.ts";
import { createStore } from "./store/open.ts";
import type { Store } from "./store/port.ts";

const now = Date.UTC(2026, 0, 1);
const clock = { now: () => now };
const retention = { rawMs: 1, fiveMinutesMs: 1, hourMs: 1, maxBytes: null };
const slack: ManagedChannel = {
  name: "slack",
  kind: "slack",
  enabled: true,
  isDefault: true,
  isFallback: false,
  settings: { webhook_url: "https://hooks.slack.com/services/T/B/x" },
  managedBy: "SLACK_WEBHOOK_URL",
};

async function open(t: TestContext): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-managed-"));
  const database = join(folder, "belfry.db");
  const log = { error: () => undefined, warn: () => undefined, info: () => undefined };
  const store = await createStore({ database, retention }, { log });
  t.after(async () => {
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  return store;
}

const channelsOf = (store: Store): Promise<readonly ChannelSettings[]> =>
  store.alertSettings("channel");
const nothing: Managed = { channels: [], alertRoutes: [], alertRules: [], maintenance: [] };
const keepAll = (store: Store, managed: Partial<Managed>): Promise<void> =>
  keepManagedSettings({ ...nothing, ...managed }, { clock, store });
const keep = (store: Store, ...channels: readonly ManagedChannel[]): Promise<void> =>
  keepAll(store, { channels });
const auditOf = async (store: Store): Promise<readonly string[]> =>
  (await store.auditEntries({ limit: 20 })).map(({ actor, action }) => `${actor}:${action}`);

/** What one of the readers of the file makes of an entry. */
function read<T>(parsed: Parsed<T>): T {
  return parsed.kind === "ok" ? parsed.value : assert.fail(JSON.stringify(parsed.problems));
}
const route = (name: string, channels: readonly string[], more: object = {}): ManagedRoute =>
  read(parseAlerting.route({ name, matchers: [], channels, ...more }));
const ops: ManagedChannel = { ...slack, name: "ops", managedBy: "belfry.yaml" };

test("channels of the environment are made once, changed when it changes, and removed when it is gone", async (t) => {
  const store = await open(t);
  await keep(store, slack);
  const [made] = await channelsOf(store);
  assert.partialDeepStrictEqual(made, { ...slack, enabled: true, isDefault: true, version: 1 });
  await keep(store, slack);
  assert.deepEqual(await channelsOf(store), [made]);
  const settings = { webhook_url: "https://hooks.slack.com/services/T/B/y" };
  await keep(store, { ...slack, settings });
  const [changed] = await channelsOf(store);
  assert.deepEqual([changed?.id, changed?.settings, changed?.version], [made?.id, settings, 2]);
  await keep(store);
  assert.deepEqual(await channelsOf(store), []);
  assert.deepEqual(await auditOf(store), [
    "environment:delete",
    "environment:update",
    "environment:create",
  ]);
  const details = JSON.stringify(await store.auditEntries({ limit: 20 }));
  assert.ok(!details.includes("hooks.slack.com"));
});

test("channels that people made stay", async (t) => {
  const store = await open(t);
  const { managedBy: _by, ...rest } = slack;
  const own: ChannelSettings = {
    ...rest,
    id: createId(now),
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  const audit = {
    at: now,
    actor: "a",
    action: "create",
    resource: "channel",
    resourceId: own.id,
    detail: {},
  };
  await store.createAlertSetting("channel", own, audit);
  await keep(store);
  assert.deepEqual(await channelsOf(store), [own]);
});

test("a channel that a route uses is switched off instead of removed, and on again with its id", async (t) => {
  const store = await open(t);
  await keep(store, slack);
  const [made] = await channelsOf(store);
  assert.ok(made !== undefined);
  await makeRoute(store, "core", [made.id]);
  await keep(store);
  await keep(store);
  assert.deepEqual(await channelsOf(store), [{ ...made, enabled: false, version: 2 }]);
  await keep(store, slack);
  assert.deepEqual(await channelsOf(store), [{ ...made, version: 3 }]);
});

/** A route that people made, which tells nobody at first and these after a minute. */
async function makeRoute(
  store: Store,
  name: string,
  channels: readonly ChannelSettings["id"][],
): Promise<void> {
  const id = createId<"alert_route">(now);
  const made = {
    name,
    enabled: true,
    position: 0,
    continue: false,
    matchers: [],
    channels: [],
    active: null,
    group_by: [],
    group_wait_seconds: 0,
    send_resolved: true,
    most_per_hour: 60,
    digest_seconds: null,
    remind_seconds: null,
    escalation: [{ after_seconds: 60, channels: [...channels] }],
  };
  await store.createAlertSetting(
    "alert_route",
    { id, version: 1, createdAt: now, updatedAt: now, route: made },
    { at: now, actor: "a", action: "create", resource: "alert_route", resourceId: id, detail: {} },
  );
}

test("hubs that start at the same time make one channel", async (t) => {
  const store = await open(t);
  await Promise.all([keep(store, slack), keep(store, slack), keep(store, slack)]);
  assert.equal((await channelsOf(store)).length, 1);
});

test("channels of the file are told apart by their names, and may be switched off there", async (t) => {
  const store = await open(t);
  await keep(store, ops, { ...ops, name: "chat", isDefault: false });
  await keep(store, { ...ops, enabled: false });
  const [only, ...others] = await channelsOf(store);
  assert.deepEqual([only?.name, only?.enabled, others], ["ops", false, []]);
  assert.equal((await auditOf(store))[0], "belfry.yaml:delete");
});

test("routes of the file are tried in its order, before those that people made", async (t) => {
  const store = await open(t);
  await makeRoute(store, "by hand", []);
  const names = async (): Promise<readonly string[]> =>
    (await store.alertPolicy(now)).routes.map((one) => one.route.name);
  await keepAll(store, { alertRoutes: [route("b", []), route("a", [])] });
  assert.deepEqual(await names(), ["b", "a", "by hand"]);
  const before = await store.alertSettings("alert_route");
  await keepAll(store, { alertRoutes: [route("a", []), route("b", [])] });
  assert.deepEqual(await names(), ["a", "b", "by hand"]);
  const after = await store.alertSettings("alert_route");
  assert.deepEqual(new Set(after.map(({ id }) => id)), new Set(before.map(({ id }) => id)));
  await keepAll(store, {});
  assert.deepEqual(await names(), ["by hand"]);
});

test("routes name channels of the file, of the environment, and of people, also to escalate to", async (t) => {
  const store = await open(t);
  const byHand = await makeChannel(store, "by hand");
  await makeChannel(store, "ops");
  const escalation = [{ after_seconds: 300, channels: ["slack", "by hand"] }];
  const managed = { channels: [ops, slack], alertRoutes: [route("core", ["ops"], { escalation })] };
  await keepAll(store, managed);
  const channels = await channelsOf(store);
  const idOf = (by: string): string =>
    channels.find(({ managedBy }) => managedBy === by)?.id ?? assert.fail();
  const [kept] = await store.alertSettings("alert_route");
  assert.deepEqual(kept?.route.channels, [idOf("belfry.yaml")]);
  const steps = [{ after_seconds: 300, channels: [idOf("SLACK_WEBHOOK_URL"), byHand] }];
  assert.deepEqual(kept.route.escalation, steps);
  assert.equal(kept.managedBy, "belfry.yaml");
  const audits = (await auditOf(store)).length;
  await keepAll(store, managed);
  assert.deepEqual(await store.alertSettings("alert_route"), [kept]);
  assert.equal((await auditOf(store)).length, audits);
  // The route is gone with its channel, which then nothing uses.
  await keepAll(store, {});
  assert.deepEqual(
    (await channelsOf(store)).map(({ name, enabled }) => `${name} ${enabled}`).toSorted(),
    ["by hand true", "ops true"],
  );
});

test("a route that names a channel that is not there changes nothing, and says where", async (t) => {
  const store = await open(t);
  await makeChannel(store, "twice");
  await makeChannel(store, "twice");
  await keep(store, slack);
  const before = await channelsOf(store);
  const place = (n: number): string => `belfry.yaml:${n}: alert_routes[0].channels[${n}]`;
  const named = ["gone", "twice", "ops", "slack"].map((name, n) => ({ name, place: place(n) }));
  const alertRoutes = [{ ...route("core", []), channels: named }];
  await assert.rejects(keepAll(store, { channels: [ops], alertRoutes }), {
    code: "invalid",
    detail: [
      'belfry.yaml:0: alert_routes[0].channels[0]: there is no channel named "gone"',
      'belfry.yaml:1: alert_routes[0].channels[1]: there are several channels named "twice"',
      'belfry.yaml:3: alert_routes[0].channels[3]: there is no channel named "slack"',
    ].join("\n"),
  });
  assert.deepEqual(await channelsOf(store), before);
});

test("rules of the file stand beside those of people; built-in ones are as it says, and come back", async (t) => {
  const store = await open(t);
  const metric = { name: "app_queue", matchers: [] };
  const condition = { kind: "threshold", metric, operator: ">", value: 1 };
  const own = (value: number) =>
    read(parseAlerting.rule({ name: "queue", condition: { ...condition, value } }));
  const [queue] = own(1);
  const id = createId<"alert_rule">(now);
  assert.ok(queue !== undefined);
  const byHand = { id, rule: queue.rule, version: 1, createdAt: now, updatedAt: now };
  const audit = { at: now, actor: "a", action: "create", resource: "alert_rule", resourceId: id };
  await store.createAlertSetting("alert_rule", byHand, { ...audit, detail: {} });
  // What people changed of a built-in rule gives way.
  const changed = { ...byHand, id: "filesystem_full" };
  await store.createAlertSetting("alert_rule", changed, { ...audit, detail: {} });

  const builtIn = read(parseAlerting.rule({ id: "filesystem_full", enabled: false }));
  await keepAll(store, { alertRules: [...own(5), ...builtIn] });
  const rules = new Map((await store.alertSettings("alert_rule")).map((one) => [one.id, one]));
  assert.equal(rules.size, 3);
  assert.deepEqual(rules.get(id), byHand);
  const { rule, version, managedBy } = rules.get("filesystem_full") ?? assert.fail();
  assert.deepEqual([rule.enabled, version, managedBy], [false, 2, "belfry.yaml"]);
  const [made] = [...rules.values()].filter(
    (one) => one.managedBy !== undefined && one.rule.name === "queue",
  );
  assert.ok(made !== undefined);
  assert.partialDeepStrictEqual(made.rule.condition, { value: 5 });
  await keepAll(store, { alertRules: own(6) });
  const later = (await store.alertSettings("alert_rule")).find((one) => one.id === made.id);
  assert.partialDeepStrictEqual(later, { version: 2, rule: { condition: { value: 6 } } });
  await keepAll(store, {});
  assert.deepEqual(await store.alertSettings("alert_rule"), [byHand]);
  assert.deepEqual((await auditOf(store)).toSorted(), [
    "a:create",
    "a:create",
    "belfry.yaml:create",
    "belfry.yaml:delete",
    "belfry.yaml:delete",
    "belfry.yaml:update",
    "belfry.yaml:update",
  ]);
});

test("maintenance windows of the file are made, changed and removed", async (t) => {
  const store = await open(t);
  const window = (duration_seconds: number) =>
    read(
      parseAlerting.window({
        name: "nightly",
        matchers: [{ name: "role", value: "db" }],
        schedule: { kind: "daily", at: "02:00", duration_seconds },
      }),
    );
  await keepAll(store, { maintenance: [window(60)] });
  await keepAll(store, { maintenance: [window(60)] });
  const [made] = await store.alertSettings("maintenance");
  assert.partialDeepStrictEqual(made, { version: 1, monitors: [], managedBy: "belfry.yaml" });
  await keepAll(store, { maintenance: [window(120)] });
  const [changed, ...others] = await store.alertSettings("maintenance");
  assert.deepEqual([changed?.id, changed?.version, others], [made?.id, 2, []]);
  await keepAll(store, {});
  assert.deepEqual(await store.alertSettings("maintenance"), []);
});

/** A channel that people made. */
async function makeChannel(store: Store, name: string): Promise<ChannelSettings["id"]> {
  const { managedBy: _by, ...rest } = slack;
  const id = createId<"channel">(now);
  await store.createAlertSetting(
    "channel",
    { ...rest, name, id, version: 1, createdAt: now, updatedAt: now },
    { at: now, actor: "a", action: "create", resource: "channel", resourceId: id, detail: {} },
  );
  return id;
}
