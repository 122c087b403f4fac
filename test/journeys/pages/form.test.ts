/** The form: what the hub has against a field stands at the field, and secrets are written and never read back. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { MonitorView } from "@belfry/contract";
import { startHub, until, type Hub } from "../../kit/hub.ts";
import { startTarget } from "../../kit/target.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";

describe("the form", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  before(async () => {
    [browser, hub] = await Promise.all([startBrowser(), startHub()]);
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("draws every kind from its schema, and every fold of it is accessible", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/monitors/new`);
    const { page } = visit;
    await page.getByRole("textbox", { name: "URL" }).waitFor();
    const radios = await page.getByRole("radio").all();
    const kinds = await Promise.all(radios.map((radio) => radio.getAttribute("value")));
    assert.deepEqual(kinds, ["http", "tcp", "ping", "dns", "tls", "synthetic", "heartbeat"]);
    for (const kind of kinds) {
      await page.locator(`input[value=${kind}]`).check({ force: true });
      await page.evaluate(
        "for (const fold of document.querySelectorAll('details')) fold.open = true",
      );
      await visit.isAccessible(`the form of ${kind}`);
    }
    assert.deepEqual(visit.complaints, []);
  });

  test("shows at each field what is wrong with it, and takes it back when it is changed", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/monitors/new`);
    const { page } = visit;
    await page.getByRole("textbox", { name: "URL" }).fill("ftp://example.org/");
    await page.getByLabel("Check every").fill("0");
    await page.getByRole("button", { name: "Add assertion" }).click();
    await page.getByLabel("Kind of assertion 1").selectOption("json_path");
    await page.getByLabel("Path").fill("no path");
    await page.getByRole("button", { name: "Create monitor" }).click();
    await page.getByText("expected a URL that begins with").first().waitFor();
    assert.equal(
      await page.getByRole("textbox", { name: "URL" }).getAttribute("aria-invalid"),
      "true",
    );
    assert.equal(await page.getByLabel("Path").getAttribute("aria-invalid"), "true");
    assert.equal(await page.getByLabel("Check every").getAttribute("aria-invalid"), "true");
    await visit.picture("form-problems");
    await visit.isAccessible("the form with problems");
    await page.getByRole("textbox", { name: "URL" }).fill("http://example.org/");
    assert.equal(
      await page.getByRole("textbox", { name: "URL" }).getAttribute("aria-invalid"),
      "false",
    );
    assert.equal(await page.getByLabel("Path").getAttribute("aria-invalid"), "true");
    assert.deepEqual(visit.complaints, []);
  });

  test("keeps a stored secret that nobody replaces, and never shows it", async () => {
    const seen: (string | undefined)[] = [];
    await using target = await startTarget((request, response) => {
      seen.push(request.headers.authorization);
      response.end("ok");
    });
    const made = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
      name: "secretive",
      kind: "http",
      settings: { url: target.url, auth: { kind: "basic", username: "ann", password: "s3cret" } },
      interval: 3600,
    });
    const expected = `Basic ${Buffer.from("ann:s3cret").toString("base64")}`;
    await using visit = await browser.visit(`${hub.url}/dashboard/monitors/${made.id}/edit`);
    const { page } = visit;
    await page.getByText("Stored, never shown").waitFor();
    assert.ok(!(await page.content()).includes("s3cret"));
    seen.length = 0;
    await page.getByRole("button", { name: "Test now" }).click();
    await page.getByText("Up", { exact: true }).waitFor();
    assert.deepEqual(seen, [expected]);
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("secretive two");
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.waitForURL(/\/monitors\/[^/]+$/);
    await page.getByRole("heading", { name: "secretive two" }).waitFor();
    seen.length = 0;
    await page.keyboard.press("c");
    await until("it is checked", () => seen.length > 0);
    assert.equal(seen[0], expected);

    await page.keyboard.press("e");
    await page.getByRole("button", { name: "Replace" }).click();
    await page.getByLabel("Password", { exact: true }).fill("other");
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.waitForURL(/\/monitors\/[^/]+$/);
    await page.getByRole("heading", { name: "secretive two" }).waitFor();
    seen.length = 0;
    await page.keyboard.press("c");
    await until("it is checked", () => seen.length > 0);
    assert.equal(seen.at(-1), `Basic ${Buffer.from("ann:other").toString("base64")}`);
    assert.deepEqual(visit.complaints, []);
  });

  test("refuses to overwrite what somebody else has changed meanwhile", async () => {
    const made = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
      name: "contested",
      kind: "tcp",
      settings: { host: "127.0.0.1", port: 1 },
      enabled: false,
    });
    await using visit = await browser.visit(`${hub.url}/dashboard/monitors/${made.id}/edit`);
    const { page } = visit;
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("mine");
    await hub.ask("PATCH", `/api/v1/monitors/${made.id}`, { name: "theirs" });
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByText("Somebody else has changed this monitor meanwhile.").waitFor();
    const now = await hub.ask<MonitorView>("GET", `/api/v1/monitors/${made.id}`);
    assert.equal(now.name, "theirs");
    assert.deepEqual(visit.complaints, []);
  });

  test("picks labels and what a monitor depends on, and saves them", async () => {
    const router = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
      name: "router",
      kind: "tcp",
      settings: { host: "127.0.0.1", port: 1 },
      enabled: false,
    });
    await using visit = await browser.visit(`${hub.url}/dashboard/monitors/new`);
    const { page } = visit;
    await page.locator("input[value=tcp]").check({ force: true });
    await page.getByLabel("Host").fill("127.0.0.1");
    await page.getByLabel("Port").fill("9");
    await page.getByText("Labels and dependencies").click();
    const labels = page.getByRole("group", { name: "Labels" });
    await labels.getByRole("button", { name: "Add" }).click();
    await labels.getByLabel("Name", { exact: true }).fill("team");
    await labels.getByLabel("Value of team").fill("core");
    await page.getByLabel("Add a monitor by its name").focus();
    await page.locator("#depends-on-offers option[value=router]").waitFor({ state: "attached" });
    await page.getByLabel("Add a monitor by its name").fill("router");
    await page.getByRole("button", { name: "Not on router" }).waitFor();
    await page.getByRole("button", { name: "Create monitor" }).click();
    await page.getByRole("heading", { name: "127.0.0.1:9" }).waitFor();
    const id = page.url().split("/").at(-1);
    const saved = await hub.ask<MonitorView>("GET", `/api/v1/monitors/${id}`);
    assert.deepEqual([saved.labels, saved.depends_on], [{ team: "core" }, [router.id]]);
    assert.deepEqual(visit.complaints, []);
  });
});
