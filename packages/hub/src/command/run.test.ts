import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { hashSecret } from "../api/access/secret.ts";
import { AppError } from "../model/error.ts";
import { createId } from "../model/id.ts";
import { openDatabase, openKeys } from "../store/admin.ts";
import { ensureAdminKey } from "./admin-key.ts";
import { runCommand, type CommandParts, type Configuration } from "./run.ts";

/** A working directory of its own, in which commands run against a real SQLite file. */
async function createDesk(changes: Partial<CommandParts> = {}) {
  const cwd = await mkdtemp(join(tmpdir(), "belfry-command-"));
  const started: Configuration[] = [];
  const working: Configuration[] = [];
  const printed = { out: "", err: "" };
  const clock = { now: () => 1_750_000_000_000 };
  const parts: CommandParts = {
    env: {},
    cwd,
    readText: (path) => readFileSync(path, "utf8"),
    stdout: (text) => void (printed.out += text),
    stderr: (text) => void (printed.err += text),
    version: "1.2.3",
    clock,
    newId: createId,
    up: (_mode, configuration) => {
      started.push(configuration);
      return Promise.resolve(0);
    },
    worker: (configuration) => {
      working.push(configuration);
      return Promise.resolve(0);
    },
    probe: () => Promise.resolve(3),
    openKeys: (settings) => openKeys(settings),
    openDatabase: (settings) => openDatabase(settings),
    ...changes,
  };
  return {
    cwd,
    parts,
    started,
    working,
    async run(...argv: readonly string[]) {
      printed.out = "";
      printed.err = "";
      const code = await runCommand(argv, parts);
      return { code, ...printed };
    },
    [Symbol.asyncDispose]: () => rm(cwd, { recursive: true, force: true }),
  };
}

describe("belfry", () => {
  it("prints help and ends with 2 when nothing is asked", async () => {
    await using desk = await createDesk();
    const { code, out } = await desk.run();
    assert.deepEqual([code, out.includes("Commands:")], [2, true]);
  });

  it("prints its version", async () => {
    await using desk = await createDesk();
    assert.deepEqual(await desk.run("--version"), { code: 0, out: "belfry 1.2.3\n", err: "" });
  });

  it("refuses a wrong line with one line and 2", async () => {
    await using desk = await createDesk();
    assert.deepEqual(await desk.run("up", "--lisen", "x"), {
      code: 2,
      out: "",
      err: "belfry: up: --lisen is not one of its options (did you mean --listen?)\n",
    });
  });

  it("hands the settings to up, with the file they came from", async () => {
    await using desk = await createDesk();
    await writeFile(join(desk.cwd, "belfry.yaml"), "location: here\n");
    assert.equal((await desk.run("up", "--listen", "127.0.0.1:0")).code, 0);
    const [configuration] = desk.started;
    assert.equal(configuration?.file, "belfry.yaml");
    assert.equal(configuration?.settings.location, "here");
    assert.equal(configuration?.settings.listen.port, 0);
  });

  it("starts nothing with wrong settings, and names every problem", async () => {
    await using desk = await createDesk({ env: { BELFRY_AUTH: "none" } });
    const { code, err } = await desk.run("up", "--listen", "here");
    assert.deepEqual([code, desk.started.length], [2, 0]);
    assert.deepEqual(err.split("\n"), [
      'belfry: --listen: expected host:port, for instance 127.0.0.1:8000, found "here"',
      'belfry: environment: BELFRY_AUTH: expected one of "keys", "off", found "none"',
      "",
    ]);
  });

  it("ends with the code of the probe", async () => {
    await using desk = await createDesk();
    assert.equal((await desk.run("probe", "http://127.0.0.1/")).code, 3);
  });

  it("ends with 1 and one line when the work cannot be done", async () => {
    await using desk = await createDesk({
      up: () => Promise.reject(new AppError("conflict", "the data folder is in use")),
    });
    assert.deepEqual(await desk.run("up"), {
      code: 1,
      out: "",
      err: "belfry: the data folder is in use\n",
    });
  });
});

describe("belfry hub --no-checks", () => {
  it("hands over that nothing is checked here", async () => {
    await using desk = await createDesk();
    const database = ["--database", "postgres://belfry@db/belfry"];
    assert.equal((await desk.run("hub", ...database, "--no-checks")).code, 0);
    assert.equal((await desk.run("hub", ...database)).code, 0);
    assert.deepEqual(
      desk.started.map(({ settings }) => settings.checks.enabled),
      [false, true],
    );
  });

  it("is refused with the embedded database, where nobody else checks", async () => {
    await using desk = await createDesk();
    assert.deepEqual(await desk.run("hub", "--no-checks"), {
      code: 2,
      out: "",
      err: "belfry: --no-checks: expected a postgres:// URL in database: with the embedded database nobody else checks\n",
    });
    assert.equal(desk.started.length, 0);
  });
});

describe("belfry worker", () => {
  const database = "postgres://belfry@db/belfry";

  it("listens on 127.0.0.1:8001, or where it is told to", async () => {
    await using desk = await createDesk({ env: { BELFRY_DATABASE: database } });
    assert.equal((await desk.run("worker")).code, 0);
    assert.equal((await desk.run("worker", "--listen", "0.0.0.0:9000")).code, 0);
    await writeFile(join(desk.cwd, "belfry.yaml"), "listen: 127.0.0.1:7000\n");
    assert.equal((await desk.run("worker")).code, 0);
    assert.deepEqual(
      desk.working.map(({ settings }) => `${settings.listen.host}:${settings.listen.port}`),
      ["127.0.0.1:8001", "0.0.0.0:9000", "127.0.0.1:7000"],
    );
  });

  it("with a hub needs no database; its key is given, stands in a file, or in the environment", async () => {
    await using desk = await createDesk();
    await writeFile(join(desk.cwd, "paris.key"), "from-a-file\n");
    const elsewhere = ["--hub", "https://belfry.example.org", "--location", "paris"];
    const ca = ["--ca-file", "ca.pem"];
    assert.equal((await desk.run("worker", ...elsewhere, "--key", "given", ...ca)).code, 0);
    assert.equal((await desk.run("worker", ...elsewhere, "--key-file", "paris.key")).code, 0);
    const told = desk.working.map(({ settings }) => [settings.location, settings.worker]);
    const { spoolBytes } = desk.working[0]?.settings.worker ?? { spoolBytes: 0 };
    const hub = "https://belfry.example.org";
    assert.deepEqual(told, [
      ["paris", { hub, key: "given", caFile: join(desk.cwd, "ca.pem"), spoolBytes }],
      ["paris", { hub, key: "from-a-file", caFile: null, spoolBytes }],
    ]);
  });

  it("with a hub needs a key, and one alone", async () => {
    await using desk = await createDesk();
    const hub = ["--hub", "https://belfry.example.org"];
    const without = await desk.run("worker", ...hub);
    assert.equal(without.code, 2);
    assert.match(without.err, /worker\.key: expected the key of the worker/);
    const both = await desk.run("worker", ...hub, "--key", "a", "--key-file", "b");
    assert.equal(both.err, "belfry: worker: --key-file: expected one of --key and --key-file\n");
    const gone = await desk.run("worker", ...hub, "--key-file", "b");
    assert.equal(
      gone.err,
      "belfry: worker: --key-file: expected a file that can be read, found ENOENT\n",
    );
    assert.equal(desk.working.length, 0);
  });

  it("refuses the embedded database, and says what to do", async () => {
    await using desk = await createDesk();
    assert.deepEqual(await desk.run("worker"), {
      code: 2,
      out: "",
      err:
        "belfry: worker: database: expected the postgres:// URL its hubs have, found the embedded database " +
        `${desk.cwd}/data/belfry.db, which one process has for itself; \`belfry up\` checks alone, ` +
        "`belfry db copy` moves to PostgreSQL, and with --hub a worker elsewhere needs no database\n",
    });
    assert.equal(desk.working.length, 0);
  });
});

describe("belfry config check", () => {
  it("says where it would listen and store, without a password", async () => {
    await using desk = await createDesk({
      env: { BELFRY_DATABASE: "postgres://u:hunter2@db/belfry?sslmode=require", LOG_LEVEL: "INFO" },
    });
    const { code, out } = await desk.run("config", "check", "--listen", "0.0.0.0:80");
    assert.equal(code, 0);
    assert.equal(
      out,
      "LOG_LEVEL is used as log.level\n" +
        "no settings file: nothing to complain about\n" +
        `listens on 0.0.0.0:80, with a key; data in ${desk.cwd}/data; database postgres://u@db/belfry; 0 outputs\n`,
    );
  });

  it("prints settings as JSON without secrets", async () => {
    const key = "0123456789abcdef";
    const url = `https://b.example/${key}`;
    const channels = [{ name: "ops", kind: "ntfy", settings: { topic: "t", token: key } }];
    await using desk = await createDesk({
      env: {
        BELFRY_ADMIN_KEY: key,
        BELFRY_MONITORING_STACK_API_KEY: key,
        BELFRY_MONITORING_STACK_ALERT_WEBHOOK_URL: url,
        BELFRY_MONITORING_STACK_ALERT_CPU_THRESHOLD: "90",
        BELFRY_CHANNELS: JSON.stringify(channels),
        BELFRY_REMOTE_WRITE: JSON.stringify([{ url, authorization: { credentials: key } }]),
        BELFRY_OUTPUTS: JSON.stringify([{ type: "webhook", webhook_url: url }]),
      },
    });
    const { code, out } = await desk.run("config", "check", "--json");
    assert.equal(code, 0);
    assert.ok(!out.includes(key), out);
    const { ok, settings } = JSON.parse(out) as { ok: boolean; settings: { adminKey: unknown } };
    assert.deepEqual([ok, settings.adminKey], [true, { set: true }]);
    assert.partialDeepStrictEqual(settings, {
      channels: [{ name: "ops", kind: "ntfy", settings: { set: true } }],
      outputs: [{ name: "webhook" }],
    });
  });

  it("names every problem and ends with 2", async () => {
    await using desk = await createDesk({ env: { BELFRY_AUTH: "none" } });
    assert.equal((await desk.run("config", "check")).code, 2);
    const { code, out } = await desk.run("config", "check", "--json");
    assert.equal(code, 2);
    assert.deepEqual(JSON.parse(out), {
      ok: false,
      problems: ['environment: BELFRY_AUTH: expected one of "keys", "off", found "none"'],
    });
  });
});

describe("belfry key", () => {
  it("creates, lists and revokes, and shows the key once", async () => {
    await using desk = await createDesk();
    const made = await desk.run("key", "create", " ci ", "--scope", "ingest", "--scope", "read");
    const secret = made.out.trim();
    assert.match(secret, /^belfry_[A-Za-z0-9_-]{43}$/);
    assert.match(made.err, /^Key [0-9a-f-]{36} \(ingest, read\)\./);
    const listed = await desk.run("key", "list", "--json");
    const { items } = JSON.parse(listed.out) as { items: { id: string; name: string }[] };
    assert.deepEqual(
      items.map(({ name }) => name),
      ["ci"],
    );
    assert.ok(!listed.out.includes(secret));
    const [id = ""] = items.map((item) => item.id);
    assert.equal((await desk.run("key", "revoke", id)).code, 0);
    assert.match((await desk.run("key", "list")).out, / revoked 2025-06-15T15:06:40\.000Z  ci\n$/);
    assert.equal((await desk.run("key", "revoke", id)).code, 1);
  });

  it("may only read when nothing is said", async () => {
    await using desk = await createDesk();
    const { out } = await desk.run("key", "create", "page", "--json");
    assert.deepEqual((JSON.parse(out) as { scopes: unknown }).scopes, ["read"]);
  });

  it("revokes by the text of the key, and does not repeat it when it fits none", async () => {
    await using desk = await createDesk();
    const { out } = await desk.run("key", "create", "ci");
    assert.equal((await desk.run("key", "revoke", out.trim())).code, 0);
    const { code, err } = await desk.run("key", "revoke", out.trim());
    assert.equal(code, 1);
    assert.ok(!err.includes(out.trim()), err);
  });

  it("refuses names and scopes that cannot be, before it opens anything", async () => {
    await using desk = await createDesk({ openKeys: () => assert.fail("opened") });
    const rows = [
      [
        ["ci", "--scope", "wrte"],
        "--scope: expected read, write, ingest, worker, admin, found wrte (did you mean write?)",
      ],
      [[" "], 'NAME: expected 1 to 100 characters, found " "'],
      [["a\nb"], 'NAME: expected 1 to 100 characters, found "a\\nb"'],
    ] as const;
    for (const [argv, message] of rows) {
      const { code, err } = await desk.run("key", "create", ...argv);
      assert.deepEqual([code, err], [2, `belfry: key create: ${message}\n`]);
    }
  });
});

describe("belfry db", () => {
  it("migrates, reports, counts and rolls back", async () => {
    await using desk = await createDesk();
    const first = await desk.run("db", "migrate");
    assert.match(first.out, /^migrated 0001-/);
    assert.equal((await desk.run("db", "migrate")).out, "nothing to migrate\n");
    const { applied, pending } = JSON.parse((await desk.run("db", "status", "--json")).out) as {
      applied: { name: string }[];
      pending: string[];
    };
    assert.deepEqual(pending, []);
    const stats = JSON.parse((await desk.run("db", "stats", "--json")).out) as object;
    assert.deepEqual(Object.keys(stats), [
      "series",
      "samples",
      "bytes",
      "bytes_per_sample",
      "chunk_bytes",
      "rollup_bytes",
      "write_ahead_bytes",
    ]);
    const last = applied.at(-1)?.name ?? "";
    assert.equal((await desk.run("db", "rollback")).out, `rolled back ${last}\n`);
    assert.match((await desk.run("db", "status")).out, new RegExp(`^${last}  pending$`, "m"));
  });
});

describe("belfry health", () => {
  it("ends with 0 when the hub answers, with 1 when it answers badly or not at all", async () => {
    await using desk = await createDesk();
    let status = 200;
    const server = createServer((_request, response) => {
      response.statusCode = status;
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const ask = () => desk.run("health", "--listen", `0.0.0.0:${port}`);
    assert.equal((await ask()).code, 0);
    status = 503;
    assert.deepEqual(await ask(), {
      code: 1,
      out: "",
      err: `belfry: 0.0.0.0:${port} is not well: status 503\n`,
    });
    await new Promise((resolve) => server.close(resolve));
    assert.equal((await ask()).code, 1);
  });
});

describe("the first key", () => {
  async function ensure(desk: Awaited<ReturnType<typeof createDesk>>, adminKey: string | null) {
    const settings = { auth: "keys", adminKey, dataDir: join(desk.cwd, "data") } as const;
    const opened = { database: join(desk.cwd, "data/belfry.db"), retention };
    await using keys = await openKeys(opened);
    const file = await ensureAdminKey(settings, { ...desk.parts, keys });
    return { file, keys: await keys.keys() };
  }
  const retention = { rawMs: 1, fiveMinutesMs: 1, hourMs: 1, maxBytes: null };

  it("is made once, and written where only its owner can read it", async () => {
    await using desk = await createDesk();
    const { file, keys } = await ensure(desk, null);
    assert.equal(file, join(desk.cwd, "data/admin.key"));
    assert.equal((await stat(file ?? "")).mode & 0o777, 0o600);
    const secret = (await readFile(file ?? "", "utf8")).trim();
    assert.deepEqual(
      keys.map((key) => [key.hash, key.scopes]),
      [[hashSecret(secret), ["admin"]]],
    );
    assert.equal((await ensure(desk, null)).file, null);
  });

  it("is the one of the settings, entered once and revoked when the setting changes", async () => {
    await using desk = await createDesk();
    await ensure(desk, "a-first-known-key");
    const { file, keys } = await ensure(desk, "a-first-known-key");
    assert.deepEqual([file, keys.length], [null, 1]);
    const later = (await ensure(desk, "a-second-known-key")).keys;
    const inUse = later.filter((key) => key.revokedAt === null).map((key) => key.hash);
    assert.deepEqual(inUse, [hashSecret("a-second-known-key")]);
    await assert.rejects(ensure(desk, "a-first-known-key"), /admin_key: this key was revoked/);
  });
});
