import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createParser, type JobEvent } from "@belfry/contract";
import { Type } from "typebox";
import type { EventSinkKind } from "../event-sink.ts";
import { readSettings, type SidecarCommand, type SidecarSettings } from "./settings.ts";

function kind(type: string, schema: EventSinkKind["schema"]): EventSinkKind {
  const parse = createParser(schema);
  return {
    type,
    title: type,
    schema,
    secrets: [],
    takes: ["job_event"],
    batch: { maxEvents: 1, maxBytes: 1 },
    parseSettings: (value, at) => {
      const parsed = parse(value, at);
      return parsed.kind === "ok" ? { kind: "ok", value: Object(parsed.value) } : parsed;
    },
    create: () => {
      throw new Error("settings open nothing");
    },
  };
}

const kinds = new Map(
  [
    kind("webhook", Type.Object({ url: Type.String() })),
    kind("local_api", Type.Object({ base_url: Type.String(), timeout: Type.Number() })),
  ].map((one) => [one.type, one]),
);

function read(
  env: Readonly<Record<string, string>>,
  argv: readonly string[] = [],
  files: Readonly<Record<string, string>> = {},
): SidecarCommand {
  return readSettings(argv, { env, kinds, readText: (path) => files[path] });
}

function eventWith(metadata: Record<string, unknown>): JobEvent {
  return {
    idempotency_key: "a",
    site_id: "fab1",
    app: { app_id: null, name: "etl", version: null },
    entity: { type: "job", id: "run-1", parent_id: null, business_key: "daily", sub_key: null },
    event: { kind: "event", at: "2026-01-02T03:04:05.678Z", status: null, metrics: {}, metadata },
  };
}

function integrationsOf(command: SidecarCommand): unknown {
  assert.equal(command.kind, "run", JSON.stringify(command));
  if (command.kind !== "run") return undefined;
  return command.settings.integrations.map(({ name, kind: { type }, enabled, settings }) => ({
    name,
    type,
    enabled,
    settings,
  }));
}

const hook = (extra: object): string =>
  JSON.stringify([{ type: "webhook", name: "h", config: { url: "http://a" }, ...extra }]);
const expectedHook = { name: "h", type: "webhook", enabled: true, settings: { url: "http://a" } };

describe("the sinks of a sidecar", () => {
  it("come from a variable, under either name, inline or from a file", () => {
    for (const name of ["INTEGRATIONS_CONFIG", "INTEGRATION_CONFIG"]) {
      assert.deepEqual(integrationsOf(read({ [name]: hook({}) })), [expectedHook]);
      assert.deepEqual(integrationsOf(read({ [name]: "/a.json" }, [], { "/a.json": hook({}) })), [
        expectedHook,
      ]);
    }
  });

  it("come from ./config/integrations.json where it exists", () => {
    const files = { "config/integrations.json": hook({}) };
    assert.deepEqual(integrationsOf(read({}, [], files)), [expectedHook]);
  });

  it("are the local API where nothing is said", () => {
    const env = { LOCAL_API_BASE: "http://b:1", LOCAL_API_TIMEOUT: "2.5" };
    const settings = { base_url: "http://b:1", timeout: 2.5 };
    assert.deepEqual(integrationsOf(read(env)), [
      { name: "default", type: "local_api", enabled: true, settings },
    ]);
  });

  it("have their variables put in, also where the value looks like JSON", () => {
    const text = JSON.stringify([{ type: "webhook", config: { url: "http://${HOST}/x" } }]);
    const command = read({ INTEGRATIONS_CONFIG: text, HOST: 'a","b' });
    assert.deepEqual(integrationsOf(command), [
      { name: "webhook", type: "webhook", enabled: true, settings: { url: 'http://a","b/x' } },
    ]);
  });

  it("need no variables while they are off", () => {
    const text = hook({ enabled: false, config: { url: "${NOWHERE}" } });
    assert.deepEqual(integrationsOf(read({ INTEGRATIONS_CONFIG: text })), [
      { ...expectedHook, enabled: false, settings: { url: "${NOWHERE}" } },
    ]);
  });
});

function settingsOf(command: SidecarCommand): SidecarSettings {
  if (command.kind !== "run") assert.fail(JSON.stringify(command));
  return command.settings;
}

describe("the file of the sinks", () => {
  it("may have rules of redaction beside them, which add to those of the variables", () => {
    const text = JSON.stringify({
      integrations: JSON.parse(hook({})) as unknown,
      redaction: { keys: ["*token*"], patterns: ["\\d{16}"] },
    });
    const env = { INTEGRATIONS_CONFIG: text, BELFRY_SIDECAR_REDACT_KEYS: "password" };
    const command = read(env);
    assert.deepEqual(integrationsOf(command), [expectedHook]);
    const { event } = settingsOf(command).redact(
      eventWith({ api_token: "a", password: "b", text: "card 1234567812345678", user: "u" }),
    );
    assert.deepEqual(event.metadata, {
      api_token: "[redacted]",
      password: "[redacted]",
      text: "card [redacted]",
      user: "u",
    });
  });
});

describe("the address", () => {
  it("may be a socket, which needs no token", () => {
    const { listen, access } = settingsOf(read({}, ["--listen", "unix:/run/belfry/sidecar.sock"]));
    assert.deepEqual(listen, { kind: "unix", path: "/run/belfry/sidecar.sock" });
    assert.deepEqual(access, { kind: "open" });
  });
});

describe("the rate", () => {
  for (const [text, rate] of [
    ["100", { perSecond: 100, burst: 1_000 }],
    ["0.5", { perSecond: 0.5, burst: 5 }],
    ["100,20", { perSecond: 100, burst: 20 }],
    ["off", null],
  ] as const) {
    it(`of ${text}`, () => {
      assert.deepEqual(settingsOf(read({ BELFRY_SIDECAR_RATE: text })).rate, rate);
    });
  }

  it("is not limited where nothing is said", () => {
    assert.equal(settingsOf(read({})).rate, null);
  });
});

describe("settings of a sidecar that are wrong", () => {
  const rows: {
    what: string;
    env?: Record<string, string>;
    argv?: string[];
    problems: string[];
  }[] = [
    {
      what: "several at once",
      env: {
        INTEGRATIONS_CONFIG: JSON.stringify([
          { type: "webhok", name: "a" },
          { type: "webhook", name: "b", config: {} },
          { type: "webhook", name: "c", config: { url: "${NOWHERE}" }, enable: true },
          { type: "webhook", name: "d", config: { url: "x" } },
          { type: "webhook", name: "d", config: { url: "y" } },
        ]),
      },
      problems: [
        'integrations[0].type: expected one of webhook, local_api, found "webhok"',
        "integrations[1].config.url: is required",
        "integrations[2].enable: is not a known key",
        "integrations[2].config.url: the variable NOWHERE is not set",
        'integrations[4].name: "d" is the name of integrations[3] already',
      ],
    },
    {
      what: "a list that is not JSON is not quoted, for it may hold secrets",
      env: { INTEGRATIONS_CONFIG: '[{"token": "s3cret}]' },
      problems: ["integrations: is not JSON"],
    },
    {
      what: "two variables that disagree",
      env: { INTEGRATIONS_CONFIG: hook({}), INTEGRATION_CONFIG: hook({ name: "g" }) },
      problems: ["INTEGRATIONS_CONFIG and INTEGRATION_CONFIG are both set, to different values"],
    },
    {
      what: "a file that is not there",
      env: { INTEGRATION_CONFIG: "/none.json" },
      problems: ["integrations: /none.json does not exist"],
    },
    {
      what: "other machines without a token",
      argv: ["--listen", "0.0.0.0:17000"],
      problems: [
        "listen: other machines reach 0.0.0.0: set BELFRY_SIDECAR_TOKEN, or BELFRY_SIDECAR_AUTH=off where the network is trusted",
      ],
    },
    {
      what: "numbers and words",
      env: {
        BELFRY_SIDECAR_SPOOL_MB: "1",
        BELFRY_SIDECAR_WHEN_FULL: "explode",
        LOCAL_API_TIMEOUT: "soon",
        BELFRY_SIDECAR_REDACT_PATTERNS: '["("]',
      },
      problems: [
        "LOCAL_API_TIMEOUT: expected seconds above 0, at most 3600, found soon",
        "BELFRY_SIDECAR_SPOOL_MB: expected a whole number of at least 128, found 1",
        "BELFRY_SIDECAR_WHEN_FULL: expected refuse or drop_oldest, found explode",
        "BELFRY_SIDECAR_REDACT_PATTERNS: patterns[0]: expected a regular expression that does not fit the empty text, found (",
      ],
    },
    {
      what: "a rate, and a socket without a path",
      env: { BELFRY_SIDECAR_RATE: "0" },
      argv: ["--listen", "unix:"],
      problems: [
        "listen: expected unix:PATH with a path of 1 to 90 bytes, found 0",
        "BELFRY_SIDECAR_RATE: expected events per second above 0, and a burst of at least 1 behind a comma, found 0",
      ],
    },
    {
      what: "a file of sinks with keys that are none and rules that are none",
      env: {
        INTEGRATIONS_CONFIG: JSON.stringify({
          sinks: [],
          integrations: [],
          redaction: { keys: "password", patterns: ["("], key: [] },
        }),
      },
      problems: [
        "integrations.redaction.key: is not a known key",
        "integrations.redaction.keys: expected a list of texts",
        "integrations.redaction.patterns[0]: expected a regular expression that does not fit the empty text, found (",
        "integrations.sinks: is not a known key",
      ],
    },
    {
      what: "options",
      argv: ["--lisen", "x", "--spool-dir"],
      problems: [
        "--lisen is not one of its options",
        "expected an option, found x",
        "--spool-dir: expected DIR, found nothing",
      ],
    },
  ];
  for (const { what, env = {}, argv = [], problems } of rows) {
    it(what, () => {
      assert.deepEqual(read(env, argv), { kind: "wrong", problems });
    });
  }
});

describe("the token", () => {
  it("may be in a file", () => {
    const env = { BELFRY_SIDECAR_TOKEN_FILE: "/t" };
    const command = read(env, ["--listen", "[::]:0"], { "/t": "long-enough\n" });
    assert.equal(command.kind, "run");
    if (command.kind !== "run") return;
    assert.deepEqual(command.settings.access, { kind: "token", token: "long-enough" });
    assert.deepEqual(command.settings.listen, { kind: "tcp", host: "::", port: 0 });
  });
});
