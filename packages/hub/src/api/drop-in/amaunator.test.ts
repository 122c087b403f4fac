/** Amaunator's surface, against what the original answers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  Json,
  MonitorView,
  StatsView,
  TargetView,
  TargetWithStatusView,
} from "@belfry/contract";
import { downOutcome, openTestHub, startOfTime, upOutcome, type TestHub } from "../hub.kit.ts";
import type { UpOutcome } from "../../model/outcome.ts";

async function create(hub: TestHub, body: Json): Promise<TargetView> {
  const answer = await hub.ask("POST", "/targets", { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<TargetView>();
}

const plain = { name: "A", interval: 5, timeout: 2 };

describe("POST /targets", () => {
  const accepted: { title: string; body: Json; target: Partial<TargetView> }[] = [
    { title: "a target", body: plain, target: plain },
    { title: "numbers as text", body: { name: "A", interval: "5", timeout: " 2 " }, target: plain },
    {
      title: "whole floats as text",
      body: { name: "A", interval: "5.0", timeout: 2 },
      target: plain,
    },
    {
      title: "true for 1",
      body: { name: "A", interval: 5, timeout: true },
      target: { timeout: 1 },
    },
    { title: "an empty name", body: { ...plain, name: "" }, target: { name: "" } },
    {
      title: "a name of 300 characters",
      body: { ...plain, name: "x".repeat(300) },
      target: { name: "x".repeat(300) },
    },
    { title: "keys it does not know", body: { ...plain, colour: "red" }, target: plain },
    {
      title: "an interval of 0, floored at a second",
      body: { name: "A", interval: 0, timeout: 0 },
      target: { interval: 1, timeout: 1 },
    },
    {
      title: "a negative interval, floored as well",
      body: { name: "A", interval: -5, timeout: -7 },
      target: { interval: 1, timeout: 1 },
    },
    {
      title: "an interval beyond a day, cut to it",
      body: { name: "A", interval: 1e9, timeout: 5 },
      target: { interval: 86_400 },
    },
  ];
  test("takes what the original took, with exactly four keys in the answer", async (t) => {
    const hub = await openTestHub(t);
    for (const { title, body, target } of accepted) {
      const made = await create(hub, body);
      assert.deepEqual(Object.keys(made), ["name", "interval", "timeout", "id"], title);
      for (const [key, value] of Object.entries(target)) {
        assert.equal(made[key as keyof TargetView], value, title);
      }
      assert.match(made.id, /^[0-9a-f-]{36}$/);
      assert.equal(hub.board.get(made.id as never)?.monitor.kind, "synthetic");
    }
  });

  const json = { "content-type": "application/json" };
  const refused: {
    title: string;
    body: Json;
    headers?: Record<string, string>;
    detail: object[];
  }[] = [
    {
      title: "a missing field",
      body: { name: "A", interval: 5 },
      detail: [
        {
          type: "missing",
          loc: ["body", "timeout"],
          msg: "Field required",
          input: { name: "A", interval: 5 },
        },
      ],
    },
    {
      title: "every missing field",
      body: {},
      detail: ["name", "interval", "timeout"].map((name) => ({
        type: "missing",
        loc: ["body", name],
        msg: "Field required",
        input: {},
      })),
    },
    {
      title: "a name that is a number",
      body: { ...plain, name: 1 },
      detail: [
        {
          type: "string_type",
          loc: ["body", "name"],
          msg: "Input should be a valid string",
          input: 1,
        },
      ],
    },
    {
      title: "text that is no number",
      body: { ...plain, interval: "soon" },
      detail: [
        {
          type: "int_parsing",
          loc: ["body", "interval"],
          msg: "Input should be a valid integer, unable to parse string as an integer",
          input: "soon",
        },
      ],
    },
    {
      title: "a fraction",
      body: { ...plain, interval: 5.5 },
      detail: [
        {
          type: "int_from_float",
          loc: ["body", "interval"],
          msg: "Input should be a valid integer, got a number with a fractional part",
          input: 5.5,
        },
      ],
    },
    {
      title: "null",
      body: { ...plain, interval: null },
      detail: [
        {
          type: "int_type",
          loc: ["body", "interval"],
          msg: "Input should be a valid integer",
          input: null,
        },
      ],
    },
    {
      title: "an interval below the timeout",
      body: { name: "A", interval: 1, timeout: 2 },
      detail: [
        {
          type: "value_error",
          loc: ["body"],
          msg: "Value error, Interval must be equal to or greater than timeout",
          input: { name: "A", interval: 1, timeout: 2 },
          ctx: { error: {} },
        },
      ],
    },
    {
      title: "a list",
      body: [],
      detail: [
        {
          type: "model_attributes_type",
          loc: ["body"],
          msg: "Input should be a valid dictionary or object to extract fields from",
          input: [],
        },
      ],
    },
    {
      title: "no JSON content type",
      body: '{"name":"A"}',
      headers: { "content-type": "text/plain" },
      detail: [
        {
          type: "model_attributes_type",
          loc: ["body"],
          msg: "Input should be a valid dictionary or object to extract fields from",
          input: '{"name":"A"}',
        },
      ],
    },
    {
      title: "no body",
      body: "",
      headers: json,
      detail: [{ type: "missing", loc: ["body"], msg: "Field required", input: null }],
    },
    {
      title: "bad JSON",
      body: "{bad",
      headers: json,
      detail: [
        {
          type: "json_invalid",
          loc: ["body", 1],
          msg: "JSON decode error",
          input: {},
          ctx: { error: "Expecting value" },
        },
      ],
    },
    {
      title: "an unknown kind",
      body: { ...plain, kind: "ftp" },
      detail: [
        {
          type: "value_error",
          loc: ["body", "kind"],
          msg: 'Value error, expected one of dns, heartbeat, http, ping, synthetic, tcp, tls, found "ftp"',
          ctx: { error: {} },
        },
      ],
    },
    {
      title: "a url that is none",
      body: { ...plain, url: "nowhere" },
      detail: [
        {
          type: "value_error",
          loc: ["body", "url"],
          msg: "Value error, expected a URL like https://example.org/",
          ctx: { error: {} },
        },
      ],
    },
    {
      title: "a setting out of range",
      body: { ...plain, kind: "tcp", settings: { host: "db", port: 0 } },
      detail: [
        {
          type: "value_error",
          loc: ["body", "settings", "port"],
          msg: "Value error, expected a whole number from 1 to 65535, found 0",
          ctx: { error: {} },
        },
      ],
    },
  ];
  test("refuses what the original refused, in its words", async (t) => {
    const hub = await openTestHub(t);
    for (const { title, body, headers, detail } of refused) {
      const answer = await hub.ask("POST", "/targets", {
        body,
        ...(headers === undefined ? {} : { headers }),
      });
      assert.equal(answer.status, 422, title);
      assert.deepEqual(answer.json(), { detail }, title);
    }
    assert.equal([...hub.board.entries()].length, 0);
  });

  test("makes a real monitor of a url, or of a kind with settings", async (t) => {
    const hub = await openTestHub(t);
    const web = await create(hub, { ...plain, url: "http://127.0.0.1:9/" });
    const db = await create(hub, {
      ...plain,
      kind: "tcp",
      settings: { host: "127.0.0.1", port: 9 },
    });
    const view = async (id: string): Promise<MonitorView> =>
      (await hub.ask("GET", `/api/v1/monitors/${id}`)).json();
    assert.deepEqual(
      [(await view(web.id)).url, (await view(db.id)).target],
      ["http://127.0.0.1:9/", "127.0.0.1:9"],
    );
  });
});

describe("GET /targets", () => {
  const value = (number: number): UpOutcome => ({
    ...upOutcome,
    measurements: { probe_success: 1, probe_synthetic_value: number },
  });

  test("lists every monitor in the order they were made, with counts and a real last check", async (t) => {
    const hub = await openTestHub(t);
    const made = await create(hub, plain);
    hub.clock.move(10);
    const body = { name: "api", url: "http://127.0.0.1:9/", interval: 1.5, timeout: 0.5 };
    const real = (await hub.ask("POST", "/api/v1/monitors", { body })).json<MonitorView>();
    const before = (await hub.ask("GET", "/targets")).json<TargetWithStatusView[]>();
    assert.deepEqual(before[0], {
      ...plain,
      id: made.id,
      status: { last_check: null, last_value: null, check_count: 0, error_count: 0 },
    });
    hub.clock.move(490);
    await hub.check(made.id, value(42));
    await hub.check(made.id, value(0));
    await hub.check(real.id, { ...upOutcome, durationMs: 24.6 });
    const list = (await hub.ask("GET", "/targets")).json<TargetWithStatusView[]>();
    const at = startOfTime / 1000 + 0.5;
    assert.deepEqual(list, [
      {
        ...plain,
        id: made.id,
        status: { last_check: at, last_value: 0, check_count: 2, error_count: 0 },
      },
      {
        name: "api",
        interval: 2,
        timeout: 1,
        id: real.id,
        status: { last_check: at, last_value: 25, check_count: 1, error_count: 0 },
      },
    ]);
    await hub.check(real.id, downOutcome);
    const one = (await hub.ask("GET", `/targets/${real.id}`)).json<TargetWithStatusView>();
    assert.deepEqual([one.status.last_value, one.status.error_count], [-1, 1]);
  });

  const ids: { text: (id: string) => string; status: number }[] = [
    { text: (id) => id, status: 200 },
    { text: (id) => id.toUpperCase(), status: 200 },
    { text: (id) => id.replaceAll("-", ""), status: 200 },
    { text: (id) => `urn:uuid:${id}`, status: 200 },
    { text: (id) => `{${id}}`, status: 200 },
    { text: () => "01890000-0000-4000-8000-000000000000", status: 404 },
    { text: () => "nonsense", status: 422 },
    { text: () => "abc", status: 422 },
    { text: (id) => id.slice(1), status: 422 },
  ];
  test("finds a target by any form of its id", async (t) => {
    const hub = await openTestHub(t);
    const { id } = await create(hub, plain);
    for (const { text, status } of ids) {
      const answer = await hub.ask("GET", `/targets/${encodeURIComponent(text(id))}`);
      assert.equal(answer.status, status, text(id));
    }
    const bad = await hub.ask("GET", "/targets/nonsense");
    const error =
      "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `n` at 1";
    assert.deepEqual(bad.json(), {
      detail: [
        {
          type: "uuid_parsing",
          loc: ["path", "target_id"],
          msg: `Input should be a valid UUID, ${error}`,
          input: "nonsense",
          ctx: { error },
        },
      ],
    });
  });
});

describe("DELETE /targets/{id}", () => {
  test("answers 204 without a body, then 404", async (t) => {
    const hub = await openTestHub(t);
    const { id } = await create(hub, plain);
    const gone = await hub.ask("DELETE", `/targets/${id}`);
    assert.deepEqual([gone.status, gone.text], [204, ""]);
    const again = await hub.ask("DELETE", `/targets/${id}`);
    assert.deepEqual([again.status, again.json()], [404, { detail: "Target not found" }]);
    assert.deepEqual((await hub.ask("GET", "/targets")).json(), []);
  });
});

describe("the rest of the surface", () => {
  test("counts targets and what the outputs took", async (t) => {
    const hub = await openTestHub(t);
    await create(hub, plain);
    hub.outputs = { waiting: 3, handedOver: 42, failed: 1 };
    hub.clock.move(1500);
    const stats = (await hub.ask("GET", "/stats")).json<StatsView>();
    assert.deepEqual(stats, {
      active_targets: 1,
      processed_messages: 42,
      uptime_seconds: 1.5,
      queue_size: 3,
      total_errors: 1,
    });
  });

  const errors: { method: string; url: string; status: number; detail: string }[] = [
    { method: "GET", url: "/targets/a/b", status: 404, detail: "Not Found" },
    { method: "PUT", url: "/targets", status: 405, detail: "Method Not Allowed" },
    {
      method: "PATCH",
      url: "/targets/01890000-0000-4000-8000-000000000000",
      status: 405,
      detail: "Method Not Allowed",
    },
    { method: "POST", url: "/stats", status: 405, detail: "Method Not Allowed" },
  ];
  test("words its errors as FastAPI does", async (t) => {
    const hub = await openTestHub(t);
    for (const { method, url, status, detail } of errors) {
      const answer = await hub.ask(method, url);
      assert.deepEqual([answer.status, answer.json()], [status, { detail }], `${method} ${url}`);
    }
  });
});
