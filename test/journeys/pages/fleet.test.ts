/** The fleet on its page: two hubs on one PostgreSQL, one of which is killed; a process alone on SQLite; and failures. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { FleetView } from "@belfry/contract";
import { startHub, until, type Hub } from "../../kit/hub.ts";
import { startPostgres, type Postgres } from "../../kit/postgres.ts";
import { noBrowser, startBrowser, type TestBrowser, type Visit } from "./browser.ts";

const env = { BELFRY_AGENT_ENABLED: "false" };
const phone = { viewport: { width: 380, height: 780 }, hasTouch: true, isMobile: true };
const limitMs = 60_000;
const askEvery = { timeout: limitMs };

async function fits(visit: Visit): Promise<void> {
  const width = await visit.page.evaluate<number>("document.documentElement.scrollWidth");
  assert.ok(width <= 380, `it is ${width} wide`);
}

/** Wide and on a phone: looked over by axe in both themes, and kept as pictures of both. */
async function lookOver(browser: TestBrowser, hub: Hub, what: string, ready: string) {
  for (const [size, options] of [
    ["wide", {}],
    ["phone", phone],
  ] as const) {
    await using visit = await browser.visit(`${hub.url}/dashboard/fleet`, options);
    await visit.page.getByRole("heading", { level: 1, name: ready }).waitFor(askEvery);
    for (const colorScheme of ["dark", "light"] as const) {
      await visit.page.emulateMedia({ colorScheme });
      await visit.picture(`fleet-${what}-${colorScheme}-${size}`);
    }
    if (size === "phone") await fits(visit);
    await visit.isAccessible(`${what}, ${size}`);
    assert.deepEqual(visit.complaints, []);
  }
}

describe("the fleet page of a process alone", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  before(async () => {
    browser = await startBrowser();
    hub = await startHub({ env });
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("tells how it fares, and what to do when one is not enough", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/`);
    const { page } = visit;
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("f");
    await page.getByRole("heading", { name: "One process does everything" }).waitFor();
    await page.getByText(`:${hub.pid}`).waitFor();
    await page.getByText("belfry db copy").waitFor();
    await page.goBack();
    const link = page.getByRole("link", { name: "Fleet" });
    await link.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "One process does everything" }).waitFor();
    assert.equal(await link.getAttribute("aria-current"), "page");
    assert.deepEqual(visit.complaints, []);
    await lookOver(browser, hub, "alone", "One process does everything");
  });

  test("says when it cannot be shown, and when it is no longer true", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/`);
    const { page } = visit;
    await page.getByRole("heading", { level: 1 }).waitFor();
    const answers = { areThere: false };
    await page.route("**/api/v1/fleet", (route) =>
      answers.areThere ? route.continue() : route.fulfill({ status: 404, body: "" }),
    );
    await page.keyboard.press("f");
    await page.getByRole("heading", { name: "The fleet cannot be shown" }).waitFor();
    await visit.isAccessible("a fleet that cannot be shown");
    answers.areThere = true;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "One process does everything" }).waitFor();
    answers.areThere = false;
    await page.getByText("This is how things stood a while ago.").waitFor(askEvery);
    await page.getByRole("heading", { name: "One process does everything" }).waitFor();
    await visit.picture("fleet-stale");
    await visit.isAccessible("a fleet as it was");
    assert.deepEqual(visit.complaints, []);
  });
});

describe("the fleet page of several processes", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let postgres: Postgres;
  const hubs: Hub[] = [];
  before(async () => {
    browser = await startBrowser();
    postgres = await startPostgres();
    const database = await postgres.createDatabase();
    for (const location of ["here", "there"]) {
      const hubEnv = { ...env, BELFRY_DATABASE: database, BELFRY_LOCATION: location };
      hubs.push(await startHub({ env: hubEnv }));
    }
  });
  after(async () => {
    for (const hub of hubs) await hub[Symbol.asyncDispose]();
    await postgres?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("shows how the work is spread, and who was lost", async () => {
    const [one, other] = hubs;
    assert.ok(one !== undefined && other !== undefined);
    const fleet = (): Promise<FleetView> => one.ask<FleetView>("GET", "/api/v1/fleet");
    await until(
      "both hold shares, and somebody holds each",
      async () => {
        const { members, unheld } = await fleet();
        return (
          unheld.check === 0 &&
          members.length === 2 &&
          members.every(({ shares }) => shares.check > 40)
        );
      },
      limitMs,
    );
    await lookOver(browser, one, "two", "2 processes share the work");

    await using visit = await browser.visit(`${one.url}/dashboard/fleet`);
    const { page } = visit;
    const row = (hub: Hub) =>
      page.getByRole("row").filter({ hasText: new RegExp(`:${hub.pid}(?!\\d)`) });
    await row(one).getByText("answers this page").waitFor();
    for (const [hub, location] of [
      [one, "hub · here"],
      [other, "hub · there"],
    ] as const) {
      await row(hub).getByText("Alive").waitFor();
      await row(hub).getByText(location).waitFor();
    }
    for (const duty of ["rules", "upkeep", "runs"]) {
      // Waits for exactly one.
      await page.locator(".fleet-duties").getByText(duty, { exact: true }).waitFor();
    }
    await page
      .getByRole("img", { name: /^\S+ \d+, \S+ \d+$/ })
      .first()
      .waitFor(askEvery);

    await other.end("SIGKILL");
    await page
      .getByText(/^The hub .* lapsed .*; its monitors were taken over\.$/)
      .waitFor(askEvery);
    await row(other).getByText("Lapsed").waitFor();
    await page.getByText("There is one process").waitFor();
    await visit.picture("fleet-lapsed");
    await visit.isAccessible("a fleet that lost one");
    assert.match(await page.title(), /^\(\d\) Fleet – Belfry$/);
    const { members } = await fleet();
    const memberOf = (hub: Hub) => members.find(({ name }) => name.endsWith(`:${hub.pid}`));
    assert.equal(memberOf(one)?.shares.check, 256);
    assert.partialDeepStrictEqual(memberOf(other), { state: "lapsed", shares: { check: 0 } });
    assert.deepEqual(visit.complaints, []);
  });
});
