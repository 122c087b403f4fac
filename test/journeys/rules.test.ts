/**
 * The disk of a host fills: an incident, once, although the hub is killed meanwhile; there is space again: it is over. The
 * hub, its database and what is posted are real; a rule of one's own with short times stands for the built-in ones.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { AlertRuleView, IncidentView, RuleReplayView } from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";

const condition = {
  kind: "threshold",
  metric: { name: "belfry_host_disk_used_ratio", matchers: [] },
  aggregate: "last",
  operator: ">",
  value: 0.9,
  recover_value: 0.8,
};
const rule = {
  name: "disk of the test",
  severity: "critical",
  subject: "host",
  matchers: [{ name: "subject", value: "web", is_regex: false, is_equal: true }],
  condition,
  for_seconds: 0,
  recovery_for_seconds: 0,
  labels: { team: "core" },
};

async function post(hub: Hub, percent: number): Promise<void> {
  await hub.ask("POST", "/metrics", {
    hostname: "web",
    timestamp: Math.floor(Date.now() / 1000),
    cpu: 5,
    ram: 20,
    disk: percent,
    disk_read: 0,
    disk_write: 0,
  });
}

async function incidentsOf(hub: Hub): Promise<readonly IncidentView[]> {
  const page = await hub.ask<{ items: readonly IncidentView[] }>("GET", "/api/v1/incidents");
  return page.items.filter((one) => one.subjects.some(({ name }) => name === "web"));
}

async function shown(hub: Hub, path: string): Promise<AlertRuleView> {
  return hub.ask<AlertRuleView>("GET", `/api/v1/alert-rules/${path}`);
}

test("a disk that fills is one incident, over a kill, and is over when there is space", async () => {
  const folder = await mkdtemp(join(tmpdir(), "belfry-rules-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const env = { BELFRY_AGENT_ENABLED: "false" };
  const first = await startHub({ env, dataDir: folder });
  await post(first, 50);
  const { id } = await first.ask<AlertRuleView>("POST", "/api/v1/alert-rules", rule);
  await post(first, 95);
  await until("it rings", async () => (await incidentsOf(first)).length === 1, 60_000);
  assert.equal((await shown(first, id)).firing, 1);
  const tried = await first.ask<RuleReplayView>("POST", "/api/v1/alert-rules/replay", {
    rule,
    from: new Date(Date.now() - 600_000).toISOString(),
  });
  assert.equal(tried.subjects, 1);
  await first.end("SIGKILL");

  const second = stack.use(await startHub({ env, dataDir: folder }));
  await post(second, 95);
  await until("it holds still", async () => (await shown(second, id)).firing === 1, 60_000);
  assert.equal((await incidentsOf(second)).length, 1);
  await post(second, 50);
  await until(
    "it is over",
    async () => (await incidentsOf(second))[0]?.resolved_at !== null,
    60_000,
  );
  assert.equal((await incidentsOf(second)).length, 1);
});

test("a built-in rule is changed and reset, and what is wrong with a rule is said where it is", async () => {
  await using hub = await startHub({ env: { BELFRY_AGENT_ENABLED: "false" } });
  const before = await shown(hub, "filesystem_full");
  assert.deepEqual([before.built_in, before.is_changed, before.version], [true, false, 0]);
  await hub.ask("PATCH", "/api/v1/alert-rules/filesystem_full", {
    for_seconds: 5,
    condition: { value: 0.02 },
  });
  const changed = await shown(hub, "filesystem_full");
  assert.deepEqual([changed.is_changed, changed.version, changed.for_seconds], [true, 1, 5]);
  assert.equal(changed.condition.kind === "ratio" && changed.condition.value, 0.02);
  await hub.ask("DELETE", "/api/v1/alert-rules/filesystem_full");
  assert.deepEqual(await shown(hub, "filesystem_full"), before);

  const wrong = { ...rule, condition: { ...condition, recover_value: 0.95 } };
  await assert.rejects(hub.ask("POST", "/api/v1/alert-rules", wrong), /condition\.recover_value/);
  const unknown = { ...rule, condition: { ...condition, kind: "guess" } };
  await assert.rejects(hub.ask("POST", "/api/v1/alert-rules", unknown), /condition\.kind/);
  const typo = { ...rule, condition: { ...condition, valeu: 1 } };
  await assert.rejects(hub.ask("POST", "/api/v1/alert-rules", typo), /condition\.valeu/);
});
