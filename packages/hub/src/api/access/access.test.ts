import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NewKeyView, SessionView } from "@belfry/contract";
import { scopes, type Scope } from "../../model/access.ts";
import { openTestHub, type Ask, type TestHub } from "../hub.kit.ts";
import { permissionOf } from "../route-table.ts";
import type { Permission } from "./permission.ts";
import { expectedRoutes } from "./routes.kit.ts";

/** Which scopes are enough for what a route asks. */
const enough: Readonly<Record<Permission, readonly Scope[]>> = {
  open: ["read", "write", "ingest", "worker", "admin"],
  authenticated: ["read", "write", "ingest", "worker", "admin"],
  read: ["read", "write", "admin"],
  write: ["write", "admin"],
  ingest: ["ingest", "admin"],
  worker: ["worker"],
  admin: ["admin"],
};

const bearer = (secret: string): Ask => ({ headers: { authorization: `Bearer ${secret}` } });

describe("every route", () => {
  test("asks for the permission it is meant to ask for", async (t) => {
    const hub = await openTestHub(t);
    const found = Object.groupBy(
      hub.api.routes.routes.filter(({ method }) => method !== "HEAD"),
      ({ options }) => permissionOf(options) ?? "open",
    );
    for (const [permission, paths] of Object.entries(expectedRoutes)) {
      const own = (found[permission as Permission] ?? []).map(
        ({ method, path }) => `${method} ${path}`,
      );
      assert.deepEqual([...new Set(own)].toSorted(), paths.toSorted(), permission);
    }
  });

  test("lets in the scopes it asks for, and nobody else", async (t) => {
    const hub = await openTestHub(t, { auth: "keys" });
    const streams = setInterval(() => hub.live.closeAll(), 5);
    t.after(() => clearInterval(streams));
    const keys = await Promise.all(
      scopes.map(async (scope) => [scope, await hub.key(scope)] as const),
    );
    for (const { method, path, options } of hub.api.routes.routes) {
      const permission = permissionOf(options) ?? assert.fail(path);
      const url = path
        .replace(/(?<!:):\w+/, "01890000-0000-7000-8000-000000000000")
        .replace("::", ":")
        .replace("*", "x.js");
      const body = ["POST", "PUT", "PATCH"].includes(method) ? { payload: "{}" } : {};
      const status = async (headers: Record<string, string>): Promise<number> => {
        const type = { "content-type": "application/json" };
        const ask = { method: method as "GET", url, ...body, headers: { ...type, ...headers } };
        return (await hub.api.app.inject(ask)).statusCode;
      };
      const what = `${method} ${path}`;
      const without = await status({});
      assert.equal(without === 401, permission !== "open", `${what} without a key: ${without}`);
      for (const [scope, secret] of keys) {
        const found = await status({ authorization: `Bearer ${secret}` });
        const isIn = ![401, 403].includes(found);
        assert.equal(isIn, enough[permission].includes(scope), `${what} as ${scope}: ${found}`);
      }
    }
  });

  test("makes the start fail when it has no permission", async (t) => {
    const hub = await openTestHub(t);
    assert.deepEqual(hub.api.routes.unprotected(), []);
  });
});

describe("a key", () => {
  const ways: {
    title: string;
    headers: (secret: string) => Record<string, string>;
    status: number;
  }[] = [
    {
      title: "as Authorization: Bearer",
      headers: (s) => ({ authorization: `Bearer ${s}` }),
      status: 200,
    },
    {
      title: "as Authorization: bearer, in lower case",
      headers: (s) => ({ authorization: `bearer ${s}` }),
      status: 200,
    },
    { title: "as X-API-Key", headers: (s) => ({ "x-api-key": s }), status: 200 },
    {
      title: "as the password of Basic credentials",
      headers: (s) => ({ authorization: `Basic ${btoa(`me:${s}`)}` }),
      status: 200,
    },
    {
      title: "as the user of Basic credentials",
      headers: (s) => ({ authorization: `Basic ${btoa(`${s}:`)}` }),
      status: 401,
    },
    {
      title: "with a letter changed",
      headers: (s) => ({ "x-api-key": `${s.slice(0, -1)}${s.endsWith("A") ? "B" : "A"}` }),
      status: 401,
    },
    { title: "cut short", headers: (s) => ({ "x-api-key": s.slice(0, 20) }), status: 401 },
    {
      title: "beside a bearer that fits nobody",
      headers: (s) => ({ "x-api-key": s, authorization: "Bearer nobody" }),
      status: 401,
    },
    { title: "in another scheme", headers: (s) => ({ authorization: `Digest ${s}` }), status: 401 },
    { title: "not at all", headers: () => ({}), status: 401 },
  ];
  test("is taken where clients can put it", async (t) => {
    const hub = await openTestHub(t, { auth: "keys" });
    const secret = await hub.key("read");
    for (const { title, headers, status } of ways) {
      const answer = await hub.ask("GET", "/api/v1/monitors", { headers: headers(secret) });
      assert.equal(answer.status, status, title);
      if (status === 401) assert.match(String(answer.headers["www-authenticate"]), /^Bearer/);
    }
  });

  test("is shown once, listed by its prefix, and let in until it is revoked", async (t) => {
    const hub = await openTestHub(t);
    const made = await hub.ask("POST", "/api/v1/keys", { body: { name: "ci", scopes: ["write"] } });
    assert.equal(made.status, 201);
    const { key, id, prefix } = made.json<NewKeyView>();
    assert.equal(made.headers["location"], `/api/v1/keys/${id}`);
    assert.ok(key.startsWith(prefix) && key.length === 50);
    const list = await hub.ask("GET", "/api/v1/keys");
    assert.ok(!list.text.includes(key));
    assert.ok(list.text.includes(prefix));
    assert.equal((await hub.ask("GET", "/api/v1/monitors", bearer(key))).status, 200);
    assert.equal((await hub.ask("GET", "/api/v1/keys", bearer(key))).status, 403);
    assert.equal((await hub.ask("DELETE", `/api/v1/keys/${id}`)).status, 204);
    assert.equal((await hub.ask("DELETE", `/api/v1/keys/${id}`)).status, 404);
    assert.equal((await hub.ask("GET", "/api/v1/monitors", bearer(key))).status, 401);
  });

  test("made by another process is known at once, and forgotten within five seconds", async (t) => {
    const hub = await openTestHub(t, { auth: "keys" });
    assert.equal((await hub.ask("GET", "/api/v1/monitors", bearer("belfry_nobody"))).status, 401);
    hub.clock.move(1_001);
    const secret = await hub.key("read");
    assert.equal((await hub.ask("GET", "/api/v1/monitors", bearer(secret))).status, 200);
    const [key] = await hub.store.keys();
    const audit = {
      at: 1,
      actor: "other",
      action: "revoke",
      resource: "key",
      resourceId: "",
      detail: {},
    };
    await hub.store.revokeKey(key?.id ?? assert.fail("no key"), hub.clock.now(), audit);
    hub.clock.move(5_001);
    assert.equal((await hub.ask("GET", "/api/v1/monitors", bearer(secret))).status, 401);
  });

  test("has its last use written, at most once a minute", async (t) => {
    const hub = await openTestHub(t, { auth: "keys" });
    const secret = await hub.key("read");
    const lastUse = async (): Promise<number | null | undefined> =>
      (await hub.store.keys())[0]?.lastUsedAt;
    await hub.ask("GET", "/api/v1/monitors", bearer(secret));
    assert.equal(await lastUse(), null);
    hub.clock.move(60_001);
    await hub.ask("GET", "/api/v1/monitors", bearer(secret));
    await hub.api[Symbol.asyncDispose]();
    assert.equal(await lastUse(), hub.clock.now());
  });

  test("that fits nobody is not looked at any more after too many tries from one address", async (t) => {
    const rateLimit = { max: 1000, windowMs: 60_000, failedAttempts: 3 };
    const hub = await openTestHub(t, { auth: "keys", rateLimit });
    const secret = await hub.key("read");
    const from = (remoteAddress: string, key: string): Promise<number> =>
      hub
        .ask("GET", "/api/v1/monitors", { ...bearer(key), remoteAddress })
        .then(({ status }) => status);
    for (let i = 0; i < 3; i += 1) assert.equal(await from("10.0.0.1", "belfry_nobody"), 401);
    assert.equal(await from("10.0.0.1", secret), 429);
    assert.equal(await from("10.0.0.2", secret), 200);
    hub.clock.move(60_001);
    assert.equal(await from("10.0.0.1", secret), 200);
  });
});

describe("on loopback without a key", () => {
  const rows: { title: string; ask: Ask; status: number }[] = [
    {
      title: "a request to localhost is let in",
      ask: { headers: { host: "localhost:8000" } },
      status: 200,
    },
    {
      title: "a request to 127.0.0.1 is let in",
      ask: { headers: { host: "127.0.0.1:8000" } },
      status: 200,
    },
    {
      title: "a request to [::1] from ::1 is let in",
      ask: { headers: { host: "[::1]:8000" }, remoteAddress: "::1" },
      status: 200,
    },
    {
      title: "its own page is let in",
      ask: { headers: { host: "localhost:8000", origin: "http://localhost:8000" } },
      status: 200,
    },
    {
      title: "a name that was made to point here is refused",
      ask: { headers: { host: "evil.example" } },
      status: 403,
    },
    {
      title: "a name that only begins like localhost is refused",
      ask: { headers: { host: "localhost.evil.example" } },
      status: 403,
    },
    {
      title: "another site's page is refused",
      ask: { headers: { host: "localhost:8000", origin: "https://evil.example" } },
      status: 403,
    },
    {
      title: "another port's page is refused",
      ask: { headers: { host: "localhost:8000", origin: "http://localhost:3000" } },
      status: 403,
    },
    {
      title: "a page without an origin of its own is refused",
      ask: { headers: { host: "localhost:8000", origin: "null" } },
      status: 403,
    },
    {
      title: "a proxied request is refused",
      ask: { headers: { host: "localhost", "x-forwarded-for": "1.2.3.4" } },
      status: 403,
    },
    {
      title: "a request with Via is refused",
      ask: { headers: { host: "localhost", via: "1.1 proxy" } },
      status: 403,
    },
    {
      title: "another machine is refused",
      ask: { headers: { host: "localhost" }, remoteAddress: "10.0.0.1" },
      status: 403,
    },
    {
      title: "a key that fits nobody is refused",
      ask: { headers: { host: "localhost", "x-api-key": "nobody" } },
      status: 401,
    },
  ];
  test("only this machine itself is let in", async (t) => {
    const hub = await openTestHub(t);
    for (const { title, ask, status } of rows) {
      assert.equal((await hub.ask("GET", "/api/v1/monitors", ask)).status, status, title);
    }
  });

  test("a form of another site cannot change anything", async (t) => {
    const hub = await openTestHub(t);
    const headers = { host: "localhost", "sec-fetch-site": "cross-site" };
    const answer = await hub.ask("POST", "/targets", { body: "{}", headers });
    assert.equal(answer.status, 403);
  });
});

describe("a surface that is open to a network", () => {
  const openTo = { amaunator: ["10.1.0.0/16"] };
  const from = async (hub: TestHub, url: string, ask: Ask): Promise<number> =>
    (await hub.ask("GET", url, ask)).status;

  test("lets that network in without a key, to that surface only", async (t) => {
    const hub = await openTestHub(t, { auth: "keys", openTo });
    assert.equal(await from(hub, "/targets", { remoteAddress: "10.1.2.3" }), 200);
    assert.equal(await from(hub, "/targets", { remoteAddress: "::ffff:10.1.2.3" }), 200);
    assert.equal(await from(hub, "/targets", { remoteAddress: "10.2.2.3" }), 401);
    assert.equal(await from(hub, "/api/v1/monitors", { remoteAddress: "10.1.2.3" }), 401);
    assert.equal(await from(hub, "/metrics", { remoteAddress: "10.1.2.3" }), 401);
  });

  test("believes a proxy only where it is trusted", async (t) => {
    const headers = { "x-forwarded-for": "10.1.2.3" };
    const hub = await openTestHub(t, { auth: "keys", openTo });
    assert.equal(await from(hub, "/targets", { remoteAddress: "10.1.0.1", headers }), 401);
    const trusting = await openTestHub(t, { auth: "keys", openTo, trustedProxies: ["192.0.2.1"] });
    assert.equal(await from(trusting, "/targets", { remoteAddress: "192.0.2.1", headers }), 200);
    assert.equal(await from(trusting, "/targets", { remoteAddress: "192.0.2.2", headers }), 401);
  });
});

describe("with access turned off", () => {
  test("everybody is let in, but for pages of other sites", async (t) => {
    const hub = await openTestHub(t, { auth: "off" });
    const ask = { remoteAddress: "10.0.0.1", headers: { host: "belfry.example" } };
    assert.equal((await hub.ask("GET", "/api/v1/keys", ask)).status, 200);
    const headers = { ...ask.headers, origin: "https://evil.example" };
    assert.equal((await hub.ask("GET", "/api/v1/keys", { ...ask, headers })).status, 403);
  });
});

describe("a session", () => {
  const login = async (
    hub: TestHub,
    secret: string,
  ): Promise<{ cookie: string; view: SessionView }> => {
    const answer = await hub.ask("POST", "/api/v1/session", { body: { key: secret } });
    assert.equal(answer.status, 201, answer.text);
    const header = String(answer.headers["set-cookie"]);
    assert.match(header, /HttpOnly/);
    assert.match(header, /SameSite=Strict/);
    assert.match(header, /Path=\//);
    return { cookie: header.split(";")[0] ?? "", view: answer.json<SessionView>() };
  };

  test("reads with its cookie alone, and changes with its token as well", async (t) => {
    const hub = await openTestHub(t, { auth: "keys" });
    const { cookie, view } = await login(hub, await hub.key("write"));
    const body = { name: "a", url: "http://127.0.0.1:9/" };
    const who = await hub.ask("GET", "/api/v1/session", { headers: { cookie } });
    assert.deepEqual(who.json(), view);
    const without = await hub.ask("POST", "/api/v1/monitors", { body, headers: { cookie } });
    assert.equal(without.status, 403);
    const token = { "x-csrf-token": view.csrf_token ?? "" };
    const made = await hub.ask("POST", "/api/v1/monitors", { body, headers: { cookie, ...token } });
    assert.equal(made.status, 201);
    const origin = { origin: "https://evil.example" };
    const other = await hub.ask("POST", "/api/v1/monitors", {
      body,
      headers: { cookie, ...token, ...origin },
    });
    assert.equal(other.status, 403);
  });

  test("has no more scopes than its key, and ends with it", async (t) => {
    const hub = await openTestHub(t, { auth: "keys" });
    const { cookie } = await login(hub, await hub.key("read"));
    assert.equal((await hub.ask("GET", "/api/v1/keys", { headers: { cookie } })).status, 403);
    const admin = bearer(await hub.key("admin"));
    hub.clock.move(2_000);
    const list = await hub.ask("GET", "/api/v1/keys", admin);
    const { items } = list.json<{ items: { id: string; name: string }[] }>();
    const key = items.find(({ name }) => name === "read");
    await hub.ask("DELETE", `/api/v1/keys/${key?.id}`, admin);
    assert.equal((await hub.ask("GET", "/api/v1/monitors", { headers: { cookie } })).status, 401);
  });

  test("ends when the page leaves", async (t) => {
    const hub = await openTestHub(t, { auth: "keys" });
    const { cookie, view } = await login(hub, await hub.key("read"));
    const headers = { cookie, "x-csrf-token": view.csrf_token ?? "" };
    assert.equal((await hub.ask("DELETE", "/api/v1/session", { headers })).status, 204);
    assert.equal((await hub.ask("GET", "/api/v1/session", { headers: { cookie } })).status, 401);
  });

  test("lasts while it is used, and expires when it is not", async (t) => {
    const hub = await openTestHub(t, { auth: "keys", sessionLifetimeMs: 60_000 });
    const first = await login(hub, await hub.key("read"));
    hub.clock.move(29_000);
    const early = await hub.ask("GET", "/api/v1/session", { headers: { cookie: first.cookie } });
    assert.equal(early.headers["set-cookie"], undefined);
    hub.clock.move(2_000);
    const late = await hub.ask("GET", "/api/v1/session", { headers: { cookie: first.cookie } });
    const cookie = String(late.headers["set-cookie"]).split(";")[0] ?? "";
    assert.match(cookie, /^belfry_session=./);
    assert.equal(late.json<SessionView>().csrf_token, first.view.csrf_token);
    hub.clock.move(30_000);
    assert.equal(
      (await hub.ask("GET", "/api/v1/session", { headers: { cookie: first.cookie } })).status,
      401,
    );
    assert.equal((await hub.ask("GET", "/api/v1/session", { headers: { cookie } })).status, 200);
    hub.clock.move(60_001);
    assert.equal((await hub.ask("GET", "/api/v1/session", { headers: { cookie } })).status, 401);
  });

  test("is not made from a key that fits nobody, or for another site", async (t) => {
    const hub = await openTestHub(t, { auth: "keys" });
    assert.equal(
      (await hub.ask("POST", "/api/v1/session", { body: { key: "nobody" } })).status,
      401,
    );
    const headers = { origin: "https://evil.example" };
    const key = await hub.key("read");
    assert.equal(
      (await hub.ask("POST", "/api/v1/session", { body: { key }, headers })).status,
      403,
    );
  });

  test("that has expired does not lock anybody out of a loopback", async (t) => {
    const hub = await openTestHub(t);
    const answer = await hub.ask("GET", "/api/v1/session", {
      headers: { cookie: "belfry_session=old" },
    });
    assert.equal(answer.json<SessionView>().kind, "loopback");
  });
});

describe("the rate limit", () => {
  test("counts each principal on its own and says when to come back", async (t) => {
    const rateLimit = { max: 2, windowMs: 60_000, failedAttempts: 20 };
    const hub = await openTestHub(t, { auth: "keys", rateLimit });
    const [a, b] = [await hub.key("read"), await hub.key("read")];
    const first = await hub.ask("GET", "/api/v1/monitors", bearer(a));
    assert.equal(first.headers["ratelimit-limit"], "2");
    assert.equal(first.headers["ratelimit-remaining"], "1");
    assert.equal((await hub.ask("GET", "/targets", bearer(a))).status, 200);
    const over = await hub.ask("GET", "/api/v1/monitors", bearer(a));
    assert.equal(over.status, 429);
    assert.ok(Number(over.headers["retry-after"]) > 0);
    assert.equal(over.json()["code"], "rate_limited");
    assert.deepEqual(Object.keys((await hub.ask("GET", "/targets", bearer(a))).json()), ["detail"]);
    assert.equal((await hub.ask("GET", "/api/v1/monitors", bearer(b))).status, 200);
    assert.equal((await hub.ask("GET", "/health")).status, 200);
  });
});
