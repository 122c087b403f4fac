/** What the pages are for: a monitor is made in the form, seen up, seen down with its reason, and up again. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startHub, type Hub } from "../../kit/hub.ts";
import { startTarget } from "../../kit/target.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";

describe("a monitor on the pages", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  before(async () => {
    [browser, hub] = await Promise.all([startBrowser(), startHub()]);
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("is tried in the form, saved, and shown up, down with its reason and up again, without a reload", async () => {
    await using target = await startTarget();
    await using visit = await browser.visit(`${hub.url}/dashboard/`);
    const { page } = visit;
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("n");
    await page.getByRole("textbox", { name: "URL" }).fill(target.url);
    await page.getByRole("button", { name: "Test now" }).click();
    const panel = page.getByRole("complementary", { name: "Test" });
    await panel.getByText("Up", { exact: true }).waitFor();
    assert.match(await panel.innerText(), /Status code\s+200/);
    await visit.picture("form-tested");
    await visit.isAccessible("the form with a result");

    await page.getByRole("textbox", { name: "Name", exact: true }).fill("shop");
    await page.getByLabel("Check every").fill("1");
    await page.getByRole("button", { name: "Create monitor" }).click();
    await page.getByRole("heading", { name: "shop" }).waitFor();
    await page.evaluate("window.wasHere = true");
    const status = page.locator(".monitor-status p");
    await status.getByText("Up").waitFor();
    await page.getByRole("table").getByText("200").first().waitFor();

    await target.stop();
    await status.getByText("Down").waitFor({ timeout: 15_000 });
    await status.getByText("refused", { exact: true }).waitFor();
    const incident = page.locator(".incident-open");
    await incident.waitFor();
    assert.match(await incident.innerText(), /refused/);
    assert.match(await page.title(), /^Down: shop/);
    await visit.picture("monitor-down");
    await visit.isAccessible("a monitor that is down");
    await incident.getByRole("button", { name: "Acknowledge" }).click();
    await incident.getByText("acknowledged").waitFor();

    await target.start();
    await status.getByText("Up").waitFor({ timeout: 15_000 });
    await page.locator(".incident").getByText("lasted").waitFor();
    assert.equal(await page.evaluate("window.wasHere"), true);
    assert.deepEqual(visit.complaints, []);
  });

  /** What fails together at one address is one incident: a test about one monitor has the others paused. */
  async function pauseAll(): Promise<void> {
    const { items } = await hub.ask<{ items: { id: string }[] }>("GET", "/api/v1/monitors");
    for (const { id } of items) {
      await hub.ask("PATCH", `/api/v1/monitors/${id}`, { enabled: false });
    }
  }

  test("turns red on the overview without a reload, and its failures can be looked at", async () => {
    await pauseAll();
    await using target = await startTarget((_request, response) => {
      response.statusCode = 503;
      response.end("sorry, not today");
    });
    await using visit = await browser.visit(`${hub.url}/dashboard/`);
    const { page } = visit;
    await page.locator(".monitor-list").waitFor();
    await hub.ask("POST", "/api/v1/monitors", {
      name: "broken",
      url: target.url,
      interval: 1,
    });
    const row = page.locator(".monitor-row", { hasText: "broken" });
    await row.getByText("Down").waitFor({ timeout: 15_000 });
    await page
      .getByRole("heading", { level: 1 })
      .getByText(/\d down/)
      .waitFor();
    assert.match(await row.innerText(), /status/);
    assert.match(await page.title(), /^\(\d down\)/);
    await row.getByRole("link", { name: "broken" }).click();
    const incident = page.locator(".incident-open");
    await incident.getByText("503 Service Unavailable").waitFor();
    await incident.getByText("sorry, not today").waitFor();
    await incident.getByText("Remote address").waitFor();
    await page.getByLabel("Failures only").check();
    await page.getByRole("table").getByText("down").first().waitFor();
    assert.equal(await page.getByRole("cell", { name: "up", exact: true }).count(), 0);
    assert.deepEqual(visit.complaints, []);
  });

  test("is paused, resumed and checked by key", async () => {
    await using target = await startTarget();
    const made = await hub.ask<{ id: string }>("POST", "/api/v1/monitors", {
      name: "keyed",
      url: target.url,
      interval: 3600,
    });
    await using visit = await browser.visit(`${hub.url}/dashboard/monitors/${made.id}`);
    const { page } = visit;
    const status = page.locator(".monitor-status p");
    await status.getByText("Up").waitFor();
    await page.keyboard.press("p");
    await status.getByText("Paused").waitFor();
    assert.equal(await page.getByRole("button", { name: "Check now" }).isDisabled(), true);
    await page.keyboard.press("p");
    await status.getByText("Up").waitFor();
    await page.keyboard.press("c");
    await page.locator(".toast").getByText("Answered in").waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("is deleted only when its name is typed, and leaves other pages as well", async () => {
    const made = await hub.ask<{ id: string }>("POST", "/api/v1/monitors", {
      name: "short-lived",
      kind: "tcp",
      settings: { host: "127.0.0.1", port: 1 },
      enabled: false,
    });
    await using other = await browser.visit(`${hub.url}/dashboard/monitors/${made.id}`);
    await using visit = await browser.visit(`${hub.url}/dashboard/monitors/${made.id}`);
    const { page } = visit;
    await page.getByRole("button", { name: "Delete" }).click();
    const dialog = page.getByRole("dialog");
    const button = dialog.getByRole("button", { name: "Delete", exact: true });
    await visit.isAccessible("the question before a monitor is deleted");
    assert.equal(await button.isDisabled(), true);
    await dialog.getByLabel("Type").fill("short");
    assert.equal(await button.isDisabled(), true);
    await dialog.getByLabel("Type").fill("short-lived");
    await button.click();
    await page.locator(".monitor-list").waitFor();
    assert.equal(await page.locator(".monitor-row", { hasText: "short-lived" }).count(), 0);
    await other.page.getByText("There is no such monitor.").waitFor();
    assert.deepEqual(visit.complaints, []);
  });
});
