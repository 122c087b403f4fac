/** Removes finished files that are too old or too many. Files with other names are never touched. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isNameOf, type Stem } from "./file-name.ts";

export interface Retention {
  /** Days after its last record that a file is kept; undefined: for ever. */
  readonly keepDays: number | undefined;
  /** How many files of a kind of record are kept, the present one among them; undefined: all. */
  readonly keepFiles: number | undefined;
}

export interface KeptFiles {
  readonly folder: string;
  readonly stem: Stem;
  readonly extensions: readonly string[];
  /** Name of the file that is written at present. */
  readonly current: string;
  /** Epoch ms. */
  readonly now: number;
}

const dayMs = 86_400_000;

/** Answers the names of what it removed. Rejects with the system's error. */
export async function removeOldFiles(
  { folder, stem, extensions, current, now }: KeptFiles,
  { keepDays, keepFiles }: Retention,
): Promise<readonly string[]> {
  if (keepDays === undefined && keepFiles === undefined) return [];
  const newestFirst = await filesOf(folder, stem, extensions, current);
  const removed = newestFirst.filter(
    ({ writtenAt }, i) =>
      (keepFiles !== undefined && i >= keepFiles - 1) ||
      (keepDays !== undefined && writtenAt < now - keepDays * dayMs),
  );
  for (const { name } of removed) await rm(join(folder, name), { force: true });
  return removed.map(({ name }) => name);
}

/** Files of a kind of record but the present one, the last written first. */
export async function filesOf(
  folder: string,
  stem: Stem,
  extensions: readonly string[],
  current: string,
): Promise<readonly { readonly name: string; readonly writtenAt: number }[]> {
  const names = (await readdir(folder)).filter(
    (name) => name !== current && isNameOf(name, stem, extensions),
  );
  const files = await Promise.all(
    names.map(async (name) => ({ name, writtenAt: (await stat(join(folder, name))).mtimeMs })),
  );
  return files.toSorted((a, b) => b.writtenAt - a.writtenAt || compare(b.name, a.name));
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
