/** What this machine itself says of its network: gateways, name servers, its own addresses, whether there is any way out. */
import { getServers } from "node:dns";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { parseAddress } from "./address.ts";

export interface Surroundings {
  /** Addresses of the default gateways; link-local ones with their interface: `fe80::1%eth0`. */
  readonly gateways: readonly string[];
  /** Addresses of the system's name servers, without those on this machine. */
  readonly nameServers: readonly string[];
  /** Addresses of this machine. */
  readonly own: ReadonlySet<string>;
  /** Whether an interface beside loopback is there and has a route. */
  readonly hasRoute: boolean;
}

/** Reads a small file of the system; an empty text where it cannot be read. */
export type ReadSystemFile = (path: string) => string;

/** `RTF_UP`, `RTF_GATEWAY`, `RTF_REJECT` of route(8). */
const up = 0x1;
const gateway = 0x2;
const reject = 0x200;

/** Reads them anew. Gateways and routes are known on Linux; elsewhere an address of an interface counts as a route. */
export function readSurroundings(read: ReadSystemFile = readText): Surroundings {
  const own = new Set<string>();
  let hasAddress = false;
  for (const list of Object.values(networkInterfaces())) {
    for (const { address, internal } of list ?? []) {
      own.add(parseAddress(address)?.text ?? address);
      if (!internal) hasAddress = true;
    }
  }
  const routes = [
    ...readRoutes4(read("/proc/net/route")),
    ...readRoutes6(read("/proc/net/ipv6_route")),
  ].filter(({ device }) => hasCarrier(device, read));
  const isKnown = read("/proc/net/route") !== "";
  return {
    gateways: routes.flatMap((route) => route.gateway ?? []),
    nameServers: getServers().flatMap((server) => remoteServer(server, own)),
    own,
    hasRoute: isKnown ? routes.length > 0 : hasAddress,
  };
}

export interface Route {
  readonly device: string;
  /** Of a default route; null of any other. */
  readonly gateway: string | null;
}

/** Routes of `/proc/net/route` beside those of loopback; addresses are hexadecimal words in the machine's order of bytes. */
export function readRoutes4(text: string): readonly Route[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line): Route[] => {
      const [device = "", destination = "", via = "", flagText = "0"] = line.trim().split(/\s+/);
      const flags = Number.parseInt(flagText, 16);
      if (device === "" || device === "lo" || !isUsable(flags)) return [];
      const isDefault = destination === "00000000" && (flags & gateway) !== 0;
      return [{ device, gateway: isDefault ? addressOf(via) : null }];
    });
}

/** The same of `/proc/net/ipv6_route`; link-local and multicast routes lead nowhere else and do not count. */
export function readRoutes6(text: string): readonly Route[] {
  return text.split("\n").flatMap((line): Route[] => {
    const fields = line.trim().split(/\s+/);
    const [destination = "", length = "", , , via = "", , , , flagText = "0", device = ""] = fields;
    const flags = Number.parseInt(flagText, 16);
    if (device === "" || device === "lo" || !isUsable(flags)) return [];
    if (/^(fe[89ab]|ff)/.test(destination)) return [];
    const isDefault = length === "00" && (flags & gateway) !== 0;
    if (!isDefault) return [{ device, gateway: null }];
    const address = parseAddress(via.replaceAll(/(.{4})(?=.)/g, "$1:"))?.text;
    if (address === undefined) return [];
    return [{ device, gateway: /^fe[89ab]/.test(address) ? `${address}%${device}` : address }];
  });
}

function isUsable(flags: number): boolean {
  return (flags & up) !== 0 && (flags & reject) === 0;
}

function addressOf(word: string): string {
  const bytes = word.match(/../g) ?? [];
  return bytes
    .toReversed()
    .map((byte) => Number.parseInt(byte, 16))
    .join(".");
}

/** A cable that was pulled leaves its routes behind. What the system says nothing of is taken to be there. */
function hasCarrier(device: string, read: ReadSystemFile): boolean {
  return read(`/sys/class/net/${device}/carrier`).trim() !== "0";
}

function remoteServer(server: string, own: ReadonlySet<string>): readonly string[] {
  const address = parseAddress(server);
  if (address === undefined || own.has(address.text)) return [];
  return address.text.startsWith("127.") || address.text === "::1" ? [] : [address.text];
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
