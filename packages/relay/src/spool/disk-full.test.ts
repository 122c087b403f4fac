/** A full disk: a real one of two megabytes, in a namespace of its own that goes with the process. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./spool.kit.ts";

const victim = fileURLToPath(new URL("./disk-full-victim.ts", import.meta.url));

function onSmallDisk(folder: string, command: readonly string[]): string[] {
  const mount = 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"';
  const namespace = process.getuid?.() === 0 ? "-m" : "-rm";
  return [namespace, "sh", "-c", mount, folder, ...command];
}

/** Why no small disk can be made here; false when it can. */
function whyNot(): string | false {
  using folder = temporaryFolder();
  const tried = spawnSync("unshare", onSmallDisk(folder.path, ["true"]), { stdio: "ignore" });
  if (tried.error !== undefined) return "unshare is not installed";
  return tried.status === 0 ? false : "a disk cannot be mounted here";
}

test("a full disk refuses, lets acknowledge, and works again", { skip: whyNot() }, () => {
  using folder = temporaryFolder();
  const command = onSmallDisk(folder.path, [process.execPath, victim, folder.path]);
  const output = execFileSync("unshare", command, { encoding: "utf8" });
  const { stored, ...report } = JSON.parse(output) as { stored: number };
  assert.ok(stored > 20);
  assert.deepEqual(report, {
    refused: "disk_full",
    readWhileFull: true,
    savedWhileFull: true,
    reopenedWhileFull: true,
    storedAfterwards: true,
    missing: [],
    reserveIsBack: true,
  });
});
