import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { eventSinkContract, sinkParts, type EventSinkFixture } from "../event-sink.contract.ts";
import {
  startStrictServer,
  type StrictServer,
  type TakenRequest,
} from "../http/strict-server.kit.ts";
import { jobRecord } from "../record.kit.ts";
import { webhookKind } from "./kind.ts";

const key = "a-key-that-is-right";
const wrongKey = "a-key-that-is-wrong";
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** A receiver that knows ids, as Standard Webhooks asks for, and refuses what it is told to with 422. */
async function createFixture(body: "event" | "events"): Promise<EventSinkFixture> {
  const ids = new Set<string>();
  const refused = new Set<string>();
  const server = await startStrictServer((request) => {
    if (request.headers["x-api-key"] !== key) return { status: 401, body: `no: ${wrongKey}` };
    if (request.method === "HEAD") return { status: 204 };
    new Webhook(secret).verify(request.body, textHeaders(request));
    const came = idsOf(request, body);
    if (came.some((id) => refused.has(id))) return { status: 422, body: "no place for it" };
    for (const id of came) ids.add(id);
    return { status: 204 };
  });
  const config = { webhook_url: `${server.url}/hook`, headers: { "X-Api-Key": key }, body, secret };
  return {
    config,
    arrived: () => Promise.resolve([...ids]),
    away: server.away,
    refuse(list) {
      for (const id of list) refused.add(id);
      return Promise.resolve();
    },
    throttle: (afterMs) => server.throttle(afterMs),
    misconfigured: { config: { ...config, headers: { "X-Api-Key": wrongKey } }, secret: wrongKey },
    hang: () => server.hang(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function textHeaders({ headers }: TakenRequest): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function idsOf({ body }: TakenRequest, form: "event" | "events"): string[] {
  const sent: unknown = JSON.parse(body.toString());
  const list = form === "events" ? (sent as { events: unknown[] }).events : [sent];
  return list.map((item) => (item as { idempotency_key: string }).idempotency_key);
}

for (const body of ["event", "events"] as const) {
  eventSinkContract({
    kind: webhookKind,
    createFixture: () => createFixture(body),
    wrong: [
      { what: "no address", config: {}, path: "webhook_url" },
      {
        what: "an address of another kind",
        config: { webhook_url: "ftp://a" },
        path: "webhook_url",
      },
      {
        what: "a method without a body",
        config: { webhook_url: "http://a", method: "GET" },
        path: "method",
      },
      {
        what: "a time limit of nothing",
        config: { webhook_url: "http://a", timeout: 0 },
        path: "timeout",
      },
      {
        what: "a short secret",
        config: { webhook_url: "http://a", secret: "whsec_YQ==" },
        path: "secret",
      },
      {
        what: "a header that would end the request",
        config: { webhook_url: "http://a", headers: { a: "b\r\nc: d" } },
        path: "headers.a",
      },
      {
        what: "a header whose name is none",
        config: { webhook_url: "http://a", headers: { "a b": "c" } },
        path: "headers.a b",
      },
    ],
    knowsIds: true,
  });
}

async function sendTo(server: StrictServer, config: object, ids: readonly string[]) {
  const parsed = webhookKind.parseSettings({ webhook_url: server.url, ...config });
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  await using sink = webhookKind.create(parsed.value, sinkParts());
  return await sink.deliver(
    ids.map((id) => jobRecord(id)),
    AbortSignal.timeout(5_000),
  );
}

describe("a webhook", () => {
  it("has the body of the Monitoring Component: the event, or a list with its count", async () => {
    await using server = await startStrictServer(() => ({ status: 200 }));
    await sendTo(server, {}, ["a"]);
    await sendTo(server, { body: "events" }, ["b", "c"]);
    const bodies = server.requests.map((request) => JSON.parse(request.body.toString()) as object);
    const { event } = jobRecord("a");
    assert.deepEqual(Object.keys(bodies[0] ?? {}), Object.keys(event));
    const list = bodies[1] as { events: { idempotency_key: string }[]; count: number };
    assert.deepEqual([list.count, list.events.map((one) => one.idempotency_key)], [2, ["b", "c"]]);
    assert.equal(server.requests[0]?.headers["webhook-signature"], undefined);
  });

  it("sends chosen fields only", async () => {
    await using server = await startStrictServer(() => ({ status: 200 }));
    const fields = {
      job: "entity.business_key",
      lot: "event.metadata.lot",
      none: "entity.no.such",
    };
    await sendTo(server, { fields }, ["a"]);
    const body: unknown = JSON.parse(server.requests[0]?.body.toString() ?? "");
    assert.deepEqual(body, { job: "daily-batch", lot: "A7", none: null });
  });

  it("keeps the id of a request over attempts, and signs with every key", async () => {
    await using server = await startStrictServer(() => ({ status: 503 }));
    const keys = [1, 2].map((n) => `whsec_${Buffer.alloc(24, n).toString("base64")}`);
    for (let i = 0; i < 2; i += 1) {
      const config = { secret: keys.join(" "), body: "events" };
      const answers = await sendTo(server, config, ["a", "b"]);
      assert.deepEqual(
        answers.map(({ kind }) => kind),
        ["retry", "retry"],
      );
    }
    const sent = server.requests.map(textHeaders);
    assert.equal(sent[0]?.["webhook-id"], sent[1]?.["webhook-id"]);
    for (const one of keys) {
      new Webhook(one).verify(server.requests[0]?.body ?? "", sent[0] ?? {});
    }
  });

  for (const { status, expected } of [
    { status: 302, expected: "misconfigured" },
    { status: 404, expected: "misconfigured" },
    { status: 410, expected: "misconfigured" },
    { status: 400, expected: "refused" },
    { status: 413, expected: "refused" },
    { status: 408, expected: "retry" },
    { status: 500, expected: "retry" },
  ]) {
    it(`answers ${status} with ${expected}`, async () => {
      await using server = await startStrictServer(() => ({ status, headers: { location: "/x" } }));
      const [answer] = await sendTo(server, {}, ["a"]);
      assert.equal(answer?.kind, expected);
    });
  }
});
