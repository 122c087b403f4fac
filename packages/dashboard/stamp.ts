/** Which sources a build of the pages was made from: a hash over everything that goes into it. */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of the dashboard's sources. */
export const sourceDir: string = fileURLToPath(new URL(".", import.meta.url));

/** Where the hub finds the built pages. */
export const distDir: string = join(sourceDir, "dist");

const workspaceDir = join(sourceDir, "../..");

/** What goes into a build: the pages, the contract they import, and the versions of their dependencies. */
const inputs = [
  join(sourceDir, "src"),
  join(sourceDir, "index.html"),
  join(sourceDir, "build.ts"),
  join(sourceDir, "package.json"),
  join(workspaceDir, "packages/contract/src"),
  join(workspaceDir, "packages/contract/package.json"),
  join(workspaceDir, "package-lock.json"),
];

/** Where a build keeps its stamp. */
export function stampPath(outDir: string): string {
  return join(outDir, "stamp.txt");
}

/** The stamp of the sources as they are now. */
export function stampOf(): string {
  const hash = createHash("sha256");
  for (const input of inputs) {
    for (const file of filesOf(input)) {
      hash.update(relative(workspaceDir, file).replaceAll("\\", "/"));
      hash.update("\0");
      hash.update(readFileSync(file));
      hash.update("\0");
    }
  }
  return hash.digest("hex");
}

/** The stamp a build was given; undefined where there is none. */
export function readStamp(outDir: string): string | undefined {
  try {
    return readFileSync(stampPath(outDir), "utf8");
  } catch {
    return undefined;
  }
}

function filesOf(path: string): string[] {
  let entries;
  try {
    entries = readdirSync(path, { recursive: true, withFileTypes: true });
  } catch {
    return [path];
  }
  return entries
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
