/** Built-in rules about the network, sensors, units, containers and the kernel's tables. */
import { hostMetrics } from "@belfry/contract";
import { metric, type BuiltInText } from "./built-in-text.ts";

type Labels = Readonly<Record<string, string>>;

/** Interfaces of containers and virtual machines come and go. */
const ownInterface = [
  "device",
  "!~",
  "lo|(br-|cali|cni|docker|dummy|flannel|ifb|tap|tun|veth|virbr|vnet).*",
] as const;
const device = (labels: Labels): string => labels["device"] ?? "an interface";
const container = (labels: Labels): string => `container ${labels["name"] ?? labels["id"] ?? "?"}`;

export const deviceRules: readonly BuiltInText[] = [
  ...networkRules(),
  {
    id: "connections_near_limit",
    title: "Tracked connections near their limit",
    severity: "warning",
    condition: {
      kind: "ratio",
      numerator: metric("node_nf_conntrack_entries"),
      denominator: metric("node_nf_conntrack_entries_limit"),
      operator: ">",
      value: 0.9,
      recover_value: 0.8,
    },
    forSeconds: 120,
    unit: "ratio",
    what: () => "tracked connections of those that may be",
    description:
      "Beyond the limit the firewall drops new connections. Look for a flood, or raise net.netfilter.nf_conntrack_max.",
  },
  {
    id: "temperature_high",
    title: "Temperature high",
    severity: "warning",
    condition: {
      kind: "threshold",
      metric: metric(hostMetrics.temperature.name),
      aggregate: "avg",
      over_seconds: 300,
      operator: ">",
      value: 85,
      recover_value: 78,
    },
    forSeconds: 300,
    unit: "celsius",
    what: () => "the hottest sensor",
    description:
      "It slows down to cool, and ages. Look at fans, dust and the air of the room; some chips are made to run hotter.",
  },
  {
    id: "temperature_critical",
    title: "Temperature critical",
    severity: "critical",
    condition: {
      kind: "threshold",
      metric: metric(hostMetrics.temperature.name),
      aggregate: "last",
      operator: ">",
      value: 97,
      recover_value: 90,
    },
    forSeconds: 60,
    unit: "celsius",
    what: () => "the hottest sensor",
    description: "It is about to switch itself off. A fan has failed, or cooling is gone.",
  },
  {
    id: "units_failed",
    title: "Units failed",
    severity: "warning",
    condition: {
      kind: "threshold",
      metric: metric("node_systemd_units", ["state", "=", "failed"]),
      aggregate: "last",
      operator: ">",
      value: 0,
    },
    forSeconds: 180,
    unit: "count",
    what: () => "failed units of systemd",
    description:
      "A service, mount or timer has failed and was not restarted; the page of the host says which. `systemctl --failed`, then `journalctl -u` its name.",
  },
  {
    id: "container_restarting",
    title: "Container restarts again and again",
    severity: "warning",
    condition: {
      kind: "rate",
      metric: metric("belfry_container_restarts"),
      over_seconds: 900,
      operator: ">",
      value: 0.003,
      recover_value: 0.001,
    },
    forSeconds: 0,
    recoveryForSeconds: 300,
    unit: "per_second",
    what: (labels) => `restarts of ${container(labels)}`,
    description:
      "The engine restarted it three times or more within a quarter of an hour. Its last lines of log say why it ends.",
  },
  {
    id: "container_unhealthy",
    title: "Container unhealthy",
    severity: "warning",
    condition: {
      kind: "threshold",
      metric: metric("belfry_container_healthy"),
      aggregate: "last",
      operator: "==",
      value: 0,
    },
    forSeconds: 300,
    unit: "count",
    what: (labels) => `health of ${container(labels)}`,
    description:
      "Its own health check has failed, or not passed since it began, for five minutes. `docker inspect` shows what the check said.",
  },
  {
    id: "container_memory_full",
    title: "Container near its memory limit",
    severity: "warning",
    condition: {
      kind: "ratio",
      numerator: metric("container_memory_working_set_bytes"),
      denominator: metric("container_spec_memory_limit_bytes"),
      operator: ">",
      value: 0.95,
      recover_value: 0.9,
    },
    forSeconds: 300,
    unit: "ratio",
    what: (labels) => `memory of ${container(labels)}`,
    description: "At its limit the kernel ends it. Raise the limit, or find what grows in it.",
  },
  {
    id: "file_handles_near_limit",
    title: "File handles near their limit",
    severity: "warning",
    condition: {
      kind: "ratio",
      numerator: metric("node_filefd_allocated"),
      denominator: metric("node_filefd_maximum"),
      operator: ">",
      value: 0.9,
      recover_value: 0.85,
    },
    forSeconds: 300,
    unit: "ratio",
    what: () => "file handles in use",
    description:
      "Soon no program can open a file or a connection. Look for one that opens and never closes.",
  },
  {
    id: "reboot_required",
    title: "Reboot required",
    severity: "info",
    condition: {
      kind: "threshold",
      metric: metric("node_reboot_required"),
      aggregate: "last",
      operator: "==",
      value: 1,
    },
    forSeconds: 86_400,
    unit: "count",
    what: () => "whether a reboot is required",
    description: "Updates that were installed, of the kernel for one, hold only after a reboot.",
  },
];

function networkRules(): readonly BuiltInText[] {
  const errors = (
    direction: "receive" | "transmit",
    what: "errs" | "drop",
  ): BuiltInText["condition"] => ({
    kind: "rate",
    metric: metric(`node_network_${direction}_${what}_total`, ownInterface),
    over_seconds: 600,
    operator: ">",
    value: what === "errs" ? 1 : 100,
    recover_value: what === "errs" ? 0.5 : 50,
  });
  const common = { forSeconds: 600, unit: "per_second" } as const;
  return [
    {
      ...common,
      id: "network_receive_errors",
      title: "Network receives damaged packets",
      severity: "warning",
      condition: errors("receive", "errs"),
      what: (labels) => `damaged packets on ${device(labels)}`,
      description:
        "A cable, a plug, a transceiver or a port of the switch is bad, or both sides disagree about speed and duplex.",
    },
    {
      ...common,
      id: "network_transmit_errors",
      title: "Network fails to send packets",
      severity: "warning",
      condition: errors("transmit", "errs"),
      what: (labels) => `packets that failed on ${device(labels)}`,
      description:
        "The interface or its driver cannot send. Look at the kernel's log and the link.",
    },
    {
      ...common,
      id: "network_drops",
      title: "Network drops packets",
      severity: "info",
      condition: errors("receive", "drop"),
      what: (labels) => `dropped packets on ${device(labels)}`,
      description:
        "More comes in than is taken: the CPU is busy or buffers are small. Packets of protocols that nobody here speaks count too.",
    },
    {
      id: "network_link_lost",
      title: "Network link lost",
      severity: "warning",
      condition: {
        kind: "rate",
        metric: metric("node_network_carrier_down_changes_total", ownInterface),
        over_seconds: 600,
        operator: ">",
        value: 0,
      },
      forSeconds: 0,
      recoveryForSeconds: 300,
      unit: "per_second",
      what: (labels) => `losses of the link on ${device(labels)}`,
      description:
        "The link went down within the last ten minutes. Once is a cable that was plugged; again and again, a cable, a transceiver or a port that fails.",
    },
  ];
}
