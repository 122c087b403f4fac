/** Starts real receivers of remote_write for journeys: a Prometheus or a VictoriaMetrics with data of its own. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./hub.ts";

export interface ReceiverProgram {
  readonly name: string;
  /** Why it cannot be run here; false when it can. */
  readonly missing: string | false;
  readonly path: string;
  args(folder: string, port: number): readonly string[];
  /** Asked until it answers 200. */
  readonly ready: string;
  /** What ends it without a loss of samples that it acknowledged. */
  readonly end: NodeJS.Signals;
}

const prometheusPath = "/usr/bin/prometheus";
const victoriaPath = "/usr/bin/victoria-metrics";

/** Debian's `prometheus`, told to receive. */
export const prometheusProgram: ReceiverProgram = {
  name: "Prometheus",
  missing: missing(prometheusPath, "--version"),
  path: prometheusPath,
  args: (folder, port) => [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--web.enable-remote-write-receiver",
  ],
  ready: "/-/ready",
  end: "SIGKILL",
};

/** Debian's `victoria-metrics`. */
export const victoriaProgram: ReceiverProgram = {
  name: "VictoriaMetrics",
  missing: missing(victoriaPath, "-version"),
  path: victoriaPath,
  args: (folder, port) => [
    `-storageDataPath=${join(folder, "data")}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    "-search.latencyOffset=0s",
    "-memory.allowedPercent=10",
  ],
  ready: "/health",
  // It has the last seconds in memory only.
  end: "SIGINT",
};

function missing(path: string, argument: string): string | false {
  return spawnSync(path, [argument]).status === 0 ? false : `${path} is not installed`;
}

export interface FoundSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Epoch ms and value, rising. */
  readonly samples: readonly (readonly [number, number])[];
}

export interface RunningReceiver extends AsyncDisposable {
  /** Where to write to. */
  readonly writeUrl: string;
  /** Every sample of a selector within the last so many seconds. */
  find(selector: string, seconds?: number): Promise<readonly FoundSeries[]>;
  /** The only value of an instant query; undefined where it finds none or several. */
  value(query: string): Promise<number | undefined>;
  /** Everything it logged. */
  output(): string;
  /** Ends it: Prometheus by `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again, at the same address and with the same data. */
  start(): Promise<void>;
}

/** Starts it on a free port; its data goes away with it. `config`: of Prometheus, as YAML. */
export async function startReceiver(
  program: ReceiverProgram,
  { config = "" }: { readonly config?: string } = {},
): Promise<RunningReceiver> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-receiver-"));
  await writeFile(join(folder, "prometheus.yml"), config);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let output = "";

  async function start(): Promise<void> {
    const started = spawn(program.path, program.args(folder, port), {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.on("data", (chunk: Buffer) => void (output += chunk.toString()));
    }
    await until(
      `${program.name} is ready`,
      async () => {
        if (started.exitCode !== null) throw new Error(`${program.name} ended:\n${output}`);
        const answer = await fetch(url + program.ready).catch(() => undefined);
        return answer?.ok === true;
      },
      30_000,
    );
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(program.end);
    await exited;
  }

  async function end(): Promise<void> {
    await kill();
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    writeUrl: `${url}/api/v1/write`,
    find: (selector, seconds = 3600) => readMatrix(url, `${selector}[${seconds}s]`),
    value: (query) => readValue(url, query),
    output: () => output,
    kill,
    start,
    [Symbol.asyncDispose]: end,
  };
}

interface Found<T> {
  readonly data: { readonly result: readonly (T & { readonly metric: Record<string, string> })[] };
}

async function query<T>(url: string, text: string): Promise<Found<T>["data"]["result"]> {
  // Samples of this very moment too.
  const time = (Date.now() + 1000) / 1000;
  const address = `${url}/api/v1/query?nocache=1&time=${time}&query=${encodeURIComponent(text)}`;
  const answer = await fetch(address);
  const body = await answer.text();
  if (!answer.ok) throw new Error(`${text}: ${answer.status} ${body}`);
  return (JSON.parse(body) as Found<T>).data.result;
}

async function readMatrix(url: string, selector: string): Promise<readonly FoundSeries[]> {
  const found = await query<{ values: readonly [number, string][] }>(url, selector);
  return found.map(({ metric, values }) => ({
    labels: metric,
    samples: values.map(([at, value]) => [Math.round(at * 1000), Number(value)] as const),
  }));
}

async function readValue(url: string, text: string): Promise<number | undefined> {
  const found = await query<{ value: readonly [number, string] }>(url, text);
  return found.length === 1 ? Number(found[0]?.value[1]) : undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
