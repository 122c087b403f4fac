/**
 * What can go wrong around a job, each tried with a real process and a real server: the job's own value, error and exit
 * code must come out as if the SDK were not there, and the events as far as they can. The suite runs against any build
 * of the SDK on any Node.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
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
type Answer = (request: Request, count: number) => { status: number; body?: string } | "never";

const parseEvent = createParser(JobEventSchema);

class Sidecar {
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
function startJob(
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

const wholeJob = `
  const value = await sdk.monitored({ job: "daily" }, async (run) => {
    for (let done = 1; done <= 3; done += 1) run.event("info", "step " + done);
    return 7;
  });
  console.log("value", value);
`;

/** All of it, as tests of `node:test`. */
export function faultSuite(title: string, target: Target): void {
  describe(title, { concurrency: 2 }, () => {
    serverFaults(target);
    ends(target);
    spoolFaults(target);
  });
}

function serverFaults(target: Target): void {
  it("hands everything over before an ordinary end", async (t) => {
    const sidecar = await Sidecar.start(t);
    const end = await startJob(target, wholeJob, { SIDECAR_URL: sidecar.url, SITE_ID: "fab1" })
      .ended;
    assert.deepEqual([end.code, end.out, end.err], [0, "value 7\n", ""]);
    assert.deepEqual(
      sidecar.taken.map(({ event }) => event.kind),
      ["started", "event", "event", "event", "finished"],
    );
    assert.equal(sidecar.taken[0]?.site_id, "fab1");
  });

  it("sends with a key to a hub, one event alone as one", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `
      const emitter = new sdk.HubEmitter(${JSON.stringify(sidecar.url)}, "secret");
      const run = sdk.startRun({ job: "a", emitter });
      await emitter.flush();
      run.finish();
      run.event("late");
      await emitter.close();
    `;
    const end = await startJob(target, script).ended;
    assert.deepEqual([end.code, end.err], [0, ""]);
    assert.deepEqual(
      sidecar.requests.map(({ path, headers }) => [path, headers.authorization]),
      Array(2).fill(["/v1/ingest/events", "Bearer secret"]),
    );
  });

  it("uses one connection, and compresses batches", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `
      const emitter = new sdk.SidecarEmitter();
      for (let round = 0; round < 3; round += 1) {
        for (let run = 0; run < 20; run += 1) sdk.startRun({ job: "a", emitter }).finish();
        console.log(await emitter.flush());
      }
    `;
    const end = await startJob(target, script, { BELFRY_SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.out, end.err], [0, "true\ntrue\ntrue\n", ""]);
    assert.equal(sidecar.taken.length, 120);
    assert.deepEqual(
      sidecar.requests.map(({ headers }) => [headers.connection, headers["content-encoding"]]),
      Array(3).fill(["keep-alive", "gzip"]),
    );
  });

  it("does without compression where it is not understood", async (t) => {
    const sidecar = await Sidecar.start(t, ({ headers }) => ({
      status: headers["content-encoding"] === "gzip" ? 422 : 200,
    }));
    const end = await startJob(target, wholeJob, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.err, sidecar.taken.length], [0, "", 5]);
  });

  it("neither fails nor waits long when there is no server", async () => {
    const end = await startJob(target, wholeJob, { SIDECAR_URL: "http://127.0.0.1:1" }).ended;
    assert.deepEqual([end.code, end.out], [0, "value 7\n"]);
    assert.match(end.err, /^belfry: events cannot be delivered and wait: .*ECONNREFUSED.*\n$/);
  });

  for (const url of ["not a url", "ftp://x/", "http://127.0.0.1:99999"]) {
    it(`takes the address ${url} for what it is`, async () => {
      const end = await startJob(target, wholeJob, { SIDECAR_URL: url }).ended;
      assert.deepEqual([end.code, end.out], [0, "value 7\n"]);
      assert.match(
        end.err,
        /^belfry: events cannot be delivered and wait; the settings look wrong/,
      );
    });
  }

  it("lets the process end after two seconds when the server never answers", async (t) => {
    const sidecar = await Sidecar.start(t, () => "never");
    const script = `
      const begin = performance.now();
      ${wholeJob}
      console.log(performance.now() - begin < 1000);
    `;
    const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.out], [0, "value 7\ntrue\n"]);
    assert.ok(end.ms < 15_000);
  });

  const answers: readonly { readonly name: string; readonly answer: Answer }[] = [
    { name: "is broken for a while", answer: (_, n) => ({ status: n < 4 ? 500 : 202 }) },
    { name: "is busy for a while", answer: (_, n) => ({ status: n < 3 ? 429 : 202 }) },
    { name: "answers with what is no JSON", answer: () => ({ status: 200, body: "<html>" }) },
    {
      name: "has no room for many at once",
      answer: ({ events }) => ({ status: events.length > 2 ? 413 : 202 }),
    },
    { name: "lacks the key for a while", answer: (_, n) => ({ status: n < 3 ? 401 : 202 }) },
  ];
  for (const { name, answer } of answers) {
    it(`delivers each event once to a server that ${name}`, async (t) => {
      const sidecar = await Sidecar.start(t, answer);
      const script = `
        const emitter = new sdk.SidecarEmitter(null, { pauseMs: 5, delayMs: 5, onProblem() {} });
        const run = sdk.startRun({ job: "a", emitter });
        for (let line = 0; line < 8; line += 1) run.event("info", "line " + line);
        run.finish();
        while (emitter.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
        console.log("all out", emitter.dropped);
      `;
      const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
      assert.deepEqual([end.code, end.out, end.err], [0, "all out 0\n", ""]);
      const keys = sidecar.taken.map((event) => event.idempotency_key);
      assert.deepEqual([keys.length, new Set(keys).size], [10, 10]);
    });
  }

  it("drops only what is refused, and tells of it later", async (t) => {
    const isBad = ({ event }: JobEvent): boolean => event.metadata["message"] === "line 3";
    const sidecar = await Sidecar.start(t, ({ events }) => ({
      status: events.some(isBad) ? 422 : 202,
    }));
    const script = `
      const problems = [];
      const emitter = new sdk.SidecarEmitter(null, { onProblem: (problem) => problems.push(problem) });
      const run = sdk.startRun({ job: "a", emitter });
      for (let line = 0; line < 8; line += 1) run.event("info", "line " + line);
      await emitter.flush();
      run.finish();
      await emitter.close();
      console.log(problems.length);
    `;
    const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.out, end.err], [0, "1\n", ""]);
    assert.equal(sidecar.taken.length, 9);
    assert.equal(sidecar.taken.at(-1)?.event.metadata["sdk_dropped_events"], 1);
  });

  it("keeps to its memory when nobody answers, and starts and ends are dropped last", async (t) => {
    let isOpen = false;
    const sidecar = await Sidecar.start(t, () => ({ status: isOpen ? 202 : 503 }));
    const script = `
      const emitter = new sdk.SidecarEmitter(null, { maxQueueBytes: 40_000, pauseMs: 5, onProblem() {} });
      const run = sdk.startRun({ job: "a", emitter, heartbeatMs: 0 });
      await emitter.flush();
      for (let line = 0; line < 1000; line += 1) run.event("info", "line " + line);
      process.on("SIGUSR2", async () => {
        run.finish();
        while (emitter.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
        process.exit();
      });
      setInterval(() => {}, 1000);
      console.log("flooded");
    `;
    const job = startJob(target, script, { SIDECAR_URL: sidecar.url });
    await job.prints("flooded");
    isOpen = true;
    job.child.kill("SIGUSR2");
    const end = await job.ended;
    assert.deepEqual([end.code, end.err], [0, ""]);
    const kinds = new Set(sidecar.taken.map(({ event }) => event.kind));
    assert.deepEqual([...kinds], ["started", "event", "finished"]);
    const told = sidecar.taken.reduce(
      (sum, { event }) => sum + Number(event.metadata["sdk_dropped_events"] ?? 0),
      0,
    );
    assert.ok(told > 800);
    assert.equal(told + sidecar.taken.length, 1002);
  });
}

function ends(target: Target): void {
  it("fails the run of a process that exits in the middle, and keeps its code", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `await sdk.monitored({ job: "a" }, () => process.exit(3));`;
    const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.err], [3, ""]);
    assert.deepEqual(sidecar.statuses, ["failed"]);
    assert.equal(sidecar.taken.at(-1)?.event.metadata["error_type"], "ExitError");
  });

  for (const [name, code] of [
    ["an uncaught error", `setTimeout(() => { throw new RangeError("boom") }, 5)`],
    ["an unhandled rejection", `void Promise.reject(new RangeError("boom"))`],
  ] as const) {
    it(`fails the run of a process that dies of ${name}, and lets it`, async (t) => {
      const sidecar = await Sidecar.start(t);
      const script = `await sdk.monitored({ job: "a" }, () => { ${code}; return new Promise(() => {}) });`;
      const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
      assert.equal(end.code, 1);
      assert.match(end.err, /RangeError: boom/);
      assert.deepEqual(sidecar.statuses, ["failed"]);
      const { error, error_type, error_stack } = sidecar.taken.at(-1)?.event.metadata ?? {};
      assert.deepEqual([error, error_type], ["boom", "RangeError"]);
      assert.match(String(error_stack), /RangeError: boom\n {4}at /);
    });
  }

  it("lets a program that handles its uncaught errors go on", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `
      process.on("uncaughtException", () => {});
      await sdk.monitored({ job: "a" }, async () => {
        setTimeout(() => { throw new Error("boom") }, 5);
        await new Promise((resolve) => setTimeout(resolve, 20));
      });
    `;
    const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, sidecar.statuses], [0, ["succeeded"]]);
  });

  const sleepingJob = `
    await sdk.monitored({ job: "a" }, async () => {
      console.log("running");
      await new Promise((resolve) => setTimeout(resolve, 30_000));
    });
  `;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    it(`fails the run of a process that is ended by ${signal}, and lets it die of it`, async (t) => {
      const sidecar = await Sidecar.start(t);
      const job = startJob(target, sleepingJob, { SIDECAR_URL: sidecar.url });
      await job.prints("running");
      job.child.kill(signal);
      const end = await job.ended;
      assert.deepEqual([end.signal, end.code, end.err], [signal, null, ""]);
      assert.deepEqual(sidecar.statuses, ["failed"]);
      const { error } = sidecar.taken.at(-1)?.event.metadata ?? {};
      assert.equal(error, `the process was killed by ${signal}`);
    });
  }

  it("lets a process die of SIGTERM when the server never answers", async (t) => {
    const sidecar = await Sidecar.start(t, () => "never");
    const job = startJob(target, sleepingJob, { SIDECAR_URL: sidecar.url });
    await job.prints("running");
    job.child.kill("SIGTERM");
    assert.equal((await job.ended).signal, "SIGTERM");
  });

  it("leaves SIGTERM to a program that handles it", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `
      await sdk.monitored({ job: "a" }, async () => {
        const told = new Promise((resolve) => process.once("SIGTERM", resolve));
        setTimeout(() => console.log("running"), 600);
        const alive = setInterval(() => {}, 1000);
        await told;
        clearInterval(alive);
        await new Promise((resolve) => setTimeout(resolve, 50));
      });
      console.log("in order");
    `;
    const job = startJob(target, script, { SIDECAR_URL: sidecar.url });
    await job.prints("running");
    job.child.kill("SIGTERM");
    const end = await job.ended;
    assert.deepEqual([end.code, end.signal, end.out], [0, null, "running\nin order\n"]);
    assert.deepEqual(sidecar.statuses, ["succeeded"]);
    const lines = sidecar.taken.filter(({ event }) => event.kind === "event");
    assert.deepEqual(
      lines.map(({ event }) => event.metadata["message"]),
      ["the process received SIGTERM"],
    );
  });

  it("keeps no process alive: an open run, heartbeats and all", async (t) => {
    const sidecar = await Sidecar.start(t);
    const script = `
      sdk.startRun({ job: "forgotten", heartbeatMs: 10 }).progress(0.5);
      await new Promise((resolve) => setTimeout(resolve, 700));
      console.log(process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY/.test(name)).join());
    `;
    const end = await startJob(target, script, { SIDECAR_URL: sidecar.url }).ended;
    assert.deepEqual([end.code, end.out, end.err], [0, "\n", ""]);
    assert.deepEqual(sidecar.statuses, ["failed"]);
  });

  it("takes its parent, trace and names from the environment", async (t) => {
    const sidecar = await Sidecar.start(t);
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const script = `
      import { spawnSync } from "node:child_process";
      await sdk.monitored({ job: "outer" }, (run) => {
        console.log(run.id);
        const text = "const sdk = await import(" + JSON.stringify(${JSON.stringify(target.sdk)}) + ");" +
          "await sdk.monitored({ job: 'inner' }, () => {});";
        spawnSync(process.execPath, ["--input-type=module", "-e", text], { env: { ...process.env, ...run.environment } });
      });
    `;
    const end = await startJob(target, script, {
      SIDECAR_URL: sidecar.url,
      BELFRY_PARENT_RUN: "above",
      TRACEPARENT: `00-${trace}-b7ad6b7169203331-01`,
      BELFRY_APP: "app",
      BELFRY_APP_VERSION: "2",
      AWS_LAMBDA_FUNCTION_NAME: "f",
      AWS_REGION: "eu-west-1",
    }).ended;
    const starts = sidecar.taken.filter(({ event }) => event.kind === "started");
    assert.deepEqual(
      starts.map(({ entity }) => [entity.business_key, entity.type, entity.parent_id]).toSorted(),
      [
        ["inner", "subjob", end.out.trim()],
        ["outer", "subjob", "above"],
      ],
    );
    for (const event of starts) {
      assert.equal(event.trace?.trace_id, trace);
      assert.deepEqual(event.app, { app_id: null, name: "app", version: "2" });
      assert.deepEqual(event.event.metadata["aws"], {
        compute_platform: "lambda",
        function_name: "f",
        region: "eu-west-1",
      });
    }
  });

  it("sends nothing with BELFRY_SDK=off", async (t) => {
    const sidecar = await Sidecar.start(t);
    const end = await startJob(target, wholeJob, { SIDECAR_URL: sidecar.url, BELFRY_SDK: "off" })
      .ended;
    assert.deepEqual(
      [end.code, end.out, end.err, sidecar.requests.length],
      [0, "value 7\n", "", 0],
    );
  });
}

function spoolFaults(target: Target): void {
  const folderOf = (t: TestContext): string => {
    const folder = mkdtempSync(join(tmpdir(), "belfry-sdk-"));
    t.after(() => rmSync(folder, { recursive: true }));
    return folder;
  };

  for (const [name, script] of [
    ["an ordinary end", wholeJob],
    [
      "process.exit",
      `await sdk.monitored({ job: "daily" }, (run) => { run.event("info", "x"); process.exit(0); });`,
    ],
  ] as const) {
    it(`keeps in a file what nobody took before ${name}, and the next process sends it once`, async (t) => {
      const file = join(folderOf(t), "spool.ndjson");
      const environment = { BELFRY_SPOOL_FILE: file, SIDECAR_URL: "http://127.0.0.1:1" };
      assert.equal((await startJob(target, script, environment).ended).code, 0);
      const kept = readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "");
      assert.ok(kept.length >= 3);
      const sidecar = await Sidecar.start(t);
      await startJob(target, wholeJob, { ...environment, SIDECAR_URL: sidecar.url }).ended;
      const keys = sidecar.taken.map((event) => event.idempotency_key);
      assert.deepEqual([keys.length, new Set(keys).size], [kept.length + 5, kept.length + 5]);
      assert.deepEqual(readdirSync(join(file, "..")), []);
    });
  }

  it("sends from the file as soon as the server is back", async (t) => {
    let isOpen = false;
    const sidecar = await Sidecar.start(t, () => ({ status: isOpen ? 202 : 503 }));
    const file = join(folderOf(t), "spool.ndjson");
    const script = `
      const emitter = new sdk.SidecarEmitter(null, { pauseMs: 5, delayMs: 5, spoolFile: ${JSON.stringify(file)}, onProblem() {} });
      const run = sdk.startRun({ job: "a", emitter, heartbeatMs: 0 });
      for (let line = 0; line < 2000; line += 1) run.event("info", "line " + line);
      run.finish();
      while (emitter.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      console.log("on disk");
      setInterval(() => {}, 1000);
    `;
    const job = startJob(target, script, { SIDECAR_URL: sidecar.url });
    await job.prints("on disk");
    isOpen = true;
    while (sidecar.taken.length < 2002) await new Promise((resolve) => setTimeout(resolve, 5));
    job.child.kill("SIGKILL");
    await job.ended;
    assert.equal(new Set(sidecar.taken.map((event) => event.idempotency_key)).size, 2002);
  });

  for (const [name, place] of [
    ["full", (folder: string) => symlinkSync("/dev/full", join(folder, "spool"))],
    ["a folder that is missing", () => undefined],
  ] as const) {
    it(`does without a file whose disk is ${name}`, async (t) => {
      const folder = folderOf(t);
      place(folder);
      const file = name === "full" ? join(folder, "spool") : join(folder, "none", "spool");
      const environment = { BELFRY_SPOOL_FILE: file, SIDECAR_URL: "http://127.0.0.1:1" };
      const end = await startJob(target, wholeJob, environment).ended;
      assert.deepEqual([end.code, end.out], [0, "value 7\n"]);
      const sidecar = await Sidecar.start(t);
      const good = { ...environment, SIDECAR_URL: sidecar.url };
      assert.equal((await startJob(target, wholeJob, good).ended).code, 0);
      assert.equal(sidecar.taken.length, 5);
    });
  }
}
