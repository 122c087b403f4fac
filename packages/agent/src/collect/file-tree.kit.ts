/**
 * Recorded trees of kernel files: one text file holds many (`== /sys/class/hwmon/hwmon0/name` and then its text), since
 * folders of links and of files with `:` in their names do not live well in a repository. `== path -> target` is a link.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface FileTree extends Disposable {
  /** Stands for `/`. */
  readonly root: string;
  write(path: string, text: string | Buffer): void;
}

/** Text of a recording: `testdata/<name>`. */
export function recorded(name: string): string {
  return readFileSync(new URL(`testdata/${name}`, import.meta.url), "utf8");
}

/** Unpacks a recording, or begins an empty tree. */
export function fileTree(recording?: string): FileTree {
  const root = mkdtempSync(join(tmpdir(), "belfry-collect-"));
  const tree: FileTree = {
    root,
    write(path, text) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
  for (const part of (recording === undefined ? "" : recorded(recording)).split(/^== /m).slice(1)) {
    const end = part.indexOf("\n");
    const [path = "", target] = part.slice(0, end).split(" -> ");
    if (target === undefined) tree.write(path, part.slice(end + 1));
    else {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      mkdirSync(join(root, dirname(path), target), { recursive: true });
      symlinkSync(target, join(root, path));
    }
  }
  return tree;
}
