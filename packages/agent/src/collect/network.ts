/**
 * Traffic of the network interfaces: `/proc/net/dev`.
 *
 * The two gauges count physical interfaces: a bridge, a bond, a VLAN or a tunnel carries the bytes of others once more.
 * Where there is none (in a container) they count all that are not loopback, bridge, tunnel or the other end of a
 * container's interface.
 */
import { existsSync } from "node:fs";
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { Metric, Section, Slot } from "../sample/series-table.ts";
import type { CollectorSpec, Roots } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";
import { counter, gauge } from "./metric.ts";
import { Named } from "./named.ts";
import { RateSum } from "./rate-sum.ts";
import { Scan } from "./scan.ts";

const received = (what: string): Metric =>
  counter(`node_network_receive_${what}_total`, `Network device statistic receive_${what}.`);
const sent = (what: string): Metric =>
  counter(`node_network_transmit_${what}_total`, `Network device statistic transmit_${what}.`);

/** In the order of the file. */
const fields: readonly Metric[] = [
  ...["bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast"].map(received),
  ...["bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed"].map(sent),
];
const receivePlace = 0;
const transmitPlace = 8;

const receiveRate = gauge(hostMetrics.networkReceive.name, hostMetrics.networkReceive.help);
const transmitRate = gauge(hostMetrics.networkTransmit.name, hostMetrics.networkTransmit.help);

interface Interface {
  readonly slots: readonly Slot[];
  readonly isPhysical: boolean;
  readonly isOwn: boolean;
  readonly received: { before: number };
  readonly sent: { before: number };
}

const colon = 58;
/** Interfaces whose bytes are not this host's own. */
const foreign =
  /^(lo|dummy|ifb|docker|br-|virbr|veth|cni|flannel|cali|tunl|tun|tap|wg|sit|gre|ip6|vxlan|bonding)/;

export const network: CollectorSpec = {
  name: "network",
  pace: "core",
  metrics: [...fields, receiveRate, transmitRate],
  create({ roots }, { section, monotonicMs }) {
    const file = new KeptFile(`${netFolder(roots)}/dev`);
    const scan = new Scan();
    const interfaces = new Named<Interface>(section, (name) => interfaceOf(section, name, roots));
    const receive = new RateSum(section, receiveRate, monotonicMs);
    const transmit = new RateSum(section, transmitRate, monotonicMs);
    let hasPhysical = false;
    const read = (one: Interface): void => {
      const isCounted = hasPhysical ? one.isPhysical : one.isOwn;
      for (let i = 0; i < fields.length; i += 1) {
        const value = scan.number();
        if (Number.isNaN(value)) return;
        section.set(one.slots[i] ?? 0, value);
        if (isCounted && i === receivePlace) receive.add(one.received, value);
        if (isCounted && i === transmitPlace) transmit.add(one.sent, value);
      }
    };
    return {
      collect() {
        if (!scan.load(file.read())) return;
        interfaces.begin();
        receive.begin();
        transmit.begin();
        let isPhysicalThere = false;
        for (scan.nextLine(), scan.nextLine(); scan.hasMore; scan.nextLine()) {
          if (!scan.word(colon)) continue;
          const one = interfaces.find(scan);
          isPhysicalThere ||= one.isPhysical;
          read(one);
        }
        // Known from the first round on, before rates are.
        hasPhysical = isPhysicalThere;
        receive.end();
        transmit.end();
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  },
};

function interfaceOf(section: Section, name: string, { sys }: Roots): Interface {
  return {
    slots: fields.map((metric) => section.slot(metric, { device: name })),
    isPhysical: existsSync(`${sys}/class/net/${name}/device`),
    isOwn: !foreign.test(name),
    received: { before: Number.NaN },
    sent: { before: Number.NaN },
  };
}

/**
 * Where the kernel shows the network. `/proc/net` is that of whoever reads it; in a container that watches its machine
 * through a moved root it is the machine's first process that has the machine's.
 */
export function netFolder({ proc }: Roots): string {
  const ofMachine = `${proc}/1/net`;
  return proc !== "/proc" && existsSync(`${ofMachine}/dev`) ? ofMachine : `${proc}/net`;
}
