import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { text } from "node:stream/consumers";
import type { EventSink } from "../../event-sink.ts";
import { eventSinkContract, sinkParts, type EventSinkFixture } from "../event-sink.contract.ts";
import { jobRecord } from "../record.kit.ts";
import { consoleKind } from "./kind.ts";

const never = new AbortController().signal;

/** Standard output as it is behind `belfry sidecar | cat`: a real pipe to another process. */
function createPipe() {
  const reader = spawn("cat", { stdio: ["pipe", "pipe", "inherit"] });
  let seen = "";
  reader.stdout.setEncoding("utf8").on("data", (piece: string) => {
    seen += piece;
  });
  return {
    stdin: reader.stdin,
    process: reader,
    seen: () => seen,
    /** Stops the reader and fills the pipe to it. */
    async hang() {
      reader.kill("SIGSTOP");
      for (let i = 0; i < 64; i += 1) reader.stdin.write(`${"x".repeat(65_535)}\n`);
      await new Promise(setImmediate);
    },
    async [Symbol.asyncDispose]() {
      const gone = reader.exitCode ?? reader.signalCode ?? once(reader, "exit");
      reader.stdin.on("error", () => undefined);
      reader.kill("SIGKILL");
      await gone;
    },
  };
}

function consoleTo(stdout: NodeJS.WritableStream, config: object = {}): EventSink {
  const parsed = consoleKind.parseSettings(config);
  assert.equal(parsed.kind, "ok", JSON.stringify(parsed));
  return consoleKind.create(parsed.kind === "ok" ? parsed.value : {}, { ...sinkParts(), stdout });
}

function createFixture(): Promise<EventSinkFixture & ReturnType<typeof createPipe>> {
  const pipe = createPipe();
  return Promise.resolve({
    ...pipe,
    config: { format: "json" },
    arrived: () =>
      Promise.resolve(
        pipe
          .seen()
          .split("\n")
          .slice(0, -1)
          .map((line) => (JSON.parse(line) as { idempotency_key: string }).idempotency_key),
      ),
  });
}

let latest: Awaited<ReturnType<typeof createFixture>> | undefined;

eventSinkContract({
  // Its destination is not a setting but the process's own output.
  kind: {
    ...consoleKind,
    create: (settings, parts) =>
      consoleKind.create(settings, { ...parts, stdout: latest?.stdin ?? parts.stdout }),
  },
  createFixture: async () => {
    latest = await createFixture();
    return latest;
  },
  wrong: [
    { what: "a format that is none", config: { format: "xml" }, path: "format" },
    { what: "a placeholder that is none", config: { line: "{nothing}" }, path: "line" },
    { what: "a placeholder in format", config: { format: "{nothing}" }, path: "format" },
    { what: "records that are none", config: { records: ["runs"] }, path: "records[0]" },
    { what: "no records at all", config: { records: [] }, path: "records" },
  ],
  knowsIds: false,
});

describe("a reader", () => {
  it("that does not read makes the hand-over wait, not the process; then nothing is there twice", async () => {
    await using pipe = createPipe();
    await using sink = consoleTo(pipe.stdin, { format: "json" });
    await pipe.hang();
    const stop = new AbortController();
    const waiting = sink.deliver([jobRecord("a"), jobRecord("b")], stop.signal);
    stop.abort();
    assert.deepEqual(
      (await waiting).map(({ kind }) => kind),
      ["retry", "retry"],
    );
    pipe.process.kill("SIGCONT");
    const again = await sink.deliver([jobRecord("a"), jobRecord("b"), jobRecord("c")], never);
    assert.deepEqual(
      again.map(({ kind }) => kind),
      ["sent", "sent", "sent"],
    );
    pipe.stdin.end();
    await once(pipe.process.stdout, "end");
    for (const id of ["a", "b", "c"]) {
      assert.equal(pipe.seen().split(`"idempotency_key":"${id}"`).length, 2, id);
    }
  });

  it("that is gone is an outage, now and later", async () => {
    await using pipe = createPipe();
    await using sink = consoleTo(pipe.stdin);
    pipe.process.kill("SIGKILL");
    await once(pipe.process, "exit");
    let answer = (await sink.deliver([jobRecord("a")], never))[0];
    while (answer?.kind === "sent") answer = (await sink.deliver([jobRecord("a")], never))[0];
    assert.equal(answer?.kind, "retry");
    assert.equal((await sink.deliver([jobRecord("a")], never))[0]?.kind, "retry");
    assert.equal((await sink.health(never)).status, "unhealthy");
  });
});

/** A program that writes to its own standard output while it counts how long its event loop stood still. */
const program = `
  import { consoleKind } from ${JSON.stringify(new URL("kind.ts", import.meta.url).href)};
  import { jobRecord } from ${JSON.stringify(new URL("../record.kit.ts", import.meta.url).href)};
  import { writeFileSync } from "node:fs";
  let last = performance.now(), longest = 0;
  setInterval(() => { const now = performance.now(); longest = Math.max(longest, now - last); last = now; }, 5);
  const parsed = consoleKind.parseSettings({ format: "json" });
  const sink = consoleKind.create(parsed.value, { stdout: process.stdout });
  const records = Array.from({ length: 500 }, (_, i) => jobRecord("r-" + i));
  const stop = AbortSignal.timeout(1500);
  let taken = 0;
  for (let i = 0; i < 20; i++) {
    taken += (await sink.deliver(records, stop)).filter(({ kind }) => kind === "sent").length;
  }
  writeFileSync(process.env.REPORT, JSON.stringify({ taken, longest }));
  process.exit(0);
`;

describe("standard output of a process", () => {
  it("that is a file takes everything", async () => {
    const folder = mkdtempSync(join(tmpdir(), "belfry-console-"));
    const out = join(folder, "out.log");
    const report = join(folder, "report.json");
    const descriptor = openSync(out, "w");
    try {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", descriptor, "inherit"],
        env: { ...process.env, REPORT: report },
      });
      await once(child, "exit");
      assert.equal(readReport(report).taken, 10_000);
      assert.equal(readFileSync(out, "utf8").split("\n").length, 10_001);
    } finally {
      closeSync(descriptor);
      rmSync(folder, { recursive: true });
    }
  });

  it("that is a stopped terminal holds nothing up", { skip: skipWithoutScript() }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "belfry-console-"));
    const report = join(folder, "report.json");
    // `script` runs the program on a terminal of its own; nobody reads what `script` passes on.
    const terminal = spawn(
      "script",
      ["-qefc", `${process.execPath} --input-type=module -e "$PROGRAM"`, "/dev/null"],
      {
        stdio: ["pipe", "pipe", "inherit"],
        env: { ...process.env, REPORT: report, PROGRAM: program },
      },
    );
    try {
      terminal.stdout.pause();
      const { taken, longest } = await reportOf(report);
      assert.ok(taken < 10_000, "the terminal took less than everything");
      assert.ok(longest < 1_000, `the event loop went on; it stood still for ${longest} ms`);
    } finally {
      terminal.kill("SIGKILL");
      await text(terminal.stdout);
      rmSync(folder, { recursive: true });
    }
  });
});

function readReport(path: string): { readonly taken: number; readonly longest: number } {
  return JSON.parse(readFileSync(path, "utf8")) as { taken: number; longest: number };
}

async function reportOf(path: string): Promise<ReturnType<typeof readReport>> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    try {
      return readReport(path);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function skipWithoutScript(): string | false {
  return process.platform === "linux" ? false : "terminals are written differently elsewhere";
}
