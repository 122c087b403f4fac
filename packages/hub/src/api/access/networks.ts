/** Networks in CIDR notation. */
import { BlockList, isIP } from "node:net";

/** Whether an address is within any of some networks. */
export type Networks = (address: string) => boolean;

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address; undefined when it is none. */
export function parseNetwork(
  text: string,
):
  | { readonly address: string; readonly bits: number; readonly family: "ipv4" | "ipv6" }
  | undefined {
  const [address = "", bitsText, ...rest] = text.trim().split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const bits = bitsText === undefined ? most : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : -1;
  if (bits < 0 || bits > most) return undefined;
  return { address, bits, family: version === 4 ? "ipv4" : "ipv6" };
}

/** Makes the test for a list of networks. Throws a `TypeError` for a network that cannot be read. */
export function createNetworks(list: readonly string[]): Networks {
  const block = new BlockList();
  for (const text of list) {
    const network = parseNetwork(text);
    if (network === undefined) throw new TypeError(`${text} is not a network like 10.0.0.0/8`);
    block.addSubnet(network.address, network.bits, network.family);
  }
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
    const version = isIP(plain);
    return version !== 0 && block.check(plain, version === 4 ? "ipv4" : "ipv6");
  };
}
