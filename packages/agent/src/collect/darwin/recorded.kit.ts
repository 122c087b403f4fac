/** Stands for the programs of macOS, which the tests cannot run: gives outputs kept in `testdata/darwin`. */
import { recorded } from "../file-tree.kit.ts";
import type { RunProgram } from "./run-program.ts";

/** A runner that knows programs by their last name: the file with the output, or the output's lines. */
export function recordedPrograms(outputs: Readonly<Record<string, string>>): RunProgram {
  return (path) => {
    const found = outputs[path.split("/").at(-1) ?? ""];
    const isFile = found?.endsWith(".txt") ?? false;
    return Promise.resolve(isFile ? recorded(`darwin/${found ?? ""}`) : found);
  };
}
