/**
 * Network interfaces as such: state, speed, addresses; `/sys/class/net`. They change seldom and cost a file each, so at
 * most 32 interfaces are read in one round and the others show what they were when it was their turn.
 *
 * The driver is asked for speed, duplex and carrier, which may take its time: those are read off the main thread.
 */
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import type { HostDetails } from "@belfry/contract";
import type { Section } from "../sample/series-table.ts";
import type { CollectorSpec } from "./collector.ts";
import { counter, gauge } from "./metric.ts";

/** Numbers, by the file they are in. */
const numbers = {
  addr_assign_type: gauge(
    "node_network_address_assign_type",
    "Network device property: address_assign_type",
  ),
  carrier: gauge("node_network_carrier", "Network device property: carrier"),
  carrier_changes: counter(
    "node_network_carrier_changes_total",
    "Network device property: carrier_changes_total",
  ),
  carrier_up_count: counter(
    "node_network_carrier_up_changes_total",
    "Network device property: carrier_up_changes_total",
  ),
  carrier_down_count: counter(
    "node_network_carrier_down_changes_total",
    "Network device property: carrier_down_changes_total",
  ),
  dev_id: gauge("node_network_device_id", "Network device property: device_id"),
  dormant: gauge("node_network_dormant", "Network device property: dormant"),
  flags: gauge("node_network_flags", "Network device property: flags"),
  ifindex: gauge("node_network_iface_id", "Network device property: iface_id"),
  iflink: gauge("node_network_iface_link", "Network device property: iface_link"),
  link_mode: gauge("node_network_iface_link_mode", "Network device property: iface_link_mode"),
  mtu: gauge("node_network_mtu_bytes", "Network device property: mtu_bytes"),
  name_assign_type: gauge(
    "node_network_name_assign_type",
    "Network device property: name_assign_type",
  ),
  netdev_group: gauge("node_network_net_dev_group", "Network device property: net_dev_group"),
  type: gauge("node_network_protocol_type", "Network device property: protocol_type"),
  tx_queue_len: gauge(
    "node_network_transmit_queue_length",
    "Network device property: transmit_queue_length",
  ),
  "statistics/rx_nohandler": counter(
    "node_network_receive_nohandler_total",
    "Network device statistic receive_nohandler.",
  ),
} as const;
type NumberFile = keyof typeof numbers;

const speedBytes = gauge("node_network_speed_bytes", "Network device property: speed_bytes");
const up = gauge("node_network_up", "Value is 1 if operstate is 'up', 0 otherwise.");
const info = gauge(
  "node_network_info",
  "Non-numeric data from /sys/class/net/<iface>, value is always 1.",
);

/** Asked of the driver. */
const slowFiles = new Set<string>(["carrier", "speed", "duplex"]);
const mostPerRound = 32;
const mostDetails = 256;

interface Interface {
  readonly name: string;
  round: number;
  values: ReadonlyMap<NumberFile, number>;
  texts: Texts;
}

interface Texts {
  readonly address: string;
  readonly broadcast: string;
  readonly duplex: string;
  readonly operstate: string;
  readonly ifalias: string;
  readonly speed: number;
}

export const interfaces: CollectorSpec = {
  name: "interfaces",
  pace: 15,
  metrics: [...Object.values(numbers), speedBytes, up, info],
  create({ roots }, { section, facts }) {
    const folder = `${roots.sys}/class/net`;
    const known = new Map<string, Interface>();
    return {
      async collect() {
        const names = namesIn(folder);
        for (const name of known.keys()) if (!names.includes(name)) known.delete(name);
        const turns = names.toSorted(
          (a, b) => (known.get(a)?.round ?? 0) - (known.get(b)?.round ?? 0),
        );
        for (const name of turns.slice(0, mostPerRound)) {
          const one = await readInterface(`${folder}/${name}`, name, section.round);
          if (one !== undefined) known.set(name, one);
        }
        const all = [...known.values()].toSorted((a, b) => indexOf(a) - indexOf(b));
        for (const one of all) publish(one, section);
        const details = detailsOf(all);
        facts.set("interfaces", details.length === 0 ? undefined : details);
      },
      [Symbol.dispose]: () => undefined,
    };
  },
};

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** undefined: there is no such interface (any more). */
async function readInterface(
  folder: string,
  name: string,
  round: number,
): Promise<Interface | undefined> {
  // Not everything in the folder is an interface (bonding_masters), and an interface may go away at any time.
  if (textOf(`${folder}/ifindex`) === "") return undefined;
  const slow = new Map<string, string>();
  for (const file of slowFiles) {
    slow.set(file, (await readFile(`${folder}/${file}`, "utf8").catch(() => "")).trim());
  }
  const read = (file: string): string => slow.get(file) ?? textOf(`${folder}/${file}`);
  const values = new Map<NumberFile, number>();
  for (const file of numberFiles) {
    const text = read(file);
    // Some are written as hexadecimal numbers.
    const value = text === "" ? Number.NaN : Number(text);
    if (!Number.isNaN(value)) values.set(file, value);
  }
  return {
    name,
    round,
    values,
    texts: {
      address: read("address"),
      broadcast: read("broadcast"),
      duplex: read("duplex"),
      operstate: read("operstate"),
      ifalias: read("ifalias"),
      speed: read("speed") === "" ? Number.NaN : Number(read("speed")),
    },
  };
}

const numberFiles = Object.keys(numbers).filter(isNumberFile);

function isNumberFile(file: string): file is NumberFile {
  return file in numbers;
}

/** Empty where there is no such file, or the interface is in no state to tell. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

function indexOf({ values }: Interface): number {
  return values.get("ifindex") ?? 0;
}

function publish({ name: device, values, texts }: Interface, section: Section): void {
  for (const [file, value] of values) section.put(numbers[file], { device }, value);
  const { speed, address, broadcast, duplex, operstate, ifalias } = texts;
  // Mbit/s; -1 is unknown.
  if (speed >= 0) section.put(speedBytes, { device }, (speed * 1_000_000) / 8);
  section.put(up, { device }, operstate === "up" ? 1 : 0);
  section.put(info, { address, broadcast, device, duplex, ifalias, operstate }, 1);
}

type Details = NonNullable<HostDetails["interfaces"]>[number];

function detailsOf(all: readonly Interface[]): Details[] {
  const own = networkInterfaces();
  return all.slice(0, mostDetails).map(({ name, values, texts }) => {
    const { address, speed, duplex, operstate } = texts;
    const mtu = values.get("mtu");
    const isUp = ((values.get("flags") ?? 0) & 1) === 1;
    // In a container that watches its machine, addresses of the same name may be the container's own.
    const addresses = (own[name] ?? []).filter(({ mac }) => mac === address);
    return {
      name,
      ...(address === "" ? {} : { mac: address }),
      ...(mtu === undefined ? {} : { mtu }),
      up: operstate === "up" || (operstate === "unknown" && isUp),
      ...(speed > 0 ? { speed_mbps: speed } : {}),
      ...(duplex === "" ? {} : { duplex }),
      addresses: addresses.map(({ address: text, cidr, family }) => {
        const prefix = Number(cidr?.split("/")[1] ?? 0);
        const hasBroadcast = family === "IPv4" && prefix > 0 && prefix < 31;
        return {
          address: text,
          prefix,
          ...(hasBroadcast ? { broadcast: broadcastOf(text, prefix) } : {}),
        };
      }),
    };
  });
}

/** The last address of a network. */
function broadcastOf(address: string, prefix: number): string {
  return address
    .split(".")
    .map((part, i) => Number(part) | (2 ** Math.min(8, Math.max(0, 8 * (i + 1) - prefix)) - 1))
    .join(".");
}
