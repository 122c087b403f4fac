/**
 * kill -9 at random moments while a target goes down and up and the provider of a channel fails, is busy or does not answer:
 * every outage that was noticed is told, once that it began and once that it is over, in this order, and at most one
 * notice twice for each crash. `BELFRY_CRASH_ROUNDS` sets how often (default 6; 50 takes about five minutes).
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { IncidentView, MonitorView, NoticeView } from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";
import { startTarget, type Target } from "../kit/target.ts";

const rounds = Number(process.env["BELFRY_CRASH_ROUNDS"] ?? 6);
const env = { BELFRY_AGENT_ENABLED: "false" };
/** How far apart what was the case and what a check says of it may be, ms: its interval and its limit. */
const noticeMs = 3_000;

interface Told {
  readonly id: string;
  readonly kind: string;
  readonly incidents: readonly { readonly id: string; readonly status: string }[];
}

interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** What it took, in order; the same notice may be there twice. */
  readonly taken: readonly Told[];
  /** From now on it takes everything. */
  recover(): void;
}

/** A provider that takes most of what it gets; it takes a notice before it answers, as real ones do. */
async function startReceiver(): Promise<Receiver> {
  const taken: Told[] = [];
  let isWell = false;
  const hanging = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const dice = isWell ? 1 : Math.random();
      if (dice < 0.1) return void hanging.add(response);
      if (dice < 0.25) return response.writeHead(500).end();
      if (dice < 0.35) return response.writeHead(429, { "retry-after": "1" }).end();
      taken.push(JSON.parse(body) as Told);
      return response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    taken,
    recover() {
      isWell = true;
      for (const response of hanging) response.destroy();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** When the target was down, epoch ms. */
type Outage = { readonly from: number; to: number };

interface Play {
  readonly target: Target;
  readonly outages: Outage[];
  /** Outages that the hub said it had noticed. */
  readonly noticed: Set<Outage>;
  monitor: string;
  /** How often the target went down or up since the monitor was made: beyond six an hour it would be flapping. */
  changes: number;
}

const mostChanges = 6;

/** Takes the target down or up every now and then until the hub is gone. */
async function toggle(hub: Hub, play: Play): Promise<void> {
  const { target, outages, noticed } = play;
  for (;;) {
    const open = outages.at(-1);
    const isDown = open?.to === Number.POSITIVE_INFINITY;
    try {
      if (!isDown && play.changes >= mostChanges) await watchAnew(hub, play);
      play.changes += 1;
      if (isDown && open !== undefined) {
        await target.start();
        open.to = Date.now();
      } else {
        outages.push({ from: Date.now(), to: Number.POSITIVE_INFINITY });
        await target.stop();
      }
      const wanted = isDown ? "up" : "down";
      await until("it is noticed", async () => (await statusOf(hub, play)) === wanted);
      const latest = outages.at(-1);
      if (!isDown && latest !== undefined) noticed.add(latest);
      await pause(Math.random() * 500);
    } catch {
      return;
    }
  }
}

async function statusOf(hub: Hub, { monitor }: Play): Promise<string> {
  return (await hub.ask<MonitorView>("GET", `/api/v1/monitors/${monitor}`)).status;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function prepare(hub: Hub, play: Play, receiver: Receiver): Promise<void> {
  await hub.ask("POST", "/api/v1/channels", {
    name: "ops",
    kind: "webhook",
    settings: { url: receiver.url },
  });
  await watchAnew(hub, play);
}

/** Another monitor of the target takes the place of the one there is. */
async function watchAnew(hub: Hub, play: Play): Promise<void> {
  const monitor = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
    name: "watched",
    url: play.target.url,
    interval: 1,
    timeout: 1,
    judging: { down_after: 1 },
  });
  play.monitor = monitor.id;
  play.changes = 0;
  await dropFormer(hub, play);
  await until("it is seen", async () => (await statusOf(hub, play)) === "up");
}

/** Also Belfry's own, which has the same address and would be checked before anybody is told. */
async function dropFormer(hub: Hub, { monitor }: Play): Promise<void> {
  for (const { id } of await listOf<MonitorView>(hub, "/api/v1/monitors")) {
    if (id !== monitor) await hub.ask("DELETE", `/api/v1/monitors/${id}`);
  }
}

/** Everything is over and told. */
async function settle(hub: Hub, play: Play): Promise<void> {
  const items = async (path: string): Promise<readonly unknown[]> =>
    (await hub.ask<{ items: readonly unknown[] }>("GET", path)).items;
  await until("the target is up", async () => (await statusOf(hub, play)) === "up", 60_000);
  await until(
    "nothing waits",
    async () => {
      const open = await items("/api/v1/incidents?open=true");
      return open.length === 0 && (await items("/api/v1/notices?state=waiting")).length === 0;
    },
    60_000,
  );
}

async function listOf<T>(hub: Hub, path: string): Promise<readonly T[]> {
  const found: T[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: T[]; next_cursor: string | null } = await hub.ask(
      "GET",
      `${path}?limit=100${from}`,
    );
    found.push(...page.items);
    cursor = page.next_cursor;
  }
  return found;
}

/** Holds what was told against what was the case. */
async function verify(hub: Hub, play: Play, { taken }: Receiver): Promise<void> {
  const incidents = await listOf<IncidentView>(hub, "/api/v1/incidents");
  const notices = await listOf<NoticeView>(hub, "/api/v1/notices");
  for (const { opened_at, title } of incidents) {
    const at = Date.parse(opened_at);
    const isTrue = play.outages.some(
      ({ from, to }) => from - noticeMs <= at && at <= to + noticeMs,
    );
    assert.ok(isTrue, `${title} at ${opened_at}, and it was not`);
  }
  for (const { from, to } of play.noticed) {
    const isThere = incidents.some(
      ({ opened_at, resolved_at }) =>
        Date.parse(opened_at) <= to + noticeMs && Date.parse(resolved_at ?? "") >= from,
    );
    assert.ok(isThere, `the outage at ${new Date(from).toISOString()} was lost`);
  }
  const ids = taken.map(({ id }) => id);
  for (const { id, state, title } of notices) {
    assert.equal(state, "sent", title);
    assert.ok(ids.includes(id), `${title} never arrived`);
  }
  for (const { id, opened_at, resolved_at } of incidents) {
    const mine = notices.filter(({ incident_id: about }) => about === id).toReversed();
    const kinds = mine.map(({ kind }) => kind);
    // What was over before it was decided whom to tell, nobody hears of.
    const lastedMs = Date.parse(resolved_at ?? "") - Date.parse(opened_at);
    if (kinds.length === 0 && lastedMs < noticeMs) continue;
    assert.equal(kinds[0], "firing", `of ${id}, which lasted ${lastedMs} ms`);
    assert.equal(kinds.at(-1), "resolved");
    assert.equal(kinds.filter((kind) => kind === "firing" || kind === "resolved").length, 2);
    const first = mine.map((notice) => ids.indexOf(notice.id));
    assert.deepEqual(
      first,
      first.toSorted((a, b) => a - b),
      `${kinds.join(", ")} in another order`,
    );
  }
}

test(`kill -9 ${rounds} times loses no notice and tells at most one twice`, async (t) => {
  await using target = await startTarget();
  await using receiver = await startReceiver();
  const dataDir = await mkdtemp(join(tmpdir(), "belfry-alert-crash-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const play: Play = { target, outages: [], noticed: new Set(), monitor: "", changes: 0 };
  for (let round = 0; round < rounds; round += 1) {
    await using hub = await startHub({ dataDir, env });
    if (play.monitor === "") await prepare(hub, play, receiver);
    else await dropFormer(hub, play);
    const work = toggle(hub, play);
    await pause(500 + Math.random() * 3_000);
    await hub.end("SIGKILL");
    await work;
  }
  receiver.recover();
  const open = play.outages.at(-1);
  if (open?.to === Number.POSITIVE_INFINITY) {
    await target.start();
    open.to = Date.now();
  }
  await using hub = await startHub({ dataDir, env });
  await dropFormer(hub, play);
  await settle(hub, play);
  await verify(hub, play, receiver);
  const repeats = receiver.taken.length - new Set(receiver.taken.map(({ id }) => id)).size;
  t.diagnostic(
    `${play.outages.length} outages, ${receiver.taken.length} notices taken, ${repeats} of them twice`,
  );
  assert.ok(repeats <= rounds, `${repeats} repeats after ${rounds} crashes`);
  assert.ok(play.noticed.size > 0, "there was something to lose");
});
