/** Folders and small disks for tests. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TestFolder extends AsyncDisposable {
  readonly path: string;
}

/** A folder that is removed with everything in it. */
export async function createTestFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), "belfry-sink-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export interface SmallDisk extends TestFolder {
  /** Leaves no room on it. */
  fill(): Promise<void>;
  free(): Promise<void>;
}

/** A file system of a size of its own; undefined where none can be mounted (that takes root). */
export async function mountSmallDisk(bytes: number): Promise<SmallDisk | undefined> {
  const folder = await createTestFolder();
  const { path } = folder;
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path]);
  if (mounted.status !== 0) {
    await folder[Symbol.asyncDispose]();
    return undefined;
  }
  const filler = join(path, "filler");
  return {
    path,
    async fill() {
      // The disk is smaller than this, so that it is full when the write has failed.
      await writeFile(filler, Buffer.alloc(bytes + 4096)).catch(() => undefined);
    },
    free: () => rm(filler, { force: true }),
    async [Symbol.asyncDispose]() {
      execFileSync("umount", [path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}
