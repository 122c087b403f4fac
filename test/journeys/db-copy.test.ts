/**
 * An installation moves from SQLite to PostgreSQL: a hub with something of everything is stopped, copied with the command,
 * and started on the other database; every question to its API has the answer it had before.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { noLog, retention } from "../../packages/hub/src/store/contract/fixtures.ts";
import { leftOut } from "../../packages/hub/src/store/copy/side.ts";
import { createStore } from "../../packages/hub/src/store/open.ts";
import { commandPath, startHub, type HubOptions } from "../kit/hub.ts";
import { startPostgres } from "../kit/postgres.ts";
import { everyAnswer, still, type Span } from "./every-answer.ts";
import { fill, startSurroundings } from "./installation.ts";

/** Runs a command to its end. */
async function belfry(cwd: string, args: readonly string[]) {
  const env = { PATH: process.env["PATH"], HOME: cwd };
  const child = spawn(process.execPath, [commandPath, ...args], { cwd, env });
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code: child.exitCode, out, err };
}

/** The own monitor of a hub names its port: both hubs have the same. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("no port was given");
  return address.port;
}

/** What has no rows in an installation that stands still, or cannot have any so soon. */
const emptyTables: readonly string[] = [
  ...leftOut, // what processes that run tell each other: it is not copied
  "location_interval", // of monitors with several locations: there is none
  "location_outcome",
  "location_state",
  "remote_worker",
  "notice_group", // notices that wait to be told together: none wait for long
  "rule_state", // troubles seen in what hosts send: they send nothing any more
  "series_group", // columns of large blocks: there is not that much
  "series_horizon", // what was dropped for a byte cap: there is none
  "signal", // consumed within a moment, as are transitions
  "transition",
];

/** Merges what is old, as a hub does every minute; then every table has rows but those that cannot. */
async function settle(file: string): Promise<void> {
  {
    await using store = await createStore({ database: file, retention }, { log: noLog });
    await store.maintain(Date.now());
  }
  using database = new DatabaseSync(file, { readOnly: true });
  const empty = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
    .map(({ name }) => String(name))
    .filter((name) => database.prepare(`SELECT 1 FROM "${name}" LIMIT 1`).get() === undefined);
  assert.deepEqual(
    empty.filter((name) => !emptyTables.includes(name)),
    [],
  );
}

/** Starts a hub, asks it everything and stops it. */
async function answersOf(options: HubOptions, span: Span) {
  await using hub = await startHub(options);
  const answers = still(await everyAnswer(hub, span));
  assert.equal(await hub.end("SIGTERM"), 0, hub.output());
  return answers;
}

test("after db copy to PostgreSQL every answer of the API is what it was", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "belfry-db-copy-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  await using others = await startSurroundings();
  await using postgres = await startPostgres();
  const database = await postgres.createDatabase();
  const output = {
    type: "webhook",
    name: "shop",
    records: ["job_event"],
    webhook_url: `${others.url}/refuses`,
  };
  const env = { BELFRY_AGENT_ENABLED: "false", BELFRY_OUTPUTS: JSON.stringify([output]) };
  const args = ["--listen", `127.0.0.1:${await freePort()}`];
  const begin = Date.now();
  {
    await using hub = await startHub({ dataDir, env, args });
    await fill(hub, others);
    const copied = await belfry(dataDir, ["db", "copy", "--from", dataDir, "--to", database]);
    assert.deepEqual([copied.code, copied.out], [1, ""]);
    assert.match(copied.err, new RegExp(`belfry\\.db is in use by process ${hub.pid}\n$`));
    assert.equal(await hub.end("SIGTERM"), 0, hub.output());
  }
  await settle(join(dataDir, "belfry.db"));
  const span = { from: new Date(begin - 3_600_000).toISOString(), to: new Date().toISOString() };
  const before = await answersOf({ dataDir, env, args }, span);

  const copied = await belfry(dataDir, ["db", "copy", "--from", dataDir, "--to", database]);
  assert.deepEqual([copied.code, copied.err], [0, ""]);
  assert.match(copied.out, /\nmonitor +\d+ rows/);
  // What outputs have not taken stands in the data folder, and in no database; dead letters would ring here anew.
  await rm(join(dataDir, "outputs-spool"), { recursive: true });
  const onPostgres = { ...env, BELFRY_DATABASE: database };
  const after = await answersOf({ dataDir, env: onPostgres, args }, span);

  assert.ok(Object.keys(before).length > 100, Object.keys(before).join("\n"));
  const copiedOnly = (answers: Readonly<Record<string, unknown>>): readonly [string, unknown][] =>
    Object.entries(answers).filter(([path]) => !path.startsWith("/api/v1/outputs"));
  const expected = copiedOnly(before);
  assert.deepEqual(
    copiedOnly(after).map(([path]) => path),
    expected.map(([path]) => path),
  );
  for (const [path, body] of expected) assert.deepEqual(after[path], body, path);

  const again = await belfry(dataDir, ["db", "copy", "--from", dataDir, "--to", database]);
  assert.equal(again.code, 1);
  assert.match(again.err, /is not empty: the table \w+ has rows\n$/);
});
