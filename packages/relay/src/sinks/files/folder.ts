/** The folder that files are written to. */
import { access, constants, mkdir, open, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { EventSinkHealth } from "../../event-sink.ts";
import { codeOf } from "./failure.ts";

/**
 * Makes a folder and those above it. Node's own `recursive` never ends where a folder exists in which none can be made
 * (below `/proc`).
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = codeOf(error);
    // What is there already may be a file: whoever opens something in it is told.
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path).catch((again: unknown) => {
      if (codeOf(again) !== "EEXIST") throw again;
    });
  }
}

/** Makes names in a folder durable: files that were created, renamed or removed. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders, and keeps their names without being asked.
  if (process.platform === "win32") return;
  await using folder = await open(path, "r");
  await folder.sync();
}

/** What a sink knows of its own writing. */
export interface WritingHealth {
  readonly backend: string;
  readonly folder: string;
  /** What the last hand-over failed with; null when it did not. */
  readonly trouble: string | null;
}

/**
 * Whether a folder could be written to. `details`: `backend`, `output_dir`, `writable`, `free_bytes` where it is known, and
 * `error` while records are not taken. Nothing is written, and a folder that is not there yet counts as the nearest one above.
 */
export async function healthOfFolder(health: WritingHealth): Promise<EventSinkHealth> {
  const { backend, folder, trouble } = health;
  const details: Record<string, unknown> = { backend, output_dir: folder, writable: false };
  let error = trouble;
  try {
    const nearest = await nearestFolder(folder);
    await access(nearest, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(nearest);
    details["writable"] = true;
    details["free_bytes"] = bavail * bsize;
  } catch (found) {
    error ??= found instanceof Error ? found.message : String(found);
  }
  if (error === null) return { status: "healthy", details };
  return { status: "unhealthy", details: { ...details, error } };
}

async function nearestFolder(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || dirname(path) === path) throw error;
    return nearestFolder(dirname(path));
  }
}
