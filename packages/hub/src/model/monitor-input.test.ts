import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createParser, type Problem } from "@belfry/contract";
import { Type } from "typebox";
import type { CheckKind } from "./check-kind.ts";
import { createId, type MonitorId } from "./id.ts";
import type { Monitor } from "./monitor.ts";
import {
  checksDifferently,
  expectedStatusOf,
  parseMonitor,
  parseMonitorPatch,
  type InputContext,
} from "./monitor-input.ts";

function kind(
  name: string,
  schema: ReturnType<typeof Type.Object>,
  secrets: string[] = [],
): CheckKind {
  const parse = createParser(schema);
  return {
    kind: name,
    title: name,
    description: name,
    schema,
    secrets,
    metrics: [],
    real: true,
    parseSettings: (settings, at) => parse(settings, at) as ReturnType<CheckKind["parseSettings"]>,
    targetOf: () => name,
    hostOf: () => name,
    createProbe: () => assert.fail("no check is made here"),
  };
}

const closed = { additionalProperties: false };
const http = kind(
  "http",
  Type.Object(
    {
      url: Type.String({ pattern: "^https?://" }),
      accepted_status: Type.Array(Type.String({ pattern: "^[1-5]\\d\\d$" }), { default: ["200"] }),
      auth: Type.Optional(
        Type.Union([
          Type.Object({ kind: Type.Literal("basic"), password: Type.String() }, closed),
          Type.Object({ kind: Type.Literal("bearer"), token: Type.String() }, closed),
        ]),
      ),
      secret_headers: Type.Record(Type.String(), Type.String(), { default: {} }),
    },
    closed,
  ),
  ["auth.password", "auth.token", "secret_headers.*"],
);
const tcp = kind(
  "tcp",
  Type.Object({ host: Type.String(), port: Type.Integer({ minimum: 1, maximum: 65_535 }) }, closed),
);

const ids = [1, 2, 3].map(() => createId<"monitor">(1)) as [MonitorId, MonitorId, MonitorId];
const [self, other, third] = ids;
const nobody = createId<"monitor">(1);

function context(existing?: Monitor, others: readonly Monitor[] = []): InputContext {
  const all = new Map(others.map((monitor) => [monitor.id, monitor]));
  return {
    id: self,
    now: 5000,
    existing,
    kinds: new Map([http, tcp].map((one) => [one.kind, one])),
    defaults: { intervalMs: 60_000, timeoutMs: 10_000 },
    monitor: (id) => all.get(id),
  };
}

function accepted(input: unknown, within: InputContext = context()): Monitor {
  const parsed = parseMonitor(input, within);
  assert.ok(parsed.kind === "ok", JSON.stringify(parsed));
  return parsed.value;
}

function problemsOf(input: unknown, within: InputContext = context()): readonly Problem[] {
  const parsed = parseMonitor(input, within);
  return parsed.kind === "bad" ? parsed.problems : assert.fail("was accepted");
}

const api = { name: "api", url: "http://a/" };

describe("the input of a monitor", () => {
  test("is filled up with defaults", () => {
    assert.deepEqual(accepted({ name: "  api ", url: "http://a/" }), {
      id: self,
      name: "api",
      kind: "http",
      settings: { url: "http://a/", accepted_status: ["200"], secret_headers: {} },
      labels: {},
      dependsOn: [],
      enabled: true,
      intervalMs: 60_000,
      timeoutMs: 10_000,
      judging: {
        downAfter: 2,
        upAfter: 1,
        retryIntervalMs: null,
        degradedAfterMs: null,
        degradedCertificateDays: 14,
      },
      version: 1,
      createdAt: 5000,
      updatedAt: 5000,
    });
  });

  const refused: { title: string; input: unknown; problems: string[] }[] = [
    { title: "no object", input: [], problems: [": expected an object, found []"] },
    {
      title: "nothing at all",
      input: {},
      problems: ["name: is required", "url: is required, or `kind` with `settings`"],
    },
    {
      title: "a blank name",
      input: { ...api, name: "  " },
      problems: ['name: expected text of 1 to 100 characters without control characters, found ""'],
    },
    {
      title: "a name of 101 characters",
      input: { ...api, name: "x".repeat(101) },
      problems: [
        `name: expected text of 1 to 100 characters without control characters, found "${"x".repeat(56)}...`,
      ],
    },
    {
      title: "a control character in the name",
      input: { ...api, name: "a\u0007b" },
      problems: [
        'name: expected text of 1 to 100 characters without control characters, found "a\\u0007b"',
      ],
    },
    {
      title: "a negative interval",
      input: { ...api, interval: -5 },
      problems: ["interval: expected a number from 1 to 86400, found -5"],
    },
    {
      title: "an interval as text",
      input: { ...api, interval: "60" },
      problems: ['interval: expected a number from 1 to 86400, found "60"'],
    },
    {
      title: "an endless interval",
      input: { ...api, interval: Number.POSITIVE_INFINITY },
      problems: ["interval: expected a number from 1 to 86400, found Infinity"],
    },
    {
      title: "an unknown key",
      input: { ...api, intervall: 5 },
      problems: ["intervall: is not a known key"],
    },
    {
      title: "an unknown kind",
      input: { name: "a", kind: "ftp", settings: {} },
      problems: ['kind: expected one of http, tcp, found "ftp"'],
    },
    {
      title: "a url of another sort, where it was written",
      input: { name: "a", url: "ftp://a" },
      problems: ['url: expected text that matches ^https?://, found "ftp://a"'],
    },
    {
      title: "a setting out of range, with its dotted path",
      input: { name: "a", kind: "tcp", settings: { host: "db", port: 0 } },
      problems: ["settings.port: expected a whole number from 1 to 65535, found 0"],
    },
    {
      title: "a missing setting",
      input: { name: "a", kind: "tcp" },
      problems: ["settings.host: is required", "settings.port: is required"],
    },
    {
      title: "a url for a kind without one",
      input: { name: "a", kind: "tcp", url: "http://a/", settings: { host: "a", port: 1 } },
      problems: ["url: is not for monitors of kind tcp"],
    },
    {
      title: "two urls that differ",
      input: { ...api, settings: { url: "http://b/" } },
      problems: ["url: says something else than settings.url"],
    },
    {
      title: "an expected status out of range",
      input: { ...api, expected_status: 600 },
      problems: [
        "expected_status: expected a whole number from 100 to 599, found 600",
        'expected_status: expected text that matches ^[1-5]\\d\\d$, found "600"',
      ],
    },
    {
      title: "a label with a name that is none",
      input: { ...api, labels: { "a-b": "c" } },
      problems: ["labels.a-b: is not a name that can be used here"],
    },
    {
      title: "a dependency that is not there",
      input: { ...api, depends_on: [nobody] },
      problems: [`depends_on[0]: there is no monitor ${nobody}`],
    },
    {
      title: "itself as a dependency",
      input: { ...api, depends_on: [self] },
      problems: ["depends_on[0]: a monitor cannot depend on itself"],
    },
    {
      title: "faults in shape and settings, all at once",
      input: { name: "", kind: "tcp", settings: { host: 1, port: 1 } },
      problems: [
        'name: expected text of 1 to 100 characters without control characters, found ""',
        "settings.host: expected text, found 1",
      ],
    },
    {
      title: "a mask where nothing is stored",
      input: { ...api, settings: { secret_headers: { a: { set: true } } } },
      problems: ['settings.secret_headers.a: expected text, found {"set":true}'],
    },
  ];
  for (const { title, input, problems } of refused) {
    test(`is refused with ${title}`, () => {
      assert.deepEqual(
        problemsOf(input).map(({ path, message }) => `${path}: ${message}`),
        problems,
      );
    });
  }

  test("takes the same url twice for one", () => {
    assert.equal(accepted({ ...api, settings: { url: "http://a/" } }).settings["url"], "http://a/");
  });

  test("turns expected_status into a setting and back", () => {
    const { settings } = accepted({ ...api, expected_status: 204 });
    assert.deepEqual(settings["accepted_status"], ["204"]);
    assert.equal(expectedStatusOf(settings), 204);
    assert.equal(expectedStatusOf({ accepted_status: ["200-299"] }), null);
    assert.equal(expectedStatusOf({ accepted_status: ["200", "204"] }), null);
  });

  test("is refused when dependencies go round in a circle", () => {
    const base = accepted(api);
    const a = { ...base, id: other, dependsOn: [third] };
    const b = { ...base, id: third, dependsOn: [self] };
    const problems = problemsOf({ ...api, depends_on: [other] }, context(base, [a, b]));
    assert.deepEqual(problems, [
      { path: "depends_on[0]", message: `monitor ${other} depends on this one already` },
    ]);
  });

  test("names a dependency once", () => {
    const base = { ...accepted(api), id: other };
    assert.deepEqual(
      accepted({ ...api, depends_on: [other, other] }, context(undefined, [base])).dependsOn,
      [other],
    );
  });
});

describe("secrets in a replacement", () => {
  const stored = accepted({
    ...api,
    settings: { auth: { kind: "basic", password: "p" }, secret_headers: { a: "1", b: "2" } },
  });
  const rows: { title: string; settings: object; auth: unknown; headers: object }[] = [
    {
      title: "stay when masked",
      settings: {
        auth: { kind: "basic", password: { set: true } },
        secret_headers: { a: { set: true }, b: { set: true } },
      },
      auth: { kind: "basic", password: "p" },
      headers: { a: "1", b: "2" },
    },
    {
      title: "stay when left out of an object that is there",
      settings: { auth: { kind: "basic" } },
      auth: { kind: "basic", password: "p" },
      headers: {},
    },
    { title: "go with the object around them", settings: {}, auth: undefined, headers: {} },
    {
      title: "are replaced",
      settings: { auth: { kind: "basic", password: "q" } },
      auth: { kind: "basic", password: "q" },
      headers: {},
    },
    {
      title: "are dropped where another sort of credentials comes",
      settings: { auth: { kind: "bearer", token: "t" } },
      auth: { kind: "bearer", token: "t" },
      headers: {},
    },
    {
      title: "behind a star go when their key is left out",
      settings: { secret_headers: { b: { set: true } } },
      auth: undefined,
      headers: { b: "2" },
    },
  ];
  for (const { title, settings, auth, headers } of rows) {
    test(title, () => {
      const next = accepted({ ...api, settings }, context(stored));
      assert.deepEqual(next.settings["auth"], auth);
      assert.deepEqual(next.settings["secret_headers"], headers);
      assert.equal(next.version, 2);
    });
  }

  test("are not taken over by another kind", () => {
    const problems = problemsOf(
      { name: "a", kind: "tcp", settings: { host: { set: true }, port: 1 } },
      context(stored),
    );
    assert.equal(problems[0]?.path, "settings.host");
  });
});

describe("a patch", () => {
  const stored = accepted({
    ...api,
    labels: { team: "core", tier: "1" },
    interval: 30,
    settings: { auth: { kind: "basic", password: "p" } },
    judging: { degraded_certificate_days: 30 },
  });
  const patched = (patch: unknown): Monitor => {
    const parsed = parseMonitorPatch(patch, { ...context(stored), existing: stored });
    assert.ok(parsed.kind === "ok", JSON.stringify(parsed));
    return parsed.value;
  };

  const rows: { title: string; patch: object; expected: Partial<Monitor> }[] = [
    { title: "of nothing changes the version only", patch: {}, expected: {} },
    { title: "of the name trims it", patch: { name: " b " }, expected: { name: "b" } },
    {
      title: "of labels merges them",
      patch: { labels: { tier: null, zone: "a" } },
      expected: { labels: { team: "core", zone: "a" } },
    },
    {
      title: "with null goes back to the default",
      patch: { interval: null, labels: null },
      expected: { intervalMs: 60_000, labels: {} },
    },
    {
      title: "of the url keeps the other settings",
      patch: { url: "http://b/" },
      expected: { settings: { ...stored.settings, url: "http://b/" } },
    },
    {
      title: "of the expected status replaces the accepted ones",
      patch: { expected_status: 204 },
      expected: { settings: { ...stored.settings, accepted_status: ["204"] } },
    },
    {
      title: "of the expected status with null goes back to the default",
      patch: { expected_status: null },
      expected: { settings: stored.settings },
    },
    {
      title: "with the mask keeps the secret",
      patch: { settings: { auth: { password: { set: true } } } },
      expected: { settings: stored.settings },
    },
    {
      title: "of judging keeps the rest of it, and null is a value",
      patch: { judging: { degraded_certificate_days: null, down_after: 3 } },
      expected: { judging: { ...stored.judging, degradedCertificateDays: null, downAfter: 3 } },
    },
    {
      title: "of the kind begins with empty settings",
      patch: { kind: "tcp", settings: { host: "a", port: 1 } },
      expected: { kind: "tcp", settings: { host: "a", port: 1 } },
    },
  ];
  for (const { title, patch, expected } of rows) {
    test(title, () => {
      assert.deepEqual(patched(patch), { ...stored, ...expected, version: 2, updatedAt: 5000 });
    });
  }

  test("reports what the merged whole has wrong, once", () => {
    const parsed = parseMonitorPatch(
      { interval: -5, nope: 1 },
      { ...context(stored), existing: stored },
    );
    assert.deepEqual(parsed, {
      kind: "bad",
      problems: [{ path: "nope", message: "is not a known key" }],
    });
    const second = parseMonitorPatch({ interval: -5 }, { ...context(stored), existing: stored });
    assert.equal(second.kind === "bad" && second.problems.length, 1);
  });

  test("of the name alone does not make it check differently, of a setting it does", () => {
    assert.equal(checksDifferently(stored, patched({ name: "b" })), false);
    assert.equal(checksDifferently(stored, patched({ url: "http://b/" })), true);
  });
});
