/** A call of a heartbeat is synced to disk before it is answered: seen in the hub's system calls. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { HeartbeatView, MonitorView } from "@belfry/contract";
import { commandPath } from "../kit/hub.ts";

const calls = 10;

/** Why system calls cannot be traced here; false when they can. */
function whyNot(): string | false {
  const traced = spawnSync("strace", ["-f", "-e", "trace=fsync", "true"], { stdio: "ignore" });
  if (traced.error !== undefined) return "strace is not installed";
  return traced.status === 0 ? false : "strace may not trace here";
}

interface Traced extends AsyncDisposable {
  readonly url: string;
  /** Ends the hub; the trace is complete then. */
  stop(): Promise<void>;
}

/** A hub whose system calls are written to a file. */
async function startTraced(dataDir: string, trace: string): Promise<Traced> {
  const what = "trace=fsync,fdatasync,pwrite64,write,writev,sendmsg,sendto";
  const hub = [process.execPath, commandPath, "up", "--listen", "127.0.0.1:0"];
  const child = spawn(
    "strace",
    ["-f", "-y", "-s", "4096", "-e", what, "-o", trace, ...hub, "--data-dir", dataDir],
    {
      cwd: dataDir,
      env: { PATH: process.env["PATH"], HOME: dataDir, BELFRY_AGENT_ENABLED: "false" },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const ended = once(child, "exit");
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output);
      if (found !== null) resolve(found[0]);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    void ended.then(() => reject(new Error(`the hub ended: ${output}`)));
  });
  const stop = async (): Promise<void> => {
    // strace hands the signal on by ending; the hub is its only child.
    const [pid] = await children(child.pid ?? 0);
    if (pid !== undefined && child.exitCode === null) process.kill(pid, "SIGTERM");
    await ended;
  };
  return { url, stop, [Symbol.asyncDispose]: stop };
}

async function children(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return text.split(" ").filter(Boolean).map(Number);
}

const bodyOf = (call: number): string => `call-${call}-body`;

/** What the hub did, in its order: a call went to the log of the database, the log was synced, a call was answered. */
type Step =
  | { readonly kind: "written"; readonly call: number }
  | { readonly kind: "synced" | "answered" };

/** The writer's thread writes and syncs one after the other, so a sync is of what was written before. */
function stepsOf(trace: string): readonly Step[] {
  const steps: Step[] = [];
  /** Threads that sync the log and wait for it. */
  const syncing = new Set<string>();
  const written = new Set<number>();
  for (const line of trace.split("\n")) {
    const [, thread = "", text = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (/^pwrite64\(\d+<[^>]*-wal>/.test(text)) {
      for (let call = 0; call < calls; call += 1) {
        if (written.has(call) || !text.includes(bodyOf(call))) continue;
        written.add(call);
        steps.push({ kind: "written", call });
      }
    } else if (/^(fsync|fdatasync)\(\d+<[^>]*-wal>/.test(text)) {
      if (text.endsWith("= 0")) steps.push({ kind: "synced" });
      else if (text.endsWith("<unfinished ...>")) syncing.add(thread);
    } else if (/^<\.\.\. (fsync|fdatasync) resumed>.*= 0$/.test(text) && syncing.delete(thread)) {
      steps.push({ kind: "synced" });
    } else if (/^(write|writev|sendmsg|sendto)\(.*HTTP\/1\.1 200 .*\\r\\n\\r\\nOK"/.test(text)) {
      steps.push({ kind: "answered" });
    }
  }
  return steps;
}

test("a call is answered after it was synced", { skip: whyNot() }, async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "belfry-sync-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const trace = join(dataDir, "trace");
  await using hub = await startTraced(dataDir, trace);
  const made = await fetch(`${hub.url}/api/v1/monitors`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "nightly", kind: "heartbeat", settings: {} }),
  });
  const { id } = (await made.json()) as MonitorView;
  const read = await fetch(`${hub.url}/api/v1/heartbeats/${id}`);
  const { ping_url: url } = (await read.json()) as HeartbeatView;
  for (let i = 0; i < calls; i += 1) {
    assert.equal((await fetch(url ?? "", { method: "POST", body: bodyOf(i) })).status, 200);
  }
  await hub.stop();

  const steps = stepsOf(await readFile(trace, "utf8"));
  const waiting = new Set<number>();
  const synced = new Set<number>();
  let answers = 0;
  for (const step of steps) {
    if (step.kind === "written") waiting.add(step.call);
    else if (step.kind === "synced") for (const call of waiting) synced.add(call);
    else {
      assert.ok(synced.has(answers), `call ${answers} was answered without a sync before it`);
      answers += 1;
    }
  }
  assert.equal(answers, calls);
});
