/**
 * The files of a folder with spools, held open as they are at one moment, so that they can be copied while the spool is
 * used. What is copied from them is a spool as a crash at that moment would have left it: opened anew, it gives every sink
 * what that sink has not acknowledged, and perhaps a little of what it has.
 *
 * Why that holds, whatever is written meanwhile: places of readers (`cursors`) are opened first, so none of them is ahead
 * of the records; a record that was not acknowledged by then is still in its segment, or in a dead letter. Segments only
 * grow, other files are only ever replaced as a whole, and a file that is open stays readable when its name goes. Segments
 * that vanish while others are still being opened could hide a record that moved between them: then all is done again.
 *
 * A second process is not needed to lock anything for this, and the one that writes notices nothing.
 */
import { open, readdir, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

/** `path` is relative to the folder, with `/` between its parts. */
export interface HeldFile {
  readonly path: string;
  readonly handle: FileHandle;
  /** What there was of it at that moment; what came later follows. The newest segment may end in half a record. */
  readonly sizeBytes: number;
}

/** Disposing closes every file. */
export interface HeldFolder extends AsyncDisposable {
  readonly files: readonly HeldFile[];
}

/** Deletions are seldom: one attempt takes a few ms. */
const maxAttempts = 50;

/** Of use to one process only, or to people looking for damage; a spool makes them anew. */
const leftOut = /^(lock|lock-journal|holder|reserve|damaged|.*\.tmp)$/;

/**
 * Opens every file for reading; none where the folder does not exist. Rejects with what the file system says, and with an
 * `Error` when files vanish again and again.
 */
export async function holdFolder(folder: string): Promise<HeldFolder> {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    await using opened = new AsyncDisposableStack();
    const files = await tryToHold(folder, opened);
    if (files === undefined) continue;
    const held = opened.move();
    return { files, [Symbol.asyncDispose]: () => held.disposeAsync() };
  }
  throw new Error(`${folder}: files were deleted again and again while they were opened`);
}

async function tryToHold(
  folder: string,
  opened: AsyncDisposableStack,
): Promise<readonly HeldFile[] | undefined> {
  const paths = await pathsIn(folder, "");
  const handles: { path: string; handle: FileHandle }[] = [];
  for (const path of paths.toSorted((a, b) => turnOf(a) - turnOf(b) || (a < b ? -1 : 1))) {
    const handle = await openIfThere(join(folder, path));
    if (handle === undefined) return undefined;
    opened.use(handle);
    handles.push({ path, handle });
  }
  const files: HeldFile[] = [];
  for (const one of handles) files.push({ ...one, sizeBytes: (await one.handle.stat()).size });
  const after = new Set(await pathsIn(folder, ""));
  return paths.every((path) => after.has(path)) ? files : undefined;
}

/** Places before records; what records need to be understood is on disk before them, and so comes last. */
function turnOf(path: string): number {
  if (path === "cursors" || path.endsWith("/cursors")) return 0;
  return path.endsWith(".seg") ? 1 : 2;
}

async function pathsIn(folder: string, below: string): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(ifMissing);
  const paths: string[] = [];
  for (const entry of entries ?? []) {
    if (leftOut.test(entry.name)) continue;
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) paths.push(...(await pathsIn(folder, path)));
    else if (entry.isFile()) paths.push(path);
  }
  return paths;
}

function openIfThere(path: string): Promise<FileHandle | undefined> {
  return open(path, "r").catch(ifMissing);
}

function ifMissing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}
