/**
 * Decides which addresses Belfry may connect to on a user's behalf. It is asked at connect time, with the very address
 * that is dialled next, so a DNS answer that changes in between (rebinding) changes nothing.
 *
 * Refused by default: unspecified, link-local and multicast addresses and the metadata services of clouds, which would
 * hand out credentials of the machine. Loopback and private networks are what Belfry is for, so they are open; further
 * networks are closed by `deny`. `allow` opens a network again and wins over everything. An IPv6 address that carries
 * an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) is judged as both.
 */
import { addressBytes, isWithin, parseNetwork, type IpAddress, type Network } from "./address.ts";

/** Networks as CIDR (`10.0.0.0/8`) or single addresses. */
export interface GuardSettings {
  readonly deny?: readonly string[];
  readonly allow?: readonly string[];
}

/** Says why an address must not be dialled; undefined when it may be. */
export type Guard = (address: IpAddress) => string | undefined;

interface Rule {
  readonly network: Network;
  readonly why: string;
}

const builtIn = {
  "0.0.0.0/8": "is an unspecified address",
  "169.254.169.254": "is a cloud metadata service",
  "169.254.0.0/16": "is a link-local address",
  "100.100.100.200": "is a cloud metadata service",
  "168.63.129.16": "is a cloud metadata service",
  "192.0.0.192": "is a cloud metadata service",
  "224.0.0.0/4": "is a multicast address",
  "255.255.255.255": "is the broadcast address",
  "::": "is an unspecified address",
  "fd00:ec2::254": "is a cloud metadata service",
  "fd20:ce::254": "is a cloud metadata service",
  "fe80::/10": "is a link-local address",
  "ff00::/8": "is a multicast address",
} as const;

/** Makes a guard. Throws a `RangeError` that names the entry when `deny` or `allow` holds something else than networks. */
export function createGuard(settings: GuardSettings = {}): Guard {
  const refused: readonly Rule[] = [
    ...(settings.deny ?? []).map((text) => ({
      network: networkOf(text, "deny"),
      why: `is in ${text}, which the configuration denies`,
    })),
    ...Object.entries(builtIn).map(([text, why]) => ({
      network: networkOf(text, "built-in"),
      why,
    })),
  ];
  const allowed = (settings.allow ?? []).map((text) => networkOf(text, "allow"));
  return (address) => {
    for (const bytes of formsOf(addressBytes(address))) {
      if (allowed.some((network) => isWithin(bytes, network))) continue;
      const rule = refused.find(({ network }) => isWithin(bytes, network));
      if (rule !== undefined) return `${address.text} ${rule.why}`;
    }
    return undefined;
  };
}

function networkOf(text: string, list: string): Network {
  const network = parseNetwork(text);
  if (network === undefined) {
    throw new RangeError(
      `${list}: expected an address or a network like 10.0.0.0/8, found ${text}`,
    );
  }
  return network;
}

/** Places where IPv6 addresses carry an IPv4 address: the prefix, the offset of the four bytes, whether inverted. */
const carriers = [
  { prefix: "::ffff:0:0/96", offset: 12, inverted: false },
  { prefix: "::ffff:0:0:0/96", offset: 12, inverted: false },
  { prefix: "::/96", offset: 12, inverted: false },
  { prefix: "64:ff9b::/96", offset: 12, inverted: false },
  { prefix: "64:ff9b:1::/48", offset: 12, inverted: false },
  { prefix: "2002::/16", offset: 2, inverted: false },
  { prefix: "2001::/32", offset: 4, inverted: false },
  { prefix: "2001::/32", offset: 12, inverted: true },
].map((carrier) => ({ ...carrier, network: networkOf(carrier.prefix, "built-in") }));

function formsOf(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.length === 4) return [bytes];
  const forms = [bytes];
  for (const { network, offset, inverted } of carriers) {
    if (!isWithin(bytes, network) || isLoopbackOrUnspecified(bytes)) continue;
    const inner = bytes.slice(offset, offset + 4);
    forms.push(inverted ? inner.map((byte) => byte ^ 0xff) : inner);
  }
  if (isIsatap(bytes)) forms.push(bytes.slice(12));
  return forms;
}

/** `::` and `::1` are in `::/96` by their bits only. */
function isLoopbackOrUnspecified(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 15).every((byte) => byte === 0) && (bytes[15] ?? 0) <= 1;
}

/** RFC 5214: the interface identifier is 0000:5efe or 0200:5efe and then the IPv4 address. */
function isIsatap(bytes: Uint8Array): boolean {
  return (
    ((bytes[8] ?? 0) & 0xfd) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe
  );
}
