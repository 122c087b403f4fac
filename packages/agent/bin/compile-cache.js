/**
 * Where compiled code is kept from start to start, and how it comes there. Node strips types with a WebAssembly module that
 * stays in memory (17 MB in each thread) once it was used. It is not used for what is in the compile cache, so the cache is
 * filled by a process that ends.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";

const warmMs = 30_000;

/**
 * The folder for a program that has none of its own: what the environment names, else in the user's cache, else a folder of
 * the user's in the one for temporary files; undefined where none can be had. Nobody else may write to it: what is in it is
 * run.
 *
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {string | undefined}
 */
export function compileCacheDir(env) {
  const named = env["NODE_COMPILE_CACHE"] || env["CACHE_DIRECTORY"]?.split(":")[0];
  if (named) return named;
  const home = env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const candidates = [join(home, "belfry"), join(tmpdir(), `belfry-${userInfo().uid}`)];
  return candidates.find(isOurs);
}

/** @param {string} folder */
function isOurs(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    if (process.platform === "win32") return found.isDirectory();
    return found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

/**
 * Fills the cache with what a program loads, unless it was filled with the same code before.
 *
 * @param {import("./compile-cache.d.ts").Warming} warming
 */
export function warmCache({ runtime, flags, main, env, cacheDir, name, sources }) {
  const mark = join(cacheDir, `${name}.warm`);
  const state = sourceState(runtime, sources);
  try {
    if (readFileSync(mark, "utf8") === state) return;
  } catch {
    // There is no mark yet.
  }
  // With the same options: they are part of what names the cache.
  const done = spawnSync(runtime, [...flags, main], { env, stdio: "ignore", timeout: warmMs });
  if (done.status !== 0) return;
  try {
    writeFileSync(mark, state, { mode: 0o600 });
  } catch {
    // The next start tries again.
  }
}

/**
 * Changes when the code or the runtime does.
 *
 * @param {string} runtime
 * @param {readonly string[]} sources
 */
function sourceState(runtime, sources) {
  const state = createHash("sha256").update(`${runtime} ${statSync(runtime).mtimeMs}`);
  for (const folder of sources) {
    for (const file of readdirSync(folder, { recursive: true }).map(String).sort()) {
      if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
      const { mtimeMs, size } = statSync(join(folder, file));
      state.update(`\0${file} ${mtimeMs} ${size}`);
    }
  }
  return state.digest("hex");
}
