import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { IncidentView, MonitorView } from "@belfry/contract";
import { createId } from "../../model/id.ts";
import { createSignedLinks, type LinkAction } from "../../model/signed-links.ts";
import type { ApiSettings } from "../settings.ts";
import { downOutcome, openTestHub, upOutcome, type TestAnswer, type TestHub } from "../hub.kit.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const links = createSignedLinks("a secret of tests");
/** Whoever follows a link shows no key. */
const settings: Partial<ApiSettings> = { auth: "keys" };
const form = { "content-type": "application/x-www-form-urlencoded" };

interface Opened {
  readonly hub: TestHub;
  readonly id: IncidentView["id"];
  readonly monitorId: string;
  /** Of somebody with a key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly read: () => Promise<IncidentView>;
  readonly path: (action: LinkAction) => string;
}

/** A hub with an incident of a name that is markup. */
async function open(t: TestContext, over: Partial<ApiSettings> = {}): Promise<Opened> {
  const hub = await openTestHub(t, { ...settings, ...over }, { incidentLinks: links });
  const key = await hub.key("write");
  const headers = { "x-api-key": key };
  const body = { name: "<b>api</b>", url: "http://127.0.0.1:9/" };
  const made = await hub.ask("POST", "/api/v1/monitors", { body, headers });
  const monitorId = made.json<MonitorView>().id;
  for (const outcome of [upOutcome, downOutcome, downOutcome]) {
    hub.clock.move(60_000);
    await hub.check(monitorId, outcome);
  }
  const list = await hub.ask("GET", "/api/v1/incidents", { headers });
  const [incident] = list.json<{ items: IncidentView[] }>().items;
  assert.ok(incident !== undefined);
  const incidentId = (await hub.store.incidents({ limit: 1 }))[0]?.id;
  assert.ok(incidentId !== undefined);
  return {
    hub,
    id: incident.id,
    monitorId,
    headers,
    read: async () =>
      (await hub.ask("GET", `/api/v1/incidents/${incident.id}`, { headers })).json<IncidentView>(),
    path: (action) => links.pathOf(incidentId, action, hub.clock.now()),
  };
}

const press = (hub: TestHub, url: string): Promise<TestAnswer> =>
  hub.ask("POST", url, { body: new Uint8Array(), headers: form });

/** The page of an answer; there is a button where it can do something. */
function pageOf(answer: TestAnswer): { readonly text: string; readonly hasButton: boolean } {
  assert.equal(answer.headers["content-type"], "text/html; charset=utf-8");
  return { text: answer.text, hasButton: answer.text.includes('<form method="post"><button>') };
}

describe("a link of a notice", () => {
  test("changes nothing when it is looked at, and acknowledges when its button is pressed", async (t) => {
    const { hub, path, read } = await open(t);
    const url = path("acknowledge");
    const page = pageOf(await hub.ask("GET", url));
    assert.match(page.text, /<button>Acknowledge<\/button>/);
    assert.equal((await hub.api.app.inject({ method: "HEAD", url })).statusCode, 200);
    assert.equal((await read()).acknowledged_at, null);
    const done = pageOf(await press(hub, url));
    assert.match(done.text, /It was acknowledged at 2026-01-01 00:03 UTC by link\./);
    assert.equal(done.hasButton, false);
    const { acknowledged_at, acknowledged_by } = await read();
    assert.deepEqual([acknowledged_at, acknowledged_by], ["2026-01-01T00:03:00.000Z", "link"]);
    const [entry] = await hub.store.auditEntries({ limit: 1 });
    assert.deepEqual([entry?.actor, entry?.action], ["link", "acknowledge"]);
  });

  test("snoozes for an hour, once", async (t) => {
    const { hub, path, read } = await open(t);
    const url = path("snooze");
    assert.match((await hub.ask("GET", url)).text, /<button>Snooze for an hour<\/button>/);
    await press(hub, url);
    const until = (await read()).snoozed_until;
    assert.equal(until, "2026-01-01T01:03:00.000Z");
    hub.clock.move(60_000);
    const again = pageOf(await press(hub, url));
    assert.match(again.text, /It is snoozed until 2026-01-01 01:03 UTC\./);
    assert.equal((await read()).snoozed_until, until);
    hub.clock.move(hourMs);
    assert.equal(pageOf(await hub.ask("GET", url)).hasButton, true);
  });

  test("says when somebody acknowledged already, and when it is over", async (t) => {
    const { hub, id, monitorId, headers, path, read } = await open(t);
    assert.equal(
      (await hub.ask("POST", `/api/v1/incidents/${id}/acknowledge`, { headers })).status,
      200,
    );
    const taken = await read();
    const page = pageOf(await press(hub, path("acknowledge")));
    assert.match(page.text, /It was acknowledged at .* by key:write\./);
    assert.deepEqual(await read(), taken);
    hub.clock.move(60_000);
    await hub.check(monitorId, upOutcome);
    for (const action of ["acknowledge", "snooze"] as const) {
      const over = pageOf(await press(hub, path(action)));
      assert.match(over.text, /It is over since 2026-01-01 00:04 UTC\./);
      assert.equal(over.hasButton, false);
    }
    assert.equal((await read()).snoozed_until, null);
  });

  test("expires after a week, and says so", async (t) => {
    const { hub, path, read } = await open(t);
    const url = path("acknowledge");
    hub.clock.move(7 * dayMs + 1000);
    for (const answer of [await hub.ask("GET", url), await press(hub, url)]) {
      assert.equal(answer.status, 410);
      assert.match(pageOf(answer).text, /This link expired/);
    }
    assert.equal((await read()).acknowledged_at, null);
  });

  const changes: readonly (readonly [string, (url: string) => string])[] = [
    ["is for another action", (url) => url.replace("/acknowledge?", "/snooze?")],
    ["is for an action that there is not", (url) => url.replace("/acknowledge?", "/resolve?")],
    ["is for another incident", (url) => url.replace(/s\/[^/]+\//, `s/${createId(0)}/`)],
    ["is for no incident", (url) => url.replace(/s\/[^/]+\//, "s/x/")],
    ["holds for longer", (url) => url.replace(/until=\d/, "until=9")],
    ["has no time", (url) => url.replace(/until=\d+/, "until=soon")],
    ["has no signature", (url) => url.replace(/&sig=.*/, "")],
    ["was cut off", (url) => url.slice(0, -3)],
  ];
  for (const [what, change] of changes) {
    test(`that ${what} does nothing`, async (t) => {
      const { hub, path, read } = await open(t);
      const url = change(path("acknowledge"));
      for (const answer of [await hub.ask("GET", url), await press(hub, url)]) {
        assert.equal(answer.status, 404, answer.text);
        assert.equal(pageOf(answer).hasButton, false);
      }
      const { acknowledged_at, snoozed_until } = await read();
      assert.deepEqual([acknowledged_at, snoozed_until], [null, null]);
    });
  }

  test("works with what mail programs add to addresses", async (t) => {
    const { hub, path } = await open(t);
    const url = `${path("acknowledge")}&utm_source=mail`;
    assert.equal((await press(hub, url)).status, 200);
  });

  test("leads to a page without scripts, of which nothing that others wrote is a part", async (t) => {
    const { hub, path } = await open(t);
    const answer = await hub.ask("GET", `${path("snooze")}&next=https://evil.example`);
    assert.match(answer.text, /&lt;b&gt;api&lt;\/b&gt; is down/);
    assert.doesNotMatch(answer.text, /<b>|<script|evil/);
    const policy = String(answer.headers["content-security-policy"]);
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self';/);
    assert.deepEqual(
      ["cache-control", "referrer-policy", "location"].map((name) => answer.headers[name]),
      ["no-store", "no-referrer", undefined],
    );
  });

  test("is counted by the limit of requests", async (t) => {
    const { hub, path } = await open(t, {
      rateLimit: { max: 8, windowMs: 60_000, failedAttempts: 20 },
    });
    const url = path("snooze").slice(0, -1);
    const statuses: number[] = [];
    for (let i = 0; i < 9; i += 1) statuses.push((await hub.ask("GET", url)).status);
    assert.equal(statuses[0], 404);
    assert.equal(statuses.at(-1), 429);
  });
});
