import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { leavesOf } from "./leaf.ts";
import { load, notesOf, problemsOf, settingsOf, type Given } from "./load.kit.ts";
import { ConfigSchema } from "./schema.ts";
import { outputSchemas } from "@belfry/relay";
import type { Settings } from "./settings.ts";

const testdata = fileURLToPath(new URL("testdata/", import.meta.url));

const sinkTypes = outputSchemas()
  .map((schema) =>
    String((schema as { properties?: { type?: { const?: string } } }).properties?.type?.const),
  )
  .join(", ");

describe("a file with a mistake is refused, with the line, what was expected and what was found:", () => {
  for (const name of readdirSync(testdata).filter((one) => one.startsWith("invalid-"))) {
    it(name, () => {
      const text = readFileSync(testdata + name, "utf8");
      const expected = [...text.matchAll(/^# expect: (.*)$/gm)].map(([, line = ""]) => {
        const whole = line.replace("{sinks}", sinkTypes);
        return /^\d+: /.test(whole) ? `${name}:${whole}` : whole;
      });
      assert.ok(expected.length > 0, "the fixture names its message");
      assert.deepEqual(problemsOf({ flags: { config: name }, files: { [name]: text } }), expected);
    });
  }
});

function namesOf({ outputs }: Settings): string[] {
  return outputs.map(({ kind }) => kind.type);
}

describe("the settings", () => {
  it("are the defaults without a file", () => {
    const settings = settingsOf({});
    assert.deepEqual(settings.listen, { host: "127.0.0.1", port: 8000 });
    assert.equal(settings.dataDir, "/srv/belfry/data");
    assert.equal(settings.database, "/srv/belfry/data/belfry.db");
    assert.equal(settings.auth, "loopback");
    assert.equal(settings.checks.defaultIntervalMs, 60_000);
    assert.equal(settings.retention.rawMs, 15 * 86_400_000);
    assert.deepEqual(settings.outputs, []);
  });

  it("can all be set in a file", () => {
    const { outputs, ...settings } = settingsOf({
      files: { "belfry.yaml": readFileSync(`${testdata}every-setting.yaml`, "utf8") },
    });
    assert.deepEqual(settings, {
      listen: { host: "::1", port: 8123 },
      publicUrl: "https://belfry.example.org",
      dataDir: "/var/lib/belfry",
      database: "postgres://belfry:p%40ss%2Fword%25@db.example.org:5432/belfry?sslmode=require",
      channels: [],
      alertRoutes: [],
      alertRules: [],
      maintenance: [],
      location: "fra-1",
      dashboard: false,
      auth: "keys",
      adminKey: "0123456789abcdef",
      openTo: {
        operations: ["10.0.0.0/8"],
        amaunator: ["fd00::/8", "192.0.2.7"],
        monitoring_stack: ["10.1.0.0/16"],
        monitoring_component: ["10.3.0.0/16"],
        prometheus: ["10.2.0.0/16"],
        alertmanager: ["10.4.0.0/16"],
      },
      trustedProxies: ["127.0.0.1"],
      rateLimit: { max: 100, windowMs: 60_000, failedAttempts: 5 },
      sessionLifetimeMs: 86_400_000,
      importLimitBytes: 1_048_576,
      log: { level: "debug", format: "json" },
      drainMs: 1500,
      checks: {
        enabled: false,
        maxConcurrent: 100,
        maxConcurrentPerHost: 10,
        defaultIntervalMs: 30_000,
        defaultTimeoutMs: 2_500,
        anchors: [
          { host: "192.0.2.1", port: 443 },
          { host: "2001:db8::1", port: 53 },
        ],
        resolvers: ["192.0.2.53", "192.0.2.54:5353"],
        network: { deny: ["10.20.0.0/16"], allow: ["10.20.1.0/24"] },
      },
      worker: {
        hub: "https://belfry.example.org",
        key: "worker-key",
        caFile: "/etc/ssl/hub.pem",
        spoolBytes: 50_000_000,
      },
      retention: {
        rawMs: 86_400_000,
        fiveMinutesMs: 2 * 86_400_000,
        hourMs: 3 * 86_400_000,
        maxBytes: 1_000_000_000,
      },
      agent: {
        intervalMs: 1000,
        diskPath: "/srv",
        roots: { proc: "/host/proc", sys: "/host/sys", root: "/host" },
      },
      hosts: { maxSeries: 1000 },
      monitoringStack: {
        apiKey: "secret",
        rateLimitPerMinute: 60,
        maxContentLength: 4096,
        maxDetailsBytes: 1024,
        retentionMs: 36_500 * 86_400_000,
        offlineThresholdSeconds: 60,
        serverVersion: "2.0",
        expectedClientVersion: "2.1",
        alerts: {
          webhookUrl: "https://example.org/hook",
          cpuThreshold: 0,
          ramThreshold: 0,
          cooldownSeconds: 60,
        },
      },
      dropInPorts: true,
      outputsSpoolBytes: 200_000_000,
      remoteWrite: [
        {
          name: "long-term",
          url: "https://mimir.example.org/push",
          timeoutMs: 10_000,
          headers: { "X-Scope-OrgID": "belfry" },
          auth: {
            kind: "basic",
            username: "belfry",
            secret: { kind: "file", path: "/run/secrets/mimir" },
          },
          caFile: "/etc/ssl/own.pem",
          verifyTls: false,
          maxSamplesPerSend: 500,
          maxShards: 2,
          batchDeadlineMs: 5000,
          minBackoffMs: 100,
          maxBackoffMs: 90_000,
          externalLabels: { cluster: "eu1" },
          relabel: [
            {
              sourceLabels: ["__name__", "kind"],
              separator: ";",
              regex: "probe_.*;http",
              action: "keep",
            },
          ],
          readUrl: "https://mimir.example.org/prometheus",
        },
        {
          name: "remote_write",
          url: "http://127.0.0.1:9090/write",
          timeoutMs: 30_000,
          headers: {},
          auth: { kind: "header", type: "Bearer", secret: { kind: "text", text: "a-token" } },
          caFile: null,
          verifyTls: true,
          maxSamplesPerSend: 2000,
          maxShards: 4,
          batchDeadlineMs: 1000,
          minBackoffMs: 30,
          maxBackoffMs: 5000,
          externalLabels: {},
          relabel: [],
          readUrl: null,
        },
      ],
      remoteWriteSpoolBytes: 100_000_000,
    });
    const [toConsole, toFile] = outputs;
    assert.deepEqual([toConsole?.name, toConsole?.records], ["console", ["check"]]);
    assert.deepEqual([toFile?.name, toFile?.records], ["results", ["check", "status"]]);
    assert.partialDeepStrictEqual(toFile?.settings, {
      path: "results.log",
      maxBytes: 4096,
      backupCount: 0,
    });
  });

  it("name every setting in that file, so that a new one is tried here too", () => {
    const text = readFileSync(`${testdata}every-setting.yaml`, "utf8");
    for (const { keys } of leavesOf(ConfigSchema)) {
      assert.match(text, new RegExp(`(^|[ {])${keys.at(-1)}:`, "m"));
    }
  });

  it("take `auth: off` as the word it is, and YAML anchors with the line they stand on", () => {
    assert.equal(settingsOf({ files: { "belfry.yaml": "auth: off\n" } }).auth, "off");
    const text =
      "trusted_proxies: &net [10.0.0.0/8]\nopen_to:\n  operations: *net\n  amaunator: *net\n";
    const { openTo } = settingsOf({ files: { "belfry.yaml": text } });
    assert.deepEqual(openTo.operations, ["10.0.0.0/8"]);
    assert.deepEqual(openTo.amaunator, ["10.0.0.0/8"]);
    const broken = text.replace("10.0.0.0/8", "ten");
    assert.equal(problemsOf({ files: { "belfry.yaml": broken } }).length, 3);
  });

  it("are frozen through and through", () => {
    const settings = settingsOf({});
    assert.throws(() => Object.assign(settings.checks.network, { deny: ["0.0.0.0/0"] }), TypeError);
    assert.throws(() => Object.assign(settings, { auth: "off" }), TypeError);
  });

  it("take an empty file and keys without a value as not set", () => {
    assert.deepEqual(settingsOf({ files: { "belfry.yaml": "" } }), settingsOf({}));
    const files = { "belfry.yaml": "# all defaults\ndatabase:\nchecks:\nlog:\n  level:\n" };
    assert.deepEqual(settingsOf({ files }), settingsOf({}));
  });
});

describe("whether keys are needed", () => {
  const rows: readonly (readonly [string, string | undefined, Settings["auth"]])[] = [
    ["127.0.0.1:8000", undefined, "loopback"],
    ["127.9.9.9:1", undefined, "loopback"],
    ["localhost:8000", undefined, "loopback"],
    ["[::1]:8000", undefined, "loopback"],
    ["0.0.0.0:8000", undefined, "keys"],
    ["[::]:8000", undefined, "keys"],
    ["192.0.2.1:8000", undefined, "keys"],
    ["belfry.example.org:8000", undefined, "keys"],
    ["127.0.0.1:8000", "keys", "keys"],
    ["0.0.0.0:8000", "off", "off"],
  ];
  for (const [listen, auth, expected] of rows) {
    it(`${listen} with auth ${auth ?? "unset"} is ${expected}`, () => {
      const env = { BELFRY_LISTEN: listen, ...(auth === undefined ? {} : { BELFRY_AUTH: auth }) };
      assert.equal(settingsOf({ env }).auth, expected);
    });
  }
});

describe("the order of sources", () => {
  const files = { "belfry.yaml": "listen: 127.0.0.1:4\n", ".env": "BELFRY_LISTEN=127.0.0.1:3\n" };
  const rows: readonly (readonly [string, Given, number])[] = [
    ["a file before the default", { files: { "belfry.yaml": files["belfry.yaml"] } }, 4],
    ["an alias before the file", { files, env: { API_PORT: "5", BELFRY_LISTEN: "" } }, 3],
    ["a variable of .env before the file", { files }, 3],
    ["the environment before .env", { files, env: { BELFRY_LISTEN: "127.0.0.1:2" } }, 2],
    [
      "a flag before everything",
      { files, env: { BELFRY_LISTEN: "127.0.0.1:2" }, flags: { listen: "127.0.0.1:1" } },
      1,
    ],
  ];
  for (const [what, given, port] of rows) {
    it(`has ${what}`, () => assert.equal(settingsOf(given).listen.port, port));
  }

  it("reports a mistake of the file although another source wins", () => {
    const given = { files: { "belfry.yaml": "listne: x\n" }, flags: { listen: "127.0.0.1:1" } };
    assert.deepEqual(problemsOf(given), [
      "belfry.yaml:1: listne: is not a known key (did you mean listen?)",
    ]);
  });

  it("names the source of a mistake, whichever it is", () => {
    const given: Given = {
      flags: { listen: "here" },
      env: { BELFRY_CHECKS_MAX_CONCURRENT: "many", BELFRY_OUTPUTS: '[{"type":"x"}]' },
      files: { ".env": "A=1\nBELFRY_LOG_LEVEL=loud\n", "belfry.yaml": "location: a b\n" },
    };
    assert.deepEqual(problemsOf(given), [
      `environment: BELFRY_OUTPUTS[0].type: expected one of ${sinkTypes}, found "x"`,
      '--listen: expected host:port, for instance 127.0.0.1:8000, found "here"',
      'belfry.yaml:1: location: expected a name of letters, digits, dots, dashes and underscores, found "a b"',
      '.env:2: BELFRY_LOG_LEVEL: expected one of "trace", "debug", "info", "warn", "error", "fatal", "silent", found "loud"',
      'environment: BELFRY_CHECKS_MAX_CONCURRENT: expected a whole number from 1 to 20000, found "many"',
    ]);
  });
});

describe("the file that is read", () => {
  const both = { "belfry.yaml": "location: a\n", "config.yaml": "api: { port: 9 }\n" };
  const fileOf = (given: Given): string | null => {
    const loaded = load(given);
    return loaded.kind === "ok" ? loaded.file : assert.fail(loaded.problems.join("\n"));
  };

  it("is belfry.yaml by itself, else config.yaml, else none", () => {
    assert.equal(fileOf({ files: both }), "belfry.yaml");
    assert.equal(fileOf({ files: { "config.yaml": both["config.yaml"] } }), "config.yaml");
    assert.equal(fileOf({}), null);
  });

  it("is the one a flag or BELFRY_CONFIG names", () => {
    const files = { ...both, "other.yaml": "location: b\n" };
    assert.equal(fileOf({ files, flags: { config: "other.yaml" } }), "other.yaml");
    assert.equal(fileOf({ files, env: { BELFRY_CONFIG: "other.yaml" } }), "other.yaml");
  });

  it("has to exist when it is named", () => {
    assert.deepEqual(problemsOf({ flags: { config: "x.yaml" } }), [
      "--config: x.yaml: there is no such file",
    ]);
    assert.deepEqual(problemsOf({ env: { BELFRY_CONFIG: "x.yaml" } }), [
      "environment: BELFRY_CONFIG: x.yaml: there is no such file",
    ]);
  });

  it("is left alone when it is the config.yaml of another program", () => {
    assert.deepEqual(notesOf({ files: { "config.yaml": "site: my blog\n" } }), [
      "config.yaml is not read: it has none of Amaunator's keys log_level, api, output",
    ]);
  });
});

describe("a config.yaml of Amaunator", () => {
  const fixture = (name: string): string => readFileSync(testdata + name, "utf8");

  it("is taken as it is, numbers as text included", () => {
    const settings = settingsOf({ files: { "config.yaml": fixture("amaunator.yaml") } });
    assert.equal(settings.log.level, "warn");
    assert.deepEqual(settings.listen, { host: "127.0.0.1", port: 9000 });
    assert.deepEqual(namesOf(settings), ["file"]);
    const [toFile] = settings.outputs;
    assert.partialDeepStrictEqual(toFile?.settings, {
      path: "logs/monitor.log",
      maxBytes: 2048,
      backupCount: 3,
    });
  });

  it("writes to the console when it names no output, and stays on loopback when it names no host", () => {
    const settings = settingsOf({ files: { "config.yaml": "api:\n  port: 9000\n" } });
    assert.deepEqual(settings.listen, { host: "127.0.0.1", port: 9000 });
    assert.deepEqual(namesOf(settings), ["console"]);
  });

  it("falls back to the console for an output that never worked, and says so", () => {
    const given = { files: { "config.yaml": fixture("amaunator-nats.yaml") } };
    assert.deepEqual(namesOf(settingsOf(given)), ["console"]);
    assert.deepEqual(notesOf(given), [
      'config.yaml:2: output: the output "nats" never worked in Amaunator and is not one of Belfry\'s; results go to the console instead',
    ]);
  });
});

describe("aliases", () => {
  it("of Sentinel mean what they meant, from .env too, and are reported", () => {
    const given: Given = {
      env: { api_host: "0.0.0.0", MAX_CONCURRENT_CHECKS: "7" },
      files: {
        ".env":
          "DATABASE_URL=postgresql+asyncpg://s:s@localhost:5432/sentinel?ssl=require\n" +
          "API_PORT=9000\nLOG_LEVEL=CRITICAL\nCHECK_INTERVAL=30\nDEFAULT_TIMEOUT=5\n" +
          "API_KEY=a-key-of-our-own-1\nSLACK_WEBHOOK_URL=\nUNRELATED=1\n",
      },
    };
    const settings = settingsOf(given);
    assert.deepEqual(settings.listen, { host: "0.0.0.0", port: 9000 });
    assert.equal(settings.database, "postgres://s:s@localhost:5432/sentinel?sslmode=require");
    assert.equal(settings.log.level, "fatal");
    assert.equal(settings.checks.maxConcurrent, 7);
    assert.equal(settings.checks.defaultIntervalMs, 30_000);
    assert.equal(settings.checks.defaultTimeoutMs, 5_000);
    assert.equal(settings.adminKey, "a-key-of-our-own-1");
    assert.deepEqual(notesOf(given), [
      "api_host is used as listen",
      "API_PORT is used as listen",
      "DATABASE_URL is used as database",
      "API_KEY is used as admin_key",
      "LOG_LEVEL is used as log.level",
      "MAX_CONCURRENT_CHECKS is used as checks.max_concurrent",
      "CHECK_INTERVAL is used as checks.default_interval",
      "DEFAULT_TIMEOUT is used as checks.default_timeout",
    ]);
  });

  it("that are beaten by Belfry's own name are reported as not used", () => {
    const env = { LOG_LEVEL: "DEBUG", BELFRY_LOG_LEVEL: "error" };
    assert.equal(settingsOf({ env }).log.level, "error");
    assert.deepEqual(notesOf({ env }), ["LOG_LEVEL is not used: BELFRY_LOG_LEVEL goes before it"]);
  });

  it("that disagree are refused", () => {
    assert.deepEqual(problemsOf({ env: { LOG_LEVEL: "INFO", log_level: "DEBUG" } }), [
      "environment: log_level: disagrees with LOG_LEVEL; remove one of them",
    ]);
    const env = { DATABASE_URL: "postgres://a/b", DATABASE_URL_FILE: "url.txt" };
    assert.deepEqual(problemsOf({ env, files: { "url.txt": "postgres://a/c\n" } }), [
      "environment: DATABASE_URL_FILE: disagrees with DATABASE_URL; remove one of them",
    ]);
  });

  it("take the key that Sentinel ships for what it is", () => {
    assert.deepEqual(problemsOf({ env: { API_KEY: "dev-key-change-me" } }), [
      "environment: API_KEY: expected a key of your own, found one that is published as an example",
    ]);
  });

  it("name only the host or the port, and the file gives the other", () => {
    const files = { "belfry.yaml": "listen: 192.0.2.1:7000\n" };
    assert.deepEqual(settingsOf({ files, env: { API_PORT: "9000" } }).listen, {
      host: "192.0.2.1",
      port: 9000,
    });
    assert.deepEqual(settingsOf({ files, env: { API_HOST: "::" } }).listen, {
      host: "::",
      port: 7000,
    });
  });
});

describe("the environment", () => {
  it("has a name of its own for every setting", () => {
    const names = leavesOf(ConfigSchema).map(({ variable }) => variable);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.includes("BELFRY_CHECKS_NETWORK_DENY"));
  });

  it("gives lists by commas or as JSON, and truth in the usual words", () => {
    const env = {
      BELFRY_TRUSTED_PROXIES: "127.0.0.1, 10.0.0.0/8",
      BELFRY_CHECKS_ANCHORS: '["192.0.2.1:443"]',
      BELFRY_DASHBOARD: "No",
      BELFRY_OUTPUTS: '[{"type":"console"}]',
    };
    const settings = settingsOf({ env });
    assert.deepEqual(settings.trustedProxies, ["127.0.0.1", "10.0.0.0/8"]);
    assert.deepEqual(settings.checks.anchors, [{ host: "192.0.2.1", port: 443 }]);
    assert.equal(settings.dashboard, false);
    assert.equal(settings.outputs.length, 1);
  });

  it("gives secrets from files, without the line end", () => {
    const env = {
      BELFRY_DATABASE: "postgres://belfry@db/belfry",
      BELFRY_DATABASE_PASSWORD_FILE: "/run/secrets/db",
      BELFRY_ADMIN_KEY_FILE: "/run/secrets/key",
    };
    const files = { "/run/secrets/db": "s e:c@ret\n", "/run/secrets/key": "0123456789abcdef\r\n" };
    const settings = settingsOf({ env, files });
    assert.equal(settings.database, "postgres://belfry:s%20e%3Ac%40ret@db/belfry");
    assert.equal(settings.adminKey, "0123456789abcdef");
  });

  it("refuses a secret's file that is not there, and a file for what is no secret", () => {
    const env = { BELFRY_ADMIN_KEY_FILE: "/run/secrets/key", BELFRY_LISTEN_FILE: "x" };
    assert.deepEqual(problemsOf({ env }), [
      "environment: BELFRY_LISTEN_FILE: is not a known setting",
      "environment: BELFRY_ADMIN_KEY_FILE: expected a file that can be read, found ENOENT",
    ]);
  });

  it("refuses names it does not know, but for those Kubernetes makes of a service called belfry", () => {
    const env = {
      BELFRY_DATABSE: "x",
      BELFRY_SERVICE_HOST: "10.0.0.1",
      BELFRY_SERVICE_PORT: "80",
      BELFRY_SERVICE_PORT_HTTP: "80",
      BELFRY_PORT: "tcp://10.0.0.1:80",
      BELFRY_PORT_80_TCP: "tcp://10.0.0.1:80",
      BELFRY_PORT_80_TCP_ADDR: "10.0.0.1",
    };
    assert.deepEqual(problemsOf({ env }), [
      "environment: BELFRY_DATABSE: is not a known setting (did you mean BELFRY_DATABASE?)",
    ]);
  });

  it("never repeats a secret in a message", () => {
    const env = {
      BELFRY_ADMIN_KEY: "hunter2 hunter2 hunter2",
      BELFRY_DATABASE: "postgres://u:hunter2@/",
      BELFRY_DATABASE_PASSWORD: "hunter2",
    };
    const problems = problemsOf({ env });
    assert.equal(problems.length, 2);
    assert.ok(!problems.join("\n").includes("hunter2"), problems.join("\n"));
  });
});
