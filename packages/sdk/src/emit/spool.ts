/**
 * A file that keeps events while nobody takes them: NDJSON, appended to, shared by any number of processes. To send it,
 * a process renames it (so that nobody else does, and appends go to a new file), sends it piece by piece and deletes it.
 * A renamed file that nobody has worked on for ten minutes is taken over. Events that are sent twice by this count once.
 */
import { appendFileSync, statSync, utimesSync } from "node:fs";
import { appendFile, open, readdir, rename, stat, unlink, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { newRunId } from "../id.ts";
import type { Delivery } from "./delivery.ts";

export interface Spool {
  /** False when it could not be written, or would be longer than allowed. Never rejects. */
  append(lines: readonly string[]): Promise<boolean>;
  /** The same without the event loop. Never throws. */
  appendNow(lines: readonly string[]): boolean;
  /** Whether this process has put events there that were not sent since. */
  readonly isOwed: boolean;
  /** Sends what files there are, until one piece is not taken; true when nothing is left. Never rejects. */
  drain(deliver: (lines: readonly string[]) => Promise<Delivery>): Promise<boolean>;
  /** At the end of the process: another one may take over at once what this one was sending. Never throws. */
  letGo(): void;
}

const pieceBytes = 256 * 1024;
const abandonedMs = 600_000;

export function createSpool(path: string, maxBytes: number): Spool {
  const claimedName = (): string => `${path}.${newRunId(Date.now())}.sending`;
  let isOwed = false;
  /** The file this process has claimed and how much of it is sent. */
  let claimed: { readonly path: string; offset: number } | undefined;

  return {
    append: async (lines) => {
      try {
        const text = blockOf(lines);
        const size = await stat(path).then((found) => found.size, missing);
        if (size + text.length > maxBytes) return false;
        await appendFile(path, text, { mode: 0o600 });
        isOwed = true;
        return true;
      } catch {
        return false;
      }
    },
    appendNow: (lines) => {
      try {
        const text = blockOf(lines);
        const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
        if (size + text.length > maxBytes) return false;
        appendFileSync(path, text, { mode: 0o600 });
        return true;
      } catch {
        return false;
      }
    },
    drain: async (deliver) => {
      try {
        for (;;) {
          claimed ??= await claim(path, claimedName());
          if (claimed === undefined) {
            isOwed = false;
            return true;
          }
          const { lines, end } = await readPiece(claimed.path, claimed.offset);
          if (end === claimed.offset) {
            await unlink(claimed.path);
            claimed = undefined;
            continue;
          }
          if (lines.length > 0 && !(await isSettled(lines, deliver))) return false;
          claimed.offset = end;
          await touch(claimed.path);
        }
      } catch {
        // Gone, or the disk is: another process has it, or the next drain finds it.
        claimed = undefined;
        return true;
      }
    },
    letGo: () => {
      try {
        if (claimed !== undefined) utimesSync(claimed.path, 0, 0);
      } catch {
        // Then it is taken over ten minutes later.
      }
    },
    get isOwed() {
      return isOwed;
    },
  };
}

/** Begins on a line of its own, so that a line that was cut short by a full disk spoils no other. */
function blockOf(lines: readonly string[]): string {
  return `\n${lines.join("\n")}\n`;
}

function missing(error: NodeJS.ErrnoException): number {
  if (error.code === "ENOENT") return 0;
  throw error;
}

async function claim(
  path: string,
  claimedPath: string,
): Promise<{ path: string; offset: number } | undefined> {
  const source = (await abandoned(path)) ?? path;
  try {
    // A device or a folder is no spool, whatever the settings say.
    if (!(await stat(source)).isFile()) return undefined;
    await rename(source, claimedPath);
  } catch {
    return undefined;
  }
  await touch(claimedPath);
  return { path: claimedPath, offset: 0 };
}

async function abandoned(path: string): Promise<string | undefined> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith(".sending")) continue;
    const candidate = join(folder, name);
    const { mtimeMs } = await stat(candidate);
    if (Date.now() - mtimeMs > abandonedMs) return candidate;
  }
  return undefined;
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now);
}

/** Whole lines from `offset`; `end` equals `offset` at the end of the file. */
async function readPiece(
  path: string,
  offset: number,
): Promise<{ readonly lines: readonly string[]; readonly end: number }> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(pieceBytes), 0, pieceBytes, offset);
    const isLast = bytesRead < pieceBytes;
    const length = isLast ? bytesRead : buffer.lastIndexOf(10) + 1;
    const lines = buffer.subarray(0, length).toString().split("\n").filter(isEvent);
    // A piece without any line end is no line of ours.
    return { lines, end: offset + (length === 0 ? bytesRead : length) };
  } finally {
    await file.close();
  }
}

function isEvent(line: string): boolean {
  if (!line.startsWith("{")) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Whether these lines need no further try: sent, or, one by one, refused for good. */
async function isSettled(
  lines: readonly string[],
  deliver: (lines: readonly string[]) => Promise<Delivery>,
): Promise<boolean> {
  const { kind } = await deliver(lines);
  if (kind === "sent" || kind === "partly") return true;
  if (kind !== "refused") return false;
  if (lines.length === 1) return true;
  const half = Math.ceil(lines.length / 2);
  return (
    (await isSettled(lines.slice(0, half), deliver)) &&
    (await isSettled(lines.slice(half), deliver))
  );
}
