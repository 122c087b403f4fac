import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { text } from "node:stream/consumers";
import { sinkContract } from "../sink.contract.ts";
import { openConsole, parseConsoleSettings } from "./console.ts";

const never = new AbortController().signal;

/** Standard output as it is behind `belfry up | cat`: a real pipe to another process. */
function createPipe() {
  const reader = spawn("cat", { stdio: ["pipe", "pipe", "inherit"] });
  let seen = "";
  reader.stdout.setEncoding("utf8").on("data", (piece: string) => {
    seen += piece;
  });
  return {
    stdin: reader.stdin,
    process: reader,
    async arrived(bytes: number) {
      while (Buffer.byteLength(seen) < bytes) await once(reader.stdout, "data");
      return seen;
    },
    async [Symbol.asyncDispose]() {
      const gone = reader.exitCode ?? reader.signalCode ?? once(reader, "exit");
      reader.kill("SIGKILL");
      await gone;
    },
  };
}

sinkContract("console, to a pipe", () => {
  const pipe = createPipe();
  return Promise.resolve({
    open: () => openConsole({ stdout: pipe.stdin }),
    arrived: (bytes) => pipe.arrived(bytes),
    [Symbol.asyncDispose]: () => pipe[Symbol.asyncDispose](),
  });
});

describe("the settings", () => {
  it("have Amaunator's default format", () => {
    assert.deepEqual(parseConsoleSettings({ type: "console" }), {
      kind: "ok",
      value: { type: "console", format: "{timestamp} - {target_name} - {value}" },
    });
  });

  it("refuse a format that cannot be", () => {
    const parsed = parseConsoleSettings({ type: "console", format: "{" }, "outputs[2]");
    assert.deepEqual(parsed.kind === "bad" && parsed.problems.map(({ path }) => path), [
      "outputs[2].format",
    ]);
  });
});

describe("a reader", () => {
  it("that does not read makes the hand-over wait, not the process", async () => {
    await using pipe = createPipe();
    pipe.process.kill("SIGSTOP");
    const sink = await openConsole({ stdout: pipe.stdin });
    const lines = Array.from({ length: 1_000 }, () => `${"x".repeat(1_000)}\n`);
    let isTaken = false;
    const handedOver = sink.write(lines, never).then(() => {
      isTaken = true;
    });
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    assert.equal(isTaken, false);
    pipe.process.kill("SIGCONT");
    await handedOver;
    await sink.close();
  });

  it("that does not read is left when told to stop", async () => {
    await using pipe = createPipe();
    pipe.process.kill("SIGSTOP");
    const sink = await openConsole({ stdout: pipe.stdin });
    const stop = new AbortController();
    const handedOver = sink.write([`${"x".repeat(10_000_000)}\n`], stop.signal);
    setImmediate(() => stop.abort());
    await assert.rejects(handedOver, /standard output is not read/);
    await sink.close();
  });

  it("that is gone fails the hand-over, and every later one", async () => {
    await using pipe = createPipe();
    const sink = await openConsole({ stdout: pipe.stdin });
    pipe.process.kill("SIGKILL");
    await once(pipe.process, "exit");
    await assert.rejects(async () => {
      for (;;) await sink.write(["x\n"], never);
    });
    await assert.rejects(sink.write(["y\n"], never));
    await sink.close();
  });
});

/** A program that writes to its own standard output while it counts how long its event loop stood still. */
const program = `
  import { openConsole } from ${JSON.stringify(new URL("console.ts", import.meta.url).href)};
  import { writeFileSync } from "node:fs";
  let last = performance.now(), longest = 0;
  setInterval(() => { const now = performance.now(); longest = Math.max(longest, now - last); last = now; }, 5);
  const sink = await openConsole({ stdout: process.stdout });
  const lines = Array.from({ length: 1000 }, (_, i) => i + " " + "x".repeat(200) + "\\n");
  const stop = AbortSignal.timeout(1500);
  let taken = 0;
  try { for (let i = 0; i < 20; i++) { await sink.write(lines, stop); taken++; } } catch {}
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
      assert.equal(readReport(report).taken, 20);
      assert.equal(readFileSync(out, "utf8").split("\n").length, 20_001);
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
      assert.ok(taken < 20, "the terminal took less than everything");
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
