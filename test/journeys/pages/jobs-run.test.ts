/** A run on its page: its parts on a time line, its log, its error, live; beside the good run before it; and outputs. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startHub, until, type Hub } from "../../kit/hub.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";
import { runOf, send, sendWhole } from "./job-sender.ts";

const env = { BELFRY_AGENT_ENABLED: "false" };

describe("the page of a run", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  before(async () => {
    [browser, hub] = await Promise.all([startBrowser(), startHub({ env })]);
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  /** A run of two parts one after the other, each as long as asked, in ms. */
  async function sendParts(
    run: string,
    at: number,
    [read, write]: readonly [number, number],
    end: { readonly status: string; readonly metadata?: Readonly<Record<string, unknown>> },
  ): Promise<void> {
    const job = "batch";
    const ms = read + write;
    const figures = { mem_max_mb: 64, cpu_user_s: 1, rows: ms / 10 };
    const process = { host: "db-1", pid: 4711 };
    const mark = { level: "warn", message: "two rows without a date", context: { rows: [17, 42] } };
    await send(
      hub,
      { run, job },
      { kind: "started", at, metadata: { process, source: "ftp" } },
      { kind: "event", at: at + 50, metadata: mark },
      { kind: "heartbeat", at: at + 60, metrics: { cpu_user_s: 0.5 } },
      { kind: "finished", at: at + ms, ...end, metrics: { duration_s: ms / 1000, ...figures } },
    );
    const of = (name: string) => ({ run: `${run}-${name}`, job: name, parent: run });
    await sendWhole(hub, of("read"), { at, ms: read });
    await sendWhole(hub, of("write"), { at: at + read, ms: write, status: end.status });
  }

  test("shows parts, error with stack, log, figures, and the good run before it", async () => {
    const stack = "OSError: disk full\n    at write (load.js:42:11)";
    const metadata = { error: "disk full", error_type: "OSError", error_stack: stack };
    const now = Date.now();
    await sendParts("good", now - 600_000, [10_000, 20_000], { status: "succeeded" });
    await sendParts("bad", now - 60_000, [10_000, 50_000], { status: "failed", metadata });
    const { id } = await runOf(hub, "bad");
    await using visit = await browser.visit(`${hub.url}/dashboard/runs/${id}`);
    const { page } = visit;
    await page.getByRole("heading", { name: "batch" }).waitFor();
    const head = await page.locator(".run-head").innerText();
    for (const part of [/Failed after 1 min/, /OSError: disk full/, /db-1, process 4711/, /2\.4/]) {
      assert.match(head, part);
    }
    const error = page.getByRole("region", { name: "OSError" });
    assert.match(await error.innerText(), /at write \(load\.js:42:11\)/);
    await error.getByRole("button", { name: "Copy the stack" }).click();

    const tree = page.getByRole("region", { name: "Parts" });
    const boxes = await Promise.all(
      [0, 1, 2].map((i) => tree.locator(".tree-bar").nth(i).boundingBox()),
    );
    const [whole, read, write] = boxes;
    assert.ok(whole && read && write);
    assert.ok(Math.abs(read.width / whole.width - 1 / 6) < 0.02, "a sixth of the time");
    assert.ok(Math.abs(write.x - (read.x + read.width)) < 4, "one begins where the other ends");
    const tip = tree.locator(".tree-row", { hasText: "write" }).getByRole("tooltip");
    assert.equal(await tip.isVisible(), false);
    await tree.getByRole("link", { name: "write" }).focus();
    assert.match(await tip.innerText(), /began after 10 s, 50 s long/);

    const log = page.getByRole("list", { name: "Events, the newest last" });
    assert.match(await log.innerText(), /warn\s+two rows without a date\s+\{"rows":\[17,42\]\}/);
    assert.doesNotMatch(await log.innerText(), /heartbeat/);
    await page.getByLabel("Heartbeats").check();
    assert.match(await log.innerText(), /heartbeat/);

    await page.getByRole("button", { name: "Compare" }).click();
    const table = page.getByRole("region", { name: "Compared with the last good run" });
    await table.getByRole("row", { name: /write 20 s 50 s 2\.5 ×/ }).waitFor();
    await table.getByRole("row", { name: /read 10 s 10 s same/ }).waitFor();
    await table.getByRole("row", { name: /rows 3,000 6,000 2\.0 ×/ }).waitFor();
    await visit.picture("run");
    await visit.isAccessible("a run that failed");

    await tree.getByRole("link", { name: "write" }).click();
    await page.getByRole("heading", { name: "write" }).waitFor();
    await page.locator(".page-crumb").getByRole("link", { name: "batch" }).click();
    await page.getByRole("heading", { name: "batch" }).waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("grows while it runs: progress, parts and log", async () => {
    const of = { run: "live", job: "growing" };
    await send(hub, of, { kind: "started", at: Date.now() - 5000 });
    const { id } = await runOf(hub, "live");
    await using visit = await browser.visit(`${hub.url}/dashboard/runs/${id}`);
    const { page } = visit;
    await page.getByRole("heading", { name: "growing" }).waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    const metrics = { progress_pct: 25, progress_current: 1, progress_total: 4 };
    await send(hub, of, { kind: "progress", metrics, metadata: { message: "reading" } });
    const state = page.locator(".run-state");
    await state.getByText("25 %").waitFor();
    await state.getByText("1 of 4 · reading").waitFor();
    const part = { run: "live-a", job: "piece", parent: "live" };
    await send(hub, part, { kind: "started" });
    const row = page.locator(".tree-row", { hasText: "piece" });
    await row.waitFor();
    const width = async (): Promise<number> =>
      (await row.locator(".tree-bar").boundingBox())?.width ?? 0;
    const before = await width();
    await until("its bar grows", async () => (await width()) > before + 2);
    const log = page.getByRole("list", { name: "Events, the newest last" });
    const list = 'document.querySelector(".run-log")';
    const lines = Array.from({ length: 80 }, (_, i) => ({
      kind: "event",
      metadata: { level: "info", message: `line ${i}` },
    }));
    await send(hub, of, ...lines);
    await log.getByText("line 79", { exact: true }).waitFor();
    await until("the end is in sight", () =>
      page.evaluate<boolean>(`${list}.scrollHeight - ${list}.scrollTop - ${list}.clientHeight < 5`),
    );
    await page.evaluate(`${list}.scrollTop = 0`);
    await until("scrolled up, it is followed no more", async () =>
      page
        .getByLabel("Follow")
        .isChecked()
        .then((on) => !on),
    );
    await visit.picture("run-live");
    await visit.isAccessible("a run under way");
    await send(hub, part, { kind: "finished", status: "succeeded" });
    await send(hub, of, { kind: "canceled", metadata: { reason: "enough" } });
    await state.getByText("Canceled").first().waitFor();
    await log.getByText("enough").waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("is lost when its heartbeats stop, and so is shown", async () => {
    const of = { run: "gone", job: "fragile" };
    await send(hub, of, { kind: "started", metadata: { heartbeat_s: 0.01 } });
    await send(hub, { run: "gone-a", job: "step", parent: "gone" }, { kind: "started" });
    const { id } = await runOf(hub, "gone");
    await using visit = await browser.visit(`${hub.url}/dashboard/runs/${id}`);
    const { page } = visit;
    await page.locator(".run-state").getByText("Lost").first().waitFor();
    await page.getByText("No word of it came any more").first().waitFor();
    await page.getByText("last heard").waitFor();
    await visit.picture("run-lost");
    await visit.isAccessible("a lost run");
    assert.deepEqual(visit.complaints, []);
  });

  test("says when there is no such run", async () => {
    const path = "runs/01890000-0000-7000-8000-000000000000";
    await using visit = await browser.visit(`${hub.url}/dashboard/${path}`);
    await visit.page.getByText("There is no such run").waitFor();
    assert.deepEqual(visit.complaints, []);
  });
});
