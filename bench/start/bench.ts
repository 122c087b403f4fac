/** From process start to the first answer, on a data folder that exists, the compile cache warm. */
import { spawn } from "node:child_process";
import { commandPath, startHub } from "../../test/kit/hub.ts";
import { freePort } from "../target.ts";
import type { BenchReport } from "../report.ts";

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  await using first = await startHub();
  const { dataDir } = first;
  await first.end("SIGTERM");
  const times: number[] = [];
  for (let round = 0; round < (short ? 3 : 9); round += 1) times.push(await startOnce(dataDir));
  const bare: number[] = [];
  for (let round = 0; round < 3; round += 1) bare.push(await bareServer());
  return {
    name: "start",
    rows: [
      {
        what: "hub, process start to first answer (median)",
        value: median(times),
        unit: "ms",
        budget: 1000,
        atMost: true,
        peer: { name: "bare node:http server", value: median(bare) },
      },
    ],
    notes: [`${times.length} starts: ${times.map((time) => Math.round(time)).join(", ")} ms`],
  };
}

async function startOnce(dataDir: string): Promise<number> {
  const port = await freePort();
  const begin = performance.now();
  const child = spawn(
    process.execPath,
    [commandPath, "up", "--listen", `127.0.0.1:${port}`, "--data-dir", dataDir],
    { stdio: "ignore", cwd: dataDir },
  );
  const elapsed = await firstAnswer(`http://127.0.0.1:${port}/health`, begin);
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exited;
  return elapsed;
}

async function bareServer(): Promise<number> {
  const port = await freePort();
  const begin = performance.now();
  const child = spawn(
    process.execPath,
    ["-e", `require("node:http").createServer((q, s) => s.end("ok")).listen(${port}, "127.0.0.1")`],
    { stdio: "ignore" },
  );
  const elapsed = await firstAnswer(`http://127.0.0.1:${port}/`, begin);
  child.kill("SIGKILL");
  return elapsed;
}

async function firstAnswer(url: string, begin: number): Promise<number> {
  while (performance.now() - begin < 20_000) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok === true) return performance.now() - begin;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`${url} gave no answer within 20 s`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
