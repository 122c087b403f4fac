/** An acknowledged write was synced before: seen in the system calls, since a kill -9 cannot show it. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const changes = 20;
const victim = fileURLToPath(new URL("./victim.ts", import.meta.url));

/** Why system calls cannot be traced here; false when they can. */
function whyNot(): string | false {
  const traced = spawnSync("strace", ["-f", "-e", "trace=fsync", "true"], { stdio: "ignore" });
  if (traced.error !== undefined) return "strace is not installed";
  return traced.status === 0 ? false : "strace may not trace here";
}

interface SystemCall {
  readonly kind: "write" | "sync" | "answer";
  readonly text: string;
}

/** The calls that matter, in their order: bytes to the log, a sync of it that succeeded, a line to the output. */
function callsOf(trace: string): readonly SystemCall[] {
  const calls: SystemCall[] = [];
  for (const line of trace.split("\n")) {
    const text = line.replace(/^\d+\s+/, "");
    if (/^pwrite64\(\d+<[^>]*-wal>/.test(text)) calls.push({ kind: "write", text });
    else if (/^(fsync|fdatasync)\(\d+<[^>]*-wal>\)\s+= 0/.test(text)) {
      calls.push({ kind: "sync", text });
    } else if (/^<\.\.\. (fsync|fdatasync) resumed>.*= 0/.test(text)) {
      calls.push({ kind: "sync", text });
    } else if (/^write\(1<[^>]*>, "commit /.test(text)) calls.push({ kind: "answer", text });
  }
  return calls;
}

test(
  "syncs the log between writing a change and acknowledging it",
  { skip: whyNot() },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "belfry-sync-"));
    try {
      const trace = join(folder, "trace");
      const what = "trace=fsync,fdatasync,pwrite64,write";
      const args = ["-f", "-y", "-e", what, "-o", trace, process.execPath, victim];
      const traced = [...args, join(folder, "belfry.db"), "1", String(changes)];
      const child = spawn("strace", traced, { stdio: ["ignore", "ignore", "inherit"] });
      const [code] = await once(child, "exit");
      assert.equal(code, 0);

      const calls = callsOf(await readFile(trace, "utf8"));
      const first = calls.findIndex((call) => call.kind === "answer");
      assert.ok(first !== -1);
      let state: "nothing" | "written" | "synced" = "nothing";
      let answers = 0;
      for (const call of calls.slice(first + 1)) {
        if (call.kind === "write") state = "written";
        else if (call.kind === "sync" && state === "written") state = "synced";
        else if (call.kind === "answer") {
          assert.equal(state, "synced", `acknowledged without a sync before it: ${call.text}`);
          state = "nothing";
          answers += 1;
        }
      }
      assert.equal(answers, changes - 1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
