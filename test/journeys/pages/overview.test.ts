/** The overview: found, filtered and walked by key, all in the address; as fast with many as with few; on a phone. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startHub, until, type Hub } from "../../kit/hub.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";

const many = 240;

describe("the overview", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  before(async () => {
    [browser, hub] = await Promise.all([startBrowser(), startHub()]);
    for (let i = 0; i < many; i += 1) {
      await hub.ask("POST", "/api/v1/monitors", {
        name: `monitor ${String(i).padStart(3, "0")}`,
        kind: "tcp",
        settings: { host: `host-${i % 7}.test`, port: 1000 + i },
        enabled: false,
        labels: { team: i % 2 === 0 ? "core" : "web" },
      });
    }
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("is searched from the keyboard, keeps the search in the address, and gives the keys back", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/`);
    const { page } = visit;
    await page.locator(".monitor-row").first().waitFor();
    await visit.isAccessible("the overview");
    await page.keyboard.press("/");
    await page.keyboard.type("monitor 007");
    await page.keyboard.press("Enter");
    await page.locator(".monitor-row:focus-within", { hasText: "monitor 007" }).waitFor();
    assert.equal(new URL(page.url()).search, "?q=monitor+007");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "monitor 007" }).waitFor();
    await page.goBack();
    await page.getByText("1 shown", { exact: true }).waitFor();
    assert.equal(await page.getByLabel("Search monitors").inputValue(), "monitor 007");
    await page.getByLabel("Search monitors").focus();
    await page.keyboard.press("Escape");
    await page.locator(".list-head", { hasText: `${many + 1} shown` }).waitFor();
    assert.equal(new URL(page.url()).search, "");
    assert.deepEqual(visit.complaints, []);
  });

  test("is walked with j and k, opened with Enter", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/?order=name&q=monitor`);
    const { page } = visit;
    await page.locator(".monitor-row").first().waitFor();
    for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
    await page.locator(".monitor-row:focus-within", { hasText: "monitor 001" }).waitFor();
    for (let i = 0; i < 60; i += 1) await page.keyboard.press("j");
    await page.locator(".monitor-row:focus-within", { hasText: "monitor 061" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "monitor 061" }).waitFor();
    await page.keyboard.press("o");
    await page.locator(".monitor-row").first().waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("is filtered by status, kind and label, each of them in the address", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/`);
    const { page } = visit;
    await page.locator(".tally-keys").getByRole("link", { name: "Paused" }).click();
    await page.getByText(`${many} shown`).waitFor();
    assert.equal(new URL(page.url()).search, "?status=paused");
    await page.locator(".monitor-row").first().getByRole("link", { name: "team:" }).waitFor();
    await page.getByLabel("Filter by label").fill("team:web");
    await page.getByLabel("Filter by label").press("Enter");
    await page.getByText(`${many / 2} shown`).waitFor();
    await page.getByLabel("Kind").selectOption("http");
    await page.getByText("No monitor fits").waitFor();
    assert.equal(new URL(page.url()).search, "?status=paused&kind=http&label=team:web");
    await visit.isAccessible("an overview without a match");
    await page.goBack();
    await page.getByText(`${many / 2} shown`).waitFor();
    await page.getByRole("button", { name: "Without label team:web" }).click();
    await page.getByText(`${many} shown`).waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("draws and asks for no more than can be seen, and reaches the last of many", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/?order=name`);
    const { page } = visit;
    const asked: number[] = [];
    page.on("request", (request) => {
      const ids = new URL(request.url()).searchParams.get("ids");
      if (ids !== null) asked.push(ids.split(",").length);
    });
    await page.locator(".monitor-row").first().waitFor();
    const last = page.locator(".monitor-row", { hasText: `monitor ${many - 1}` });
    await until("the last row is there", async () => {
      await page.mouse.wheel(0, 2000);
      assert.ok((await page.locator(".monitor-row").count()) < 60);
      return (await last.count()) > 0;
    });
    await last.waitFor();
    assert.ok(
      asked.every((count) => count < 60),
      `asked for ${asked.join(", ")} at once`,
    );
    assert.deepEqual(visit.complaints, []);
  });

  test("says the keys in a dialog that Escape closes", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/`);
    const { page } = visit;
    await page.locator(".monitor-row").first().waitFor();
    await page.keyboard.press("?");
    const dialog = page.getByRole("dialog", { name: "Keys and marks" });
    await dialog.waitFor();
    await visit.isAccessible("the help");
    await page.keyboard.press("n");
    assert.equal(new URL(page.url()).pathname, "/dashboard/", "keys do not reach below a dialog");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual(visit.complaints, []);
  });

  test("keeps the chosen theme, and shows it before anything is drawn", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/`, { colorScheme: "light" });
    const { page } = visit;
    const ground = (): Promise<string> =>
      page.evaluate("getComputedStyle(document.body).backgroundColor");
    await page.locator(".monitor-row").first().waitFor();
    const light = await ground();
    await page.keyboard.press("t");
    await page.keyboard.press("t");
    const dark = await until("the page is dark", async () => {
      const now = await ground();
      return now !== light && now;
    });
    await page.addInitScript(
      `new MutationObserver((changes, observer) => {
        if (document.body === null) return;
        window.atFirst = document.documentElement.dataset.theme;
        observer.disconnect();
      }).observe(document, { childList: true, subtree: true })`,
    );
    await page.reload();
    await page.locator(".monitor-row").first().waitFor();
    assert.equal(await page.evaluate("window.atFirst"), "dark");
    assert.equal(await ground(), dark);
    await page.keyboard.press("t");
    await until("the page is as the system says", async () => (await ground()) === light);
    assert.deepEqual(visit.complaints, []);
  });

  test("fits a phone, as every page does", async () => {
    const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
    const { items } = await hub.ask<{ items: { id: string }[] }>("GET", "/api/v1/monitors?limit=1");
    const id = items[0]?.id ?? "";
    const pages = [
      ["overview", ""],
      ["monitor", `monitors/${id}`],
      ["edit", `monitors/${id}/edit`],
      ["new", "monitors/new"],
      ["missing", "nowhere"],
    ] as const;
    for (const [name, path] of pages) {
      await using visit = await browser.visit(`${hub.url}/dashboard/${path}`, phone);
      const { page } = visit;
      await page.locator(".monitor-row, h1, .notice").first().waitFor();
      await visit.picture(`phone-${name}`);
      await visit.isAccessible(`${name} on a phone`);
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(width <= 360, `${name} is ${width} wide`);
      assert.deepEqual(visit.complaints, []);
    }
  });
});
