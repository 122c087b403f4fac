/**
 * The agent's property list for launchd. `deploy/launchd/dev.belfry.agent.plist` is this text for a checkout in
 * `/opt/belfry`. Written from Apple's `launchd.plist(5)`; not run on a Mac by the tests.
 */

export interface LaunchdSettings {
  readonly node: string;
  readonly program: string;
  readonly stateDir: string;
  /** Settings; keys among them, so the file is for root alone. */
  readonly variables: Readonly<Record<string, string>>;
}

export const launchdLabel = "dev.belfry.agent";

export function launchdPlist({ node, program, stateDir, variables }: LaunchdSettings): string {
  const environment = Object.entries({ ...variables, BELFRY_AGENT_STATE_DIR: stateDir });
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${launchdLabel}</string>
  <key>ProgramArguments</key>
  <array>
    <string>${escaped(node)}</string>
    <string>${escaped(program)}</string>
  </array>
  <key>EnvironmentVariables</key>
  <dict>
${environment
  .map(
    ([name, value]) => `    <key>${escaped(name)}</key>\n    <string>${escaped(value)}</string>\n`,
  )
  .join("")}  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ThrottleInterval</key>
  <integer>10</integer>
  <key>ProcessType</key>
  <string>Background</string>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardErrorPath</key>
  <string>/var/log/belfry-agent.log</string>
</dict>
</plist>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
