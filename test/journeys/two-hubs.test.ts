/**
 * Two hubs on one PostgreSQL, each a process: what is done at one holds at the other, nobody is told twice, and what one
 * hub did for both the other does when it is killed. How soon is asserted generously, for busy machines; what a line of
 * the table says is printed beside how long it took.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type {
  AlertRuleView,
  ChannelView,
  FleetView,
  IncidentView,
  Json,
  KeyView,
  MonitorView,
} from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";
import { startNotices, type Notices } from "../kit/notices.ts";
import { startPostgres, type Postgres } from "../kit/postgres.ts";

const adminKey = "a-key-for-two-hubs";
const patienceMs = 60_000;

/** A hub as a person with a key asks it. */
interface Desk extends Hub {
  fetch(method: string, path: string, ask?: Ask): Promise<Answer>;
}

interface Ask {
  readonly body?: Json;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  json<T = unknown>(): T;
}

async function startDesk(database: string, env: Readonly<Record<string, string>>): Promise<Desk> {
  const hub = await startHub({
    env: {
      BELFRY_DATABASE: database,
      BELFRY_AGENT_ENABLED: "false",
      BELFRY_AUTH: "keys",
      BELFRY_ADMIN_KEY: adminKey,
      BELFRY_LOG_LEVEL: "warn",
      ...env,
    },
  });
  async function fetchIt(method: string, path: string, ask: Ask = {}): Promise<Answer> {
    const { body, key = adminKey, headers } = ask;
    const response = await fetch(hub.url + path, {
      method,
      headers: {
        ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const { status } = response;
    return { status, headers: response.headers, text, json: <T>() => JSON.parse(text) as T };
  }
  return {
    ...hub,
    fetch: fetchIt,
    async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
      const answer = await fetchIt(method, path, body === undefined ? {} : { body: body as Json });
      if (answer.status >= 300) {
        throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      }
      return answer.text === "" ? (undefined as T) : answer.json<T>();
    },
  };
}

let server: Postgres | undefined;

before(async () => {
  server = await startPostgres();
});
after(() => server?.[Symbol.asyncDispose]());

interface Pair extends AsyncDisposable {
  /** Another one each time a row is done. */
  readonly tag: string;
  readonly a: Desk;
  readonly b: Desk;
  readonly notices: Notices;
}

async function startPair(env: Readonly<Record<string, string>> = {}): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const database = await server?.createDatabase();
  assert.ok(database !== undefined);
  const notices = stack.use(await startNotices());
  const a = stack.use(await startDesk(database, env));
  const b = stack.use(await startDesk(database, env));
  await notices.connect(a);
  const pair = stack.move();
  return { tag: "", a, b, notices, [Symbol.asyncDispose]: () => pair.disposeAsync() };
}

async function incidentsOf(hub: Desk): Promise<readonly IncidentView[]> {
  return (await hub.ask<{ items: readonly IncidentView[] }>("GET", "/api/v1/incidents")).items;
}

/** An alert of another system; `seconds` from now it ends if nothing is heard of it. */
function alertOf(name: string, seconds: number): Json {
  return [
    {
      labels: { alertname: name, severity: "critical" },
      annotations: { summary: `${name} is wrong` },
      startsAt: new Date(Date.now() - 1000).toISOString(),
      endsAt: new Date(Date.now() + seconds * 1000).toISOString(),
    },
  ];
}

async function openIncident({ a }: Pair, name: string): Promise<IncidentView> {
  await a.ask("POST", "/api/v2/alerts", alertOf(name, 3600));
  return until(
    `${name} is open`,
    async () => (await incidentsOf(a)).find(({ title }) => title.includes(name)),
    patienceMs,
  );
}

const ruleOf = (name: string): Json => ({
  name,
  severity: "critical",
  subject: "host",
  matchers: [],
  condition: {
    kind: "threshold",
    metric: { name: "belfry_host_disk_used_ratio", matchers: [] },
    aggregate: "last",
    operator: ">",
    value: 0.9,
    recover_value: 0.8,
  },
  for_seconds: 0,
  recovery_for_seconds: 0,
  labels: {},
});

/** Reads a hub's event stream until it ends; what came of it so far is in `text`. */
async function follow(hub: Desk, key: string) {
  const stop = new AbortController();
  const response = await fetch(`${hub.url}/api/v1/live`, {
    headers: { authorization: `Bearer ${key}` },
    signal: stop.signal,
  });
  assert.equal(response.status, 200);
  const stream = {
    text: "",
    isOver: false,
    [Symbol.dispose]: () => stop.abort(),
  };
  void (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) stream.text += decoder.decode(bytes);
  })()
    .catch(() => undefined)
    .finally(() => (stream.isOver = true));
  return stream;
}

async function createKey(hub: Desk, name: string): Promise<KeyView & { readonly key: string }> {
  return hub.ask("POST", "/api/v1/keys", { name, scopes: ["read"] });
}

/** Does something at the first hub; answers with what is to become so at the second. */
type Row = (pair: Pair) => Promise<() => Promise<boolean>>;

const monitorInput = {
  name: "api",
  url: "http://127.0.0.1:9/",
  interval: 3600,
} as const satisfies Json;

const table: Readonly<Record<string, Row>> = {
  "a key that is made lets in": async ({ a, b }) => {
    const { key } = await createKey(a, "made");
    return async () => (await b.fetch("GET", "/api/v1/monitors", { key })).status === 200;
  },
  "a key that is revoked does not": async ({ a, b }) => {
    const { id, key } = await createKey(a, "revoked");
    await until(
      "b knows it",
      async () => (await b.fetch("GET", "/api/v1/session", { key })).status === 200,
      patienceMs,
    );
    await a.ask("DELETE", `/api/v1/keys/${id}`);
    return async () => (await b.fetch("GET", "/api/v1/session", { key })).status === 401;
  },
  "streams that were opened with a revoked key end": async ({ a, b }) => {
    const { id, key } = await createKey(a, "streamed");
    await until(
      "b knows it",
      async () => (await b.fetch("GET", "/api/v1/session", { key })).status === 200,
      patienceMs,
    );
    const stream = await follow(b, key);
    assert.equal(stream.isOver, false);
    await a.ask("DELETE", `/api/v1/keys/${id}`);
    return () => Promise.resolve(stream.isOver);
  },
  "a session lets in until it is ended": async ({ a, b }) => {
    const opened = await a.fetch("POST", "/api/v1/session", { key: "", body: { key: adminKey } });
    assert.equal(opened.status, 201);
    const [cookie = ""] = opened.headers.getSetCookie().map((one) => one.split(";")[0] ?? "");
    const { csrf_token: csrf } = opened.json<{ csrf_token: string }>();
    const headers = { cookie, "x-csrf-token": csrf };
    const asked = await b.fetch("GET", "/api/v1/session", { key: "", headers });
    assert.deepEqual([asked.status, asked.json<{ kind: string }>().kind], [200, "session"]);
    assert.equal((await a.fetch("DELETE", "/api/v1/session", { key: "", headers })).status, 204);
    return async () =>
      (await b.fetch("GET", "/api/v1/session", { key: "", headers })).status === 401;
  },
  "a rule of one's own is looked at, and known by everybody": async ({ a, b }) => {
    const { id } = await a.ask<AlertRuleView>("POST", "/api/v1/alert-rules", ruleOf("shared"));
    return async () => (await b.fetch("GET", `/api/v1/alert-rules/${id}`)).status === 200;
  },
  "a built-in rule is as it was changed": async ({ a, b }) => {
    await a.ask("PATCH", "/api/v1/alert-rules/filesystem_full", { for_seconds: 7 });
    return async () =>
      (await b.ask<AlertRuleView>("GET", "/api/v1/alert-rules/filesystem_full")).for_seconds === 7;
  },
  "an incident is shown as it was acknowledged, on open pages too": async (pair) => {
    const incident = await openIncident(pair, `Acknowledged${pair.tag}`);
    const stream = await follow(pair.b, adminKey);
    await pair.a.ask("POST", `/api/v1/incidents/${incident.id}/acknowledge`, {});
    return async () => {
      const [found] = (await incidentsOf(pair.b)).filter(({ id }) => id === incident.id);
      return found?.acknowledged_at !== null && stream.text.includes(incident.id);
    };
  },
  "a comment is told to open pages": async (pair) => {
    const incident = await openIncident(pair, `Commented${pair.tag}`);
    const stream = await follow(pair.b, adminKey);
    await pair.a.ask("POST", `/api/v1/incidents/${incident.id}/comments`, { text: "on it" });
    return () => Promise.resolve(stream.text.includes(incident.id));
  },
  "a silence keeps quiet what the other hub takes in": async ({ tag, a, b, notices }) => {
    const [silenced, loud] = [`Silenced${tag}`, `Loud${tag}`];
    await a.ask("POST", "/api/v1/silences", {
      matchers: [{ name: "alertname", value: silenced, is_regex: false, is_equal: true }],
      starts_at: new Date(Date.now() - 1000).toISOString(),
      ends_at: new Date(Date.now() + 3_600_000).toISOString(),
      comment: "known",
    });
    await b.ask("POST", "/api/v2/alerts", alertOf(silenced, 3600));
    await b.ask("POST", "/api/v2/alerts", alertOf(loud, 3600));
    const told = (name: string) => notices.all.some(({ title }) => title.includes(name));
    return () => {
      assert.ok(!told(silenced));
      return Promise.resolve(told(loud));
    };
  },
  "notices go where a channel was made, and no longer where one was deleted": async (pair) => {
    const { tag, a, b, notices } = pair;
    await using elsewhere = await startNotices();
    const { items } = await a.ask<{ items: readonly ChannelView[] }>("GET", "/api/v1/channels");
    const id = await elsewhere.connect(a);
    for (const one of items) await a.ask("DELETE", `/api/v1/channels/${one.id}`);
    await b.ask("POST", "/api/v2/alerts", alertOf(`Elsewhere${tag}`, 3600));
    const isTold = (of: Notices) => of.all.some(({ title }) => title.includes(`Elsewhere${tag}`));
    await until("it is told there", () => isTold(elsewhere), patienceMs);
    await notices.connect(b);
    await b.ask("DELETE", `/api/v1/channels/${id}`);
    return () => Promise.resolve(!isTold(notices));
  },
  "a monitor is there, and gone": async ({ a, b }) => {
    const { id } = await a.ask<MonitorView>("POST", "/api/v1/monitors", monitorInput);
    await until(
      "b has it",
      async () => (await b.fetch("GET", `/api/v1/monitors/${id}`)).status === 200,
      patienceMs,
    );
    await a.ask("DELETE", `/api/v1/monitors/${id}`);
    return async () => (await b.fetch("GET", `/api/v1/monitors/${id}`)).status === 404;
  },
};

/** Both hubs are sent the same request at the same moment: it is done once. */
async function sendAtOnce({ a, b }: Pair): Promise<void> {
  const body = { ...monitorInput, name: "at once" };
  const headers = { "idempotency-key": "at once" };
  const ask = (hub: Desk) => hub.fetch("POST", "/api/v1/monitors", { body, headers });
  const answers = await Promise.all([a, b, a, b].map(ask));
  for (const { status } of answers) assert.ok(status === 201 || status === 409, `${status}`);
  for (const hub of [a, b]) {
    const made = async (): Promise<number> => {
      const page = await hub.ask<{ items: readonly MonitorView[] }>("GET", "/api/v1/monitors");
      return page.items.filter(({ name }) => name === "at once").length;
    };
    await until("it is known", async () => (await made()) > 0, patienceMs);
    assert.equal(await made(), 1);
  }
}

describe("two hubs", { timeout: 240_000 }, () => {
  test("what is done at one is so at the other", async (t) => {
    await using pair = await startPair();
    for (const [what, row] of Object.entries(table)) {
      // By turns, so that each row is done at either hub.
      for (const turned of [
        { ...pair, tag: "Once" },
        { ...pair, tag: "Twice", a: pair.b, b: pair.a },
      ]) {
        const isSo = await row(turned);
        const began = performance.now();
        await until(what, isSo, patienceMs);
        t.diagnostic(`${what}: ${Math.round(performance.now() - began)} ms`);
      }
    }

    const headers = { "idempotency-key": "once" };
    const first = await pair.a.fetch("POST", "/api/v1/monitors", { body: monitorInput, headers });
    const again = await pair.b.fetch("POST", "/api/v1/monitors", { body: monitorInput, headers });
    assert.deepEqual([first.status, again.status], [201, 201]);
    assert.equal(again.headers.get("idempotent-replayed"), "true");
    assert.equal(again.json<MonitorView>().id, first.json<MonitorView>().id);
    await sendAtOnce(pair);
  });

  test("what may be done only so often may be at both together", async (t) => {
    const limit = 200;
    await using pair = await startPair({
      BELFRY_RATE_LIMIT_REQUESTS_PER_MINUTE: `${limit}`,
      BELFRY_RATE_LIMIT_FAILED_KEYS_PER_MINUTE: "10",
    });
    const { a, b } = pair;
    await wholeMinute(30_000);
    const { key } = await createKey(a, "busy");
    const ask = async (hub: Desk, count: number): Promise<number> => {
      let allowed = 0;
      for (let i = 0; i < count; i += 1) {
        const { status } = await hub.fetch("GET", "/api/v1/session", { key });
        if (status === 200) allowed += 1;
      }
      return allowed;
    };
    const atA = await ask(a, limit - 20);
    assert.equal(atA, limit - 20);
    let atB = 0;
    await until(
      "the other refuses",
      async () => {
        const allowed = await ask(b, 20);
        atB += allowed;
        return allowed === 0;
      },
      patienceMs,
    );
    t.diagnostic(`of ${limit} allowed: ${atA} at one, then ${atB} at the other`);
    assert.ok(atA + atB < limit * 1.5);

    const wrong = async (hub: Desk): Promise<number> =>
      (await hub.fetch("GET", "/api/v1/session", { key: "no-key-of-anybody" })).status;
    await until("the first refuses to look", async () => (await wrong(a)) === 429, patienceMs);
    await until("the other as well", async () => (await wrong(b)) === 429, patienceMs);
  });

  test("rules see what both store, alerts end once, and a kill changes nothing of it", async (t) => {
    await using pair = await startPair();
    const { a, b, notices } = pair;
    await a.ask("POST", "/api/v1/alert-rules", ruleOf("disk of the test"));
    const posting = { to: [a, b], percent: 95, next: 0 };
    const postEach = setInterval(() => {
      const { to, percent, next } = posting;
      posting.next += 1;
      // A hub that was killed takes nothing.
      void post(to[next % to.length] ?? a, percent).catch(() => undefined);
    }, 1_000);
    t.after(() => clearInterval(postEach));
    const told = (kind: string, name: string) =>
      notices.all.filter((one) => one.kind === kind && one.title.includes(name)).length;
    await until("it rings", () => told("firing", "web") > 0, patienceMs);
    const ends = alertOf("Ending", 6);
    await b.ask("POST", "/api/v2/alerts", ends);
    await until("the alert is over", () => told("resolved", "Ending") > 0, patienceMs);

    const [leader, other] = (await hasRules(a)) ? [a, b] : [b, a];
    await leader.end("SIGKILL");
    const killedAt = performance.now();
    posting.to = [other];
    await until("the other has the duty", () => hasRules(other), patienceMs);
    t.diagnostic(`the duty moved within ${Math.round(performance.now() - killedAt)} ms`);
    posting.percent = 40;
    await until("it is over", () => told("resolved", "web") > 0, patienceMs);
    clearInterval(postEach);
    for (const name of ["web", "Ending"]) {
      assert.deepEqual([told("firing", name), told("resolved", name)], [1, 1], name);
    }
  });
});

/** Counts of a minute are counted anew with the next: waits for it where less than so much of this one is left, ms. */
async function wholeMinute(leftMs: number): Promise<void> {
  const left = (): number => 60_000 - (Date.now() % 60_000);
  await until("the minute is long enough", () => left() > leftMs, patienceMs);
}

async function post(hub: Desk, percent: number): Promise<void> {
  await hub.ask("POST", "/metrics", {
    hostname: "web",
    timestamp: Math.floor(Date.now() / 1000),
    cpu: 5,
    ram: 20,
    disk: percent,
    disk_read: 0,
    disk_write: 0,
  });
}

/** Whether a hub looks at rules, as its fleet says. */
async function hasRules(hub: Desk): Promise<boolean> {
  const { members } = await hub.ask<FleetView>("GET", "/api/v1/fleet");
  return members.some(
    ({ name, duties }) => name.endsWith(`:${hub.pid}`) && duties.includes("rules"),
  );
}
