/** Hosts on the pages: they appear by themselves, are found, sorted and watched live, and each has a page of its own. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startHub, until, type Hub } from "../../kit/hub.ts";
import { noBrowser, startBrowser, type TestBrowser } from "./browser.ts";
import { figures, lastTimes, startSender, type Sender, type Sent } from "./host-sender.ts";

/** The machine Belfry runs on would be one more host. */
const env = { BELFRY_AGENT_ENABLED: "false" };
const gib = 2 ** 30;

/** What a machine with one disk and one interface sends; `busy` is the share of its cores. */
function machine(busy: number): readonly Sent[] {
  const seconds = (ms: number): number => ms / 1000;
  return [
    ...figures({
      cpuRatio: busy,
      memoryRatio: 0.5,
      swapRatio: 0,
      diskRatio: 0.7,
      fullestDiskRatio: 0.93,
      networkReceive: 1_500_000,
      networkTransmit: 20_000,
      temperature: 54,
      load1: busy * 4,
      load5: 0.5,
      load15: 0.4,
      cores: 4,
      bootTime: Date.now() / 1000 - 12.5 * 86_400,
    }),
    ["belfry_host_cpu_mode_ratio", { mode: "user" }, () => busy * 0.75],
    ["belfry_host_cpu_mode_ratio", { mode: "system" }, () => busy * 0.25],
    ["node_memory_MemTotal_bytes", {}, () => 16 * gib],
    ["node_memory_MemAvailable_bytes", {}, () => 8 * gib],
    ["node_memory_MemFree_bytes", {}, () => 2 * gib],
    ["node_pressure_io_waiting_seconds_total", {}, (ms) => seconds(ms) * 0.02],
    ["node_disk_read_bytes_total", { device: "sda" }, (ms) => seconds(ms) * 3_000_000],
    ["node_disk_written_bytes_total", { device: "sda" }, (ms) => seconds(ms) * 1_000_000],
    ["node_network_receive_bytes_total", { device: "eth0" }, (ms) => seconds(ms) * 1_500_000],
    ["node_network_transmit_bytes_total", { device: "eth0" }, (ms) => seconds(ms) * 20_000],
    ...["size", "free", "avail"].map((what): Sent => [
      `node_filesystem_${what}_bytes`,
      { mountpoint: "/data", device: "/dev/sda2", fstype: "ext4" },
      () => (what === "size" ? 100 : 7) * gib,
    ]),
  ];
}

const details = {
  system: { hostname: "db-1", os: "Linux", distribution: "Debian GNU/Linux 12", kernel: "6.1.0" },
  hardware: { memory_bytes: 16 * gib },
  processes: {
    total: 212,
    by_cpu: [{ pid: 41, name: "postgres", user: "postgres", cpu_cores: 1.5, memory_bytes: gib }],
    by_memory: [{ pid: 7, name: "<b>java</b>", cpu_cores: 0, memory_bytes: 3 * gib }],
  },
};

describe("the list of hosts", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  before(async () => {
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.[Symbol.asyncDispose]();
  });

  test("says how to start an agent while there is none, and shows the first host by itself", async () => {
    await using hub = await startHub({ env });
    await using visit = await browser.visit(`${hub.url}/dashboard/`);
    const { page } = visit;
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("h");
    await page.getByText(`belfry agent --hub ${hub.url} --key KEY`).waitFor();
    await visit.picture("hosts-none");
    await visit.isAccessible("no hosts");
    await startSender(hub, { name: "first", series: machine(0.1) }, lastTimes(1, 1));
    await page.locator(".host-row", { hasText: "first" }).waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("is searched, filtered, sorted and walked, all of it in the address", async () => {
    await using hub = await startHub({ env });
    for (const [name, busy, team] of [
      ["web-2", 0.95, "web"],
      ["web-10", 0.2, "web"],
      ["db-1", 0.5, "core"],
    ] as const) {
      await startSender(hub, { name, labels: { team }, series: machine(busy) }, lastTimes(3, 5));
    }
    await using visit = await browser.visit(`${hub.url}/dashboard/hosts`);
    const { page } = visit;
    const names = (): Promise<string[]> => page.locator(".host-name > a").allInnerTexts();
    await page.locator(".host-row").nth(2).waitFor();
    assert.match(await page.locator(".host-row", { hasText: "db-1" }).innerText(), /50 %/);
    assert.match(await page.locator(".host-row", { hasText: "db-1" }).innerText(), /12 days/);
    await visit.picture("hosts");
    await visit.isAccessible("the list of hosts");

    await page.getByRole("columnheader", { name: "Host" }).getByRole("link").click();
    await until("sorted by name", async () => (await names()).join() === "db-1,web-2,web-10");
    assert.equal(new URL(page.url()).search, "?sort=name");
    await page.getByRole("columnheader", { name: "CPU" }).getByRole("link").click();
    await until("sorted by CPU", async () => (await names()).join() === "web-2,db-1,web-10");
    await page.getByRole("columnheader", { name: "CPU" }).getByRole("link").click();
    await until("the other way", async () => (await names()).join() === "web-10,db-1,web-2");
    assert.equal(new URL(page.url()).search, "?sort=cpu&order=reversed");

    await page.getByLabel("Filter by label").fill("team:web");
    await page.getByLabel("Filter by label").press("Enter");
    await until("only web", async () => (await names()).join() === "web-10,web-2");
    await page.keyboard.press("Escape");
    await page.getByLabel("Search hosts").fill("10");
    await until("found", async () => (await names()).join() === "web-10");
    await page.keyboard.press("Enter");
    await page.locator(".host-row:focus-within", { hasText: "web-10" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "web-10" }).waitFor();
    await page.goBack();
    await page.getByLabel("Search hosts").fill("nowhere");
    await page.getByText("No host fits").waitFor();
    await page.getByRole("link", { name: "Show all" }).click();
    await page.locator(".host-row").nth(2).waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("shows new figures at once, and who fell silent with its last ones", async () => {
    await using hub = await startHub({ env });
    const series = machine(0.1).filter(([name]) => name !== "belfry_host_cpu_ratio");
    let busy = 0.1;
    const sender = await startSender(
      hub,
      {
        name: "moody",
        interval: 1,
        series: [["belfry_host_cpu_ratio", {}, () => busy], ...series],
      },
      lastTimes(2, 1),
    );
    await using visit = await browser.visit(`${hub.url}/dashboard/hosts`);
    const { page } = visit;
    const row = page.locator(".host-row", { hasText: "moody" });
    await row.getByText("10 %").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await until("the new figure is there", async () => {
      busy = 0.97;
      await sender.send([Date.now()]);
      return (await row.getByText("97 %").count()) > 0;
    });
    await hub.ask("PATCH", `/api/v1/hosts/${sender.id}`, { silent_after: 2 });
    await row.getByText("Down").waitFor();
    assert.match(await row.innerText(), /97 %/);
    assert.equal(await row.locator(".level-bad").count(), 0, "what was is not loud");
    await page.getByRole("heading", { level: 1 }).getByText("1 down").waitFor();
    await page.getByRole("link", { name: "Hosts 1 in trouble" }).waitFor();
    await visit.picture("hosts-down");
    await visit.isAccessible("a host that is down");
    await row.getByRole("link", { name: "moody" }).click();
    await page.getByText("Nothing was heard within the deadline").waitFor();
    await page.getByText("The last figures it sent").waitFor();
    await page.locator(".incident-open", { hasText: "silent" }).waitFor();
    assert.deepEqual(visit.complaints, []);
  });
});

describe("the page of a host", { skip: noBrowser }, () => {
  let browser: TestBrowser;
  let hub: Hub;
  let sender: Sender;
  before(async () => {
    [browser, hub] = await Promise.all([startBrowser(), startHub({ env })]);
    sender = await startSender(
      hub,
      { name: "db-1", labels: { team: "core" }, series: machine(0.4), details },
      // An hour with twenty minutes in which it said nothing.
      lastTimes(700, 5).filter((_, i) => i < 200 || i > 440),
    );
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await browser?.[Symbol.asyncDispose]();
  });

  test("says what top, df and free would say", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/hosts/${sender.id}`);
    const { page } = visit;
    await page.getByRole("heading", { name: "db-1" }).waitFor();
    assert.match(await page.locator(".host-head").innerText(), /machine up 12 days/);
    assert.match(await page.locator(".host-head").innerText(), /Debian GNU\/Linux 12 · Linux 6/);
    const now = await page.getByLabel("Now").innerText();
    for (const part of [/40 %/, /of 4 cores/, /8\.0 GiB of 16\.0 GiB/, /1\.5 MB\/s/, /54 °C/]) {
      assert.match(now, part);
    }
    const legend = (title: string) =>
      page.locator(".panel", { has: page.getByRole("heading", { name: title, exact: true }) });
    await legend("CPU").getByText("30 %").waitFor();
    assert.match(await legend("CPU").innerText(), /System\s+10 %/);
    assert.match(await legend("Memory").innerText(), /Cache and buffers\s+6\.0 GiB/);
    await legend("Disk throughput").scrollIntoViewIfNeeded();
    assert.match(await legend("Disk throughput").innerText(), /Read\s+3\.0 MB\/s/);
    const disks = page.getByRole("table").filter({ hasText: "/data" });
    assert.match(await disks.innerText(), /100 GiB\s+93\.0 GiB\s+7\.0 GiB\s+93 %/);
    await page.getByRole("cell", { name: "150.0" }).waitFor();
    await page.getByText("<b>java</b>").waitFor();
    assert.equal(await page.getByRole("heading", { name: "Containers" }).count(), 0);
    assert.equal(await page.getByRole("heading", { name: "Sensors" }).count(), 1);
    await visit.picture("host");
    await visit.isAccessible("a host");
    assert.deepEqual(visit.complaints, []);
  });

  test("is zoomed by dragging, by key and by button, and left again", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/hosts/${sender.id}`);
    const { page } = visit;
    const seconds = (): number => {
      const { searchParams } = new URL(page.url());
      const at = (name: string): number => Date.parse(searchParams.get(name) ?? "");
      return (at("to") - at("from")) / 1000;
    };
    const field = page.locator(".u-over").first();
    await field.waitFor();
    const box = await field.boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 4 });
    await page.mouse.up();
    await page.getByRole("button", { name: "Reset zoom" }).waitFor();
    const dragged = seconds();
    await page.keyboard.press("+");
    await until("half as long", () => Math.abs(seconds() - dragged / 2) <= 2);
    await page.getByRole("button", { name: "Zoom out" }).click();
    await until("as long as before", () => Math.abs(seconds() - dragged) <= 2);
    await page.goBack();
    await until("back", () => Math.abs(seconds() - dragged / 2) <= 2);
    await page.keyboard.press("Escape");
    await until("all of it", () => new URL(page.url()).search === "");
    await page.keyboard.press("]");
    await until("the next range", () => new URL(page.url()).search === "?range=6h");
    await page.getByRole("button", { name: "5 m", exact: true }).click();
    assert.equal(new URL(page.url()).search, "?range=5m");
    assert.deepEqual(visit.complaints, []);
  });

  test("shares one cursor between its charts, and says the values below it", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/hosts/${sender.id}`);
    const { page } = visit;
    await page.locator(".u-over").nth(1).waitFor();
    const notes = page.locator(".panel-note");
    let moves = 0;
    await until("the second chart says the same time", async () => {
      // Samples come in meanwhile: a chart that was drawn anew hears of the pointer when it moves.
      moves += 1;
      const position = { x: 100 + (moves % 2), y: 40 };
      await page.locator(".u-over").first().hover({ position });
      const [first, second] = await Promise.all([0, 1].map((i) => notes.nth(i).innerText()));
      // A time of yesterday is said with its day, and without seconds.
      return /\d\d:\d\d/.test(first ?? "") && first === second;
    });
    assert.deepEqual(visit.complaints, []);
  });

  test("grows by what is new and no more", async () => {
    await using visit = await browser.visit(`${hub.url}/dashboard/hosts/${sender.id}?range=5m`);
    const { page } = visit;
    await page.locator(".u-over").first().waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    const asked: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/series?")) asked.push(request.url());
    });
    await until("new samples are fetched", async () => {
      await sender.send([Date.now()]);
      return asked.length >= 2;
    });
    const from = Date.parse(new URL(asked.at(-1) ?? "").searchParams.get("from") ?? "");
    assert.ok(Date.now() - from < 60_000, "from the last bucket on");
    assert.deepEqual(visit.complaints, []);
  });

  test("is renamed, labelled, paused, cleaned and deleted", async () => {
    const doomed = await startSender(
      hub,
      { name: "doomed", labels: { team: "core" }, series: machine(0.1) },
      lastTimes(30, 5),
    );
    await using visit = await browser.visit(`${hub.url}/dashboard/hosts/${doomed.id}`);
    const { page } = visit;
    await page.getByRole("heading", { name: "doomed" }).waitFor();
    await page.keyboard.press("e");
    const edit = page.getByRole("dialog", { name: "Edit doomed" });
    await edit.getByRole("textbox", { name: "Name", exact: true }).first().fill("renamed");
    await edit.getByRole("button", { name: "Remove team" }).click();
    await edit.getByLabel("Down after a silence of").fill("0.5");
    await edit.getByRole("button", { name: "Save" }).click();
    await edit.getByText(/expected/).waitFor();
    await visit.isAccessible("the dialog of a host");
    await edit.getByLabel("Down after a silence of").fill("300");
    await edit.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "renamed" }).waitFor();
    const changed = await hub.ask<{ labels: object; silent_after: number }>(
      "GET",
      `/api/v1/hosts/${doomed.id}`,
    );
    assert.deepEqual([changed.labels, changed.silent_after], [{}, 300]);

    await page.keyboard.press("p");
    await page.locator(".host-status-line").getByText("Paused").first().waitFor();
    await page.keyboard.press("p");
    await page.getByRole("button", { name: "Pause" }).waitFor();

    await page.getByRole("button", { name: "Clean" }).click();
    await page.getByRole("button", { name: "Delete samples" }).click();
    await page.getByText("Nothing was heard in this span").waitFor();

    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByLabel("Type renamed to confirm").fill("renamed");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.locator(".host-row", { hasText: "db-1" }).waitFor();
    assert.equal(await page.locator(".host-row", { hasText: "renamed" }).count(), 0);
    await page.goto(`${hub.url}/dashboard/hosts/${doomed.id}`);
    await page.getByText("There is no such host").waitFor();
    assert.deepEqual(visit.complaints, []);
  });

  test("fits a phone, as the list does", async () => {
    const phone = { viewport: { width: 380, height: 780 }, hasTouch: true, isMobile: true };
    for (const path of ["hosts", `hosts/${sender.id}`]) {
      await using visit = await browser.visit(`${hub.url}/dashboard/${path}`, phone);
      const { page } = visit;
      await page.locator(".host-row, .panel").first().waitFor();
      await visit.picture(`phone-${path.split("/")[0]}-${path.length}`);
      await visit.isAccessible(`${path} on a phone`);
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(width <= 380, `${path} is ${width} wide`);
      assert.deepEqual(visit.complaints, []);
    }
  });
});
