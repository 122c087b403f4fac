/**
 * IP addresses and networks as bytes, and the host part of a target. A host is read as browsers read it (WHATWG), so
 * that `0x7f.1`, `2130706433` and `１２７.0.0.1` are the address they mean, and `bücher.example` is its ASCII form.
 */
import { isIP } from "node:net";

/** An IP address in canonical text form. */
export interface IpAddress {
  readonly text: string;
  readonly family: 4 | 6;
}

/** What a target names: an address, or a name that has to be resolved. Both in canonical lower-case ASCII. */
export type Host =
  | { readonly kind: "address"; readonly address: IpAddress }
  | { readonly kind: "name"; readonly name: string };

/** A network: the leading `bits` of `bytes` (4 or 16 of them) are its prefix. */
export interface Network {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

const labelPattern = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Reads a host as it may stand in a URL; IPv6 with or without brackets; undefined when it is none. */
export function parseHost(text: string): Host | undefined {
  if (/[\s/\\?#@]/.test(text) || text === "") return undefined;
  const bracketed = text.startsWith("[") || !text.includes(":") ? text : `[${text}]`;
  // A port would be swallowed where it is the default one.
  if (bracketed.startsWith("[") && !bracketed.endsWith("]")) return undefined;
  const url = URL.parse(`http://${bracketed}/`);
  if (url === null || url.port !== "") return undefined;
  return hostOfUrl(url);
}

/** The host of a parsed URL; undefined when its name cannot be looked up (empty or over-long labels). */
export function hostOfUrl(url: URL): Host | undefined {
  const hostname = url.hostname.toLowerCase();
  if (hostname.startsWith("[")) return addressHost(hostname.slice(1, -1));
  if (isIP(hostname) !== 0) return addressHost(hostname);
  const name = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
  const labels = name.split(".");
  if (name.length > 253 || !labels.every((label) => labelPattern.test(label))) return undefined;
  return { kind: "name", name };
}

/** Host as one word: the name, or the address without brackets. */
export function hostText(host: Host): string {
  return host.kind === "name" ? host.name : host.address.text;
}

/** `host:port`, IPv6 addresses in brackets. */
export function hostAndPort(host: Host, port: number): string {
  const text = hostText(host);
  return text.includes(":") ? `[${text}]:${port}` : `${text}:${port}`;
}

/** Reads an address in its usual text form; undefined for names and anything else. */
export function parseAddress(text: string): IpAddress | undefined {
  const family = isIP(text);
  if (family === 4) return { text, family };
  if (family === 6 && !text.includes("%")) return { text: canonicalIpv6(text), family };
  return undefined;
}

function addressHost(text: string): Host | undefined {
  const address = parseAddress(text);
  return address === undefined ? undefined : { kind: "address", address };
}

function canonicalIpv6(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

/** The bytes of an address: 4 or 16, in network order. */
export function addressBytes(address: IpAddress): Uint8Array {
  if (address.family === 4) return Uint8Array.from(address.text.split("."), Number);
  const [head = "", tail] = address.text.split("::");
  const before = groupBytes(head);
  const after = tail === undefined ? [] : groupBytes(tail);
  const bytes = new Uint8Array(16);
  bytes.set(before, 0);
  bytes.set(after, 16 - after.length);
  return bytes;
}

function groupBytes(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address; undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bytes = addressBytes(address);
  const most = bytes.length * 8;
  if (slash === -1) return { bytes, bits: most };
  const length = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length) || Number(length) > most) return undefined;
  return { bytes, bits: Number(length) };
}

/** The network of the leading `bits` of an address, as text: `10.0.3.0/24`. */
export function networkOf(address: IpAddress, bits: number): string {
  const bytes = addressBytes(address).map((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - i * 8));
    return byte & (0xff << (8 - kept));
  });
  const text =
    address.family === 4
      ? bytes.join(".")
      : canonicalIpv6(Array.from({ length: 8 }, (_, i) => groupText(bytes, i)).join(":"));
  return `${text}/${bits}`;
}

function groupText(bytes: Uint8Array, group: number): string {
  return (((bytes[group * 2] ?? 0) << 8) | (bytes[group * 2 + 1] ?? 0)).toString(16);
}

/** Whether an address (as bytes) lies in a network; never across families. */
export function isWithin(bytes: Uint8Array, network: Network): boolean {
  if (bytes.length !== network.bytes.length) return false;
  const whole = network.bits >> 3;
  for (let i = 0; i < whole; i += 1) if (bytes[i] !== network.bytes[i]) return false;
  const rest = network.bits & 7;
  if (rest === 0) return true;
  const shift = 8 - rest;
  return (bytes[whole] ?? 0) >> shift === (network.bytes[whole] ?? 0) >> shift;
}
