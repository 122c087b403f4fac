/** A folder that may not be written to, as somebody who is not allowed everything. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createTestFolder } from "./folder.kit.ts";

const victim = fileURLToPath(new URL("./victim.kit.ts", import.meta.url));
const nobody = 65_534;

/** Runs a victim as somebody who is not root. */
function run(args: readonly string[]): string {
  const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  const { stdout, stderr } = spawnSync(process.execPath, [victim, ...args], {
    encoding: "utf8",
    ...identity,
  });
  return stdout + stderr;
}

describe("a folder that may not be written to", { skip: process.platform === "win32" }, () => {
  for (const { type, config } of [
    { type: "csv", config: (folder: string) => ({ output_dir: folder }) },
    { type: "csv", config: (folder: string) => ({ output_dir: join(folder, "below/it") }) },
    { type: "json", config: (folder: string) => ({ output_dir: folder }) },
    { type: "file", config: (folder: string) => ({ path: join(folder, "a.log") }) },
  ]) {
    it(`is a wrong setting of ${type}: ${Object.values(config("folder")).join("")}`, async (t) => {
      await using folder = await createTestFolder();
      await chmod(folder.path, 0o555);
      const said = run([type, JSON.stringify(config(folder.path)), "0", "10"]);
      await chmod(folder.path, 0o755);
      if (!said.includes("ready")) return t.skip("somebody who is not root cannot run this here");
      assert.match(said, /"kind":"misconfigured","why":"EACCES/);
      assert.ok(!said.includes("sent"));
    });
  }
});
