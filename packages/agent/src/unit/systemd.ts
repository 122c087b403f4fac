/**
 * The agent's unit for systemd, and the file with its settings. `deploy/systemd/belfry-agent.service` is this text for a
 * checkout in `/opt/belfry`.
 *
 * Why it may do what it may: other users' processes are counted (no `ProtectProc`), mounted homes are measured and
 * `/tmp` is the real one (`ProtectHome=read-only`, no `PrivateTmp`), sockets of Docker and D-Bus are asked (`AF_UNIX`).
 */

export interface UnitPaths {
  /** The Node that starts it. */
  readonly node: string;
  /** `bin/belfry-agent.js` */
  readonly program: string;
  /** The file with the settings. */
  readonly environment: string;
}

export function systemdUnit({ node, program, environment }: UnitPaths): string {
  return `# The agent of Belfry. Settings: ${environment}, with lines like BELFRY_AGENT_HUB=https://belfry.example

[Unit]
Description=Belfry agent: the figures of this machine
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
ExecStart=${quoted(node)} ${quoted(program)}
EnvironmentFile=-${environment}
Restart=always
# Settings that are wrong do not get better by trying again.
RestartPreventExitStatus=2
RestartSec=5
TimeoutStopSec=10

DynamicUser=yes
# To see containers, the agent needs the socket of the engine; whoever has it controls the machine.
#SupplementaryGroups=docker
StateDirectory=belfry-agent
StateDirectoryMode=0700
CacheDirectory=belfry-agent
CacheDirectoryMode=0700
UMask=0077
MemoryMax=256M

# MemoryDenyWriteExecute stays off: V8 compiles at run time.
CapabilityBoundingSet=
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=read-only
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
`;
}

/** A file of variables as systemd reads it. Values must have no line ends. */
export function environmentFile(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => `${name}="${escaped(value)}"\n`);
  return `# Settings of belfry-agent; docs/AGENT.md lists them all.\n${lines.join("")}`;
}

/** In a command line of a unit, `%` and `$` stand for something. */
function quoted(path: string): string {
  const plain = path.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /[\s"'\\]/.test(plain) ? `"${escaped(plain)}"` : plain;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}
