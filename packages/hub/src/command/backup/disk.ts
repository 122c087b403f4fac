/** Files that are on disk when a function resolves, and the folders that name them. */
import { createHash } from "node:crypto";
import { mkdir, open, readdir, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../../model/error.ts";

/** What was copied. */
export interface Copied {
  readonly bytes: number;
  /** SHA-256, 64 hexadecimal digits. */
  readonly sha256: string;
}

const pieceBytes = 1024 * 1024;

/** Copies the first `bytes` of an open file to a new one (mode 0600) and syncs it. */
export async function copyFile(source: FileHandle, bytes: number, to: string): Promise<Copied> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await using target = await open(to, "wx", 0o600);
  const copied = await readThrough(
    source,
    bytes,
    async (piece) => void (await target.write(piece)),
  );
  await target.sync();
  return copied;
}

/** The size and checksum of a file. */
export async function checksumOf(path: string): Promise<Copied> {
  await using source = await open(path, "r");
  const { size } = await source.stat();
  return await readThrough(source, size, () => Promise.resolve());
}

async function readThrough(
  source: FileHandle,
  bytes: number,
  take: (piece: Uint8Array) => Promise<void>,
): Promise<Copied> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(pieceBytes);
  let at = 0;
  while (at < bytes) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(pieceBytes, bytes - at), at);
    if (bytesRead === 0) break;
    const piece = buffer.subarray(0, bytesRead);
    hash.update(piece);
    await take(piece);
    at += bytesRead;
  }
  return { bytes: at, sha256: hash.digest("hex") };
}

/** Writes a new file (mode 0600) and syncs it. */
export async function writeNew(path: string, text: string): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await file.writeFile(text);
  await file.sync();
}

/** Syncs a folder and those in it, so that no name is lost. */
export async function syncFolders(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncFolders(join(folder, entry.name));
  }
  await syncFolder(folder);
}

/** Gives a file or folder another name, which survives a crash from then on. */
export async function renameSynced(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Syncs the names in one folder. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders, and needs no such thing.
  if (process.platform === "win32") return;
  await using handle = await open(folder, "r");
  await handle.sync();
}

/** Deletes a file or a folder with all that is in it; fine when it is not there. */
export function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}

/**
 * What the file system said, as everybody else sees it: with the path, and what it means where that is known. Other
 * errors stay as they are.
 */
export function toDiskError(error: unknown, path: string): unknown {
  if (!(error instanceof Error && "syscall" in error && "code" in error)) return error;
  const meaning = new Map([
    ["ENOSPC", "the disk is full"],
    ["EDQUOT", "the disk is full for this user"],
    ["EACCES", "this user may not"],
    ["EPERM", "this user may not"],
    ["EROFS", "the disk is read-only"],
    ["ENOENT", "there is no such file or folder"],
  ]).get(String(error.code));
  return new AppError("unavailable", `${path}: ${meaning ?? error.message}`, { cause: error });
}
