/** What the store promises about channels, routes, silences, maintenance windows and rules. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  AlertRoute,
  AlertRuleSettings,
  ChannelSettings,
  MaintenanceWindow,
  Silence,
} from "../../model/alert-policy.ts";
import { createId } from "../../model/id.ts";
import { auditOf, type ContractStores } from "./fixtures.ts";

const kept = { version: 1, createdAt: 1000, updatedAt: 1000 };

const channelOf = (over: Partial<ChannelSettings> = {}): ChannelSettings => ({
  ...kept,
  id: createId<"channel">(1),
  name: "ops",
  kind: "webhook",
  enabled: true,
  isDefault: true,
  isFallback: false,
  settings: { url: "https://example.org/\u0000" },
  ...over,
});

const routeOf = (position: number, over: Partial<AlertRoute> = {}): AlertRoute => ({
  ...kept,
  id: createId<"alert_route">(1),
  route: {
    name: `route ${position}`,
    enabled: true,
    position,
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
    escalation: [],
  },
  ...over,
});

const silenceOf = (endsAt: number): Silence => ({
  ...kept,
  id: createId<"silence">(1),
  matchers: [{ name: "team", value: "core", is_regex: false, is_equal: true }],
  startsAt: 1000,
  endsAt,
  comment: "",
  createdBy: "key:test",
});

const maintenance: MaintenanceWindow = {
  ...kept,
  id: createId<"maintenance">(1),
  name: "nightly",
  enabled: true,
  matchers: [],
  monitors: [],
  schedule: { kind: "daily", at: "02:00", duration_seconds: 3600, timezone: "UTC" },
  description: "",
};

const rule: AlertRuleSettings = {
  ...kept,
  id: "host_disk_full",
  rule: {
    name: "disk full",
    enabled: false,
    severity: "warning",
    subject: "host",
    matchers: [],
    condition: {
      kind: "absence",
      metric: { name: "up", matchers: [] },
      over_seconds: 60,
    },
    for_seconds: 60,
    recovery_for_seconds: 60,
    labels: {},
    description: "",
  },
};

export function alertSettingContract({ engine, open, createDatabase }: ContractStores): void {
  describe("what people set about alerts", () => {
    test("comes back as it was written, the oldest first, each kind for itself", async () => {
      await using store = await open();
      const late = channelOf({ createdAt: 2000, managedBy: "SLACK_WEBHOOK_URL" });
      const early = channelOf({ name: "ü" });
      await store.createAlertSetting("channel", late, auditOf());
      await store.createAlertSetting("channel", early, auditOf());
      await store.createAlertSetting("alert_rule", rule, auditOf());
      assert.deepEqual(await store.alertSettings("channel"), [early, late]);
      assert.deepEqual(await store.alertSettings("alert_rule"), [rule]);
      assert.deepEqual(await store.alertSetting("channel", late.id), late);
      assert.equal(await store.alertSetting("silence", late.id), undefined);
    });

    test("is refused when its id is taken; nothing is written", async () => {
      await using store = await open();
      const channel = channelOf();
      await store.createAlertSetting("channel", channel, auditOf());
      const again = store.createAlertSetting("channel", { ...channel, name: "x" }, auditOf());
      await assert.rejects(again, { code: "conflict" });
      assert.deepEqual(await store.alertSettings("channel"), [channel]);
      assert.equal(await store.alertSettingChanges(), 1);
      assert.equal((await store.auditEntries({ limit: 9 })).length, 1);
    });

    test("is replaced and deleted for the version it has", async () => {
      await using store = await open();
      const first = channelOf();
      const second = { ...first, name: "other", version: 2, updatedAt: 2000 };
      const audit = auditOf();
      assert.equal(await store.updateAlertSetting("channel", second, audit), "missing");
      assert.equal(await store.deleteAlertSetting("channel", first.id, 1, audit), "missing");
      await store.createAlertSetting("channel", first, audit);
      assert.equal(await store.updateAlertSetting("channel", second, audit), "updated");
      assert.equal(await store.updateAlertSetting("channel", second, audit), "version_mismatch");
      assert.deepEqual(await store.alertSettings("channel"), [second]);
      const wrong = await store.deleteAlertSetting("channel", first.id, 1, audit);
      assert.equal(wrong, "version_mismatch");
      assert.equal(await store.deleteAlertSetting("channel", first.id, 2, audit), "deleted");
      assert.deepEqual(await store.alertSettings("channel"), []);
      assert.equal((await store.auditEntries({ limit: 9 })).length, 3);
    });

    test("is read at once, routes by position, without silences that are over", async () => {
      await using store = await open();
      const policy = await store.alertPolicy(0);
      assert.deepEqual(policy, {
        channels: [],
        routes: [],
        silences: [],
        maintenance: [],
        changes: 0,
      });
      const [channel, behind, before] = [channelOf(), routeOf(5), routeOf(2)];
      const [over, active] = [silenceOf(3000), silenceOf(3001)];
      await store.createAlertSetting("channel", channel, auditOf());
      await store.createAlertSetting("alert_route", behind, auditOf());
      await store.createAlertSetting("alert_route", before, auditOf());
      // What follows the file is tried first, whatever its position.
      const ofFile = { ...routeOf(9), managedBy: "belfry.yaml" };
      await store.createAlertSetting("alert_route", ofFile, auditOf());
      await store.createAlertSetting("silence", over, auditOf());
      await store.createAlertSetting("silence", active, auditOf());
      await store.createAlertSetting("maintenance", maintenance, auditOf());
      assert.deepEqual(await store.alertPolicy(3000), {
        channels: [channel],
        routes: [ofFile, before, behind],
        silences: [active],
        maintenance: [maintenance],
        changes: 7,
      });
    });

    test("counts each change once, of several at the same time too", async () => {
      await using store = await open();
      const channels = Array.from({ length: 20 }, () => channelOf());
      await Promise.all(
        channels.map((channel) => store.createAlertSetting("channel", channel, auditOf())),
      );
      assert.equal(await store.alertSettingChanges(), 20);
    });

    test("forgets silences a month after their end, and no other settings", async () => {
      await using store = await open();
      const day = 86_400_000;
      const [old, recent] = [silenceOf(day), silenceOf(3 * day)];
      for (const one of [old, recent]) await store.createAlertSetting("silence", one, auditOf());
      await store.createAlertSetting("maintenance", maintenance, auditOf());
      await store.maintain(32 * day);
      assert.deepEqual(await store.alertSettings("silence"), [recent]);
      assert.equal((await store.alertSettings("maintenance")).length, 1);
    });

    const alone = engine === "sqlite" ? { skip: "one process has the file" } : {};
    test("is changed by one of several hubs that change the same version", alone, async () => {
      const database = await createDatabase();
      await using stack = new AsyncDisposableStack();
      const stores = await Promise.all([open(database), open(database), open(database)]);
      for (const store of stores) stack.use(store);
      const [first] = stores;
      const channel = channelOf();
      await first.createAlertSetting("channel", channel, auditOf());
      for (let version = 2; version < 12; version += 1) {
        const answers = await Promise.all(
          stores.map((store, n) => {
            const changed = { ...channel, name: `hub ${n}`, version };
            return store.updateAlertSetting("channel", changed, auditOf());
          }),
        );
        assert.deepEqual(answers.toSorted(), ["updated", "version_mismatch", "version_mismatch"]);
      }
      assert.equal(await first.alertSettingChanges(), 11);
      assert.equal((await first.auditEntries({ limit: 99 })).length, 11);
    });
  });
}
