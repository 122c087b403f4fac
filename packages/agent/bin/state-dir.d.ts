/**
 * The absolute folder: for the agent `--state-dir`, `BELFRY_AGENT_STATE_DIR`, systemd's `STATE_DIRECTORY`, or
 * `belfry-agent` below `$XDG_STATE_HOME` (`~/.local/state`); for the forwarder `SYSTEM_STATS_FORWARD_BUFFER_DIR` or
 * `STATE_DIRECTORY`, else null: it keeps nothing on disk. Empty strings count as unset.
 */
export function stateDirOf(
  who: "agent",
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string;
export function stateDirOf(
  who: "forwarder",
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string | null;
