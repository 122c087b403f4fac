/**
 * Two hubs on one PostgreSQL behind nginx with `deploy/nginx.conf`: one address for pages, sessions and live streams,
 * and nobody who calls it notices that a hub is stopped, killed or cut from the database.
 */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { buildIfStale } from "../../packages/dashboard/build-if-stale.ts";
import { openDatabaseProxy } from "../kit/database-proxy.ts";
import { startHub, until, type Hub } from "../kit/hub.ts";
import { missingNginx, startNginx, upstreamHeader } from "../kit/nginx.ts";
import { startPostgres } from "../kit/postgres.ts";

const adminKey = "a-key-for-behind-nginx";
const withKey = { authorization: `Bearer ${adminKey}` };

function startOne(database: string, port: number): Promise<Hub> {
  return startHub({
    command: "hub",
    args: ["--listen", `127.0.0.1:${port}`, "--database", database],
    env: {
      BELFRY_AUTH: "keys",
      BELFRY_ADMIN_KEY: adminKey,
      BELFRY_TRUSTED_PROXIES: "127.0.0.1",
      BELFRY_DRAIN_SECONDS: "1",
      BELFRY_LOG_LEVEL: "warn",
    },
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : assert.fail("no port");
}

/** Between two calls of one caller. */
const paceMs = 10;

const hostOf = (url: string): string => new URL(url).host;

/** Which hub an answer is from: where several were tried, the last. */
function hubOf(answer: Response): string {
  return answer.headers.get(upstreamHeader)?.split(", ").at(-1) ?? "";
}

async function readiness(hub: Hub): Promise<Readonly<Record<string, string>> | "ready"> {
  const answer = await fetch(`${hub.url}/ready`);
  const { parts } = (await answer.json()) as { parts: Record<string, string> };
  return answer.ok ? "ready" : parts;
}

const untilReady = (hub: Hub): Promise<true> =>
  until(
    `${hub.url} is ready`,
    async () => (await readiness(hub).catch(() => "")) === "ready",
    60_000,
  ).then(() => true);

/** Reads and writes without a pause until it is ended; then tells what failed, and whom was asked. */
function callAgainAndAgain(url: string) {
  const failures: string[] = [];
  const hubs = new Set<string>();
  const begin = Date.now();
  let ended = false;
  let sent = 0;
  async function note(what: string, asked: Promise<Response>): Promise<void> {
    const answer = await asked.catch((error: unknown) => String(error));
    if (typeof answer === "string") return void failures.push(`${what}: ${answer}`);
    const text = await answer.text();
    hubs.add(hubOf(answer));
    if (!answer.ok) failures.push(`${what}: ${answer.status} ${text.slice(0, 200)}`);
  }
  async function run(): Promise<void> {
    while (!ended) {
      sent += 1;
      await pause(paceMs);
      const sample = `behind_nginx_total ${sent} ${begin + sent}\n`;
      await note("GET", fetch(`${url}/api/v1/audit?limit=1`, { headers: withKey }));
      const headers = { ...withKey, "content-type": "text/plain" };
      const posted = { method: "POST", body: sample, headers };
      await note("POST", fetch(`${url}/api/v1/import/prometheus`, posted));
    }
  }
  const running = Promise.all([run(), run()]);
  return {
    hubs,
    /** How many were sent so far, of each sort. */
    sent: () => sent,
    async end() {
      ended = true;
      await running;
      return failures;
    },
  };
}

/** Reads a stream piece by piece until its text fits. */
async function readUntil(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  fits: (text: string) => boolean,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (!fits(text)) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

async function openLive(url: string, lastEventId?: string) {
  const again = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const answer = await fetch(`${url}/api/v1/live`, { headers: { ...withKey, ...again } });
  assert.equal(answer.status, 200);
  const reader = answer.body?.getReader() ?? assert.fail("no stream");
  return { hub: hubOf(answer), reader };
}

describe("two hubs behind nginx", { skip: missingNginx() }, () => {
  test("are one Belfry, whichever of them stops, dies or is cut off", async () => {
    await buildIfStale();
    await using postgres = await startPostgres();
    const database = await postgres.createDatabase();
    await using way = await openDatabaseProxy(database);
    const [first, second, front] = [await freePort(), await freePort(), await freePort()];
    await using stack = new AsyncDisposableStack();
    const one = stack.use(await startOne(database, first));
    let two = stack.use(await startOne(way.url, second));
    const nginx = stack.use(await startNginx(front, [one.url, two.url]));
    await Promise.all([untilReady(one), untilReady(two)]);
    const both = new Set([hostOf(one.url), hostOf(two.url)]);

    // A page signs in at one hub, and both know its session, its Origin and its address.
    const headers = { "content-type": "application/json", origin: nginx.url };
    const signIn = await fetch(`${nginx.url}/api/v1/session`, {
      method: "POST",
      headers,
      body: JSON.stringify({ key: adminKey }),
    });
    assert.equal(signIn.status, 201);
    const { csrf_token } = (await signIn.json()) as { csrf_token: string };
    const cookie = signIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const seen = new Set<string>();
    for (let i = 0; i < 6; i += 1) {
      const made = await fetch(`${nginx.url}/api/v1/monitors`, {
        method: "POST",
        headers: { ...headers, cookie, "x-csrf-token": csrf_token },
        body: JSON.stringify({ name: `m${i}`, url: nginx.url, enabled: false }),
      });
      assert.equal(made.status, 201, await made.text());
      seen.add(hubOf(made));
    }
    assert.deepEqual(seen, both);
    const home = await fetch(`${nginx.url}/`, { redirect: "manual" });
    assert.deepEqual([home.status, home.headers.get("location")], [302, "/dashboard/"]);
    const page = await fetch(`${nginx.url}/dashboard/`);
    assert.deepEqual([page.status, /<script/.test(await page.text())], [200, true]);

    // One that cannot reach the database is not ready, and what is read comes from the other one.
    await way.cut("refused");
    await until("it is not ready", async () => (await readiness(two)) !== "ready", 60_000);
    const cut = callAgainAndAgain(nginx.url);
    await until("many were answered", () => cut.sent() > 30, 60_000);
    const failed = await cut.end();
    assert.deepEqual(
      failed.filter((failure) => failure.startsWith("GET")),
      [],
    );
    await way.join();
    await untilReady(two);

    // A live stream whose hub is killed comes back from the other one.
    let live = await openLive(nginx.url);
    while (live.hub !== hostOf(two.url)) {
      await live.reader.cancel();
      live = await openLive(nginx.url);
    }
    const begun = await readUntil(live.reader, (text) => /^id: .+$/m.test(text));
    const lastEventId = /^id: (.+)$/m.exec(begun)?.[1];
    const during = callAgainAndAgain(nginx.url);
    await two.end("SIGKILL");
    await readUntil(live.reader, () => false).catch(() => undefined);
    const back = await openLive(nginx.url, lastEventId);
    assert.equal(back.hub, hostOf(one.url));
    assert.match(await readUntil(back.reader, (text) => text.includes("event: ")), /event: reset/);
    await back.reader.cancel();
    // What it was doing when it was killed may fail; nothing after that.
    const atKill = (await during.end()).filter((failure) => failure.startsWith("GET"));
    assert.deepEqual(atKill, []);

    // It is back, and then stopped as one stops a hub: nobody notices.
    two = stack.use(await startOne(way.url, second));
    await untilReady(two);
    await until("nginx gives it work again", async () => {
      const answer = await fetch(`${nginx.url}/health`);
      await answer.text();
      return hubOf(answer) === hostOf(two.url);
    });
    const stopped = callAgainAndAgain(nginx.url);
    const ended = two.end("SIGTERM");
    const told = await until("it says that it stops", async () => {
      const parts = await readiness(two);
      return parts === "ready" ? undefined : parts;
    });
    assert.equal(told["process"], "stopping");
    assert.equal(await ended, 0);
    const soFar = stopped.sent();
    await until("the other one goes on", () => stopped.sent() > soFar + 10);
    // A POST on a connection that the hub closes in the same instant is not sent again by nginx: it might be done twice.
    const unserved = (await stopped.end()).filter((failure) => failure.startsWith("GET"));
    assert.deepEqual(unserved, []);
    assert.deepEqual(stopped.hubs, both);
  });
});
