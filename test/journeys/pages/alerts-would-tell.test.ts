/** Who would be told if something failed now: chosen by keys, with times, routes, and what keeps it from being told. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { AlertRouteView, ChannelView, MonitorView } from "@belfry/contract";
import { startHub, type Hub } from "../../kit/hub.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";
import { figures, lastTimes, startSender } from "./host-sender.ts";

const env = { BELFRY_AGENT_ENABLED: "false" };
const phone = { viewport: { width: 380, height: 780 }, hasTouch: true, isMobile: true };
const longName = "N".repeat(100);

describe("the page of who would be told", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  let shop: MonitorView;
  before(async () => {
    [browser, hub] = await Promise.all([startBrowser(), startHub({ env })]);
    shop = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
      name: "shop <b>1</b>",
      url: `${hub.url}/health`,
      labels: { team: "shop" },
    });
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  async function makeChannel(name: string, isDefault: boolean): Promise<string> {
    const { id } = await hub.ask<ChannelView>("POST", "/api/v1/channels", {
      name,
      kind: "webhook",
      is_default: isDefault,
      settings: { url: "http://127.0.0.1:9/" },
    });
    return id;
  }

  test("without a channel nobody is told, and it is said why", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/incidents`);
    const { page } = visit;
    await page.getByRole("link", { name: "Who is told" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Who would be told?" }).waitFor();
    await page.getByRole("searchbox", { name: "Search monitors" }).fill("no such");
    await page.getByText("No monitor fits.").waitFor();
    await visit.isAccessible("nothing chosen");
    await page.getByRole("searchbox", { name: "Search monitors" }).fill("shop");
    await page.getByRole("link", { name: "shop <b>1</b>" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /^Nobody would be told/ }).waitFor();
    await visit.picture("would-tell-nobody");
    await visit.isAccessible("nobody is told");
    assert.deepEqual(visit.complaints, []);
  });

  test("channels are told at their times, by their route, stage by stage; another severity goes another way", async () => {
    const ops = await makeChannel("ops room", true);
    const call = await makeChannel(longName, false);
    await hub.ask<AlertRouteView>("POST", "/api/v1/alert-routes", {
      name: "shop team",
      matchers: [
        { name: "team", value: "shop", is_regex: false, is_equal: true },
        { name: "severity", value: "critical", is_regex: false, is_equal: true },
      ],
      channels: [ops],
      escalation: [{ after_seconds: 900, channels: [call] }],
    });
    await using visit = await browser.visit(`${hub.url}/dashboard/would-tell?id=${shop.id}`);
    const { page } = visit;
    await page.getByRole("heading", { name: "ops room would be told at once" }).waitFor();
    const next = page.locator(".told", { hasText: longName });
    await next.getByText("after 15 min").waitFor();
    await next.getByRole("link", { name: "shop team" }).waitFor();
    const routes = page.locator(".stage", { hasText: "Routes" });
    await routes.getByText("decided").waitFor();
    await page.locator(".would-tell-labels").getByText('team="shop"').waitFor();
    await visit.picture("would-tell");
    await visit.isAccessible("who is told");
    await page.getByLabel("Severity").selectOption("as warning");
    await page.getByText("as a default").waitFor();
    assert.equal(await page.locator(".told", { hasText: longName }).count(), 0);
    assert.match(page.url(), /severity=warning/);
    await page.goBack();
    await next.waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("what is silenced is told to nobody at first; a host is asked about as well", async () => {
    await startSender(hub, { name: "web", series: figures({ cpuRatio: 0.2 }) }, lastTimes(2, 5));
    await hub.ask("POST", "/api/v1/silences", {
      matchers: [{ name: "subject", value: "web", is_regex: false, is_equal: true }],
      ends_at: new Date(Date.now() + 3_600_000).toISOString(),
      comment: "moving racks",
    });
    await using visit = await browser.visit(`${hub.url}/dashboard/would-tell`);
    const { page } = visit;
    await page.getByLabel("What it is about").selectOption("Host");
    await page.getByRole("link", { name: "web" }).click();
    await page.getByRole("heading", { name: "silenced (moving racks)" }).waitFor();
    await page.locator(".stage-suppressed", { hasText: "Silences" }).waitFor();
    await visit.picture("would-tell-silenced");
    await visit.isAccessible("what is silenced");
    await page.getByRole("link", { name: "Choose another" }).click();
    await page.getByLabel("What it is about").selectOption("Job");
    await page.getByText("There is no job yet.").waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("what is gone can be chosen anew", async () => {
    const id = "0198c0de-0000-7000-8000-000000000001";
    await using visit = await browser.visit(`${hub.url}/dashboard/would-tell?id=${id}`);
    await visit.page.getByText("There is no such monitor any more.").waitFor();
    await visit.page.getByRole("link", { name: "shop <b>1</b>" }).waitFor();
  });

  test("fits a phone", async () => {
    const path = `/dashboard/would-tell?id=${shop.id}`;
    await using visit = await browser.visit(hub.url + path, phone);
    await visit.page.locator(".told").first().waitFor();
    await visit.picture("phone-would-tell");
    await visit.isAccessible("who is told, on a phone");
    const width = await visit.page.evaluate<number>("document.documentElement.scrollWidth");
    assert.ok(width <= 380, `it is ${width} wide`);
  });
});
