/** An append is answered after its bytes were synced: seen in the system calls, since a kill -9 cannot show it. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./spool.kit.ts";

const appends = 20;
const victim = fileURLToPath(new URL("./victim.ts", import.meta.url));

/** Why system calls cannot be traced here; false when they can. */
function whyNot(): string | false {
  const traced = spawnSync("strace", ["-f", "-e", "trace=fsync", "true"], { stdio: "ignore" });
  if (traced.error !== undefined) return "strace is not installed";
  return traced.status === 0 ? false : "strace may not trace here";
}

type Call = "write" | "sync" | "answer";

/** The calls that matter, in the order they ended. A call that another thread interrupts stands on two lines. */
function callsOf(trace: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, string>();
  for (const line of trace.split("\n")) {
    const [, pid = "", text = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const call = text.startsWith("<... ") ? `${open.get(pid) ?? ""} ${text}` : text;
    if (text.endsWith("<unfinished ...>")) {
      open.set(pid, text);
      // An answer counts from when it is begun.
      if (!text.startsWith("write(1<")) continue;
    } else if (text.startsWith("<... ") && (open.get(pid) ?? "").startsWith("write(1<")) continue;
    if (/^p?write(64)?\(\d+<[^>]*\.seg>/.test(call)) calls.push("write");
    else if (/^f(data)?sync\(\d+<[^>]*\.seg>.*= 0$/.test(call)) calls.push("sync");
    else if (/^write\(1<[^>]*>, "stored /.test(call)) calls.push("answer");
  }
  return calls;
}

test(
  "syncs the segment between writing records and answering for them",
  { skip: whyNot() },
  async () => {
    using folder = temporaryFolder();
    const trace = join(folder.path, "trace");
    const what = "trace=fsync,fdatasync,pwrite64,write";
    const traced = ["-f", "-y", "-e", what, "-o", trace, process.execPath, victim];
    const spool = join(folder.path, "spool");
    const child = spawn("strace", [...traced, spool, String(appends)], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
    let state: "nothing" | "written" | "synced" = "nothing";
    let answers = 0;
    for (const call of callsOf(await readFile(trace, "utf8"))) {
      if (call === "write") state = "written";
      else if (call === "sync" && state === "written") state = "synced";
      else if (call === "answer") {
        assert.equal(state, "synced", `answer ${answers} without a sync before it`);
        state = "nothing";
        answers += 1;
      }
    }
    assert.equal(answers, appends);
  },
);
