/** Interfaces as `/system` shows them. */
import type { HostDetails } from "@belfry/contract";

export interface InterfaceView {
  readonly name: string;
  readonly ipv4: string | null;
  readonly netmask: string | null;
  readonly broadcast: string | null;
  readonly speed_mbps: number | null;
  readonly mtu: number | null;
  readonly duplex: "full" | "half" | "unknown";
}

type Interface = NonNullable<HostDetails["interfaces"]>[number];

export function interfaceViews({ interfaces = [] }: HostDetails): InterfaceView[] {
  return interfaces.filter(({ up }) => up).map(viewOf);
}

/** The first that is up, is not a loopback and has an IPv4 address. */
export function primaryOf({ interfaces = [] }: HostDetails): InterfaceView | null {
  const primary = interfaces.find(
    (one) => one.up && !one.name.startsWith("lo") && ipv4Of(one) !== undefined,
  );
  return primary === undefined ? null : viewOf(primary);
}

function viewOf(one: Interface): InterfaceView {
  const ipv4 = ipv4Of(one);
  return {
    name: one.name,
    ipv4: ipv4?.address ?? null,
    netmask: ipv4 === undefined ? null : netmaskOf(ipv4.prefix),
    broadcast: ipv4?.broadcast ?? null,
    speed_mbps: one.speed_mbps ?? null,
    mtu: one.mtu ?? null,
    duplex: one.duplex === "full" || one.duplex === "half" ? one.duplex : "unknown",
  };
}

function ipv4Of({ addresses }: Interface): Interface["addresses"][number] | undefined {
  return addresses.find(({ address }) => address.includes(".") && !address.includes(":"));
}

function netmaskOf(prefix: number): string {
  return [0, 8, 16, 24]
    .map((from) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefix - from))))
    .join(".");
}
