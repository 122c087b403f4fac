/** The source files of the workspace and what they import, for the tests of borders and documents. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the workspace, absolute, without a slash at the end. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export interface SourceFile {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** What it imports: a path relative to the root for its neighbours, else as it is written. */
  readonly imports: readonly string[];
  /** Whether only tests may use it: `*.test.ts`, `*.contract.ts`, `*.kit.ts`. */
  readonly isTest: boolean;
}

const skipped = new Set(["node_modules", "dist", "testdata", "results"]);

/** Every file below a folder whose name fits, relative to the root; sorted. */
export function filesBelow(folder: string, fits: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && fits.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => !path.split("/").some((part) => skipped.has(part)))
    .toSorted();
}

/** The TypeScript below a folder. */
export function sourcesBelow(folder: string): SourceFile[] {
  return filesBelow(folder, /\.tsx?$/).map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return {
      path,
      text,
      imports: importsOf(text).map((name) => resolved(path, name)),
      isTest: /\.(test|contract|kit)\.tsx?$/.test(path),
    };
  });
}

/** `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`. */
const importPattern =
  /^\s*(?:import|export)\b[^;"']*?\bfrom\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)|^\s*import\s+["']([^"']+)["']/gm;

function importsOf(text: string): string[] {
  return [...text.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

function resolved(from: string, name: string): string {
  return name.startsWith(".") ? posix.join(posix.dirname(from), name) : name;
}

/** The package of a bare import: `@belfry/contract/reason` is `@belfry/contract`. */
export function packageOf(name: string): string {
  return name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
}

/** Fails with every line that was found; where in the test is of no interest. */
export function findsNothing(lines: readonly string[]): void {
  if (lines.length === 0) return;
  const error = new Error([...new Set(lines)].join("\n"));
  error.stack = `\n${error.message}\n`;
  throw error;
}
