/**
 * The agent's commands: `belfry agent` (also `belfry-agent`, `system-stats-service`), its `install`, `uninstall` and
 * `status`. The process itself is touched by `main.ts` alone.
 */
import { createAgent } from "../agent.ts";
import { createLog } from "./log.ts";
import { agentHelp } from "./help.ts";
import { SettingsError } from "./option.ts";
import { runAgent } from "./run-agent.ts";
import { readSettings } from "./settings.ts";

export interface CommandParts {
  /** As it was called: `belfry agent`, `belfry-agent`, `system-stats-service`. */
  readonly name: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly version: string;
  /** Aborts when the process is told to stop. */
  readonly signal: AbortSignal;
  readonly clock: { readonly now: () => number; readonly monotonicMs: () => number };
}

/** Runs a command of the agent: the arguments behind its name. Gives the exit code; 2: something in them is wrong. */
export async function runAgentCommand(
  argv: readonly string[],
  parts: CommandParts,
): Promise<number> {
  const { name, stdout, stderr, version } = parts;
  const [first, ...rest] = argv;
  try {
    if (argv.includes("--help") || first === "help" || first === "-h") {
      stdout(agentHelp(name));
      return 0;
    }
    if (first === "--version" || first === "-V") {
      stdout(`${name} ${version}\n`);
      return 0;
    }
    switch (first) {
      case "install":
      case "uninstall":
      case "status":
        return await unitCommand(first, rest, parts);
      default:
        return await run(argv, parts);
    }
  } catch (error) {
    if (error instanceof SettingsError) {
      stderr(`${name}: ${error.message}\n`);
      return 2;
    }
    stderr(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

/** Loaded only where it is asked for: an agent that runs does without. */
async function unitCommand(
  command: "install" | "uninstall" | "status",
  args: readonly string[],
  parts: CommandParts,
): Promise<number> {
  const { installUnit, showUnitStatus, uninstallUnit } = await import("../unit/command.ts");
  const commands = { install: installUnit, uninstall: uninstallUnit, status: showUnitStatus };
  return commands[command](args, parts);
}

function run(argv: readonly string[], parts: CommandParts): Promise<number> {
  const { env, name, stderr, version, clock, signal } = parts;
  const settings = readSettings(argv, { isSystemStats: name === "system-stats-service", env });
  const log = createLog(settings.logLevel, stderr, clock.now);
  return runAgent(settings, { version, log, signal, clock, createAgent });
}
