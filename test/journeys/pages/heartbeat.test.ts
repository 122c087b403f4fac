/** A heartbeat on its page: how it is called, when it is expected, and its calls as they come. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { HeartbeatView, MonitorView } from "@belfry/contract";
import { startHub, type Hub } from "../../kit/hub.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";

const env = { BELFRY_AGENT_ENABLED: "false" };

describe("the page of a heartbeat", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  before(async () => {
    [browser, hub] = await Promise.all([startBrowser(), startHub({ env })]);
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("has snippets and expected times; shows calls with exit code and body without a reload", async () => {
    const schedule = { kind: "cron", expression: "5 4 * * *", timezone: "Europe/Vienna" };
    const { id } = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
      name: "nightly",
      kind: "heartbeat",
      settings: { schedule },
    });
    await using visit = await browser.visit(`${hub.url}/dashboard/monitors/${id}`);
    const { page } = visit;
    await page.getByRole("heading", { name: "Expected at 5 4 * * *" }).waitFor();
    assert.equal(await page.locator(".heartbeat-expected li").count(), 3);
    assert.match(
      await page.locator(".heartbeat-expected li").first().innerText(),
      /UTC.*04:05 in/s,
    );
    await page.getByText("It was never called.").waitFor();
    await page.getByRole("button", { name: "systemd" }).click();
    await page.getByText("ExecStopPost").waitFor();
    await visit.isAccessible("a heartbeat that was never called");

    const { ping_url: url } = await hub.ask<HeartbeatView>("GET", `/api/v1/heartbeats/${id}`);
    assert.ok(url !== null);
    await fetch(`${url}/start`);
    await fetch(`${url}/3`, { method: "POST", body: "disk <b>full</b>" });
    const failed = page.locator(".ping-fail");
    await failed.getByText("exit code 3").waitFor({ timeout: 15_000 });
    await failed.getByText("Body").click();
    await failed.getByText("disk <b>full</b>").waitFor();
    await visit.picture("heartbeat");
    await visit.isAccessible("a heartbeat with calls");
    assert.deepEqual(visit.complaints, []);
  });
});
