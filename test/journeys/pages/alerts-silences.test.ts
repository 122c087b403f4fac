/** Silences and maintenance on their page: made in dialogs, told what is wrong with them, shown on the calendar, ended. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startHub, type Hub } from "../../kit/hub.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";

const env = { BELFRY_AGENT_ENABLED: "false" };

describe("the page of silences and maintenance", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  before(async () => {
    [browser, hub] = await Promise.all([startBrowser(), startHub({ env })]);
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("a silence is made with a matcher and a duration, and ended", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/silences`);
    const { page } = visit;
    await page.getByText("None holds.").waitFor();
    await page.getByRole("button", { name: "New silence" }).click();
    const dialog = page.getByRole("dialog", { name: "New silence" });
    await dialog.getByLabel("Value of label 1").fill("shop-(");
    await dialog.getByLabel("How label 1 is compared").selectOption("=~");
    await dialog.getByRole("button", { name: "4 hours" }).click();
    await dialog.getByLabel("Why").fill("moving racks");
    await visit.picture("silence-form");
    await visit.isAccessible("the form of a silence");
    await dialog.getByRole("button", { name: "Silence", exact: true }).click();
    await dialog.getByText("Not saved.").waitFor();
    await dialog.getByLabel("Value of label 1").fill("shop-.*");
    await dialog.getByRole("button", { name: "Silence", exact: true }).click();
    const silence = page.locator(".policy", { hasText: 'subject=~"shop-.*"' });
    await silence.getByText("moving racks").waitFor();
    await silence.getByText("in 3 h").waitFor();
    await silence.getByRole("button", { name: "End now" }).click();
    await page.getByText("None holds.").waitFor();
    await page.getByRole("button", { name: "1 that are over" }).click();
    await silence.getByText("Over").waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("a weekly window is made, stands on the calendar, and is deleted", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/silences`);
    const { page } = visit;
    await page.getByRole("button", { name: "New window" }).click();
    const dialog = page.getByRole("dialog", { name: "New maintenance window" });
    await dialog.getByLabel("Name").fill("patches");
    await dialog.getByLabel("Kind of when").selectOption("weekly");
    await dialog.getByRole("checkbox", { name: "sat" }).check();
    await dialog.getByLabel("Lasts").fill("2");
    await visit.picture("maintenance-form");
    await visit.isAccessible("the form of a window");
    await dialog.getByRole("button", { name: "Create" }).click();
    const window = page.locator(".policy", { hasText: "patches" });
    await window.getByText("Saturdays at 02:00").waitFor();
    await window.getByText("for 2 h").waitFor();
    await page.getByRole("link", { name: "The month after" }).click();
    await page.locator(".calendar-span", { hasText: "patches" }).first().waitFor();
    await visit.picture("maintenance");
    await visit.isAccessible("the calendar");
    await window.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await window.waitFor({ state: "detached" });
    assert.deepEqual(visit.complaints, []);
  });
});
