/** What `install`, `uninstall` and `status` ask of the machine: the real one, or a folder in tests. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline/promises";

export interface Machine {
  readonly platform: string;
  readonly isRoot: boolean;
  /** Whether systemd runs this machine. */
  readonly hasSystemd: boolean;
  /** Runs a program to its end. */
  run(
    program: string,
    args: readonly string[],
  ): Promise<{ readonly code: number; readonly output: string }>;
  exists(path: string): boolean;
  /** Makes the folder, too. */
  write(path: string, text: string, mode: number): Promise<void>;
  /** What is not there is no error. */
  remove(path: string): Promise<void>;
  /** Asks on the terminal; undefined: there is none. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
}

/** This machine. */
export function realMachine(): Machine {
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    hasSystemd: existsSync("/run/systemd/system"),
    run: runProgram,
    exists: existsSync,
    async write(path, text, mode) {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await writeFile(path, text, { mode });
      // A file that was there keeps its mode when it is written.
      await chmod(path, mode);
    },
    remove: (path) => rm(path, { force: true }),
    confirm: process.stdin.isTTY ? confirmOnTerminal : undefined,
  };
}

/** Ms a program may take. */
const limitMs = 60_000;

function runProgram(
  program: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: limitMs }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 127;
      resolve({ code, output: `${stdout}${stderr}`.trim() || (error?.message ?? "") });
    });
  });
}

async function confirmOnTerminal(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
