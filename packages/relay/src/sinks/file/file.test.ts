import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import {
  appendFile,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { SinkFailure } from "../../sink.ts";
import { sinkContract } from "../sink.contract.ts";
import { openFile } from "./file.ts";
import { parseFileSettings, type FileSettings } from "./settings.ts";

const never = new AbortController().signal;

function settingsOf(path: string, changes: Partial<FileSettings> = {}): FileSettings {
  return { type: "file", path, format: "", maxBytes: 1_000_000_000, backupCount: 2, ...changes };
}

async function createFolder() {
  const path = await mkdtemp(join(tmpdir(), "belfry-file-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

sinkContract("file", async () => {
  const folder = await createFolder();
  const path = join(folder.path, "results.log");
  return {
    open: () => openFile(settingsOf(path)),
    async arrived(bytes) {
      while ((await stat(path).catch(() => ({ size: 0 }))).size < bytes) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return readFile(path, "utf8");
    },
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
});

describe("the settings", () => {
  it("have Amaunator's defaults", () => {
    assert.deepEqual(parseFileSettings({ type: "file", path: "a.log" }), {
      kind: "ok",
      value: {
        type: "file",
        path: "a.log",
        format: "{timestamp} - {target_name} - {value}",
        maxBytes: 10_485_760,
        backupCount: 5,
      },
    });
  });

  const rows: readonly (readonly [string, object, string])[] = [
    ["no path", {}, "outputs[0].path: is required"],
    ["an empty path", { path: "" }, 'outputs[0].path: expected a path, found ""'],
    [
      "a size below 1 KiB",
      { path: "a", max_bytes: 10 },
      "outputs[0].max_bytes: expected a whole number from 1024 to 1099511627776, found 10",
    ],
    [
      "a negative count",
      { path: "a", backup_count: -1 },
      "outputs[0].backup_count: expected a whole number from 0 to 1000, found -1",
    ],
    ["an unknown key", { path: "a", size: 1 }, "outputs[0].size: is not a known key"],
  ];
  for (const [what, value, expected] of rows) {
    it(`refuse ${what}`, () => {
      const parsed = parseFileSettings({ type: "file", ...value }, "outputs[0]");
      const problems = parsed.kind === "bad" ? parsed.problems : [];
      assert.deepEqual(
        problems.map(({ path, message }) => `${path}: ${message}`),
        [expected],
      );
    });
  }
});

describe("rotation", () => {
  it("keeps the extension, shifts older files and drops those beyond the count", async () => {
    await using folder = await createFolder();
    const path = join(folder.path, "deep/er/monitor.log");
    const sink = await openFile(settingsOf(path, { maxBytes: 6, backupCount: 2 }));
    for (const line of ["1aaaa\n", "2bbbb\n", "3cccc\n", "4dddd\n"]) {
      await sink.write([line], never);
    }
    await sink.close();
    assert.deepEqual((await readdir(join(folder.path, "deep/er"))).toSorted(), [
      "monitor.log",
      "monitor.log.1",
      "monitor.log.2",
    ]);
    assert.equal(await readFile(path, "utf8"), "4dddd\n");
    assert.equal(await readFile(`${path}.1`, "utf8"), "3cccc\n");
    assert.equal(await readFile(`${path}.2`, "utf8"), "2bbbb\n");
  });

  it("keeps no former file with a count of 0", async () => {
    await using folder = await createFolder();
    const path = join(folder.path, "monitor.log");
    const sink = await openFile(settingsOf(path, { maxBytes: 6, backupCount: 0 }));
    await sink.write(["1aaaa\n", "2bbbb\n", "3\n"], never);
    await sink.close();
    assert.deepEqual(await readdir(folder.path), ["monitor.log"]);
    assert.equal(await readFile(path, "utf8"), "3\n");
  });

  it("cuts one hand-over between lines, never within one, and never exceeds the size", async () => {
    await using folder = await createFolder();
    const path = join(folder.path, "monitor.log");
    const sink = await openFile(settingsOf(path, { maxBytes: 10, backupCount: 9 }));
    const lines = ["aaa\n", "bbb\n", "ccc\n", "ddddddddddddddd\n", "eee\n"];
    await sink.write(lines, never);
    await sink.close();
    const files = await Promise.all(
      [".3", ".2", ".1", ""].map((suffix) => readFile(path + suffix, "utf8")),
    );
    assert.deepEqual(files, ["aaa\nbbb\n", "ccc\n", "ddddddddddddddd\n", "eee\n"]);
  });

  it("counts what was in the file before it was opened", async () => {
    await using folder = await createFolder();
    const path = join(folder.path, "monitor.log");
    await writeFile(path, "before\n");
    const sink = await openFile(settingsOf(path, { maxBytes: 10, backupCount: 1 }));
    await sink.write(["after\n"], never);
    await sink.close();
    assert.equal(await readFile(`${path}.1`, "utf8"), "before\n");
    assert.equal(await readFile(path, "utf8"), "after\n");
  });
});

describe("a file that changes under its feet", () => {
  it("is begun anew after somebody moved it away", async () => {
    await using folder = await createFolder();
    const path = join(folder.path, "monitor.log");
    const sink = await openFile(settingsOf(path));
    await sink.write(["a\n"], never);
    await rename(path, `${path}.moved`);
    await sink.write(["b\n"], never);
    await sink.close();
    assert.equal(await readFile(`${path}.moved`, "utf8"), "a\n");
    assert.equal(await readFile(path, "utf8"), "b\n");
  });

  it("is begun anew after somebody deleted it", async () => {
    await using folder = await createFolder();
    const path = join(folder.path, "monitor.log");
    const sink = await openFile(settingsOf(path));
    await sink.write(["a\n"], never);
    await rm(path);
    await sink.write(["b\n"], never);
    await sink.close();
    assert.equal(await readFile(path, "utf8"), "b\n");
  });

  it("goes on at its end after somebody else appended", async () => {
    await using folder = await createFolder();
    const path = join(folder.path, "monitor.log");
    const sink = await openFile(settingsOf(path));
    await sink.write(["a\n"], never);
    await appendFile(path, "x\n");
    await sink.write(["b\n"], never);
    await sink.close();
    assert.equal(await readFile(path, "utf8"), "a\nx\nb\n");
  });
});

describe("a destination that cannot take it", () => {
  it("fails with the system's reason on a full device", { skip: skipWithoutFull() }, async () => {
    const sink = await openFile(settingsOf("/dev/full"));
    await assert.rejects(sink.write(["a\n"], never), (error) => {
      assert.ok(error instanceof SinkFailure);
      assert.equal(error.taken, 0);
      assert.match(error.message, /ENOSPC/);
      return true;
    });
    await sink.close();
  });

  it("leaves whole lines and goes on when the disk has room again", async (t) => {
    await using folder = await createFolder();
    const mounted = mountSmall(folder.path);
    if (mounted !== undefined) return t.skip(mounted);
    try {
      const path = join(folder.path, "monitor.log");
      const filler = join(folder.path, "filler");
      await writeFile(filler, Buffer.alloc(40 * 1024));
      const lines = Array.from({ length: 100 }, (_, i) => `${i} ${"x".repeat(500)}\n`);
      const sink = await openFile(settingsOf(path));
      const failure = await sink.write(lines, never).then(
        () => undefined,
        (error: unknown) => error,
      );
      assert.ok(failure instanceof SinkFailure);
      assert.match(failure.message, /ENOSPC/);
      const kept = await readFile(path, "utf8");
      assert.ok(kept === "" || kept.endsWith("\n"), "no half line stays");
      assert.equal(kept, lines.slice(0, failure.taken).join(""));
      await rm(filler);
      await sink.write(lines.slice(failure.taken), never);
      await sink.close();
      assert.equal(await readFile(path, "utf8"), lines.join(""));
    } finally {
      execFileSync("umount", [folder.path]);
    }
  });

  it(
    "refuses a pipe at once, with or without a reader",
    { skip: skipWithoutMkfifo() },
    async () => {
      await using folder = await createFolder();
      const path = join(folder.path, "pipe");
      execFileSync("mkfifo", [path]);
      await assert.rejects(openFile(settingsOf(path)), /ENXIO|is not a regular file/);
    },
  );

  it("refuses a folder", async () => {
    await using folder = await createFolder();
    await assert.rejects(openFile(settingsOf(folder.path)), /EISDIR/);
  });
});

function skipWithoutFull(): string | false {
  return existsSync("/dev/full") ? false : "this system has no /dev/full";
}

function skipWithoutMkfifo(): string | false {
  return spawnSync("mkfifo", ["--version"]).error === undefined ? false : "there is no mkfifo";
}

/** Puts a file system of 64 KiB at a path; answers why it cannot. */
function mountSmall(path: string): string | undefined {
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path]);
  return mounted.status === 0 ? undefined : "a small file system cannot be mounted here";
}
