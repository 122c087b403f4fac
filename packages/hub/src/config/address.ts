/** Addresses as settings write them. */
import { isIP } from "node:net";

export interface HostAndPort {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, `[::1]:8000`; undefined when it is none. */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/@]+)):([0-9]{1,5})$/.exec(text);
  const [, inBrackets, plain, digits] = match ?? [];
  const host = inBrackets ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535) return undefined;
  if (inBrackets !== undefined && isIP(inBrackets) !== 6) return undefined;
  if (/^[0-9.]+$/.test(host) && isIP(host) !== 4) return undefined;
  return { host, port };
}

/** `host:port`, IPv6 addresses in brackets; a port that is no number is left to be refused where the text is read. */
export function hostAndPortText(address: { host: string; port: number | string }): string {
  const { host, port } = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** Whether this is an address, or a network in CIDR notation. */
export function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
  );
}

/** Whether this is the address of a DNS server: an IP address, or one with a port. */
export function isServer(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const parsed = parseHostAndPort(text);
  return parsed !== undefined && isIP(parsed.host) !== 0 && parsed.port > 0;
}
