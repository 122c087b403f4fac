/**
 * `belfry agent install|uninstall|status`: the unit of systemd or launchd, shown before it is written and started. Needs
 * root; what is written is two files, and `uninstall` takes both away.
 */
import { fileURLToPath } from "node:url";
import { readOptions, SettingsError, type OptionSpec } from "../command/option.ts";
import { agentOptions, readSettings, warningsOf } from "../command/settings.ts";
import { launchdLabel, launchdPlist } from "./launchd.ts";
import { realMachine, type Machine } from "./machine.ts";
import { environmentFile, systemdUnit } from "./systemd.ts";

export interface UnitParts {
  readonly name: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** This one unless set. */
  readonly machine?: Machine;
}

const unitName = "belfry-agent";
const unitPath = `/etc/systemd/system/${unitName}.service`;
const environmentPath = "/etc/belfry/agent.env";
const plistPath = `/Library/LaunchDaemons/${launchdLabel}.plist`;
const macStateDir = "/var/db/belfry-agent";
const program = fileURLToPath(new URL("../../bin/belfry-agent.js", import.meta.url));

const unitOptions = {
  yes: { flag: "yes", variables: [], value: null, help: "ask nothing" },
  dryRun: { flag: "dry-run", variables: [], value: null, help: "show, and change nothing" },
} as const satisfies Record<string, OptionSpec>;

/** Not for a unit: it has a folder of its own, and keeps the key itself. */
const kept: ReadonlySet<string> = new Set(["keyFile", "stateDir"]);

/** Shows the unit, writes it and starts it. Gives the exit code. */
export async function installUnit(args: readonly string[], parts: UnitParts): Promise<number> {
  const { stdout, stderr, name } = parts;
  const machine = parts.machine ?? realMachine();
  const flags = takeUnitOptions(args);
  const variables = variablesOf(flags.rest, parts);
  const files = filesOf(machine, variables);
  for (const { path, text } of files) stdout(`--- ${path}\n${hidden(text)}\n`);
  const commands = startCommands(machine);
  stdout(`--- and run\n${commands.map((command) => `${command.join(" ")}\n`).join("")}`);
  if (flags.dryRun) return 0;
  const refusal = refusalOf(machine);
  if (refusal !== undefined) return fail(parts, refusal);
  if (!flags.yes && !(await agreed(machine, "Write these files and start the agent?"))) {
    stderr(`${name}: nothing was changed\n`);
    return 1;
  }
  for (const { path, text, mode } of files) await machine.write(path, text, mode);
  const failure = await runAll(machine, commands);
  if (failure !== undefined) return fail(parts, failure);
  stdout("The agent is installed and started.\n");
  return 0;
}

/** Stops the unit and takes its files away; what waits for hubs stays. Gives the exit code. */
export async function uninstallUnit(args: readonly string[], parts: UnitParts): Promise<number> {
  const { stdout, stderr, name } = parts;
  const machine = parts.machine ?? realMachine();
  const flags = takeUnitOptions(args);
  if (flags.rest.length > 0) throw new SettingsError(`uninstall: takes no ${flags.rest[0]}`);
  const isMac = machine.platform === "darwin";
  const paths = isMac ? [plistPath] : [unitPath, environmentPath];
  const stop = isMac
    ? ["launchctl", "bootout", `system/${launchdLabel}`]
    : ["systemctl", "disable", "--now", unitName];
  stdout(
    `--- run\n${stop.join(" ")}\n--- and remove\n${paths.map((path) => `${path}\n`).join("")}`,
  );
  if (flags.dryRun) return 0;
  const refusal = refusalOf(machine);
  if (refusal !== undefined) return fail(parts, refusal);
  if (!paths.some((path) => machine.exists(path))) {
    stdout("The agent is not installed.\n");
    return 0;
  }
  if (!flags.yes && !(await agreed(machine, "Stop the agent and remove these files?"))) {
    stderr(`${name}: nothing was changed\n`);
    return 1;
  }
  const failure = await runAll(machine, [stop]);
  // One that does not run any more is still to be removed.
  if (failure !== undefined) stderr(`${name}: ${failure}\n`);
  for (const path of paths) await machine.remove(path);
  if (!isMac) await machine.run("systemctl", ["daemon-reload"]);
  stdout("The agent is removed; samples that were not sent are still in its state folder.\n");
  return 0;
}

/** Tells whether the unit runs: 0 when it does, 3 when not (as systemctl), 1 when that cannot be asked. */
export async function showUnitStatus(args: readonly string[], parts: UnitParts): Promise<number> {
  const machine = parts.machine ?? realMachine();
  if (args.length > 0) throw new SettingsError(`status: takes no ${args[0]}`);
  const unmanaged = managerRefusal(machine);
  if (unmanaged !== undefined) return fail(parts, unmanaged);
  const isMac = machine.platform === "darwin";
  if (!machine.exists(isMac ? plistPath : unitPath)) {
    parts.stdout("not installed\n");
    return 3;
  }
  if (isMac) {
    const { code, output } = await machine.run("launchctl", ["print", `system/${launchdLabel}`]);
    const state = /^\s*state = (.+)$/m.exec(output)?.[1] ?? "not loaded";
    parts.stdout(`${state}\n`);
    return code === 0 && state === "running" ? 0 : 3;
  }
  const properties = "ActiveState,SubState,MainPID,UnitFileState,NRestarts,MemoryCurrent";
  const { code, output } = await machine.run("systemctl", [
    "show",
    unitName,
    `--property=${properties}`,
  ]);
  if (code !== 0) return fail(parts, output);
  parts.stdout(`${output}\n`);
  return /^ActiveState=active$/m.test(output) ? 0 : 3;
}

function takeUnitOptions(args: readonly string[]): {
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly rest: readonly string[];
} {
  const own = Object.values(unitOptions).map(({ flag }) => `--${flag}`);
  const rest = args.filter((arg) => !own.includes(arg));
  return {
    yes: args.includes(`--${unitOptions.yes.flag}`),
    dryRun: args.includes(`--${unitOptions.dryRun.flag}`),
    rest,
  };
}

/** The settings as variables, checked as the agent itself checks them. */
function variablesOf(
  args: readonly string[],
  { env, stderr, name }: UnitParts,
): Record<string, string> {
  const settings = readSettings(args, { isSystemStats: false, env });
  for (const warning of warningsOf(settings)) stderr(`${name}: ${warning}\n`);
  const options = readOptions(args, env, agentOptions);
  if (args.some((arg) => arg.startsWith("--state-dir"))) {
    throw new SettingsError("--state-dir: the unit has a state folder of its own");
  }
  const variables: Record<string, string> = {};
  for (const [option, spec] of Object.entries<OptionSpec>(agentOptions)) {
    const [variable] = spec.variables;
    if (variable === undefined || kept.has(option)) continue;
    const one = options.one(nameOf(option));
    const all =
      spec.repeats === true ? options.all(nameOf(option)) : one === undefined ? [] : [one];
    if (all.length > 0) variables[variable] = all.map(({ text }) => text).join(",");
  }
  const key = settings.hubs.find((hub) => hub.key !== null)?.key;
  if (options.one("keyFile") !== undefined && key) variables["BELFRY_AGENT_KEY"] = key;
  return variables;
}

/** Every key of the table is the name of an option. */
function nameOf(option: string): keyof typeof agentOptions {
  return option as keyof typeof agentOptions;
}

interface UnitFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

function filesOf(machine: Machine, variables: Readonly<Record<string, string>>): UnitFile[] {
  const node = process.execPath;
  if (machine.platform === "darwin") {
    const text = launchdPlist({ node, program, stateDir: macStateDir, variables });
    return [{ path: plistPath, text, mode: 0o600 }];
  }
  const unit = systemdUnit({ node, program, environment: environmentPath });
  return [
    { path: environmentPath, text: environmentFile(variables), mode: 0o600 },
    { path: unitPath, text: unit, mode: 0o644 },
  ];
}

function startCommands({ platform }: Machine): readonly (readonly string[])[] {
  if (platform === "darwin") return [["launchctl", "bootstrap", "system", plistPath]];
  return [
    ["systemctl", "daemon-reload"],
    ["systemctl", "enable", unitName],
    ["systemctl", "restart", unitName],
  ];
}

function managerRefusal({ platform, hasSystemd }: Machine): string | undefined {
  if (platform === "darwin") return undefined;
  if (platform !== "linux") return `units are for systemd and launchd; this is ${platform}`;
  return hasSystemd
    ? undefined
    : "this machine is not run by systemd; start belfry-agent by its own means";
}

function refusalOf(machine: Machine): string | undefined {
  return (
    managerRefusal(machine) ??
    (machine.isRoot ? undefined : "only root may write units; run it with sudo")
  );
}

async function agreed({ confirm }: Machine, question: string): Promise<boolean> {
  if (confirm === undefined) throw new SettingsError("there is no terminal to ask on; say --yes");
  return confirm(question);
}

/** What failed; undefined: nothing. */
async function runAll(
  machine: Machine,
  commands: readonly (readonly string[])[],
): Promise<string | undefined> {
  for (const [command = "", ...args] of commands) {
    const { code, output } = await machine.run(command, args);
    if (code !== 0) return `${[command, ...args].join(" ")} ended with ${code}: ${output}`;
  }
  return undefined;
}

/** The text without keys: it is shown on a screen. */
function hidden(text: string): string {
  return text
    .replaceAll(/^(BELFRY_AGENT_KEY=).*$/gm, "$1…")
    .replaceAll(/(<key>BELFRY_AGENT_KEY<\/key>\n\s*<string>)[^<]*/g, "$1…")
    .replaceAll(/\/\/[^/@\s"]*@/g, "//…@");
}

function fail({ stderr, name }: UnitParts, why: string): number {
  stderr(`${name}: ${why}\n`);
  return 1;
}
