/**
 * A folder of what was set aside: batches that a hub refused for good, damaged pieces of the spool. It is bounded, the
 * oldest go first; what cannot be written is not kept, and that stops nothing.
 */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Files a folder holds. */
const mostFiles = 16;
/** Larger pieces are cut. */
const mostBytes = 1024 * 1024;

/**
 * Keeps bytes as `<name>` in a folder, which is made when it is not there. Names must sort by age. Gives false when it
 * could not be written.
 */
export async function keepAside(folder: string, name: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const names = (await readdir(folder)).toSorted();
    for (const old of names.slice(0, Math.max(0, names.length + 1 - mostFiles))) {
      await rm(join(folder, old), { force: true, recursive: true });
    }
    await writeFile(join(folder, name), bytes.subarray(0, mostBytes), { mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}
