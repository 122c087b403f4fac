import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { it } from "node:test";
import { createOutputs, type OutputsParts } from "./outputs.ts";
import { parseOutput, type OutputSettings } from "./sinks/registry.ts";
import { recordOf } from "./record.kit.ts";

function partsOf(stdout: NodeJS.WritableStream): OutputsParts {
  const ignore = (): void => undefined;
  return {
    stdout,
    log: { info: ignore, warn: ignore },
    clock: { monotonicMs: () => performance.now() },
  };
}

function settingsOf(value: unknown): OutputSettings {
  const parsed = parseOutput(value);
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

it("writes every record to every output, and counts", async () => {
  const folder = await mkdtemp(join(tmpdir(), "belfry-outputs-"));
  try {
    const stdout = new PassThrough();
    const path = join(folder, "results.log");
    const settings = [
      settingsOf({ type: "console", format: "{target_name}={value}" }),
      settingsOf({ type: "file", path, format: "{target_name} {reason}" }),
    ];
    const outputs = createOutputs(settings, partsOf(stdout));
    for (const name of ["a", "b"]) outputs.push(() => recordOf({ name }));
    await outputs[Symbol.asyncDispose]();
    assert.equal(String(stdout.read()), "a=-1\nb=-1\n");
    assert.equal(await readFile(path, "utf8"), "a refused\nb refused\n");
    const { waiting, handedOver, failed, outputs: each } = outputs.stats();
    assert.deepEqual([waiting, handedOver, failed], [0, 2, 0]);
    assert.deepEqual(
      each.map(({ label, written }) => [label, written]),
      [
        ["console", 2],
        [`file:${path}`, 2],
      ],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("goes on with the other outputs when one has nowhere to write", async () => {
  const stdout = new PassThrough();
  const outputs = createOutputs(
    [
      settingsOf({ type: "file", path: "/proc/nowhere/results.log" }),
      settingsOf({ type: "console" }),
    ],
    partsOf(stdout),
    { capacity: 10, gatherMs: 1, batch: 10, flushMs: 50 },
  );
  outputs.push(() => recordOf({ name: "a" }));
  await outputs[Symbol.asyncDispose]();
  assert.match(String(stdout.read()), / - a - -1\n$/);
  const { handedOver, failed, outputs: each } = outputs.stats();
  assert.deepEqual([handedOver, failed], [1, 1]);
  assert.ok((each[0]?.failed ?? 0) > 0);
});

it("makes no record and still counts when there is no output", async () => {
  const outputs = createOutputs([], partsOf(new PassThrough()));
  outputs.push(() => assert.fail("nobody needs the record"));
  assert.deepEqual(outputs.stats(), { waiting: 0, handedOver: 1, failed: 0, outputs: [] });
  await outputs[Symbol.asyncDispose]();
});
