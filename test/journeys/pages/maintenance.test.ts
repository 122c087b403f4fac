/** A monitor whose maintenance begins and ends while its page is open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MonitorView } from "@belfry/contract";
import { startHub } from "../../kit/hub.ts";
import { noBrowser, startBrowser } from "./browser.ts";

test("a page shows maintenance as it begins and ends", { skip: noBrowser }, async () => {
  await using browser = await startBrowser();
  await using hub = await startHub({ env: { BELFRY_AGENT_ENABLED: "false" } });
  const settings = { schedule: { kind: "period", seconds: 86_400 } };
  const body = { name: "nightly", kind: "heartbeat", settings };
  const { id } = await hub.ask<MonitorView>("POST", "/api/v1/monitors", body);
  await using visit = await browser.visit(`${hub.url}/dashboard/monitors/${id}`);
  const { page } = visit;
  await page.locator(".subject-head, h1").first().waitFor();
  assert.equal(await page.locator(".is-maintenance").count(), 0);
  const now = Date.now();
  const window = await hub.ask<{ id: string }>("POST", "/api/v1/maintenance", {
    name: "New disks",
    matchers: [],
    monitors: [id],
    schedule: {
      kind: "once",
      starts_at: new Date(now).toISOString(),
      ends_at: new Date(now + 3_600_000).toISOString(),
    },
  });
  await page.locator(".is-maintenance").first().waitFor({ timeout: 15_000 });
  await visit.isAccessible("a monitor in maintenance");
  await visit.picture("maintenance");
  await hub.ask("DELETE", `/api/v1/maintenance/${window.id}`);
  await page.locator(".is-pending").first().waitFor({ timeout: 15_000 });
  assert.deepEqual(visit.complaints, []);
});
