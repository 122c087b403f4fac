/**
 * Starts the agent or the forwarder under Node's permission model, with little memory. Allowed are the network, reading,
 * and writing below one folder; programs, threads, addons, the inspector and all other writing are not.
 */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { warmCache } from "./compile-cache.js";
import { launch } from "./launch.js";
import { stateDirOf } from "./state-dir.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/**
 * An agent does little, again and again, for months. Garbage is collected early, and code is not compiled further than
 * to V8's first stage: the optimizing compilers save no CPU here, and their own code is 8 MB of resident memory.
 */
const memoryFlags = [
  "--max-semi-space-size=1",
  "--heap-growing-percent=25",
  "--no-parallel-scavenge",
  "--no-turbofan",
  "--no-maglev",
  "--optimize-for-size",
];
/** glibc: one pool of memory, and what is free goes back to the system. */
const memoryEnv = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "131072",
};
/** These change the machine: they write units and run systemctl, and are over in a moment. */
const unitCommands = new Set(["install", "uninstall", "status"]);

/**
 * @param {string} name the command as it was called
 * @param {readonly string[]} args what stands behind it
 */
export function launchAgent(name, args) {
  const who = name === "system-stats-forwarder" ? "forwarder" : "agent";
  if (unitCommands.has(args[0] ?? "")) {
    start(name, args, []);
    return;
  }
  const stateDir = stateDirOf(who, args, process.env);
  const cacheDir =
    process.env["NODE_COMPILE_CACHE"] ||
    process.env["CACHE_DIRECTORY"]?.split(":")[0] ||
    (stateDir === null ? undefined : join(stateDir, "compile-cache"));
  const writable = [stateDir, cacheDir].filter((folder) => folder && canHave(folder));
  start(name, args, permissionFlags(who, writable), cacheDir);
}

/**
 * @param {string} name
 * @param {readonly string[]} args
 * @param {readonly string[]} permissions
 * @param {string} [cacheDir]
 */
function start(name, args, permissions, cacheDir) {
  const main = join(root, "src", "main.ts");
  launch({
    name,
    main,
    args,
    flags: [...memoryFlags, ...permissions],
    env: {
      ...memoryEnv,
      BELFRY_AGENT_COMMAND: name,
      ...(cacheDir === undefined ? {} : { NODE_COMPILE_CACHE: cacheDir }),
    },
    prepare: (runtime, env) => {
      if (cacheDir === undefined) return;
      warmCache({
        runtime,
        flags: memoryFlags,
        main,
        env: { ...env, BELFRY_AGENT_COMMAND: "warm" },
        cacheDir,
        name: "belfry-agent",
        sources: ["agent", "contract"].map((one) => join(dirname(root), one, "src")),
      });
    },
  });
}

/**
 * The agent reads the kernel's files, and asks every mounted file system for its size: file systems may be mounted
 * anywhere, so it may read anywhere its user may. The forwarder reads its own code alone.
 *
 * @param {"agent" | "forwarder"} who
 * @param {readonly string[]} writable
 */
function permissionFlags(who, writable) {
  const packages = dirname(root);
  const readable =
    who === "agent" ? ["*"] : [join(packages, "agent"), join(packages, "contract"), ...writable];
  return [
    "--permission",
    "--allow-net",
    "--disable-warning=ExperimentalWarning",
    // What macOS measures is told by its programs alone.
    ...(who === "agent" && process.platform === "darwin" ? ["--allow-child-process"] : []),
    ...readable.map((path) => `--allow-fs-read=${path}`),
    ...writable.map((path) => `--allow-fs-write=${path}`),
  ];
}

/**
 * Only a folder that is there can be allowed with all that is in it.
 *
 * @param {string} folder
 */
function canHave(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return true;
  } catch {
    // The program says what it could not write, where it needs it.
    return false;
  }
}
