/** What pages do when something is missing: the hub itself, a key, a monitor. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startHub } from "../../kit/hub.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";

describe("pages in trouble", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  before(async () => {
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.[Symbol.asyncDispose]();
  });

  test("say since when they are not live, and catch up when the hub is back", async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), "belfry-pages-"));
    t.after(() => rm(dataDir, { recursive: true, force: true }));
    const first = await startHub({ dataDir });
    await first.ask("POST", "/api/v1/monitors", {
      name: "before",
      kind: "tcp",
      settings: { host: "127.0.0.1", port: 1 },
      enabled: false,
    });
    await using visit = await browser.visit(`${first.url}/dashboard/`);
    const { page } = visit;
    await page.locator(".monitor-row", { hasText: "before" }).waitFor();
    await first.end("SIGKILL");
    const banner = page.getByRole("alert");
    await banner.getByText("Belfry cannot be reached.").waitFor();
    assert.match(await banner.innerText(), /What you see is as of/);
    assert.equal(await page.locator(".monitor-row", { hasText: "before" }).count(), 1);
    await visit.picture("not-live");
    await visit.isAccessible("a page that is not live");

    const port = new URL(first.url).port;
    await using second = await startHub({ dataDir, args: ["--listen", `127.0.0.1:${port}`] });
    await second.ask("POST", "/api/v1/monitors", {
      name: "after",
      kind: "tcp",
      settings: { host: "127.0.0.1", port: 1 },
      enabled: false,
    });
    const tryNow = page.getByRole("button", { name: "Try now" });
    if (await tryNow.isVisible()) await tryNow.click();
    await page.getByText("Live", { exact: true }).waitFor();
    await page.locator(".monitor-row", { hasText: "after" }).waitFor();
    assert.equal(await page.getByText("Belfry cannot be reached.").count(), 0);
    const unexpected = visit.complaints.filter((text) => !/net::ERR_/.test(text));
    assert.deepEqual(unexpected, []);
  });

  test("ask for a key where one is needed, and change things only with one that may", async () => {
    const admin = "belfry_test_0123456789abcdefghijklmnopqrstuvwxyz";
    await using hub = await startHub({ env: { BELFRY_AUTH: "keys", BELFRY_ADMIN_KEY: admin } });
    const made = await fetch(`${hub.url}/api/v1/keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "reader", scopes: ["read"] }),
    });
    const { key: reader } = (await made.json()) as { key: string };
    await using visit = await browser.visit(`${hub.url}/dashboard/monitors/new`);
    const { page } = visit;
    const field = page.getByLabel("Key", { exact: true });
    await field.waitFor();
    await visit.picture("sign-in");
    await visit.isAccessible("the question for a key");
    await field.fill("belfry_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("This key is not known here").waitFor();
    await field.fill(admin);
    await page.getByRole("button", { name: "Sign in" }).click();

    // The page that was asked for, and a change with the session's token.
    await page.locator("input[value=tcp]").check({ force: true });
    await page.getByLabel("Host").fill("127.0.0.1");
    await page.getByLabel("Port").fill("9");
    await page.getByRole("button", { name: "Create monitor" }).click();
    await page.getByRole("heading", { name: "127.0.0.1:9" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "127.0.0.1:9" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await field.fill(reader);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "127.0.0.1:9" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Check now" }).count(), 0);
    assert.equal(await page.getByRole("link", { name: "New monitor" }).count(), 0);
    assert.deepEqual(visit.complaints, []);
  });

  test("say so when there is no such page or monitor", async () => {
    await using hub = await startHub();
    for (const path of ["nowhere", "monitors/0198c0de-0000-7000-8000-000000000001"]) {
      await using visit = await browser.visit(`${hub.url}/dashboard/${path}`);
      await visit.page.getByText("There is no such").waitFor();
      await visit.isAccessible(path);
      await visit.page.getByRole("link", { name: "To the overview" }).click();
      await visit.page.locator(".monitor-row, .first-run").first().waitFor();
      assert.deepEqual(visit.complaints, []);
    }
  });

  test("help with the first monitor where there is none", async () => {
    await using hub = await startHub();
    const { items } = await hub.ask<{ items: { id: string }[] }>("GET", "/api/v1/monitors");
    for (const { id } of items) await hub.ask("DELETE", `/api/v1/monitors/${id}`);
    await using visit = await browser.visit(`${hub.url}/dashboard/`);
    const { page } = visit;
    await page.getByText("Nothing to watch yet").waitFor();
    await visit.picture("empty");
    await visit.isAccessible("the first run");
    await hub.ask("POST", "/api/v1/monitors", {
      name: "first",
      kind: "tcp",
      settings: { host: "127.0.0.1", port: 1 },
      enabled: false,
    });
    await page.locator(".monitor-row", { hasText: "first" }).waitFor();
    assert.deepEqual(visit.complaints, []);
  });
});
