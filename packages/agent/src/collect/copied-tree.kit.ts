/** A tree of `testdata/` in a folder of its own, which a test may change. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileTree, type FileTree } from "./file-tree.kit.ts";

/** Where a recorded tree is; it must not be changed. */
export function treeFolder(name: string): string {
  return fileURLToPath(new URL(`testdata/${name}`, import.meta.url));
}

/** A copy with some files changed; null takes one away. */
export function copiedTree(
  name: string,
  changes: Readonly<Record<string, string | null>> = {},
): FileTree {
  const tree = fileTree();
  cpSync(treeFolder(name), tree.root, { recursive: true });
  change(tree, changes);
  return tree;
}

/** Changes files, as the kernel does while it runs: their handles stay good. */
export function change(tree: FileTree, changes: Readonly<Record<string, string | null>>): void {
  for (const [path, text] of Object.entries(changes)) {
    if (text === null) rmSync(join(tree.root, path));
    else tree.write(path, text);
  }
}
