/** What `--help` prints. */
import { optionLines } from "./option.ts";
import { agentOptions } from "./settings.ts";

export function agentHelp(name: string): string {
  return [
    `${name} [OPTIONS]`,
    `${name} install|uninstall [--yes] [--dry-run] [OPTIONS]`,
    `${name} status`,
    "",
    "Watches this machine: serves its figures, and sends them to hubs.",
    "install writes a unit with the options that follow and starts it (systemd, launchd); status tells how it does.",
    "",
    "Options:",
    ...optionLines(Object.values(agentOptions)),
    "  --help, --version",
    "",
    "docs/AGENT.md tells more.",
    "",
  ].join("\n");
}
