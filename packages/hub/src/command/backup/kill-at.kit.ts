/**
 * A process for tests that kills itself with SIGKILL before the n-th step that changes the disk.
 *
 *     node kill-at.kit.ts STEP backup DATA_DIR DATABASE TO
 *     node kill-at.kit.ts STEP restore DATA_DIR DATABASE FROM
 *
 * Ends with 0 when it was done before that step.
 */
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const [, , step = "0", what = "", dataDir = "", database = "", folder = ""] = process.argv;

/** Steps that change something, or make a change last. */
const changing = ["mkdir", "rename", "rm", "open"] as const;
let left = Number(step);
for (const name of changing) {
  const original: unknown = promises[name];
  if (typeof original !== "function") throw new Error(`there is no ${name}`);
  Object.defineProperty(promises, name, {
    value: (...args: unknown[]): unknown => {
      left -= 1;
      if (left === 0) process.kill(process.pid, "SIGKILL");
      return Reflect.apply(original, promises, args);
    },
  });
}
syncBuiltinESMExports();

if (what === "backup") {
  const { makeBackup } = await import("./make-backup.ts");
  await makeBackup({ dataDir, database, to: folder, version: "1.2.3", now: Date.now() });
} else {
  const { restoreBackup } = await import("./restore-backup.ts");
  await restoreBackup({ dataDir, database, from: folder, force: true });
}
