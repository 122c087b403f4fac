import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { recordOf } from "../record.kit.ts";
import { startStrictServer, type StrictServer } from "../sinks/http/strict-server.kit.ts";
import { openOutputs, type Outputs, type OutputsParts } from "./outputs.ts";
import { parseOutput, type OutputSettings } from "./output-settings.ts";

function partsWith(said: string[] = []): OutputsParts {
  const note = (_fields: object, message: string): number => said.push(message);
  return {
    log: { info: note, warn: note },
    clock: { now: Date.now, monotonicMs: () => performance.now() },
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    random: () => 0.01,
    stdout: new PassThrough(),
  };
}

function outputOf(value: object): OutputSettings {
  const parsed = parseOutput(value);
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

function toServer({ url }: StrictServer, more: object = {}): OutputSettings {
  return outputOf({ type: "webhook", webhook_url: url, ...more });
}

async function createFolder() {
  const path = await mkdtemp(join(tmpdir(), "belfry-outputs-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function open(
  spoolFolder: string,
  outputs: readonly OutputSettings[],
  said?: string[],
): Promise<Outputs> {
  return openOutputs({ outputs, spoolFolder, quotaBytes: 2 ** 28 }, partsWith(said));
}

function push(outputs: Outputs, ...ids: readonly string[]): void {
  for (const id of ids) outputs.push("check", () => recordOf({ id }));
}

function idsAt({ requests }: StrictServer): string[] {
  return requests
    .filter(({ method }) => method === "POST")
    .map(({ body }) => (JSON.parse(body.toString()) as { id: string }).id);
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("not within 10 s");
    await sleep(5);
  }
}

describe("outputs", () => {
  it("give every record to every output that is given its kind", async () => {
    await using folder = await createFolder();
    await using one = await startStrictServer(() => ({ status: 200 }));
    await using other = await startStrictServer(() => ({ status: 200 }));
    const settings = [
      toServer(one, { records: ["check", "status"] }),
      toServer(other, { name: "states", records: ["status"] }),
    ];
    await using outputs = await open(folder.path, settings);
    push(outputs, "a", "b");
    outputs.push("status", () => ({
      kind: "status",
      id: "c",
      at: "2026-02-03T04:05:06Z",
      subject: { kind: "monitor", id: "1", name: "api", labels: {} },
      from: "up",
      to: "down",
      reason: "refused",
    }));
    outputs.push("host", () => assert.fail("no output wants hosts"));
    await until(() => idsAt(one).length === 3 && idsAt(other).length === 1);
    assert.deepEqual([idsAt(one), idsAt(other)], [["a", "b", "c"], ["c"]]);
    assert.equal(outputs.status().pushed, 2);
  });

  it("keep what an output does not take over the end of the process", async () => {
    await using folder = await createFolder();
    await using server = await startStrictServer(() => ({ status: 200 }));
    await server.away.begin();
    {
      await using outputs = await open(folder.path, [toServer(server)]);
      push(outputs, "a", "b");
      await until(() => outputs.status().outputs[0]?.trouble?.failure === "outage");
      assert.equal(outputs.status().outputs[0]?.depth, 2);
    }
    await server.away.end();
    await using outputs = await open(folder.path, [toServer(server)]);
    push(outputs, "c");
    await until(() => idsAt(server).length === 3);
    assert.deepEqual(idsAt(server), ["a", "b", "c"]);
  });

  it("keep what was refused, with the reason, to be sent again or deleted", async () => {
    await using folder = await createFolder();
    let refuses = true;
    await using server = await startStrictServer(() => ({
      status: refuses ? 422 : 200,
      body: "no",
    }));
    await using outputs = await open(folder.path, [toServer(server)]);
    push(outputs, "a", "b", "c");
    await until(() => outputs.status().outputs[0]?.deadLetters === 3);
    const letters = await outputs.deadLetters("webhook", { limit: 2 });
    assert.deepEqual(
      letters?.map(({ id, why, attempts }) => [id, why, attempts]),
      [
        ["a", "HTTP 422: no", 1],
        ["b", "HTTP 422: no", 1],
      ],
    );
    refuses = false;
    assert.equal(await outputs.replay("webhook", [letters?.[1]?.sequence ?? 0]), 1);
    await until(() => outputs.status().outputs[0]?.delivered === 1);
    assert.equal(idsAt(server).at(-1), "b");
    assert.equal(await outputs.deleteDead("webhook", "all"), 2);
    assert.deepEqual(await outputs.deadLetters("webhook", { limit: 9 }), []);
    assert.equal(await outputs.replay("nobody", "all"), undefined);
  });

  it("give up what waits for an output that is gone, and say so", async () => {
    await using folder = await createFolder();
    await using server = await startStrictServer(() => ({ status: 500 }));
    {
      await using outputs = await open(folder.path, [toServer(server)]);
      push(outputs, "a");
      await until(() => outputs.status().outputs[0]?.trouble !== null);
    }
    const said: string[] = [];
    await using outputs = await open(folder.path, [toServer(server, { name: "new" })], said);
    assert.ok(said.includes("what waited for an output that is gone was given up"));
    assert.equal(outputs.status().outputs[0]?.depth, 0);
  });

  it("cost nothing when there are none", async () => {
    await using outputs = await open("/dev/null/nowhere", []);
    outputs.push("check", () => assert.fail("nobody needs the record"));
    const { spool, pushed } = outputs.status();
    assert.deepEqual([spool, pushed, outputs.wants("check")], [null, 1, false]);
  });
});

describe("settings of an output", () => {
  const url = "http://127.0.0.1:1/";
  const rows = [
    { what: "no object", value: 7, path: "" },
    { what: "an unknown type", value: { type: "fax" }, path: "type" },
    { what: "a missing key", value: { type: "webhook" }, path: "webhook_url" },
    {
      what: "an unknown key",
      value: { type: "webhook", webhook_url: url, adress: 1 },
      path: "adress",
    },
    { what: "an empty name", value: { type: "webhook", webhook_url: url, name: "" }, path: "name" },
    {
      what: "no records",
      value: { type: "webhook", webhook_url: url, records: [] },
      path: "records",
    },
    {
      what: "unknown records",
      value: { type: "webhook", webhook_url: url, records: ["x"] },
      path: "records[0]",
    },
  ];
  for (const { what, value, path } of rows) {
    it(`refuse ${what}, naming where`, () => {
      const parsed = parseOutput(value);
      const paths = parsed.kind === "bad" ? parsed.problems.map((one) => one.path) : [];
      assert.deepEqual(paths, [path], JSON.stringify(parsed));
    });
  }

  it("name an output after its type where nothing is said", () => {
    const { name, records } = outputOf({ type: "webhook", webhook_url: url });
    assert.deepEqual([name, records], ["webhook", ["job_event", "check", "status", "host"]]);
  });
});
