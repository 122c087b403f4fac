/** The chart of a monitor: ranges and zoom live in the address, and what is new appears by itself. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startHub, until, type Hub } from "../../kit/hub.ts";
import { startTarget, type Target } from "../../kit/target.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";

/** A page that is fed every two seconds, on a machine busy with other tests. */
const patienceMs = 60_000;

describe("the chart of a monitor", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  let target: Target;
  let url: string;
  before(async () => {
    [browser, hub, target] = await Promise.all([startBrowser(), startHub(), startTarget()]);
    const made = await hub.ask<{ id: string }>("POST", "/api/v1/monitors", {
      name: "charted",
      url: target.url,
      interval: 1,
    });
    url = `${hub.url}/dashboard/monitors/${made.id}`;
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await target?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("is zoomed by dragging and left again by Escape, Back and the button", async () => {
    await using visit = await browser.visit(`${url}?range=1h`);
    const { page } = visit;
    const field = page.locator(".u-over");
    await page.locator(".chart-legend dt").first().waitFor();
    const span = (): readonly [string | null, string | null] => {
      const { searchParams } = new URL(page.url());
      return [searchParams.get("from"), searchParams.get("to")];
    };
    async function drag(): Promise<void> {
      await page.locator(".chart-legend dt").first().waitFor();
      const box = await field.boundingBox();
      assert.ok(box);
      const y = box.y + box.height / 2;
      await page.mouse.move(box.x + box.width * 0.25, y);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, y, { steps: 4 });
      await page.mouse.up();
      await page.getByRole("button", { name: "Reset zoom" }).waitFor();
    }
    await drag();
    const [from, to] = span();
    // A new monitor shows the last five minutes: there is nothing before.
    const seconds = (Date.parse(to ?? "") - Date.parse(from ?? "")) / 1000;
    assert.ok(Math.abs(seconds - 75) < 4, `a quarter of five minutes, not ${seconds} s`);
    await page.keyboard.press("Escape");
    assert.deepEqual(span(), [null, null]);
    await drag();
    await page.goBack();
    assert.deepEqual(span(), [null, null]);
    await drag();
    await page.getByRole("button", { name: "Reset zoom" }).click();
    assert.deepEqual(span(), [null, null]);
    assert.equal(new URL(page.url()).searchParams.get("range"), "1h");
    assert.deepEqual(visit.complaints, []);
  });

  test("changes its range by button and by key", async () => {
    await using visit = await browser.visit(url);
    const { page } = visit;
    await page.locator(".u-over").waitFor();
    await page.getByRole("button", { name: "7 d", exact: true }).click();
    await page.locator(".ranges [aria-pressed=true]", { hasText: "7 d" }).waitFor();
    assert.equal(new URL(page.url()).search, "?range=7d");
    await page.keyboard.press("]");
    assert.equal(new URL(page.url()).search, "?range=30d");
    for (let i = 0; i < 4; i += 1) await page.keyboard.press("[");
    assert.equal(new URL(page.url()).search, "?range=1h");
    const pressed = page.getByRole("button", { name: "1 h", exact: true });
    assert.equal(await pressed.getAttribute("aria-pressed"), "true");
    await visit.isAccessible("a monitor with its chart");
    assert.deepEqual(visit.complaints, []);
  });

  test("gathers what a long span holds too much of, and shows the slowest as well", async () => {
    const to = new Date();
    const from = new Date(to.getTime() - 7 * 86_400_000);
    await using visit = await browser.visit(
      `${url}?from=${from.toISOString()}&to=${to.toISOString()}`,
    );
    await visit.page.getByText("Mean of 30 min; dashed: the slowest of them").waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("grows while one looks at it, and holds still while one looks closely", async () => {
    await using visit = await browser.visit(`${url}?range=1h`);
    const { page } = visit;
    const field = page.locator(".u-over");
    await field.waitFor();
    const asked: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/series/range")) asked.push(request.url());
    });
    await until("new samples are fetched", () => asked.length >= 2, patienceMs);
    const startOf = (request: string): number =>
      Date.parse(new URL(request).searchParams.get("start") ?? "");
    const start = startOf(asked[0] ?? "");
    assert.ok(Date.now() - start < 60_000, "only what is new is asked for");
    const listed: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/history")) listed.push(request.url());
    });
    await field.hover();
    await until("what was under way has ended", () => listed.length >= 1, patienceMs);
    const before = asked.length;
    await until("checks go on", () => listed.length >= 4, patienceMs);
    assert.equal(asked.length, before, "the chart holds still");
    await page.mouse.move(0, 0);
    await until("the chart goes on", () => asked.length > before, patienceMs);
    assert.deepEqual(visit.complaints, []);
  });
});
