/**
 * What a worker elsewhere keeps on disk: who it is, what it has to check, and how its clock stood to the hub's. So it goes
 * on checking after its own restart while the hub is away. The file holds secrets of monitors: only its owner reads it.
 */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { createParser, IdSchema, WorkerMonitorSchema } from "@belfry/contract";
import { Type, type Static } from "typebox";

const KeptSchema = Type.Object({
  id: IdSchema,
  known: Type.String(),
  clock_offset_ms: Type.Number(),
  monitors: Type.Array(WorkerMonitorSchema),
});
/** See the top of the file. */
export type Kept = Static<typeof KeptSchema>;

const parseKept = createParser(KeptSchema);

export interface Keepsake {
  /** What was kept; undefined: nothing, or it cannot be read. */
  load(): Promise<Kept | undefined>;
  /** Replaces it; resolves once it is synced to disk. One at a time. */
  save(kept: Kept): Promise<void>;
}

/** Keeps it in a folder, which is made where it is not there. */
export async function openKeepsake(folder: string): Promise<Keepsake> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "worker.json");
  let last: Promise<void> = Promise.resolve();

  async function write(text: string): Promise<void> {
    const fresh = `${path}.new`;
    await using file = await open(fresh, "w", 0o600);
    await file.writeFile(text);
    await file.sync();
    await rename(fresh, path);
  }

  return {
    async load() {
      try {
        const parsed = parseKept(JSON.parse(await readFile(path, "utf8")));
        return parsed.kind === "ok" ? parsed.value : undefined;
      } catch {
        // There is none, or it is damaged: the hub tells it anew.
        return undefined;
      }
    },
    save(kept) {
      last = last.then(
        () => write(JSON.stringify(kept)),
        () => write(JSON.stringify(kept)),
      );
      return last;
    },
  };
}
