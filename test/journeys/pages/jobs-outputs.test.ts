/** Outputs on their page: none yet, one that takes all, one that refuses: its dead letters are read, sent again, deleted. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { OutputsView } from "@belfry/contract";
import { startHub, until, type Hub } from "../../kit/hub.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";
import { send } from "./job-sender.ts";

const env = { BELFRY_AGENT_ENABLED: "false" };

interface Receiver extends Disposable {
  readonly url: string;
  refuses: boolean;
  /** Requests that were taken. */
  taken: number;
}

/** A webhook's other end; it refuses for good until it is told otherwise. */
async function startReceiver(): Promise<Receiver> {
  const server: Server = createServer((request, response) => {
    request.resume();
    if (!receiver.refuses) receiver.taken += 1;
    response.writeHead(receiver.refuses ? 422 : 204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = isNetwork(address) ? address.port : 0;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/`,
    refuses: true,
    taken: 0,
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
  return receiver;
}

function isNetwork(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

describe("the page of outputs", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  let receiver: Receiver;
  before(async () => {
    [browser, receiver] = await Promise.all([startBrowser(), startReceiver()]);
    const outputs = [
      { type: "file", name: "records", path: "records.log" },
      { type: "webhook", name: "ops", records: ["job_event"], webhook_url: receiver.url },
      {
        type: "webhook",
        name: "away",
        records: ["job_event"],
        webhook_url: "http://127.0.0.1:9/",
      },
    ];
    hub = await startHub({ env: { ...env, BELFRY_OUTPUTS: JSON.stringify(outputs) } });
    for (const run of ["a", "b", "c"]) await send(hub, { run, job: "daily" }, { kind: "started" });
    await until("all are refused", async () => {
      const { items } = await hub.ask<OutputsView>("GET", "/api/v1/outputs");
      return items.some(({ dead_letters: count }) => count === 3);
    });
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    receiver?.[Symbol.dispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("says what outputs are while there is none", async () => {
    await using bare = await startHub({ env });
    await using visit = await browser.visit(`${bare.url}/dashboard/`);
    const { page } = visit;
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("u");
    await page.getByRole("heading", { name: "No outputs" }).waitFor();
    await visit.picture("outputs-none");
    await visit.isAccessible("no outputs");
    assert.deepEqual(visit.complaints, []);
  });

  test("shows state and lag of each; fits a phone", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/outputs`);
    const { page } = visit;
    const of = (name: string) =>
      page.locator(".output", { has: page.getByRole("heading", { name, exact: true }) });
    await of("away").getByText("Does not answer").waitFor();
    assert.match(await of("away").innerText(), /Waiting\s+\d+\s+.*the oldest/);
    assert.match(await of("ops").innerText(), /Dead letters\s+3/);
    await of("records").getByText("Takes all").waitFor();
    await visit.picture("outputs");
    await visit.isAccessible("outputs");
    const phone = { viewport: { width: 380, height: 780 }, hasTouch: true, isMobile: true };
    for (const path of ["outputs", "outputs/ops"]) {
      await using small = await browser.visit(`${hub.url}/dashboard/${path}`, phone);
      await small.page.locator(".output, .letter").first().waitFor();
      await small.picture(`phone-${path.replace("/", "-")}`);
      await small.isAccessible(`${path} on a phone`);
      const width = await small.page.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(width <= 380, `${path} is ${width} wide`);
    }
    assert.deepEqual(visit.complaints, []);
  });

  test("lets dead letters be read, deleted one by one, and sent again", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/outputs`);
    const { page } = visit;
    await page.getByRole("link", { name: "3", exact: true }).click();
    await page.getByRole("heading", { name: "Dead letters of ops" }).waitFor();
    const letters = page.locator(".letter");
    assert.equal(await letters.count(), 3);
    await letters.first().getByText("The record").click();
    await letters.first().getByText('"daily"').first().waitFor();
    await visit.picture("dead-letters");
    await visit.isAccessible("dead letters");
    await letters.first().getByRole("checkbox").check();
    await page.getByText("1 chosen").waitFor();
    await page.getByRole("button", { name: "Delete 1" }).click();
    const asks = page.getByRole("dialog", { name: "Delete 1 dead letter?" });
    await visit.isAccessible("what asks before they are deleted");
    await asks.getByRole("button", { name: "Delete" }).click();
    await page.getByText("1 dead letter deleted.").waitFor();
    await until("one is gone", async () => (await letters.count()) === 2);

    receiver.refuses = false;
    await page.getByRole("button", { name: "Send all again" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
    await page.getByText("There are none.").waitFor();
    await until("the others have arrived", () => receiver.taken >= 1);
    await page.getByRole("link", { name: "Outputs" }).last().click();
    await page.getByRole("heading", { name: "ops", exact: true }).waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("says when there is no such output", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/outputs/nowhere`);
    await visit.page.getByText("There is no such output").waitFor();
    assert.deepEqual(visit.complaints, []);
  });
});
