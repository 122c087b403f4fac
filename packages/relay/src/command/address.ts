/** Reading where a sidecar listens and how much each client may send, from their options. */
import type { ListenAddress } from "../intake/listen.ts";
import type { Rate } from "../intake/rate.ts";

/** A socket's path has at most 107 bytes, and while it is made some digits more. */
const maxPathBytes = 90;

/** `HOST:PORT`, `[IPv6]:PORT` or `unix:PATH`; a problem where it is none of them. */
export function addressOf(text: string, problems: string[]): ListenAddress {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    const size = Buffer.byteLength(path);
    if (size >= 1 && size <= maxPathBytes && !path.includes("\u0000"))
      return { kind: "unix", path };
    problems.push(
      `listen: expected unix:PATH with a path of 1 to ${maxPathBytes} bytes, found ${size}`,
    );
    return { kind: "unix", path };
  }
  const found = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  if (host !== undefined && port <= 65_535) return { kind: "tcp", host, port };
  problems.push(`listen: expected HOST:PORT or unix:PATH, found ${text}`);
  return { kind: "tcp", host: "127.0.0.1", port: 0 };
}

/** `EVENTS` a second, or `EVENTS,BURST`; null where nothing is said. The burst is ten seconds' worth where it is left out. */
export function rateOf(text: string | undefined, problems: string[]): Rate | null {
  if (text === undefined || text === "off") return null;
  const [, events, burst] = /^(\d{1,9}(?:\.\d{1,3})?)(?:,(\d{1,9}))?$/.exec(text) ?? [];
  const perSecond = Number(events);
  const most = burst === undefined ? Math.max(1, Math.ceil(perSecond * 10)) : Number(burst);
  if (perSecond > 0 && most >= 1) return { perSecond, burst: most };
  problems.push(
    `BELFRY_SIDECAR_RATE: expected events per second above 0, and a burst of at least 1 behind a comma, found ${text}`,
  );
  return null;
}
