/**
 * Where a request without credentials may come from. On loopback nobody needs a key, so a web page elsewhere must not
 * be able to use the visitor's browser as its hands: through a name that it makes point at 127.0.0.1 (DNS rebinding:
 * the `Host` is then its own), through a form or script of its own (`Origin` is then its own), or through a proxy that
 * forwards for others.
 */
import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP } from "node:net";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether an address is of this machine only. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  const family = isIP(plain);
  return family !== 0 && loopback.check(plain, family === 4 ? "ipv4" : "ipv6");
}

/** Whether a host name, as written in a URL, is of this machine only. */
export function isLoopbackName(name: string): boolean {
  const plain = name.replace(/^\[|\]$/g, "").toLowerCase();
  if (plain === "localhost" || plain.endsWith(".localhost")) return true;
  return isLoopbackAddress(plain);
}

const proxyHeaders = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-server",
  "x-real-ip",
  "cf-connecting-ip",
] as const;

/** Whether a proxy passed the request on. */
export function isProxied(headers: IncomingHttpHeaders): boolean {
  return proxyHeaders.some((name) => headers[name] !== undefined);
}

/** Why a request without a key is refused although Belfry listens on loopback; undefined when it is fine. */
export function refuseLoopback(
  method: string,
  headers: IncomingHttpHeaders,
  remoteAddress: string,
): string | undefined {
  if (!isLoopbackAddress(remoteAddress)) return "It does not come from this machine";
  if (isProxied(headers)) return "A proxy passed it on";
  const name = hostNameOf(headers.host);
  if (name === undefined || !isLoopbackName(name)) {
    return "Its Host is not a loopback name or address";
  }
  return refuseCrossSite(method, headers);
}

/** Why a request looks as if another site's page made it; undefined when it does not. */
export function refuseCrossSite(method: string, headers: IncomingHttpHeaders): string | undefined {
  const { origin, host } = headers;
  if (origin !== undefined && originHost(origin) !== host?.toLowerCase()) {
    return "Its Origin is another site";
  }
  const site = headers["sec-fetch-site"];
  const changes = method !== "GET" && method !== "HEAD";
  if (changes && (site === "cross-site" || site === "same-site")) {
    return "Its Sec-Fetch-Site is another site";
  }
  return undefined;
}

function hostNameOf(host: string | undefined): string | undefined {
  return host === undefined ? undefined : parseUrl(`http://${host}`)?.hostname;
}

/** `host[:port]` of an origin as the `Host` header would have it. */
function originHost(origin: string): string | undefined {
  return parseUrl(origin)?.host.toLowerCase();
}

function parseUrl(text: string): URL | undefined {
  return URL.parse(text) ?? undefined;
}
