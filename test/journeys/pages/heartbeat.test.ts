/** A heartbeat on its page: how it is called, when it is expected, and its calls as they come. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import type { HeartbeatView, MonitorView } from "@belfry/contract";
import { startHub, type Hub } from "../../kit/hub.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";

const phone = { viewport: { width: 380, height: 780 }, hasTouch: true, isMobile: true };
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
    assert.equal(await page.getByRole("button", { name: "Check now" }).count(), 0);
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

  test("fits a phone, and the command it shows works as it is copied", async () => {
    const { id } = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
      name: "N".repeat(100),
      kind: "heartbeat",
      settings: { schedule: { kind: "period", seconds: 3600 } },
    });
    await using visit = await browser.visit(`${hub.url}/dashboard/monitors/${id}`, phone);
    const { page } = visit;
    await page.getByText("It was never called.").waitFor();
    await page.getByRole("button", { name: "curl", exact: true }).click();
    const command = await page.locator(".copy-text pre").last().innerText();
    await promisify(execFile)("/bin/sh", ["-c", command]);
    await page.locator(".ping-success").waitFor({ timeout: 15_000 });
    const { ping_url: url } = await hub.ask<HeartbeatView>("GET", `/api/v1/heartbeats/${id}`);
    assert.ok(url !== null && command.includes(url));
    await fetch(`${url}/log`, { headers: { "user-agent": "A".repeat(300) } });
    await page.locator(".ping-log").waitFor({ timeout: 15_000 });
    await visit.picture("phone-heartbeat");
    await visit.isAccessible("a heartbeat on a phone");
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    assert.ok(width <= 380, `it is ${width} wide`);
    assert.deepEqual(visit.complaints, []);
  });

  test("its form asks for no interval, and leaves it judged as heartbeats are", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/monitors/new`);
    const { page } = visit;
    await page.getByRole("radio", { name: "Heartbeat" }).check({ force: true });
    await page.getByLabel("Name", { exact: true }).fill("backup");
    assert.equal(await page.getByLabel("Check every").count(), 0);
    assert.equal(await page.getByRole("button", { name: "Test now" }).count(), 0);
    await visit.isAccessible("the form of a heartbeat");
    await page.getByRole("button", { name: "Create monitor" }).click();
    await page.getByRole("heading", { level: 1, name: "backup" }).waitFor();
    const { items } = await hub.ask<{ items: MonitorView[] }>("GET", "/api/v1/monitors?q=backup");
    assert.equal(items[0]?.judging.down_after, 1);
    assert.deepEqual(visit.complaints, []);
  });

  test("says in a sentence when calls fit another schedule than the one set", async () => {
    const { id } = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
      name: "elsewhere",
      kind: "heartbeat",
      settings: { schedule: { kind: "cron", expression: "0 2 * * *", timezone: "UTC" } },
    });
    const text = "Calls come 1 h earlier than expected: the job seems to run by other clocks.";
    await using visit = await browser.visit(`${hub.url}/dashboard/`);
    const { page } = visit;
    // Days would have to pass: only the hint is not the hub's.
    await page.route(`**/api/v1/heartbeats/${id}`, async (route) => {
      const answer = await route.fetch();
      const known: object = await answer.json();
      const hint = { kind: "timezone", text, timezone: "Europe/Berlin" };
      await route.fulfill({ response: answer, json: { ...known, hint } });
    });
    await page.goto(`${hub.url}/dashboard/monitors/${id}`);
    await page.getByRole("note").getByText(text).waitFor();
    await visit.isAccessible("a heartbeat whose calls fit another schedule");
    await visit.picture("heartbeat-hint");
    assert.deepEqual(visit.complaints, []);
  });
});
