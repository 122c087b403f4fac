/** Where the agent and the forwarder keep what must outlive them. Shared by the launcher, which allows writing there. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * @param {"agent" | "forwarder"} who
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string | undefined>>} env
 */
export function stateDirOf(who, args, env) {
  const given = who === "agent" ? (flagOf(args) ?? env["BELFRY_AGENT_STATE_DIR"]) : undefined;
  const own = who === "agent" ? undefined : env["SYSTEM_STATS_FORWARD_BUFFER_DIR"];
  // systemd separates several with colons; the first is the state folder.
  const unit = env["STATE_DIRECTORY"]?.split(":")[0];
  const chosen = given || own || unit;
  if (chosen) return resolve(chosen);
  if (who === "forwarder") return null;
  const home = env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
  return join(home, "belfry-agent");
}

/** @param {readonly string[]} args */
function flagOf(args) {
  const at = args.findLastIndex((arg) => arg === "--state-dir" || arg.startsWith("--state-dir="));
  const arg = args[at];
  if (arg === undefined) return undefined;
  return arg === "--state-dir" ? args[at + 1] : arg.slice("--state-dir=".length);
}
