/** A real process with a job in it, and a real server that takes its events. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import { JobEventSchema, createParser, type JobEvent } from "@belfry/contract";

export interface Target {
  /** The program that runs the jobs. */
  readonly node: string;
  /** What they import the SDK from: an absolute path. */
  readonly sdk: string;
}

interface Request {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly events: readonly JobEvent[];
}

/** Answers one request; what it returns as `taken` counts as arrived. */
export type Answer = (
  request: Request,
  count: number,
) => { status: number; body?: string } | "never";

const parseEvent = createParser(JobEventSchema);

/** A sidecar that refuses what does not fit the contract, and otherwise answers as a test wants it. */
export class Sidecar {
  readonly requests: Request[] = [];
  /** Events answered with 2xx. */
  readonly taken: JobEvent[] = [];
  readonly url: string;
  readonly #server;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(t: TestContext, answer: Answer = () => ({ status: 202 })): Promise<Sidecar> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const sidecar = new Sidecar(server);
    server.on("request", (request, response) => void sidecar.#take(request, response, answer));
    t.after(() => sidecar.stop());
    return sidecar;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get statuses(): readonly (string | null)[] {
    return this.taken
      .filter(({ event }) => event.kind === "finished" || event.kind === "canceled")
      .map(({ event }) => event.status);
  }

  async #take(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const raw = Buffer.concat(parts);
    const text = (
      request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw
    ).toString();
    const body: unknown = JSON.parse(text);
    assert.equal(Array.isArray(body), request.url === "/v1/ingest/events:batch");
    const events = [body].flat().map((event) => {
      const parsed = parseEvent(event);
      if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
      return parsed.value;
    });
    const seen = { path: request.url ?? "", headers: request.headers, events };
    this.requests.push(seen);
    const said = answer(seen, this.requests.length);
    if (said === "never") return;
    if (said.status < 300) this.taken.push(...events);
    response.writeHead(said.status, { "content-type": "application/json" });
    response.end(said.body ?? "{}");
  }
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

interface Job {
  readonly child: ChildProcess;
  /** Resolves when the job has printed this. */
  prints(text: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Runs a script, in which `sdk` is the SDK, with nothing of this process's environment. */
export function startJob(
  { node, sdk }: Target,
  script: string,
  environment: Readonly<Record<string, string>> = {},
): Job {
  const text = `const sdk = await import(${JSON.stringify(sdk)});\n${script}`;
  const begin = performance.now();
  const child = spawn(node, ["--input-type=module", "-e", text], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  let out = "";
  let err = "";
  const waiting: (() => void)[] = [];
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    out += part;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    err += part;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve({ code, signal, out, err, ms: performance.now() - begin });
    });
  });
  return {
    child,
    ended,
    prints: (expected) =>
      Promise.race([
        new Promise<void>((resolve) => {
          const look = (): void => {
            if (out.includes(expected)) resolve();
          };
          waiting.push(look);
          look();
        }),
        ended.then((end) => assert.fail(`it ended before: ${JSON.stringify(end)}`)),
      ]),
  };
}

/** Five events, an output, an ordinary end. */
export const wholeJob = `
  const value = await sdk.monitored({ job: "daily" }, async (run) => {
    for (let done = 1; done <= 3; done += 1) run.event("info", "step " + done);
    return 7;
  });
  console.log("value", value);
`;
