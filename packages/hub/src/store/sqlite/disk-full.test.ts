/** A full disk is `unavailable`: the process lives on, reads go on, and once there is room writes succeed. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const victim = fileURLToPath(new URL("./disk-full-victim.ts", import.meta.url));

/** Runs a command where `folder` is a disk of 8 MB that nobody else sees and that goes with the command. */
function onSmallDisk(folder: string, command: readonly string[]): readonly string[] {
  const mount = 'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"';
  const userNamespace = process.getuid?.() === 0 ? "-m" : "-rm";
  return [userNamespace, "sh", "-c", mount, folder, ...command];
}

/** Why no small disk can be made here; false when it can. */
function whyNot(): string | false {
  const folder = mkdtempSync(join(tmpdir(), "belfry-disk-"));
  try {
    const tried = spawnSync("unshare", onSmallDisk(folder, ["true"]), { stdio: "ignore" });
    if (tried.error !== undefined) return "unshare is not installed";
    return tried.status === 0 ? false : "a disk cannot be mounted here";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("a full disk is survived, and loses nothing that was acknowledged", { skip: whyNot() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "belfry-disk-"));
  try {
    const command = onSmallDisk(folder, [process.execPath, victim, folder]);
    const output = execFileSync("unshare", [...command], { encoding: "utf8" });
    const { acknowledged, readWhileFull, ...report } = JSON.parse(output) as {
      acknowledged: number;
      readWhileFull: number;
    };
    assert.deepEqual(report, { missing: [], code: "unavailable", detail: "the disk is full" });
    assert.ok(acknowledged > 1);
    assert.equal(readWhileFull, acknowledged - 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
