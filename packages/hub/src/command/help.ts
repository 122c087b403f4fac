/** What `--help` prints. */
import {
  commands,
  commonOptions,
  options,
  type CommandName,
  type CommandSpec,
  type OptionName,
  type OptionSpec,
} from "./table.ts";

/** Help about one command, or about all of them. */
export function helpText(name: CommandName | null): string {
  return name === null ? overview() : ofCommand(name);
}

function overview(): string {
  const rows = Object.entries(commands).map(([name, spec]: [string, CommandSpec]) => [
    [name, ...spec.positionals].join(" "),
    spec.summary,
  ]);
  return lines([
    "belfry COMMAND [OPTIONS]",
    "",
    "Watches endpoints and hosts from one place, and rings the bell.",
    "",
    "Commands:",
    ...columns([
      ...rows,
      ["agent", "watch this machine and send it to a hub; `belfry agent --help`"],
      ["sidecar", "keep events of jobs on disk and deliver them; `belfry sidecar --help`"],
      ["spool", "look into a sidecar's spool, put dead letters back; `belfry spool --help`"],
    ]),
    "",
    "Options of every command:",
    ...columns(commonOptions.map(optionRow)),
    "",
    "belfry COMMAND --help tells more; docs/CONFIG.md lists every setting.",
  ]);
}

function ofCommand(name: CommandName): string {
  const spec: CommandSpec = commands[name];
  return lines([
    ["belfry", name, ...spec.positionals, "[OPTIONS]"].join(" "),
    "",
    `${spec.summary.charAt(0).toUpperCase()}${spec.summary.slice(1)}.`,
    ...(spec.notes === undefined ? [] : [spec.notes]),
    "",
    "Options:",
    ...columns([...spec.options, ...commonOptions].map(optionRow)),
  ]);
}

function optionRow(name: OptionName): readonly string[] {
  const spec: OptionSpec = options[name];
  return [spec.value === null ? `--${name}` : `--${name} ${spec.value}`, spec.help];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([left = ""]) => left.length));
  return rows.map(([left = "", right = ""]) => `  ${left.padEnd(width)}  ${right}`);
}

function lines(all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}
