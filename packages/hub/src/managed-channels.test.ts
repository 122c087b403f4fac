import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { ManagedChannel } from "./config/settings.ts";
import { keepManagedChannels } from "./managed-channels.ts";
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
const keep = (store: Store, ...wanted: readonly ManagedChannel[]): Promise<void> =>
  keepManagedChannels(wanted, { clock, store });
const auditOf = async (store: Store): Promise<readonly string[]> =>
  (await store.auditEntries({ limit: 20 })).map(({ actor, action }) => `${actor}:${action}`);

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
  const id = createId<"alert_route">(now);
  const route = {
    name: "core",
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
    escalation: [{ after_seconds: 60, channels: [made.id] }],
  };
  await store.createAlertSetting(
    "alert_route",
    { id, version: 1, createdAt: now, updatedAt: now, route },
    { at: now, actor: "a", action: "create", resource: "alert_route", resourceId: id, detail: {} },
  );
  await keep(store);
  await keep(store);
  assert.deepEqual(await channelsOf(store), [{ ...made, enabled: false, version: 2 }]);
  await keep(store, slack);
  assert.deepEqual(await channelsOf(store), [{ ...made, version: 3 }]);
});

test("hubs that start at the same time make one channel", async (t) => {
  const store = await open(t);
  await Promise.all([keep(store, slack), keep(store, slack), keep(store, slack)]);
  assert.equal((await channelsOf(store)).length, 1);
});

test("channels of the file are told apart by their names, and may be switched off there", async (t) => {
  const store = await open(t);
  const ops: ManagedChannel = { ...slack, name: "ops", managedBy: "belfry.yaml" };
  await keep(store, ops, { ...ops, name: "chat", isDefault: false });
  await keep(store, { ...ops, enabled: false });
  const [only, ...others] = await channelsOf(store);
  assert.deepEqual([only?.name, only?.enabled, others], ["ops", false, []]);
  assert.equal((await auditOf(store))[0], "belfry.yaml:delete");
});
