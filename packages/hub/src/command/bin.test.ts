import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { once } from "node:events";

const bin = fileURLToPath(new URL("../../bin/belfry.js", import.meta.url));

/** A Node on this machine that is older than Belfry's, to be found on PATH. */
function olderNode(): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, "node");
    if (!existsSync(path)) continue;
    const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    const major = Number(/^v(\d+)\./.exec(stdout)?.[1]);
    if (major >= 18 && major < 26) return path;
  }
  return undefined;
}

const older = olderNode();
const nodes = [
  { what: "with Belfry's own Node", node: process.execPath, skip: false },
  {
    what: "with an older Node",
    node: older ?? "",
    skip: older === undefined ? "this machine has no older Node" : false,
  },
] as const;

for (const { what, node, skip } of nodes) {
  describe(`the program, started ${what}`, { skip }, () => {
    it("passes on the output and the exit code", () => {
      const done = spawnSync(node, [bin, "--version"], { encoding: "utf8" });
      assert.match(done.stdout, /^belfry \d+\.\d+\.\d+\n$/);
      assert.equal(done.status, 0);
      const wrong = spawnSync(node, [bin, "fly"], { encoding: "utf8" });
      assert.deepEqual([wrong.status, wrong.stderr], [2, "belfry: there is no command fly\n"]);
    });
  });
}

describe("a signal to the program, started with an older Node", () => {
  const options = { skip: older === undefined ? "this machine has no older Node" : false };

  it("stops the hub behind it, and its exit code comes back", options, async () => {
    const folder = await mkdtemp(join(tmpdir(), "belfry-bin-"));
    try {
      const child = spawn(older ?? "", [bin, "up", "--listen", "127.0.0.1:0"], {
        cwd: folder,
        stdio: ["ignore", "pipe", "inherit"],
      });
      let output = "";
      for await (const piece of child.stdout) {
        output += String(piece);
        if (/http:\/\/127\.0\.0\.1:\d+/.test(output)) break;
      }
      child.kill("SIGTERM");
      assert.deepEqual(await once(child, "exit"), [0, null]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
