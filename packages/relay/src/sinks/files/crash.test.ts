/**
 * Processes that write files are killed, again and again, and begin anew somewhat before what they last answered for, as a
 * spool's place makes them: everything they answered for is there, whole, in order and once. `SINK_KILLS=50` for a long run.
 * A kill shows that nothing waits in the process; that bytes are on the disk first is seen in the system calls below.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { createTestFolder } from "./folder.kit.ts";
import { idOfJson } from "./tail.ts";

const kills = Number(process.env["SINK_KILLS"] ?? 2);
const victim = fileURLToPath(new URL("./victim.kit.ts", import.meta.url));

interface Case {
  readonly what: string;
  readonly type: string;
  readonly config: (folder: string) => object;
  readonly idsIn: (content: Buffer) => readonly (string | undefined)[];
}

function idsOfLines(text: string): readonly (string | undefined)[] {
  assert.ok(text === "" || text.endsWith("\n"));
  return text.split("\n").slice(0, -1).map(idOfJson);
}

const full = { max_bytes: 200_000 };

const cases: readonly Case[] = [
  {
    what: "file",
    type: "file",
    config: (folder) => ({
      path: join(folder, "a.log"),
      format: "json",
      backup_count: 1000,
      ...full,
    }),
    idsIn: (content) => idsOfLines(content.toString()),
  },
  {
    what: "csv",
    type: "csv",
    config: (folder) => ({ output_dir: folder, rotation: "size", ...full }),
    idsIn: (content) =>
      (parse(content, { record_delimiter: "\r\n" }) as string[][]).slice(1).map((row) => row[1]),
  },
  {
    what: "json",
    type: "json",
    config: (folder) => ({ output_dir: folder, rotation: "size", ...full }),
    idsIn: (content) => idsOfLines(content.toString()),
  },
  {
    what: "json with gzip",
    type: "json",
    config: (folder) => ({
      output_dir: folder,
      rotation: "size",
      compression: "gzip",
      max_bytes: 400_000,
    }),
    idsIn: (content) => idsOfLines(gunzipSync(content).toString()),
  },
  {
    what: "json with zstd",
    type: "json",
    config: (folder) => ({ output_dir: folder, rotation: "none", compression: "zstd" }),
    idsIn: (content) => idsOfLines(zstdDecompressSync(content).toString()),
  },
];

/** Runs a victim and kills it some time after it began; answers up to where it answered for records. */
async function killedAfter(args: readonly string[], output: string, ms: number): Promise<number> {
  const descriptor = openSync(output, "w");
  try {
    const child = spawn(process.execPath, [victim, ...args], {
      stdio: ["ignore", descriptor, "inherit"],
    });
    const ended = once(child, "close");
    while (child.exitCode === null && readFileSync(output).length === 0) await sleep(5);
    await sleep(ms);
    child.kill("SIGKILL");
    await ended;
    assert.equal(child.signalCode, "SIGKILL");
  } finally {
    closeSync(descriptor);
  }
  const said = [...readFileSync(output, "utf8").matchAll(/^sent (\d+)\n/gm)].at(-1)?.[1];
  return Number(said ?? 0);
}

/** Names of the files as they were begun: `a.2` is before `a.1` for `file`, and after it for the others. */
function inOrder(names: readonly string[], type: string): string[] {
  const numberOf = (name: string): number => {
    const number = Number(/\.(\d+)(?=\.|$)/.exec(name)?.[1] ?? 0);
    return type === "file" ? -number : number;
  };
  return names.toSorted((a, b) => numberOf(a) - numberOf(b));
}

describe("a process that is killed while it writes", () => {
  for (const { what, type, config, idsIn } of cases) {
    it(`leaves ${what} with everything it answered for, once, over ${kills} kills`, async () => {
      await using folder = await createTestFolder();
      await using said = await createTestFolder();
      const target = join(folder.path, "out");
      let answered = 0;
      for (let round = 0; round < kills; round += 1) {
        const begin = Math.max(0, answered - 300);
        const args = [type, JSON.stringify(config(target)), String(begin)];
        const until = await killedAfter(args, join(said.path, "said"), (round * 53) % 160);
        answered = Math.max(answered, until);
      }
      const last = [
        type,
        JSON.stringify(config(target)),
        String(Math.max(0, answered - 300)),
        "1000",
      ];
      const { status } = spawnSync(process.execPath, [victim, ...last], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      assert.equal(status, 0);
      const ids: (string | undefined)[] = [];
      for (const name of inOrder(await readdir(target), type)) {
        ids.push(...idsIn(await readFile(join(target, name))));
      }
      assert.ok(ids.length >= answered && ids.length >= 1000);
      const wrong = ids.findIndex((id, i) => id !== `n-${i}`);
      assert.equal(wrong, -1, `at ${wrong} of ${ids.length}: ${ids[wrong - 1]}, ${ids[wrong]}`);
    });
  }
});

/** Why system calls cannot be traced here; false when they can. */
function whyNot(): string | false {
  const traced = spawnSync("strace", ["-f", "-e", "trace=fsync", "true"], { stdio: "ignore" });
  if (traced.error !== undefined) return "strace is not installed";
  return traced.status === 0 ? false : "strace may not trace here";
}

/** The calls that matter, in the order they ended; an answer counts from when it is begun. */
function callsOf(trace: string): string[] {
  const calls: string[] = [];
  const open = new Map<string, string>();
  for (const line of trace.split("\n")) {
    const [, pid = "", text = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const isEnd = text.startsWith("<... ");
    const call = isEnd ? `${open.get(pid) ?? ""} ${text}` : text;
    const isAnswer = /^write\(1<[^>]*>, "sent /.test(call);
    if (text.endsWith("<unfinished ...>")) {
      open.set(pid, text);
      if (!isAnswer) continue;
    } else if (isEnd && isAnswer) continue;
    if (isAnswer) calls.push("answer");
    else if (/^p?write(64)?\(\d+<[^>]*\/out\/[^>]*>/.test(call)) calls.push("write");
    else if (/^fdatasync\(\d+<[^>]*\/out\/[^>]*>.*= 0$/.test(call)) calls.push("sync");
    else if (/^fsync\(\d+<[^>]*\/out>.*= 0$/.test(call)) calls.push("folder");
  }
  return calls;
}

describe("a record", { skip: whyNot() }, () => {
  for (const { what, type, config } of cases) {
    it(`is synced, and the name of its file, before ${what} answers for it`, async () => {
      await using folder = await createTestFolder();
      const trace = join(folder.path, "trace");
      const calls = "trace=fsync,fdatasync,pwrite64,write";
      const args = [type, JSON.stringify(config(join(folder.path, "out"))), "0", "2000"];
      const { status } = spawnSync(
        "strace",
        ["-f", "-y", "-e", calls, "-o", trace, process.execPath, victim, ...args],
        { stdio: ["ignore", "ignore", "inherit"] },
      );
      assert.equal(status, 0);
      let isSynced = true;
      let isNamed = false;
      let answers = 0;
      for (const call of callsOf(await readFile(trace, "utf8"))) {
        if (call === "write") isSynced = false;
        else if (call === "sync") isSynced = true;
        else if (call === "folder") isNamed = true;
        else {
          assert.ok(isSynced && isNamed, `answer ${answers} without a sync before it`);
          answers += 1;
        }
      }
      assert.ok(answers > 10);
    });
  }
});
