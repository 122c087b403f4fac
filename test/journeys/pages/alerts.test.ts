/** Incidents on their pages: what rings is counted, taken from the list, read with its evidence, and found again when over. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startHub, type Hub } from "../../kit/hub.ts";
import { startTarget } from "../../kit/target.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";

const env = { BELFRY_AGENT_ENABLED: "false" };

describe("the pages of incidents", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  before(async () => {
    [browser, hub] = await Promise.all([startBrowser(), startHub({ env })]);
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("say that nothing rings; then show what does, without a reload, until it is over", async () => {
    await using target = await startTarget();
    await using visit = await browser.visit(`${hub.url}/dashboard/`);
    const { page } = visit;
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("i");
    await page.getByRole("heading", { name: "Nothing rings" }).waitFor();
    await visit.isAccessible("no incidents");

    await hub.ask("POST", "/api/v1/monitors", {
      name: "shop",
      url: target.url,
      interval: 1,
      timeout: 1,
      judging: { down_after: 1 },
    });
    await target.stop();
    const row = page.locator(".incident-row", { hasText: "shop" });
    await row.waitFor({ timeout: 20_000 });
    await page.getByRole("navigation", { name: "Pages" }).getByText("1 open").waitFor();
    await visit.picture("incidents-open");
    await visit.isAccessible("an open incident");
    await row.getByRole("button", { name: "Acknowledge" }).click();
    await row.getByText("taken").waitFor();

    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "shop" }).waitFor();
    await page.getByRole("heading", { name: "Evidence" }).waitFor();
    await visit.picture("incident");
    await visit.isAccessible("the page of an incident");

    await target.start();
    await page.locator(".incident-state").getByText("lasted").waitFor({ timeout: 20_000 });
    await page.getByRole("link", { name: "Past incidents" }).click();
    await page.getByRole("heading", { name: "Past incidents" }).waitFor();
    await page.locator(".incident-row", { hasText: "shop" }).waitFor();
    await visit.isAccessible("past incidents");
    assert.deepEqual(visit.complaints, []);
  });

  test("fit a phone", async () => {
    const phone = { viewport: { width: 380, height: 780 }, hasTouch: true, isMobile: true };
    await using visit = await browser.visit(`${hub.url}/dashboard/incidents?shown=past`, phone);
    await visit.page.locator(".incident-row").first().waitFor();
    await visit.picture("phone-incidents");
    await visit.isAccessible("incidents on a phone");
    const width = await visit.page.evaluate<number>("document.documentElement.scrollWidth");
    assert.ok(width <= 380, `it is ${width} wide`);
  });
});
