/** Channels and routes on their pages: made and tried, told something, read in their log; routes put into another order. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { AlertRouteView, ChannelView } from "@belfry/contract";
import { startHub, until, type Hub } from "../../kit/hub.ts";
import { startTarget } from "../../kit/target.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";

const env = { BELFRY_AGENT_ENABLED: "false" };
const phone = { viewport: { width: 380, height: 780 }, hasTouch: true, isMobile: true };
const secret = "a-key-that-is-never-shown";

/** Takes notices; answers with what is set. */
interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly bodies: readonly string[];
  status: number;
}

async function startReceiver(): Promise<Receiver> {
  const bodies: string[] = [];
  const state = { status: 200 };
  const server: Server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => void (body += chunk));
    request.on("end", () => {
      bodies.push(body);
      response.statusCode = state.status;
      response.end(state.status === 200 ? "taken" : "<b>no such room</b>");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    bodies,
    get status() {
      return state.status;
    },
    set status(status) {
      state.status = status;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

describe("the pages of channels and routes", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  before(async () => {
    [browser, hub] = await Promise.all([startBrowser(), startHub({ env })]);
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("a channel is made, tried and told; its log has what went over the wire, and no secret", async () => {
    await using receiver = await startReceiver();
    await using target = await startTarget();
    await using visit = await browser.visit(`${hub.url}/dashboard/channels`);
    const { page } = visit;
    await page.getByRole("heading", { name: "Nobody is told yet" }).waitFor();
    await visit.picture("channels-none");
    await visit.isAccessible("no channels");

    await page.getByRole("button", { name: "New channel" }).click();
    const dialog = page.getByRole("dialog", { name: "New channel" });
    await dialog.getByLabel("Kind", { exact: true }).selectOption("webhook");
    await dialog.getByRole("button", { name: "Create" }).click();
    await dialog.getByText("Not saved.").waitFor();
    await dialog.getByLabel("Name", { exact: true }).fill("ops <b>room</b>");
    await dialog.locator("#field-settings\\.url").fill(receiver.url);
    await dialog.getByRole("group", { name: "Headers" }).getByRole("button").click();
    await dialog.getByLabel("Name", { exact: true }).last().fill("X-Api-Key");
    await dialog.getByLabel("Value of X-Api-Key").fill(secret);
    await visit.picture("channel-form");
    await visit.isAccessible("the form of a channel");
    await dialog.getByRole("button", { name: "Create" }).click();

    await page.getByRole("heading", { level: 1, name: "ops <b>room</b>" }).waitFor();
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByText("It was taken.").waitFor();
    await page.locator(".trial-found").getByText("200 taken").waitFor();
    assert.match(receiver.bodies[0] ?? "", /"kind":"test"/);
    receiver.status = 404;
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByText("The settings are wrong.").waitFor();
    await page.locator(".trial-found").getByText("<b>no such room</b>").first().waitFor();
    await visit.isAccessible("a test that failed");
    receiver.status = 200;

    await hub.ask("POST", "/api/v1/monitors", {
      name: "shop",
      url: target.url,
      interval: 1,
      timeout: 1,
      judging: { down_after: 1 },
    });
    await target.stop();
    const notice = page.locator(".notice-row", { hasText: "shop is down" });
    await notice.getByText("Sent").waitFor({ timeout: 30_000 });
    await notice.locator("summary").click();
    await notice.getByText("Attempt 1:").waitFor();
    await notice.getByText("200 taken").waitFor();
    await page.locator(".channel-state").getByText("Delivers").waitFor({ timeout: 15_000 });
    await visit.picture("channel");
    await visit.isAccessible("a channel with its log");

    await page.getByRole("button", { name: "Edit" }).click();
    const form = page.getByRole("dialog", { name: "Edit ops" });
    await form.getByRole("group", { name: "Address" }).getByText("Stored, never").waitFor();
    const headers = form.getByRole("group", { name: "Headers" });
    await headers.getByRole("button", { name: "Remove" }).click();
    await headers.getByText("Removed when this is saved").waitFor();
    await form.getByRole("checkbox", { name: "Fallback" }).check();
    await form.getByRole("button", { name: "Save" }).click();
    await page.locator(".page-line").getByText("fallback").waitFor();
    assert.ok(!(await page.content()).includes(secret), "the page has a secret");
    const { items } = await hub.ask<{ items: ChannelView[] }>("GET", "/api/v1/channels");
    assert.deepEqual(
      items.map(({ is_fallback, settings }) => [is_fallback, settings["headers"] ?? "gone"]),
      [[true, "gone"]],
    );
    assert.deepEqual(items[0]?.settings["url"], { set: true });
    assert.deepEqual(visit.complaints, []);
  });

  test("a channel is switched off by keys, and deleted", async () => {
    const { id } = await hub.ask<ChannelView>("POST", "/api/v1/channels", {
      name: "elsewhere",
      kind: "webhook",
      settings: { url: "http://127.0.0.1:9/" },
      is_default: false,
    });
    await using visit = await browser.visit(`${hub.url}/dashboard/channels`);
    const { page } = visit;
    await page.getByRole("link", { name: "elsewhere" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Switch off" }).focus();
    await page.keyboard.press("Space");
    await page.locator(".channel-state").getByText("Switched off").waitFor();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "New channel" }).waitFor();
    await assert.rejects(hub.ask("GET", `/api/v1/channels/${id}`), /404/);
    await visit.picture("channels");
    await visit.isAccessible("the list of channels");
    assert.deepEqual(visit.complaints, []);
  });

  test("routes are made, put into another order by keys, and say what becomes of the rest", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/routes`);
    const { page } = visit;
    await page.getByText("There is no route:").waitFor();
    await visit.picture("routes-none");
    await visit.isAccessible("no routes");
    for (const name of ["first", "second"]) {
      await page.getByRole("button", { name: "New route" }).click();
      const dialog = page.getByRole("dialog", { name: "New route" });
      await dialog.getByLabel("Name", { exact: true }).fill(name);
      await dialog.getByRole("button", { name: "Add matcher" }).click();
      await dialog.getByLabel("Label 1", { exact: true }).fill("team");
      await dialog.getByLabel("Value of label 1").fill(name);
      await dialog.getByRole("checkbox", { name: "ops" }).check();
      await dialog.getByRole("button", { name: "Add step" }).click();
      const step = dialog.getByRole("group", { name: "Step 1" });
      await step.getByLabel("After").fill("10");
      await step.getByRole("checkbox", { name: "ops" }).check();
      await visit.isAccessible("the form of a route");
      await visit.picture("route-form");
      await dialog.getByRole("button", { name: "Create" }).click();
      await page.locator(".route", { hasText: `team="${name}"` }).waitFor();
      // It gives the focus back when it closes.
      await dialog.waitFor({ state: "hidden" });
    }
    const row = page.locator(".route", { hasText: 'team="second"' });
    assert.match(await row.innerText(), /tells ops <b>room<\/b>, after 10 min ops/);
    await row.getByRole("button", { name: "Try second earlier" }).focus();
    await page.keyboard.press("Enter");
    await page.locator(".route:first-child", { hasText: "second" }).waitFor();
    const names = await until("the order is kept", async () => {
      const { items } = await hub.ask<{ items: AlertRouteView[] }>("GET", "/api/v1/alert-routes");
      const sorted = items.toSorted((a, b) => a.position - b.position).map(({ name }) => name);
      return sorted[0] === "second" && sorted;
    });
    assert.deepEqual(names, ["second", "first"]);
    const rest = page.locator(".route-rest");
    await rest.getByRole("link", { name: "ops" }).waitFor();
    await visit.picture("routes");
    await visit.isAccessible("routes");

    await row.getByRole("button", { name: "Edit" }).click();
    const dialog = page.getByRole("dialog", { name: "Edit second" });
    await dialog.getByText("More", { exact: true }).click();
    await dialog.getByRole("button", { name: "Only in certain hours" }).click();
    await dialog.getByRole("checkbox", { name: "The routes behind it" }).check();
    await dialog.getByRole("button", { name: "Save" }).click();
    await row.getByText("goes on to the next").waitFor();
    await row.getByText("Mon, Tue, Wed, Thu, Fri 08:00–18:00").waitFor();
    await row.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await row.waitFor({ state: "detached" });
    assert.deepEqual(visit.complaints, []);
  });

  for (const [path, ready] of [
    ["channels", ".setting"],
    ["routes", ".route-rest"],
  ] as const) {
    test(`${path} fit a phone, with names that are long`, async () => {
      await hub.ask("POST", "/api/v1/channels", {
        name: "N".repeat(100),
        kind: "webhook",
        settings: { url: "http://127.0.0.1:9/" },
      });
      await using visit = await browser.visit(`${hub.url}/dashboard/${path}`, phone);
      await visit.page.locator(ready).first().waitFor();
      await visit.page.getByText("N".repeat(100)).first().waitFor();
      await visit.picture(`phone-${path}`);
      await visit.isAccessible(`${path} on a phone`);
      const width = await visit.page.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(width <= 380, `it is ${width} wide`);
    });
  }

  for (const [path, resource, title] of [
    ["channels", "channels", "The channels"],
    ["routes", "alert-routes", "The routes"],
    ["rules", "alert-rules", "The rules"],
  ] as const) {
    test(`${path} that cannot be read are said to be so, and shown once they can`, async () => {
      await using visit = await browser.visit("about:blank");
      const { page } = visit;
      const api = `**/api/v1/${resource}`;
      await page.route(api, (route) => route.abort());
      await page.goto(`${hub.url}/dashboard/${path}`);
      await page.getByRole("heading", { name: `${title} cannot be shown` }).waitFor();
      await visit.isAccessible(`${path} that cannot be read`);
      await page.unroute(api);
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByRole("navigation", { name: "Alerting" }).waitFor();
    });
  }

  test("a channel that follows the environment can be tried, and is changed there", async () => {
    const variable = "SLACK_WEBHOOK_URL";
    const address =
      "https://hooks.slack.com/services/T00000000/B00000000/thisisnotarealsecretvalue0";
    await using other = await startHub({ env: { ...env, [variable]: address } });
    await using visit = await browser.visit(`${other.url}/dashboard/channels`);
    const { page } = visit;
    const row = page.locator(".setting", { hasText: `follows ${variable}` });
    await row.getByRole("link").click();
    await page.getByText(`It follows ${variable} of the environment`).waitFor();
    await page.getByRole("button", { name: "Send a test" }).waitFor();
    for (const name of ["Edit", "Switch off", "Delete"]) {
      assert.equal(await page.getByRole("button", { name }).count(), 0);
    }
    await visit.isAccessible("a channel that follows the environment");
    assert.deepEqual(visit.complaints, []);
  });
});
