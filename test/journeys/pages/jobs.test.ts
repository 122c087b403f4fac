/** Jobs on the pages: they appear by themselves, are found and watched live, expected, late, failed and lost. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { JobView } from "@belfry/contract";
import { startHub, until, type Hub } from "../../kit/hub.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";
import { runOf, send, sendWhole } from "./job-sender.ts";

/** The machine Belfry runs on is of no interest here. */
const env = { BELFRY_AGENT_ENABLED: "false" };
const minute = 60_000;
const hour = 60 * minute;

const diskFull = {
  error: "no space left on device",
  error_type: "OSError",
  error_stack: "OSError: no space left on device\n    at write (load.js:42:11)",
};

let browser: TestBrowser;
before(async () => {
  if (noBrowser === undefined) browser = await startBrowser();
});
after(async () => {
  await browser?.[Symbol.asyncDispose]();
});

describe("the list of jobs", { skip: noBrowser }, () => {
  test("says how to send a first run while there is none, and shows it by itself", async () => {
    await using hub = await startHub({ env });
    await using visit = await browser.visit(`${hub.url}/dashboard/`);
    const { page } = visit;
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("r");
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    await page.getByText('await monitored({ job: "daily-batch" }').waitFor();
    await visit.picture("jobs-none");
    await visit.isAccessible("no jobs");
    await page.getByText("Live", { exact: true }).waitFor();
    await send(hub, { run: "r1", job: "first" }, { kind: "started" });
    await page.locator(".job-row", { hasText: "first" }).getByText("Running").waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("moves with progress, and says how a run ended", async () => {
    await using hub = await startHub({ env });
    const run = { run: "r1", job: "daily" };
    await send(hub, run, { kind: "started" });
    await using visit = await browser.visit(`${hub.url}/dashboard/jobs`);
    const { page } = visit;
    const row = page.locator(".job-row", { hasText: "daily" });
    await row.getByText("Running").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await until("progress is heard", async () => {
      const metrics = { progress_pct: 40, progress_current: 4, progress_total: 10 };
      await send(hub, run, { kind: "progress", metrics, metadata: { message: "loading" } });
      return (await row.getByText("40 %").count()) > 0;
    });
    await row.getByText("4 of 10 · loading").waitFor();
    const bar = row.getByRole("progressbar");
    assert.equal(await bar.getAttribute("aria-valuenow"), "40");
    await visit.picture("jobs-running");
    await visit.isAccessible("a job that runs");
    const metrics = { progress_pct: 70, progress_current: 7, progress_total: 10 };
    await send(hub, run, { kind: "progress", metrics });
    await row.getByText("70 %").waitFor();
    await send(hub, run, { kind: "error", status: "failed", metadata: diskFull });
    await row.getByText("Failed").waitFor();
    await row.getByText("no space left on device").waitFor();
    await page.getByRole("heading", { level: 1 }).getByText("1 failed").waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("is searched and filtered, with or without parts, all of it in the address", async () => {
    await using hub = await startHub({ env });
    const at = Date.now() - hour;
    await sendWhole(hub, { run: "a", job: "import", app: "shop" }, { at, ms: 3000 });
    await sendWhole(hub, { run: "b", job: "export", app: "shop" }, { at, ms: 3000 });
    await sendWhole(hub, { run: "c", job: "backup" }, { at, ms: 9000, status: "failed" });
    await sendWhole(hub, { run: "d", job: "dump", parent: "c" }, { at, ms: 4000 });
    await using visit = await browser.visit(`${hub.url}/dashboard/jobs`);
    const { page } = visit;
    const names = (): Promise<string[]> => page.locator(".job-name > a").allInnerTexts();
    await until("trouble first", async () => (await names()).join() === "backup,export,import");
    await visit.picture("jobs");
    await visit.isAccessible("the list of jobs");
    await page.getByLabel("With subjobs").check();
    await until("with parts", async () => (await names()).join() === "backup,dump,export,import");
    assert.equal(new URL(page.url()).search, "?subjobs=shown");
    await page.getByLabel("With subjobs").uncheck();
    await page.getByLabel("Filter by state").getByRole("link", { name: "Failed" }).click();
    await until("only what failed", async () => (await names()).join() === "backup");
    assert.equal(new URL(page.url()).search, "?state=failed");
    await page.goBack();
    await page.getByLabel("Search jobs").fill("shop imp");
    await until("found", async () => (await names()).join() === "import");
    await page.keyboard.press("Enter");
    await page.locator(".job-row:focus-within", { hasText: "import" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "import" }).waitFor();
    await page.goBack();
    await page.getByLabel("Search jobs").fill("nowhere");
    await page.getByText("No job fits").waitFor();
    await page.getByRole("link", { name: "Show all" }).click();
    await page.locator(".job-row").nth(3).waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("lists what failed and what was lost apart, with the reason, and leads to the run", async () => {
    await using hub = await startHub({ env });
    const at = Date.now() - hour;
    await using visit = await browser.visit(`${hub.url}/dashboard/jobs/failures`);
    const { page } = visit;
    await page.getByText("No run has failed").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    const end = { ms: 9000, status: "failed", metadata: diskFull };
    await sendWhole(hub, { run: "c", job: "backup" }, { at, ...end });
    await page.getByText("OSError: no space left on device").waitFor();
    // One that promised heartbeats and fell silent.
    const quiet = { kind: "started", metadata: { heartbeat_s: 0.01 } };
    await send(hub, { run: "l", job: "vanished" }, quiet);
    await page.getByRole("row", { name: /vanished.*Lost/ }).waitFor();
    await visit.picture("failures");
    await visit.isAccessible("recent failures");
    await page.getByRole("link", { name: "backup" }).click();
    await page.getByRole("heading", { name: "backup" }).waitFor();
    assert.deepEqual(visit.complaints, []);
  });
});

describe("the page of a job", { skip: noBrowser }, () => {
  let hub: Hub;
  let job: JobView;
  before(async () => {
    hub = await startHub({ env });
    const now = Date.now();
    for (let i = 12; i >= 1; i -= 1) {
      const metrics = { cpu_user_s: 3, cpu_system_s: 1, mem_max_mb: 96, rows: 4000 + i };
      const failed = i === 5 ? { status: "failed", metadata: diskFull } : {};
      await sendWhole(
        hub,
        { run: `n${i}`, job: "nightly" },
        { at: now - i * hour, ms: 40_000 + i * 500, metrics, ...failed },
      );
    }
    const { items } = await hub.ask<{ items: JobView[] }>("GET", "/api/v1/jobs?q=nightly");
    assert.ok(items[0]);
    job = items[0];
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
  });

  test("says what is usual, draws what was, and lists the runs", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/jobs/${job.id}`);
    const { page } = visit;
    await page.getByRole("heading", { name: "nightly" }).waitFor();
    assert.match(await page.locator(".job-facts").innerText(), /Typical\s+4\d\.\d s\s+of 11 runs/);
    for (const title of ["Duration", "CPU time", "Peak memory", "rows"]) {
      await page.getByRole("heading", { name: title, exact: true }).waitFor();
    }
    assert.equal(await page.locator(".job-runs tbody tr").count(), 12);
    await page.getByRole("row", { name: /Failed.*no space left on device/ }).waitFor();
    await page.locator(".u-over").first().waitFor();
    await visit.picture("job");
    await visit.isAccessible("a job");
    await page.getByRole("button", { name: "24 h" }).click();
    assert.equal(new URL(page.url()).search, "?range=24h");
    assert.deepEqual(visit.complaints, []);
  });

  test("is told when runs are expected: in intervals and by the calendar of another zone", async () => {
    const zone = { timezoneId: "Europe/Vienna" };
    await using visit = await browser.visit(`${hub.url}/dashboard/jobs/${job.id}`, zone);
    const { page } = visit;
    await page.getByRole("heading", { name: "nightly" }).waitFor();
    await page.keyboard.press("e");
    const edit = page.getByRole("dialog", { name: "What is expected of nightly" });
    await edit.getByLabel("By the calendar").check();
    await edit.getByLabel("Cron").fill("every day");
    await edit.getByRole("button", { name: "Save" }).click();
    await edit.getByRole("alert").filter({ hasText: /\w/ }).first().waitFor();
    await visit.picture("job-schedule");
    await visit.isAccessible("the expectations of a job");
    await edit.getByLabel("Cron").fill("30 4 * * *");
    await edit.getByLabel("Time zone").fill("Asia/Tokyo");
    await edit.getByLabel("Slow after").fill("90");
    await edit.getByLabel("Only some of it").check();
    await edit.getByLabel("a run takes longer than it should").uncheck();
    await edit.getByRole("button", { name: "Save" }).click();
    const expected = page.locator(".job-expected");
    await expected.getByText("30 4 * * * (Asia/Tokyo)").waitFor();
    assert.equal(await expected.getByRole("listitem").count(), 3);
    const times = await expected.innerText();
    assert.match(times, /04:30 Asia\/Tokyo/, "as its own zone has it");
    assert.match(times, /(?:20|21):30/, "and as that of whoever looks");
    assert.match(await page.locator(".job-facts").innerText(), /1 min 30 s\s+as set/);
    const kept = await hub.ask<JobView>("GET", `/api/v1/jobs/${job.id}`);
    assert.deepEqual(kept.alert_on, ["failed", "lost", "late", "never_started"]);

    await page.keyboard.press("e");
    await edit.getByLabel("In intervals").check();
    await edit.getByLabel("Every").fill("1");
    await edit.getByLabel("Unit").selectOption("seconds");
    await edit.getByLabel("Late after").fill("0");
    await edit.getByRole("button", { name: "Save" }).click();
    await expected.getByText("late for").waitFor();
    await page.locator(".job-state-box").getByText("Late", { exact: true }).first().waitFor();
    await visit.picture("job-late");
    await visit.isAccessible("a late job");
    assert.deepEqual(visit.complaints, []);
  });

  test("grows by a run that begins and ends", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/jobs/${job.id}`);
    const { page } = visit;
    await page.locator(".job-runs tbody tr").nth(11).waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    const rows = await page.locator(".job-runs tbody tr").count();
    await send(hub, { run: "now", job: "nightly" }, { kind: "started" });
    const first = page.locator(".job-runs tbody tr").first();
    await first.getByText("Running").waitFor();
    assert.equal(await page.locator(".job-runs tbody tr").count(), rows + 1);
    await send(hub, { run: "now", job: "nightly" }, { kind: "finished", status: "succeeded" });
    await first.getByText("Succeeded").waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("is deleted once its name is typed", async () => {
    await sendWhole(hub, { run: "x", job: "doomed" }, { at: Date.now() - minute, ms: 1000 });
    const run = await runOf(hub, "x");
    await using visit = await browser.visit(`${hub.url}/dashboard/jobs/${run.job_id}`);
    const { page } = visit;
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByLabel("Type doomed to confirm").fill("doomed");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.locator(".job-row", { hasText: "nightly" }).waitFor();
    assert.equal(await page.locator(".job-row", { hasText: "doomed" }).count(), 0);
    await page.goto(`${hub.url}/dashboard/jobs/${run.job_id}`);
    await page.getByText("There is no such job").waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("fits a phone, as the other pages of jobs do", async () => {
    const phone = { viewport: { width: 380, height: 780 }, hasTouch: true, isMobile: true };
    const run = await runOf(hub, "n5");
    for (const path of ["jobs", `jobs/${job.id}`, `runs/${run.id}`, "jobs/failures"]) {
      await using visit = await browser.visit(`${hub.url}/dashboard/${path}`, phone);
      const { page } = visit;
      await page
        .locator(".job-row, .job-runs tbody tr, .run-error, .failures tbody tr")
        .first()
        .waitFor();
      await visit.picture(`phone-${path.split("/")[0]}-${path.length}`);
      await visit.isAccessible(`${path} on a phone`);
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(width <= 380, `${path} is ${width} wide`);
      assert.deepEqual(visit.complaints, []);
    }
  });
});
