/** What stands in `belfry.yaml` is shown on the pages, and changed there: routes, rules and maintenance windows. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { AlertRouteView, AlertRuleView, MaintenanceView } from "@belfry/contract";
import { startHub, type Hub } from "../../kit/hub.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";

const env = { BELFRY_AGENT_ENABLED: "false" };
const full = `channels:
  - name: ops
    kind: ntfy
    settings: { topic: alerts, server: "http://127.0.0.1:9" }
alert_routes:
  - { name: of the file, matchers: [], channels: [ops] }
alert_rules:
  - { id: filesystem_full, enabled: false }
  - name: Queue is long
    condition: { kind: threshold, metric: { name: app_queue, matchers: [] }, operator: ">", value: 5 }
maintenance:
  - name: nightly
    matchers: []
    schedule: { kind: daily, at: "02:00", duration_seconds: 60 }
`;

interface List<T> {
  readonly items: readonly T[];
}

describe("what follows belfry.yaml", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let dataDir: string;
  let hub: Hub;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "belfry-managed-"));
    await writeFile(join(dataDir, "belfry.yaml"), full);
    [browser, hub] = await Promise.all([startBrowser(), startHub({ env, dataDir })]);
    const byHand = { name: "by hand", matchers: [], channels: [] };
    await hub.ask("POST", "/api/v1/alert-routes", byHand);
  });
  after(async () => {
    await hub[Symbol.asyncDispose]();
    await browser[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  test("routes come first and cannot be moved or edited; those of people can", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/routes`);
    const { page } = visit;
    const first = page.locator("li.route").nth(0);
    await first.getByText("follows belfry.yaml").waitFor();
    assert.equal(await first.getByText("of the file").count(), 1);
    assert.equal(await first.getByRole("button").count(), 0);
    const second = page.locator("li.route").nth(1);
    await second.getByRole("button", { name: "Edit" }).waitFor();
    assert.ok(await second.getByRole("button", { name: "earlier" }).isDisabled());
    await visit.isAccessible("routes that follow the file");
    assert.deepEqual(visit.complaints, []);
  });

  test("rules have no switch, and their page no way to save", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/rules`);
    const { page } = visit;
    for (const name of ["File system full", "Queue is long"]) {
      const row = page.locator("li.rule", { has: page.getByRole("link", { name, exact: true }) });
      await row.getByText("follows belfry.yaml").waitFor();
      assert.equal(await row.getByRole("switch").count(), 0);
    }
    await page.getByRole("link", { name: "Queue is long" }).click();
    await page.getByText("It follows belfry.yaml: change it there").waitFor();
    await page.getByRole("link", { name: "Copy" }).waitFor();
    for (const name of ["Save changes", "Switch off", "Delete"]) {
      assert.equal(await page.getByRole("button", { name }).count(), 0, name);
    }
    await visit.isAccessible("a rule that follows the file");
    assert.deepEqual(visit.complaints, []);
  });

  test("maintenance windows cannot be edited", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/silences`);
    const { page } = visit;
    const window = page.locator("li.policy", { hasText: "nightly" });
    await window.getByText("follows belfry.yaml").waitFor();
    assert.equal(await window.getByRole("button").count(), 0);
    assert.deepEqual(visit.complaints, []);
  });

  test("it is gone when the hub starts without it, and what people made is there", async () => {
    await hub.end("SIGTERM");
    await writeFile(join(dataDir, "belfry.yaml"), "channels: []\n");
    hub = await startHub({ env, dataDir });
    const routes = await hub.ask<List<AlertRouteView>>("GET", "/api/v1/alert-routes");
    assert.deepEqual(
      routes.items.map(({ name, managed_by }) => [name, managed_by]),
      [["by hand", null]],
    );
    const rules = await hub.ask<List<AlertRuleView>>("GET", "/api/v1/alert-rules");
    assert.ok(rules.items.every((rule) => rule.managed_by === null && rule.enabled));
    assert.ok(rules.items.every((rule) => rule.built_in && !rule.is_changed));
    const windows = await hub.ask<List<MaintenanceView>>("GET", "/api/v1/maintenance");
    assert.deepEqual(windows.items, []);
  });
});
