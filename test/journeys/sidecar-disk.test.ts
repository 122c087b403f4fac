/**
 * The sidecar and its disk, as a process: an acknowledgement comes after the sync, which no kill can show; a disk that is
 * full refuses and works again; one that cannot be written ends the start in one line.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../kit/hub.ts";
import { startTarget } from "../kit/target.ts";

const program = fileURLToPath(new URL("../../packages/relay/src/main.ts", import.meta.url));

interface Started extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  output(): string;
}

/** Starts the sidecar by way of another program, which becomes it. */
async function startBy(
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Promise<Started> {
  const [file, ...args] = [...command, process.execPath, program, "--listen", "127.0.0.1:0"];
  const child = spawn(file, args, {
    env: { PATH: process.env["PATH"], INTEGRATIONS_CONFIG: "[]", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const exited = once(child, "exit");
  const url = await until(
    "the sidecar listens",
    () => {
      if (child.exitCode !== null) throw new Error(output);
      return /listening on (http:\S+)/.exec(output)?.[1];
    },
    30_000,
  );
  return {
    url,
    pid: child.pid ?? 0,
    output: () => output,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "belfry-sidecar-disk-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function event(id: string, bytes = 100): string {
  return JSON.stringify({
    idempotency_key: id,
    site_id: "fab1",
    app: { name: "etl" },
    entity: { id: "run-1", business_key: "daily" },
    event: { kind: "progress", metadata: { padding: "x".repeat(bytes) } },
  });
}

async function post(url: string, body: string): Promise<{ status: number; code: unknown }> {
  const response = await fetch(`${url}/v1/event`, { method: "POST", body });
  return { status: response.status, code: Object(await response.json()).code };
}

/** Why system calls cannot be traced here; false when they can. */
function whyNoTrace(): string | false {
  const traced = spawnSync("strace", ["-D", "-f", "-e", "trace=fsync", "true"], {
    stdio: "ignore",
  });
  if (traced.error !== undefined) return "strace is not installed";
  return traced.status === 0 ? false : "strace may not trace here";
}

type Call = "write" | "sync" | "answer";

/** The calls that matter, in the order they ended; an answer counts from when it is begun. */
function callsOf(trace: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, string>();
  const isAnswer = (text: string): boolean => /^writev?\(\d+<.*"HTTP\/1\.1 202 /.test(text);
  for (const line of trace.split("\n")) {
    const [, pid = "", text = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const isResumed = text.startsWith("<... ");
    const call = isResumed ? `${open.get(pid) ?? ""} ${text}` : text;
    if (text.endsWith("<unfinished ...>")) {
      open.set(pid, text);
      if (!isAnswer(text)) continue;
    } else if (isResumed && isAnswer(open.get(pid) ?? "")) continue;
    if (isAnswer(call)) calls.push("answer");
    else if (/^p?write(64)?\(\d+<[^>]*\.seg>/.test(call)) calls.push("write");
    else if (/^f(data)?sync\(\d+<[^>]*\.seg>.*= 0$/.test(call)) calls.push("sync");
  }
  return calls;
}

/** A program that becomes another on a small disk of its own, which goes with it. */
function onDisk(folder: string, options: string): [string, ...string[]] {
  const mount = `mount -t tmpfs -o ${options} tmpfs "$0" && exec "$@"`;
  return ["unshare", process.getuid?.() === 0 ? "-m" : "-rm", "sh", "-c", mount, folder];
}

/** Why no small disk can be made here; false when it can. */
function whyNoDisk(): string | false {
  const [file, ...args] = [...onDisk(tmpdir(), "size=1m"), "true"];
  const tried = spawnSync(file, args, { stdio: "ignore" });
  if (tried.error !== undefined) return "unshare is not installed";
  return tried.status === 0 ? false : "a disk cannot be mounted here";
}

describe("the sidecar and its disk", () => {
  it("syncs an event before it answers 202", { skip: whyNoTrace() }, async () => {
    await using folder = await temporaryFolder();
    const trace = join(folder.path, "trace");
    const what = "trace=fsync,fdatasync,pwrite64,write,writev";
    const events = 15;
    {
      // -D: the sidecar is our child, and not strace's.
      const strace = ["-D", "-f", "-y", "-s", "40", "-e", what, "-o", trace] as const;
      await using sidecar = await startBy(["strace", ...strace], {
        SPOOL_DIR: join(folder.path, "spool"),
      });
      for (let i = 0; i < events; i += 1) {
        assert.equal((await post(sidecar.url, event(`e${i}`))).status, 202);
      }
    }
    const text = await until("the trace is whole", async () => {
      const found = await readFile(trace, "utf8");
      return /\+\+\+ (killed|exited)[^\n]*\+\+\+\n$/.test(found) && found;
    });
    let state: "nothing" | "written" | "synced" = "nothing";
    let answers = 0;
    for (const call of callsOf(text)) {
      if (call === "write") state = "written";
      else if (call === "sync" && state === "written") state = "synced";
      else if (call === "answer") {
        assert.equal(state, "synced", `answer ${answers} without a sync before it`);
        state = "nothing";
        answers += 1;
      }
    }
    assert.equal(answers, events);
  });

  it(
    "refuses while the disk is full, and takes events again when a sink has what is there",
    { skip: whyNoDisk() },
    async () => {
      await using folder = await temporaryFolder();
      await using sink = await startTarget((request, response) => {
        request.resume().on("end", () => response.end());
      });
      await sink.stop();
      const config = { webhook_url: sink.url, body: "events" };
      await using sidecar = await startBy(onDisk(folder.path, "size=3m"), {
        SPOOL_DIR: folder.path,
        INTEGRATIONS_CONFIG: JSON.stringify([{ type: "webhook", name: "hook", config }]),
      });
      let taken = 0;
      let refusal: Awaited<ReturnType<typeof post>> | undefined;
      while (refusal === undefined) {
        assert.ok(taken < 100, "the disk of three megabytes has no end");
        const answer = await post(sidecar.url, event(`e${taken}`, 100_000));
        if (answer.status === 202) taken += 1;
        else refusal = answer;
      }
      assert.deepEqual(refusal, { status: 503, code: "disk_full" });
      assert.ok(taken > 5, String(taken));
      const health: unknown = await (await fetch(`${sidecar.url}/health`)).json();
      assert.deepEqual([Object(health).live, Object(health).ready], [true, false]);
      await sink.start();
      await until(
        "it takes events again",
        async () => (await post(sidecar.url, event("last", 100_000))).status === 202,
        60_000,
      );
      await until(
        "everything it took arrived",
        async () => {
          const body: unknown = await (await fetch(`${sidecar.url}/health`)).json();
          return (
            Object(body).integrations.hook.delivered >= taken + 1 && Object(body).ready === true
          );
        },
        60_000,
      );
    },
  );

  it("ends its start with one line where it cannot write", { skip: whyNoDisk() }, async () => {
    await using folder = await temporaryFolder();
    const [file, ...args] = onDisk(folder.path, "ro,size=1m");
    const ended = spawnSync(
      file,
      [...args, process.execPath, program, "--spool-dir", folder.path],
      {
        env: { PATH: process.env["PATH"], INTEGRATIONS_CONFIG: "[]" },
        encoding: "utf8",
      },
    );
    assert.equal(ended.status, 1, ended.stderr);
    assert.match(ended.stderr, /^belfry sidecar: .*EROFS.*\n$/);
  });
});
