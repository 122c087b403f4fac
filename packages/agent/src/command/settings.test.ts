import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { SettingsError } from "./option.ts";
import { readSettings, warningsOf, type RunSettings } from "./settings.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "belfry-settings-"));
  await writeFile(join(folder, "key"), "from-a-file\n");
  await writeFile(join(folder, "empty"), "\n");
});
after(() => rm(folder, { recursive: true, force: true }));

type Environment = Record<string, string>;

function read(args: readonly string[], env: Environment = {}, isSystemStats = false): RunSettings {
  const inFolder = (text: string): string => text.replace("FOLDER", folder);
  return readSettings(args.map(inFolder), {
    isSystemStats,
    env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, inFolder(text)])),
    hostname: () => "web-1",
  });
}

describe("settings of the agent", () => {
  it("have defaults", () => {
    assert.deepEqual(read([], { HOME: "/home/a" }), {
      hubs: [],
      caFile: null,
      intervalMs: 5000,
      listen: { host: "127.0.0.1", port: 5001 },
      name: "web-1",
      hostId: null,
      labels: {},
      diskPath: "/",
      roots: { proc: "/proc", sys: "/sys", root: "" },
      topProcesses: 10,
      containerSocket: null,
      stateDir: "/home/a/.local/state/belfry-agent",
      spoolHours: 24,
      logLevel: "info",
    } satisfies RunSettings);
  });

  type Row = readonly [
    what: string,
    args: readonly string[],
    env: Environment,
    expected: Partial<RunSettings>,
  ];
  const rows: readonly Row[] = [
    [
      "several hubs with one key",
      ["--hub", "https://a.example", "--hub=http://b.example:8000/x", "--key", "k1"],
      {},
      {
        hubs: [
          { url: "https://a.example/", key: "k1" },
          { url: "http://b.example:8000/x", key: "k1" },
        ],
      },
    ],
    [
      "a hub with a key of its own in its address",
      ["--hub", "https://:own%21@a.example", "--key", "k1"],
      {},
      { hubs: [{ url: "https://a.example/", key: "own!" }] },
    ],
    [
      "hubs of the environment",
      [],
      { BELFRY_AGENT_HUB: "https://a.example, https://b.example", BELFRY_AGENT_KEY: "k" },
      {
        hubs: [
          { url: "https://a.example/", key: "k" },
          { url: "https://b.example/", key: "k" },
        ],
      },
    ],
    [
      "a key from a file",
      ["--hub", "https://a.example"],
      { BELFRY_AGENT_KEY_FILE: "FOLDER/key" },
      { hubs: [{ url: "https://a.example/", key: "from-a-file" }] },
    ],
    [
      "a key from a file named by a flag",
      ["--hub", "https://a.example", "--key-file", "FOLDER/key"],
      {},
      { hubs: [{ url: "https://a.example/", key: "from-a-file" }] },
    ],
    [
      "a flag before a variable",
      ["--interval", "1"],
      { BELFRY_AGENT_INTERVAL: "9" },
      { intervalMs: 1000 },
    ],
    ["an empty variable as none", [], { BELFRY_AGENT_INTERVAL: "" }, { intervalMs: 5000 }],
    ["nothing to listen on", ["--listen", "off"], {}, { listen: null }],
    ["IPv6", ["--listen", "[::1]:80"], {}, { listen: { host: "::1", port: 80 } }],
    [
      "the System Stats Service's variables",
      [],
      {
        SYSTEM_STATS_HOST: "10.0.0.1",
        SYSTEM_STATS_PORT: "80",
        SYSTEM_STATS_DISK_PATH: "~/data",
        SYSTEM_STATS_LOG_LEVEL: "WARNING",
        HOME: "/home/a",
      },
      {
        listen: { host: "10.0.0.1", port: 80 },
        diskPath: "/home/a/data",
        logLevel: "warn",
      },
    ],
    [
      "its own variables before those",
      [],
      { SYSTEM_STATS_PORT: "80", BELFRY_AGENT_LISTEN: "127.0.0.1:81" },
      { listen: { host: "127.0.0.1", port: 81 } },
    ],
    [
      "labels with commas in their values",
      [],
      { BELFRY_AGENT_LABELS: "site=Paris, France,team=core" },
      { labels: { site: "Paris, France", team: "core" } },
    ],
    ["labels of flags", ["--label", "a=x=y", "--label", "b="], {}, { labels: { a: "x=y", b: "" } }],
    [
      "systemd's state folder",
      [],
      { STATE_DIRECTORY: "/var/lib/x:/y" },
      { stateDir: "/var/lib/x" },
    ],
    [
      "a state folder of its own",
      ["--state-dir", "/s"],
      { STATE_DIRECTORY: "/var/lib/x", BELFRY_AGENT_STATE_DIR: "/t" },
      { stateDir: "/s" },
    ],
    [
      "other places of the kernel's files",
      ["--proc", "/host/proc/", "--root=/host/"],
      { BELFRY_AGENT_SYS: "/host/sys" },
      { roots: { proc: "/host/proc", sys: "/host/sys", root: "/host" } },
    ],
  ];
  for (const [what, args, env, expected] of rows) {
    it(`take ${what}`, () => {
      const settings: Record<string, unknown> = { ...read(args, env) };
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(settings[key], value);
    });
  }

  it("listen on every address as system-stats-service", () => {
    assert.deepEqual(read([], {}, true).listen, { host: "0.0.0.0", port: 5001 });
  });

  const wrong: readonly (readonly [args: readonly string[], env: Environment, message: string])[] =
    [
      [
        ["--interval", "0.5"],
        {},
        "--interval: expected a number of seconds from 1 to 3600, found 0.5",
      ],
      [["--interval", "x"], {}, "--interval: expected a number of seconds from 1 to 3600, found x"],
      [["--interval"], {}, "--interval: expected SECONDS behind it"],
      [["--interval", "1", "--interval", "2"], {}, "--interval: is there twice"],
      [
        [],
        { BELFRY_AGENT_INTERVAL: "9999" },
        "BELFRY_AGENT_INTERVAL: expected a number of seconds from 1 to 3600, found 9999",
      ],
      [["--fly"], {}, "there is no option --fly"],
      [["fly"], {}, "expected an option, found fly"],
      [["--listen", "5001"], {}, "--listen: expected HOST:PORT or off, found 5001"],
      [["--listen", "a:99999"], {}, "--listen: expected HOST:PORT or off, found a:99999"],
      [
        [],
        { SYSTEM_STATS_PORT: "80.5" },
        "SYSTEM_STATS_PORT: expected a whole number from 0 to 65535, found 80.5",
      ],
      [
        ["--hub", "a.example"],
        {},
        "--hub: expected an address like https://belfry.example, found a.example",
      ],
      [
        ["--hub", "ftp://u:secret@a"],
        {},
        "--hub: expected an address like https://belfry.example, found ftp://…@a",
      ],
      [
        ["--hub", "https://a/?key=1"],
        {},
        "--hub: expected an address without ? and #, found https://a/?…",
      ],
      [["--hub", "https://a", "--hub", "https://a/"], {}, "--hub: https://a/ is there twice"],
      [["--key", "a b"], {}, "--key: a key has no spaces and no special characters"],
      [
        [],
        { BELFRY_AGENT_KEY_FILE: "FOLDER/empty" },
        "BELFRY_AGENT_KEY_FILE: FOLDER/empty is empty",
      ],
      [
        ["--label", "team"],
        {},
        "--label: expected NAME=VALUE, a name of letters, digits and _, a value of at most 200 characters, found team",
      ],
      [
        ["--label", "__proto__=x"],
        {},
        "--label: expected NAME=VALUE, a name of letters, digits and _, a value of at most 200 characters, found __proto__=x",
      ],
      [
        ["--host-id", "a b"],
        {},
        '--host-id: expected 1 to 128 letters, digits, dots, dashes or colons, found "a b"',
      ],
      [["--name", " "], {}, "--name: expected a name of 1 to 253 characters, found 0"],
      [
        ["--top-processes", "1.5"],
        {},
        "--top-processes: expected a whole number from 0 to 50, found 1.5",
      ],
      [["--log-level", "loud"], {}, "--log-level: expected debug, info, warn or error, found loud"],
    ];
  for (const [args, env, message] of wrong) {
    it(`refuse ${[...args, ...Object.entries(env).map((pair) => pair.join("="))].join(" ")}`, () => {
      assert.throws(
        () => read(args, env),
        (error) => {
          assert.ok(error instanceof SettingsError);
          assert.equal(error.message.replace(folder, "FOLDER"), message);
          return true;
        },
      );
    });
  }

  it("warn of a key that goes over the network as it is", () => {
    const hubs = [
      "http://a.example",
      "https://b.example",
      "http://127.0.0.1:8000",
      "http://[::1]:8000",
    ];
    const settings = read(["--key", "k", ...hubs.flatMap((hub) => ["--hub", hub])]);
    assert.deepEqual(warningsOf(settings), [
      "the key goes to http://a.example without encryption: whoever sees the network can read it; use https://",
    ]);
    assert.deepEqual(warningsOf(read(["--hub", "http://a.example"])), []);
  });
});
