/** Rules on their pages: replayed over what was recorded, made, tuned for one host alone, switched off and brought back. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { hostMetrics, type AlertRuleView } from "@belfry/contract";
import { startHub, until, type Hub } from "../../kit/hub.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";
import { startSender } from "./host-sender.ts";

const env = { BELFRY_AGENT_ENABLED: "false" };
const phone = { viewport: { width: 380, height: 780 }, hasTouch: true, isMobile: true };
const hourMs = 3_600_000;
const minuteMs = 60_000;
const longName = "N".repeat(100);

/** Two days of a host, every five minutes: busy for an hour each time, so many hours ago. */
const busyAgo = [40, 30, 20, 10] as const;

async function startBusyHost(hub: Hub, name: string): Promise<void> {
  const now = Date.now();
  const isBusy = (at: number): boolean =>
    busyAgo.some((hours) => at >= now - hours * hourMs && at < now - (hours - 1) * hourMs);
  const times = Array.from({ length: 575 }, (_, i) => now - (574 - i) * 5 * minuteMs);
  await startSender(
    hub,
    {
      name,
      interval: 300,
      series: [[hostMetrics.cpuRatio.name, {}, (at) => (isBusy(at) ? 0.97 : 0.25)]],
    },
    times,
  );
}

async function rules(hub: Hub): Promise<readonly AlertRuleView[]> {
  return (await hub.ask<{ items: AlertRuleView[] }>("GET", "/api/v1/alert-rules")).items;
}

describe("the pages of rules", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  before(async () => {
    [browser, hub] = await Promise.all([startBrowser(), startHub({ env })]);
    await startBusyHost(hub, "web");
    await startBusyHost(hub, longName);
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("a rule is replayed before it is saved: when it would have rung, on lanes and a chart", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/rules`);
    const { page } = visit;
    await page.getByRole("heading", { name: "Own rules" }).waitFor();
    await visit.picture("rules");
    await visit.isAccessible("rules");
    await page.getByRole("link", { name: "New rule" }).click();
    await page.getByRole("heading", { level: 1, name: "New rule" }).waitFor();
    await page.getByRole("button", { name: "Replay" }).click();
    await page.locator(".rule-trial .field-problem").waitFor();
    await visit.isAccessible("a rule that cannot be tried");

    await page.getByLabel("Metric", { exact: true }).fill(hostMetrics.cpuRatio.name);
    await page.getByLabel("Of the samples the").selectOption("newest sample");
    await page.getByLabel("Limit").fill("0.9");
    await page.getByText("Read as 90 %.").waitFor();
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("heading", { name: "It would have rung 8 times in 7 d" }).waitFor();
    await page.getByText("On 2 of 2 hosts, looked at every 5 min").waitFor();
    await page.getByRole("heading", { name: "Now it holds for none of 2" }).waitFor();
    const lane = page.getByRole("button", { name: /^web 4 times/ });
    await lane.focus();
    await page.keyboard.press("Enter");
    assert.equal(await lane.getAttribute("aria-pressed"), "true");
    assert.equal(await lane.locator("rect").count(), 4);
    assert.equal(await page.locator(".lane-rings li").count(), 4);
    await page.locator(".lane-rings").getByText("97 %").first().waitFor();
    await page.locator(".ring-chart canvas").waitFor();
    await visit.picture("rule-replay");
    await visit.isAccessible("a replay");

    await page.getByLabel("Rings after").fill("70");
    await page.getByText("The rule was changed since.").waitFor();
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("heading", { name: "It would not have rung in 7 d" }).waitFor();
    await page.getByLabel("Rings after").fill("10");
    await page.getByRole("button", { name: "Create rule" }).click();
    await page.locator(".form-failure").getByText("Not saved.").waitFor();
    await page.getByLabel("Name", { exact: true }).fill("cores <b>busy</b>");
    await page.getByRole("button", { name: "Create rule" }).click();
    await page.locator(".rule", { hasText: "cores <b>busy</b>" }).waitFor();
    const made = (await rules(hub)).find(({ name }) => name === "cores <b>busy</b>");
    assert.equal(made?.for_seconds, 600);
    assert.deepEqual(visit.complaints, []);
  });

  test("a built-in rule is tuned, gets another limit for one host, and is brought back", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/rules/cpu_busy`);
    const { page } = visit;
    await page.getByRole("heading", { level: 1, name: "CPU busy" }).waitFor();
    assert.equal(await page.getByLabel("Metric", { exact: true }).count(), 0);
    await page.getByLabel("Limit").fill("0.99");
    await visit.picture("rule-built-in");
    await visit.isAccessible("a built-in rule");
    await page.getByRole("button", { name: "Save changes" }).click();
    const row = page.locator(".rule", { hasText: "CPU busy" });
    await row.getByText("above 99 %").waitFor();
    await row.getByText("changed").waitFor();

    await row.getByRole("link", { name: "CPU busy" }).click();
    await page.getByRole("link", { name: "Other limits for some" }).click();
    await page.getByRole("heading", { name: "CPU busy, for some hosts" }).waitFor();
    await page.getByRole("button", { name: "Create rule" }).click();
    await page.getByText("expected exactly one").first().waitFor();
    await page.getByLabel("Value of label 1").fill("web");
    await page.getByLabel("Limit").fill("0.9");
    await visit.isAccessible("a rule in the place of another");
    await page.getByRole("button", { name: "Create rule" }).click();
    await page.locator(".rule", { hasText: 'CPU busy (subject="web")' }).waitFor();
    const [builtIn] = (await rules(hub)).filter(({ id }) => id === "cpu_busy");
    assert.deepEqual(builtIn?.matchers, [
      { name: "subject", value: "web", is_regex: false, is_equal: false },
    ]);

    const own = page.locator(".rule", { hasText: 'CPU busy (subject="web")' });
    await own.getByRole("switch").focus();
    await page.keyboard.press("Space");
    await own.getByText("Switched off").waitFor();
    await page.goto(`${hub.url}/dashboard/rules/cpu_busy`);
    await page.getByRole("button", { name: "As it comes" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Bring it back" }).click();
    await page.locator(".page-line").getByText("above 95 %").waitFor();
    await until("it is as it comes", async () =>
      (await rules(hub)).some(({ id, is_changed: isChanged }) => id === "cpu_busy" && !isChanged),
    );
    assert.deepEqual(visit.complaints, []);
  });

  test("a rule that is not there is said to be so", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/rules/no_such_rule`);
    await visit.page.getByText("There is no such rule.").waitFor();
    await visit.isAccessible("no rule");
  });

  test("rules and a replay fit a phone", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/rules`, phone);
    const { page } = visit;
    const width = () => page.evaluate<number>("document.documentElement.scrollWidth");
    await page.getByRole("link", { name: "cores <b>busy</b>" }).click();
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("heading", { name: "It would have rung" }).waitFor();
    await page.locator(".lane", { hasText: longName }).waitFor();
    await page.locator(".replay").scrollIntoViewIfNeeded();
    await visit.picture("phone-rule");
    await visit.isAccessible("a replay on a phone");
    assert.ok((await width()) <= 380, `it is ${await width()} wide`);
    await page.getByRole("link", { name: "Rules", exact: true }).first().click();
    await page.getByRole("heading", { name: "Own rules" }).waitFor();
    await visit.picture("phone-rules");
    assert.ok((await width()) <= 380, `it is ${await width()} wide`);
    assert.deepEqual(visit.complaints, []);
  });
});
