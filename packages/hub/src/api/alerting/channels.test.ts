import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { describe, test, type TestContext } from "node:test";
import type {
  ChannelKindView,
  ChannelTestView,
  ChannelView,
  Json,
  JsonObject,
} from "@belfry/contract";
import type { ChannelSettings } from "../../model/alert-policy.ts";
import { createId } from "../../model/id.ts";
import { downOutcome, openTestHub, startOfTime, type TestHub } from "../hub.kit.ts";

const path = "/api/v1/channels";
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const hook = (over: JsonObject = {}): JsonObject => ({
  name: "ops",
  kind: "webhook",
  settings: { url: "http://127.0.0.1:9/hidden-path", headers: { "x-key": "hidden-key" }, secret },
  ...over,
});
const masked = { url: { set: true }, headers: { set: true }, secret: { set: true } };

const create = async (hub: TestHub, body: Json = hook()): Promise<ChannelView> => {
  const answer = await hub.ask("POST", path, { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<ChannelView>();
};
const problemsOf = (answer: { json<T>(): T }): readonly string[] =>
  answer.json<{ errors: { path: string }[] }>().errors.map(({ path: at }) => at);
const detailOf = (answer: { json<T>(): T }): string => answer.json<{ detail: string }>().detail;

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly kind: string; readonly title: string };
}

/** A receiver on a port of its own that answers with `status`; `next` resolves with the next request that has no reader. */
async function listen(
  t: TestContext,
  status = 204,
): Promise<{ readonly url: string; next(): Promise<Got> }> {
  const waiting: Got[] = [];
  const readers: ((got: Got) => void)[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const got = { headers: request.headers, body: JSON.parse(body) as Got["body"] };
      const reader = readers.shift();
      if (reader === undefined) waiting.push(got);
      else reader(got);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close().closeAllConnections());
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : assert.fail();
  return {
    url: `http://127.0.0.1:${port}/hidden-path`,
    next() {
      const got = waiting.shift();
      return got === undefined
        ? new Promise((resolve) => readers.push(resolve))
        : Promise.resolve(got);
    },
  };
}

/** As it is in the store. */
async function kept(hub: TestHub, id: string): Promise<ChannelSettings> {
  return (await hub.store.alertSetting("channel", id)) ?? assert.fail("it is gone");
}

describe("/api/v1/channels", () => {
  test("are made with defaults; their secrets are written and never read back", async (t) => {
    const hub = await openTestHub(t);
    const made = await hub.ask("POST", path, { body: hook() });
    const { id, ...rest } = made.json<ChannelView>();
    assert.deepEqual(rest, {
      name: "ops",
      kind: "webhook",
      enabled: true,
      is_default: true,
      is_fallback: false,
      settings: masked,
      trouble: null,
      waiting: 0,
      managed_by: null,
      last_sent_at: null,
      version: 1,
      created_at: new Date(startOfTime).toISOString(),
      updated_at: new Date(startOfTime).toISOString(),
    });
    assert.equal(made.headers["location"], `${path}/${id}`);
    const read = await hub.ask("GET", `${path}/${id}`);
    assert.equal(read.headers["etag"], '"1"');
    const list = await hub.ask("GET", path);
    const audit = await hub.ask("GET", "/api/v1/audit");
    for (const answer of [made, read, list, audit]) {
      assert.ok(!/hidden|whsec/.test(answer.text), answer.text);
    }
    assert.equal(list.json<{ items: ChannelView[] }>().items.length, 1);
    assert.equal(audit.json<{ items: { resource: string }[] }>().items[0]?.resource, "channel");
    assert.deepEqual((await kept(hub, id)).settings, hook()["settings"]);
  });

  test("keep secrets that are left out or masked, and lose those that are null", async (t) => {
    const hub = await openTestHub(t);
    const { id } = await create(hub);
    const settings = { headers: { set: true }, secret: null, method: "PUT" };
    const answer = await hub.ask("PUT", `${path}/${id}`, {
      body: hook({ name: "on call", settings }),
      headers: { "if-match": '"1"' },
    });
    assert.deepEqual(answer.json<ChannelView>().settings, {
      url: { set: true },
      headers: { set: true },
      method: "PUT",
    });
    assert.deepEqual((await kept(hub, id)).settings, {
      url: "http://127.0.0.1:9/hidden-path",
      headers: { "x-key": "hidden-key" },
      method: "PUT",
    });
    const stale = await hub.ask("PUT", `${path}/${id}`, {
      body: hook(),
      headers: { "if-match": '"1"' },
    });
    assert.equal(stale.status, 412);
    assert.equal((await hub.ask("DELETE", `${path}/${id}`)).status, 204);
    assert.equal((await hub.ask("GET", `${path}/${id}`)).status, 404);
  });

  test("do not hand the secrets of one kind to another", async (t) => {
    const hub = await openTestHub(t);
    const { id } = await create(hub);
    const body = { name: "ops", kind: "discord", settings: {} };
    const answer = await hub.ask("PUT", `${path}/${id}`, { body });
    assert.equal(answer.status, 422, answer.text);
  });

  const refused: readonly (readonly [string, JsonObject, string])[] = [
    ["a kind that is not there", hook({ kind: "pigeon" }), "kind"],
    ["settings the kind does not take", hook({ settings: { url: "x" } }), "settings.url"],
    ["a mask of nothing", hook({ settings: { url: { set: true } } }), "settings.url"],
  ];
  for (const [what, body, at] of refused) {
    test(`are refused with the path of ${what}`, async (t) => {
      const hub = await openTestHub(t);
      const answer = await hub.ask("POST", path, { body });
      assert.equal(answer.status, 422);
      assert.deepEqual(problemsOf(answer), [at]);
    });
  }

  test("are kept with a template, which is compiled where it is used", async (t) => {
    const hub = await openTestHub(t);
    const settings = { url: "http://127.0.0.1:9/", format: "template", template: '"{{title}}"' };
    const { id } = await create(hub, hook({ settings }));
    assert.deepEqual((await kept(hub, id)).settings, settings);
  });

  test("are made once for one Idempotency-Key", async (t) => {
    const hub = await openTestHub(t);
    const ask = { body: hook(), headers: { "idempotency-key": "once" } };
    const first = await hub.ask("POST", path, ask);
    const second = await hub.ask("POST", path, ask);
    assert.deepEqual(second.json(), first.json());
    assert.equal((await hub.store.alertSettings("channel")).length, 1);
  });

  test("stay while a route or one of its escalations uses them", async (t) => {
    const hub = await openTestHub(t);
    const { id } = await create(hub);
    const escalation = [{ after_seconds: 60, channels: [id] }];
    const body = { name: "core", matchers: [], channels: [], escalation };
    const route = (await hub.ask("POST", "/api/v1/alert-routes", { body })).json<{ id: string }>();
    const answer = await hub.ask("DELETE", `${path}/${id}`);
    assert.equal(answer.status, 409);
    assert.equal(detailOf(answer), 'Routes use this channel: "core"');
    await hub.ask("DELETE", `/api/v1/alert-routes/${route.id}`);
    assert.equal((await hub.ask("DELETE", `${path}/${id}`)).status, 204);
  });

  test("of the environment are changed there", async (t) => {
    const hub = await openTestHub(t);
    const { id } = await create(hub);
    const managed = { ...(await kept(hub, id)), version: 2, managedBy: "BELFRY_WEBHOOK_URL" };
    const audit = { at: 1, actor: "environment", action: "update", resource: "channel" };
    await hub.store.updateAlertSetting("channel", managed, {
      ...audit,
      resourceId: id,
      detail: null,
    });
    for (const [method, ask] of [
      ["PUT", { body: hook() }],
      ["DELETE", {}],
    ] as const) {
      const answer = await hub.ask(method, `${path}/${id}`, ask);
      assert.equal(answer.status, 409);
      assert.ok(detailOf(answer).includes("BELFRY_WEBHOOK_URL"));
    }
  });

  test("tell what is wrong with them, what waits and when something was sent", async (t) => {
    const trouble = { failure: "outage", why: "it is away", since: startOfTime } as const;
    const channels = {
      trouble: () => trouble,
      wake: () => undefined,
      test: () => Promise.reject(new Error("is not tested here")),
    };
    const lastSentAt = startOfTime + 1000;
    const id = createId<"channel">(startOfTime);
    const hub = await openTestHub(t, {}, { channels });
    const made = await create(hub);
    assert.deepEqual(made.trouble, { ...trouble, since: new Date(startOfTime).toISOString() });
    t.mock.method(hub.store, "channelTotals", () =>
      Promise.resolve([
        { channelId: id, waiting: 9, lastSentAt: null },
        { channelId: made.id, waiting: 2, lastSentAt },
      ]),
    );
    const read = (await hub.ask("GET", `${path}/${made.id}`)).json<ChannelView>();
    assert.equal(read.waiting, 2);
    assert.equal(read.last_sent_at, new Date(lastSentAt).toISOString());
  });

  test("of a kind this release does not know show no settings", async (t) => {
    const hub = await openTestHub(t);
    const { id } = await create(hub);
    const strange = { ...(await kept(hub, id)), version: 2, kind: "pigeon" };
    const audit = { at: 1, actor: "import", action: "update", resource: "channel", detail: null };
    await hub.store.updateAlertSetting("channel", strange, { ...audit, resourceId: id });
    const read = (await hub.ask("GET", `${path}/${id}`)).json<ChannelView>();
    assert.deepEqual(read.settings, {});
    const tested = await hub.ask("POST", `${path}/${id}/test`);
    const { result, why } = tested.json<ChannelTestView>();
    assert.deepEqual([result, why], ["misconfigured", 'There is no kind "pigeon"']);
  });
});

describe("/api/v1/channels/:id/test", () => {
  test("sends a notice also of a channel that is off, and tells request and answer", async (t) => {
    const receiver = await listen(t);
    const hub = await openTestHub(t);
    const settings = { url: receiver.url, headers: { "x-key": "hidden-key" }, secret };
    const { id } = await create(hub, hook({ settings, enabled: false }));
    const answer = await hub.ask("POST", `${path}/${id}/test`);
    const tested = answer.json<ChannelTestView>();
    assert.deepEqual([tested.result, tested.why], ["sent", null]);
    assert.ok(tested.request?.startsWith("POST http://127.0.0.1"), answer.text);
    assert.ok(tested.answer?.includes("204"), answer.text);
    assert.ok(!/hidden|whsec/.test(answer.text), answer.text);
    const got = await receiver.next();
    assert.equal(got.headers["x-key"], "hidden-key");
    assert.ok(got.headers["webhook-signature"] !== undefined);
    assert.equal(got.body.title, "Test notice");
    const [entry] = await hub.store.auditEntries({ limit: 1 });
    assert.ok(entry !== undefined);
    const { action, resource, resourceId, detail } = entry;
    assert.deepEqual(
      { action, resource, resourceId, detail },
      {
        action: "test",
        resource: "channel",
        resourceId: id,
        detail: { name: "ops", kind: "webhook" },
      },
    );
  });

  test("tells why nothing arrived", async (t) => {
    const hub = await openTestHub(t);
    const { url } = await listen(t, 404);
    const { id } = await create(hub, hook({ settings: { url } }));
    const tested = (await hub.ask("POST", `${path}/${id}/test`)).json<ChannelTestView>();
    assert.notEqual(tested.result, "sent");
    assert.ok(tested.why?.includes("404"), String(tested.why));
    const away = await create(hub);
    const gone = (await hub.ask("POST", `${path}/${away.id}/test`)).json<ChannelTestView>();
    assert.deepEqual([gone.result, gone.answer], ["retry", null]);
  });
});

describe("/api/v1/channel-kinds", () => {
  test("tells every kind with what its form needs", async (t) => {
    const hub = await openTestHub(t);
    const answer = await hub.ask("GET", "/api/v1/channel-kinds");
    const { items } = answer.json<{ items: ChannelKindView[] }>();
    assert.deepEqual(
      items.map(({ kind }) => kind),
      [...hub.parts.channelKinds.keys()],
    );
    const webhook = items.find(({ kind }) => kind === "webhook");
    assert.deepEqual(webhook?.secrets, ["url", "headers", "secret"]);
    assert.deepEqual(webhook.limit, { notices: 10, per_ms: 1000 });
    assert.ok("properties" in webhook.schema);
  });
});

describe("a channel whose settings were wrong", () => {
  test("is told what waits at once when they are changed", async (t) => {
    const wrong = await listen(t, 404);
    const right = await listen(t);
    const hub = await openTestHub(t);
    const { id } = await create(hub, hook({ settings: { url: wrong.url } }));
    const body = { name: "api", kind: "http", settings: { url: "http://127.0.0.1:9/" } };
    const made = await hub.ask("POST", "/api/v1/monitors", { body });
    const monitor = made.json<{ id: string }>().id;
    for (let checks = 0; checks < 2; checks += 1) {
      hub.clock.move(60_000);
      await hub.check(monitor, downOutcome);
    }
    await wrong.next();
    const changed = hook({ settings: { url: right.url } });
    assert.equal((await hub.ask("PUT", `${path}/${id}`, { body: changed })).status, 200);
    // The clock of the test stands still: nothing is due again by itself.
    assert.equal((await right.next()).body.kind, "firing");
  });
});

describe("a channel that was made", () => {
  test("is told when a monitor fails", async (t) => {
    const receiver = await listen(t);
    const hub = await openTestHub(t);
    await create(hub, hook({ settings: { url: receiver.url } }));
    const body = { name: "api", kind: "http", settings: { url: "http://127.0.0.1:9/" } };
    const made = await hub.ask("POST", "/api/v1/monitors", { body });
    const monitor = made.json<{ id: string }>().id;
    for (let checks = 0; checks < 5; checks += 1) {
      hub.clock.move(60_000);
      await hub.check(monitor, downOutcome);
    }
    const got = await receiver.next();
    assert.equal(got.body.kind, "firing");
  });
});
