import assert from "node:assert/strict";
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileTree } from "./file-tree.kit.ts";
import { KeptFile } from "./kept-file.ts";

describe("a kept file", () => {
  it("is read anew each time, from its beginning, also when it grew beyond the shared buffer", () => {
    using tree = fileTree();
    tree.write("file", "one\n");
    const path = join(tree.root, "file");
    using file = new KeptFile(path);
    assert.equal(file.readText(), "one");
    writeFileSync(path, "two\n");
    assert.equal(file.readText(), "two");
    const line = `${"x".repeat(99)}\n`;
    for (const lines of [29, 30, 31, 700, 3_000]) {
      writeFileSync(path, "");
      appendFileSync(path, line.repeat(lines));
      assert.equal(file.read()?.length, lines * 100);
    }
  });

  it("is undefined where there is none, and is there once it is", () => {
    using tree = fileTree();
    const path = join(tree.root, "file");
    using file = new KeptFile(path);
    assert.equal(file.read(), undefined);
    tree.write("other", "text");
    renameSync(join(tree.root, "other"), path);
    assert.equal(file.readText(), "text");
  });

  it("throws for what is there and cannot be read", () => {
    using tree = fileTree();
    using file = new KeptFile(tree.root);
    assert.throws(() => file.read(), { code: "EISDIR" });
  });

  it(
    "gives whole tables of the kernel, whatever their size",
    { skip: process.platform !== "linux" && "reads /proc" },
    () => {
      for (const path of ["/proc/self/mountinfo", "/proc/self/limits", "/proc/cpuinfo"]) {
        using file = new KeptFile(path, { hasLongRecords: true });
        assert.equal(
          file.read()?.toString("utf8").split("\n").length,
          readFileSync(path, "utf8").split("\n").length,
          path,
        );
      }
    },
  );

  it("holds its file until it is disposed", () => {
    using tree = fileTree();
    tree.write("file", "old");
    const path = join(tree.root, "file");
    using file = new KeptFile(path);
    assert.equal(file.readText(), "old");
    rmSync(path);
    tree.write("file", "new");
    assert.equal(file.readText(), "old");
    file[Symbol.dispose]();
    assert.equal(file.readText(), "new");
  });
});
