/** Network interfaces of a Mac: counters from `netstat -ibn`, addresses through the runtime. */
import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";
import type { HostDetails } from "@belfry/contract";
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { CollectorSpec } from "./collector.ts";
import { runProgram, type RunProgram } from "./darwin/run-program.ts";
import { hostText, hostTextOrNone, present } from "./host-text.ts";
import { counter, gauge } from "./metric.ts";
import { RateSum, type Before } from "./rate-sum.ts";

/** Metric after `node_network_`, and its column. */
const fields = [
  ["receive_packets", "Ipkts"],
  ["receive_errs", "Ierrs"],
  ["receive_bytes", "Ibytes"],
  ["transmit_packets", "Opkts"],
  ["transmit_errs", "Oerrs"],
  ["transmit_bytes", "Obytes"],
  ["transmit_colls", "Coll"],
] as const;
const counters = fields.map(
  ([name, column]) =>
    [counter(`node_network_${name}_total`, `Network device statistic ${name}.`), column] as const,
);
const mtu = gauge("node_network_mtu_bytes", "Network device property: mtu_bytes");
const receiveRate = gauge(hostMetrics.networkReceive.name, hostMetrics.networkReceive.help);
const transmitRate = gauge(hostMetrics.networkTransmit.name, hostMetrics.networkTransmit.help);

/** Ethernet and Wi-Fi; tunnels, bridges and the links between Apple's own devices count bytes once more. */
const physical = /^en\d+$/;
const mostInterfaces = 256;

export interface DarwinInterface {
  readonly name: string;
  readonly isUp: boolean;
  readonly mtu: number;
  /** By column. */
  readonly counts: ReadonlyMap<string, number>;
}

export type Addresses = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

export function createDarwinNetwork(run: RunProgram, addresses: () => Addresses): CollectorSpec {
  return {
    name: "network",
    pace: 10,
    metrics: [...counters.map(([metric]) => metric), mtu, receiveRate, transmitRate],
    create(_settings, { section, facts, monotonicMs }) {
      const receive = new RateSum(section, receiveRate, monotonicMs);
      const transmit = new RateSum(section, transmitRate, monotonicMs);
      let before = new Map<string, { readonly received: Before; readonly sent: Before }>();
      return {
        async collect() {
          const output = await run("/usr/sbin/netstat", ["-ibn"]);
          if (output === undefined) return;
          const interfaces = parseNetstat(output).slice(0, mostInterfaces);
          const next: typeof before = new Map();
          receive.begin();
          transmit.begin();
          for (const one of interfaces) {
            const device = one.name;
            section.put(mtu, { device }, one.mtu);
            for (const [metric, column] of counters) {
              const value = one.counts.get(column);
              if (value !== undefined) section.put(metric, { device }, value);
            }
            if (!physical.test(device)) continue;
            const known = before.get(device) ?? {
              received: { before: Number.NaN },
              sent: { before: Number.NaN },
            };
            next.set(device, known);
            receive.add(known.received, one.counts.get("Ibytes") ?? 0);
            transmit.add(known.sent, one.counts.get("Obytes") ?? 0);
          }
          before = next;
          receive.end();
          transmit.end();
          facts.set("interfaces", interfaceFacts(interfaces, addresses()));
        },
        [Symbol.dispose]: () => undefined,
      };
    },
  };
}

export const darwinNetwork: CollectorSpec = createDarwinNetwork(runProgram, networkInterfaces);

/**
 * Interfaces of `netstat -ibn`: the lines of the link layer. One without an address has a column less, so counters are
 * counted from the right; a star behind a name says that it is down.
 */
export function parseNetstat(output: string): readonly DarwinInterface[] {
  const [head = "", ...rows] = output.split("\n");
  const columns = head.trim().split(/\s+/).slice(4);
  if (columns[0] !== "Ipkts") return [];
  return rows.flatMap((row) => {
    const words = row.trim().split(/\s+/);
    const [name, mtuText, network = ""] = words;
    if (name === undefined || !network.startsWith("<Link#")) return [];
    const numbers = words.slice(-columns.length).map(Number);
    if (words.length < columns.length + 3 || numbers.some(Number.isNaN)) return [];
    return [
      {
        name: hostText(name.replace(/\*$/, ""), 64),
        isUp: !name.endsWith("*"),
        mtu: Number(mtuText),
        counts: new Map(columns.map((column, index) => [column, numbers[index] ?? 0])),
      },
    ];
  });
}

type InterfaceFact = NonNullable<HostDetails["interfaces"]>[number];

function interfaceFacts(
  interfaces: readonly DarwinInterface[],
  addresses: Addresses,
): InterfaceFact[] {
  return interfaces.map(({ name, isUp, mtu: mtuBytes }) => {
    const own = addresses[name] ?? [];
    const mac = own.find((one) => one.mac !== "00:00:00:00:00:00")?.mac;
    return present<InterfaceFact>({
      name,
      mac: hostTextOrNone(mac),
      mtu: mtuBytes,
      up: isUp,
      addresses: own.slice(0, 64).map(({ address, cidr }) => ({
        address: hostText(address),
        prefix: Number(cidr?.split("/")[1] ?? (address.includes(":") ? 128 : 32)),
      })),
    });
  });
}
