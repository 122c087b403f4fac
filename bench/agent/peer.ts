/** node_exporter as Debian packages it, on loopback, where it is installed. */
import { spawn, spawnSync } from "node:child_process";
import { usageOf } from "../process-usage.ts";
import { freePort } from "../target.ts";

export interface PeerCost {
  readonly version: string;
  readonly cpuMicrosecondsPerScrape: number;
  readonly residentBytes: number;
  readonly series: number;
}

const command = "prometheus-node-exporter";

/** null: it is not installed. */
export async function measureNodeExporter(scrapes: number): Promise<PeerCost | null> {
  const version = spawnSync(command, ["--version"], { encoding: "utf8" });
  if (version.error !== undefined) return null;
  const port = await freePort();
  const child = spawn(command, [`--web.listen-address=127.0.0.1:${port}`], { stdio: "ignore" });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} did not start`);
  try {
    const url = `http://127.0.0.1:${port}/metrics`;
    let series = 0;
    // The first ones warm its pools; and until the first answers there is nobody to ask.
    for (let i = 0; i < 20; i += 1) series = await scrape(url);
    const before = usageOf(pid);
    for (let i = 0; i < scrapes; i += 1) await scrape(url);
    const after = usageOf(pid);
    return {
      version: /version (\S+)/.exec(version.stdout + version.stderr)?.[1] ?? "",
      cpuMicrosecondsPerScrape: (after.cpuMicroseconds - before.cpuMicroseconds) / scrapes,
      residentBytes: after.residentBytes,
      series,
    };
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
}

/** Series in the answer; waits for a server that is just starting. */
async function scrape(url: string): Promise<number> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const text = await fetch(url).then(
      (response) => response.text(),
      () => undefined,
    );
    if (text !== undefined) return text.match(/^node_/gm)?.length ?? 0;
    if (performance.now() > deadline) throw new Error(`${url} gave no answer within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
