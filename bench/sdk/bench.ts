/**
 * What the SDK costs a job: `progress()`, a whole run, and its size. CPU of the job's own thread, with events written
 * as JSON into the queue of a sidecar emitter and sent, compressed, to a server in another process.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { SidecarEmitter, startRun } from "../../packages/sdk/src/index.ts";
import type { BenchReport, BenchRow } from "../report.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const server = await startServer();
  try {
    const emitter = new SidecarEmitter(server.url);
    const rows = await measure(emitter, short ? 20_000 : 200_000);
    await emitter.close();
    return {
      name: "sdk",
      rows: [...rows, ...sizes()],
      notes: [
        "CPU of the job's thread (user and system), sending included: JSON, queue, gzip in another thread, requests",
        `events not delivered or told of as dropped at the end: ${emitter.waiting + emitter.dropped}`,
        "size: one file of everything the package exports, minified by rolldown, gzip -9",
      ],
    };
  } finally {
    await server.stop();
  }
}

async function measure(emitter: SidecarEmitter, count: number): Promise<BenchRow[]> {
  const usual = startRun({ job: "bench", emitter });
  const each = startRun({ job: "bench", emitter, progressEveryMs: 0 });
  const step = { current: 5, total: 10, message: "file 5" };
  const row = (what: string, value: number, budget: number): BenchRow => ({
    what,
    value,
    unit: "µs",
    budget,
    atMost: true,
  });
  const rows = [
    row("progress()", await cost(emitter, count, () => usual.progress(step)), 5),
    row(
      "progress(), every call an event",
      await cost(emitter, count, () => each.progress(step)),
      5,
    ),
    row(
      "a whole run, started and finished",
      await cost(emitter, count / 5, () => startRun({ job: "bench", emitter }).finish()),
      40,
    ),
  ];
  usual.finish();
  each.finish();
  return rows;
}

/** µs of this thread per call, in rounds small enough that the queue drops nothing. */
async function cost(emitter: SidecarEmitter, count: number, call: () => void): Promise<number> {
  const round = 1_000;
  const rounds = async (calls: number): Promise<void> => {
    for (let done = 0; done < calls; done += round) {
      for (let turn = 0; turn < round; turn += 1) call();
      await emitter.flush(10_000);
    }
  };
  await rounds(count / 4);
  const before = process.threadCpuUsage();
  await rounds(count);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / count;
}

function sizes(): BenchRow[] {
  const folder = mkdtempSync(join(tmpdir(), "belfry-bench-sdk-"));
  try {
    const file = join(folder, "sdk.js");
    const done = spawnSync(
      process.execPath,
      [
        join(root, "node_modules/rolldown/bin/cli.mjs"),
        join(root, "packages/sdk/src/index.ts"),
        "--minify",
        "--platform",
        "node",
        "--format",
        "esm",
        "--file",
        file,
      ],
      { encoding: "utf8" },
    );
    if (done.status !== 0) throw new Error(done.stderr);
    const bytes = gzipSync(readFileSync(file), { level: 9 }).length;
    return [{ what: "bundle, gzip", value: bytes / 1024, unit: "KB", budget: 10, atMost: true }];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const serverScript = `
  const server = require("node:http").createServer((request, response) => {
    request.resume().once("end", () => response.writeHead(202).end("{}"));
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
  process.stdin.resume().once("end", () => process.exit());
`;

async function startServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, ["-e", serverScript], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const { value, done } = await createInterface({ input: child.stdout })
    [Symbol.asyncIterator]()
    .next();
  if (done === true) throw new Error("the server did not start");
  return {
    url: `http://127.0.0.1:${value}`,
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
